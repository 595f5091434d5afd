#include "context/words.h"

#include <doctest/doctest.h>

using namespace mixagent;

using Words = std::vector<std::string>;

TEST_CASE("identifiers are taken apart") {
  struct Case {
    const char* text;
    Words words;
  };
  const std::vector<Case> cases = {
      {"parse_HTTPHeaders v2", {"pars", "http", "header", "v2"}},
      {"listPages", {"list", "pag"}},
      {"class status addresses", {"class", "status", "address"}},
      {"a b_c", {}},
      {"src/api/list.py", {"src", "api", "list", "py"}},
      {"Größe ändern", {"größ", "ändern"}},
      {"compile compiled compiling", {"compil", "compil", "compil"}},
      {"stopped queries calling need", {"stop", "query", "call", "need"}},
      {"", {}},
  };
  for (const Case& test : cases) {
    CAPTURE(test.text);
    CHECK(words_of(test.text) == test.words);
  }
}

TEST_CASE("a goal yields its telling words and what is written like code") {
  const GoalWords goal =
      goal_words("Add pagination to the list_orders API in api/list.py, with PageSize.");
  CHECK(goal.identifiers == Words{"list_orders", "api/list.py", "PageSize"});
  CHECK(goal.words == Words{"pagination", "list", "order", "api", "py", "pag", "siz"});
  CHECK(goal_words("please fix it").words.empty());
}

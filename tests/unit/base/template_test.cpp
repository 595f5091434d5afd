#include "base/template.h"

#include <doctest/doctest.h>

#include <string>

using namespace mixagent;

namespace {

Result<std::string> parts(std::string_view name) {
  if (name == "rules") return "Rules for {{who}}.\n";
  if (name == "loop") return "{{> loop}}";
  return fail(ErrorCode::not_found, "no such file");
}

PromptValues values() {
  PromptValues given;
  given.text = {{"who", "you"}};
  return given;
}

std::string rendered(std::string_view text, const PromptValues& given) {
  const auto result = render_template(text, given, parts, "test.md");
  return result ? *result : "error " + describe(result.error());
}

}  // namespace

TEST_CASE("a template becomes text") {
  PromptValues given = values();
  given.flags = {{"on", true}, {"off", false}};
  PromptValues first;
  first.text = {{"name", "a"}};
  PromptValues second;
  second.text = {{"name", "b"}};
  given.lists = {{"items", {first, second}}};
  CHECK(rendered("Dear {{who}},\n"
                 "{{?on}}\n"
                 "shown\n"
                 "{{/on}}\n"
                 "{{?off}}\n"
                 "hidden {{who}}\n"
                 "{{/off}}\n"
                 "{{^off}}not off{{/off}}{{^on}}not on{{/on}}\n"
                 "{{#items}}\n"
                 "- {{name}} for {{ who }}\n"
                 "{{/items}}\n"
                 "{{> rules}}\n"
                 "end",
                 given) ==
        "Dear you,\n"
        "shown\n"
        "not off\n"
        "- a for you\n"
        "- b for you\n"
        "Rules for you.\n"
        "end");
}

TEST_CASE("only a tag that stands alone takes its line, and a value never does") {
  CHECK(rendered("a\n  {{?who}}  \nb\n\t{{/who}}\nc\n", values()) == "a\nb\nc\n");
  CHECK(rendered("a {{?who}}\nb{{/who}}\n", values()) == "a \nb\n");
  CHECK(rendered("{{who}}\n\n{{who}}", values()) == "you\n\nyou");
  CHECK(rendered("{{?who}}\nx\n{{/who}}", values()) == "x\n");
}

TEST_CASE("a text or a list is a flag: set when there is something in it") {
  const std::string text = "{{?notes}}N: {{notes}}{{/notes}}{{^notes}}none{{/notes}}";
  PromptValues given;
  given.text = {{"notes", "x"}};
  CHECK(rendered(text, given) == "N: x");
  given.text = {{"notes", ""}};
  CHECK(rendered(text, given) == "none");
  PromptValues list;
  list.lists = {{"all", {}}};
  CHECK(rendered("{{^all}}empty{{/all}}{{#all}}x{{/all}}", list) == "empty");
}

TEST_CASE("values are never read as templates") {
  PromptValues given;
  given.text = {{"who", "{{#x}} {{> rules}} {{who}}"}};
  CHECK(rendered("<{{who}}>", given) == "<{{#x}} {{> rules}} {{who}}>");
}

TEST_CASE("what does not fit is an error with its place") {
  PromptValues list;
  PromptValues item;
  item.text = {{"a", "1"}, {"b", "2"}};
  list.lists = {{"items", {item}}};
  const struct {
    std::string text;
    PromptValues given;
    std::string error;
  } cases[] = {
      {"a\n{{missing}}", {}, "test.md:2: no value for {{missing}}"},
      {"{{?missing}}{{/missing}}", {}, "test.md:1: no value for {{missing}}"},
      {"{{#missing}}{{/missing}}", {}, "test.md:1: no value for {{missing}}"},
      {"no tags", values(), "test.md: no tag uses the value \"who\""},
      {"\n{{#items}}{{a}}{{/items}}", list, "test.md:2: no tag uses the value \"b\""},
      {"a\n{{?who}}\nb", values(), "test.md:2: {{/who}} is missing"},
      {"{{/who}}", values(), "test.md:1: {{/who}} closes nothing"},
      {"{{?a}}{{?b}}{{/a}}{{/b}}", {}, "test.md:1: {{/a}} closes nothing"},
      {"{{who", values(), "test.md:1: {{ without }}"},
      {"\n\n{{not a name}}", {}, "test.md:3: no tag: {{not a name}}"},
      {"{{}}", {}, "test.md:1: no tag: {{}}"},
      {"{{> nowhere}}", {}, "test.md:1: no part named \"nowhere\": no such file"},
      {"{{> loop}}", {}, "parts/loop.md:1: parts nest too deeply at {{> loop}}"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    CHECK(rendered(c.text, c.given) == "error " + c.error);
  }
}

TEST_CASE("a value may be used in a branch that is not taken") {
  PromptValues given = values();
  given.flags = {{"off", false}};
  CHECK(rendered("{{?off}}{{who}}{{/off}}.", given) == ".");
}

TEST_CASE("an item's value stands before the one around the list") {
  PromptValues item;
  item.text = {{"who", "inner"}};
  PromptValues given = values();
  given.lists = {{"items", {item, PromptValues{}}}};
  CHECK(rendered("{{#items}}{{who}} {{/items}}{{who}}", given) == "inner you you");
}

TEST_CASE("a template names its variables, those of its parts included") {
  const auto names =
      template_variables("{{a}}{{?b}}{{c}}{{/b}}{{#d}}{{e}}{{/d}}{{> rules}}", parts, "test.md");
  REQUIRE(names);
  CHECK(*names == std::set<std::string>{"a", "b", "c", "d", "who"});
  CHECK_FALSE(template_variables("{{#d}}", parts, "test.md"));
}

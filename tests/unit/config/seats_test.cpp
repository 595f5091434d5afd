#include "config/seats.h"

#include "core/actions.h"

#include <doctest/doctest.h>

using namespace mixagent;

TEST_CASE("the built-in seats are those of the contract") {
  const auto seats = load_seats({});
  REQUIRE_MESSAGE(seats, (seats ? "" : describe(seats.error())));
  const std::vector<std::string> look = {"read_file", "list_files", "search"};
  const std::vector<std::string> work = {"read_file",   "list_files", "search",
                                         "edit_file",   "write_file", "run_command",
                                         "ask_advisor", "finish",     "give_up"};
  const auto with = [&](const char* terminal) {
    auto tools = look;
    tools.emplace_back(terminal);
    return tools;
  };
  const std::map<std::string, std::vector<std::string>> expected = {
      {"planner", with("submit_plan")},
      {"reviewer", with("submit_review")},
      {"scout", with("submit_brief")},
      {"advisor", {}},
      {"worker", work},
      {"tester", work},
      {"frontend", work},
      {"backend", work},
      {"search", work},
      {"office", work}};
  std::map<std::string, std::vector<std::string>> found;
  for (const auto& [name, file] : *seats) {
    found[name] = file.seat.tools;
    CHECK(file.seat.name == name);
    CHECK(!file.seat.description.empty());
    CHECK(!file.seat.prompt.empty());
  }
  CHECK(found == expected);
  std::vector<std::string> off;
  for (const auto& [name, file] : *seats) {
    if (file.off_by_default()) off.push_back(name);
  }
  CHECK(off == std::vector<std::string>{"advisor", "scout", "search"});
}

TEST_CASE("a user's file changes what it names, for the seats that start from it too") {
  const auto seats = load_seats(
      {{"worker", {"w.toml", "max_turns = 7\n"}}, {"tester", {"t.toml", "max_turns = 9\n"}}});
  REQUIRE(seats);
  CHECK(seats->at("worker").seat.max_turns == 7);
  CHECK(seats->at("backend").seat.max_turns == 7);
  CHECK(seats->at("tester").seat.max_turns == 9);
  CHECK(seats->at("worker").seat.max_output == 16'000);
}

TEST_CASE("what is wrong in a seat's file is said with its place") {
  struct Case {
    const char *text, *where, *what, *hint;
  };
  const std::vector<Case> cases = {
      {"max_turn = 3\n", "w.toml:1:1", "unknown key \"max_turn\"", "did you mean \"max_turns\"?"},
      {"\ntools = [\"read_fil\"]\n", "w.toml:2:1", "there is no tool \"read_fil\"",
       "did you mean \"read_file\"?"},
      {"tools = [\"finish\"]\n", "w.toml:1:1", "\"finish\" belongs into terminal", ""},
      {"max_turns = 0\n", "w.toml:1:1", "expected a whole number from 1 to 1000", ""},
      {"max_turns = \"many\"\n", "w.toml:1:1", "expected a whole number from 1 to 1000", ""},
      {"prompt = \"wurk\"\n", "w.toml:1:1", "there is no prompt \"wurk\"", ""},
      {"temperature = 3\n", "w.toml:1:1", "expected a number from 0 to 2", ""},
  };
  for (const Case& test : cases) {
    CAPTURE(test.text);
    const auto seats = load_seats({{"worker", {"w.toml", test.text}}});
    REQUIRE(!seats);
    CHECK(seats.error().code == ErrorCode::config);
    CHECK(seats.error().where == test.where);
    CHECK(seats.error().what == test.what);
    CHECK(seats.error().hint == test.hint);
  }
  const auto unknown = load_seats({{"wroker", {"x/wroker.toml", ""}}});
  CHECK(unknown.error().where == "x/wroker.toml");
  CHECK(unknown.error().hint == "did you mean \"worker\"?");
}

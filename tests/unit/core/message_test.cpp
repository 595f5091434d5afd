#include "mixagent/message.h"

#include "mixagent/model.h"

#include <doctest/doctest.h>

using namespace mixagent;

TEST_CASE("the visible text of parts") {
  CHECK(text_of({}).empty());
  CHECK(text_of({TextPart{"a", {}}, ReasoningPart{"hidden", false, {}}, TextPart{"", {}},
                 TextPart{"```run", {}}, TextPart{"b\n", {}}, TextPart{"c", {}},
                 RefusalPart{"no"}}) == "a\n```run\nb\nc");
}

TEST_CASE("the calls among parts, in order") {
  ToolCallPart first;
  first.name = "read_file";
  ToolCallPart second;
  second.name = "finish";
  CHECK(calls_of({TextPart{"a", {}}, first, RawPart{}, second}) ==
        std::vector<ToolCallPart>{first, second});
  CHECK(calls_of({TextPart{"a", {}}}).empty());
}

TEST_CASE("a lineup finds by name or says so") {
  Lineup lineup;
  lineup.models["m"].name = "m";
  lineup.seats["worker"].name = "worker";
  REQUIRE(lineup.model("m") != nullptr);
  CHECK(lineup.model("m")->name == "m");
  CHECK(lineup.model("x") == nullptr);
  REQUIRE(lineup.seat("worker") != nullptr);
  CHECK(lineup.seat("worker")->name == "worker");
  CHECK(lineup.seat("m") == nullptr);
}

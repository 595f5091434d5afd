#include "engine/ladder.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace mixagent {
namespace {

TEST_CASE("who tries next, and why nobody does") {
  const Tried a{"checks_failed", "a"};
  const Tried b{"checks_failed", "b"};
  const Tried up{"gave_up", ""};
  struct Case {
    std::vector<Tried> tried;
    int rung, top;
    bool climb;
    int next;
    std::string why;
  };
  const std::string same = "the same check fails in the same way: one rung is left out";
  const std::vector<Case> cases = {
      {{a}, 0, 2, true, 1, ""},
      {{a, b}, 1, 3, true, 2, ""},
      {{a, a}, 1, 3, true, 3, same},
      {{a, a}, 1, 2, true, 2, ""},  // there is none to leave out
      {{a, b, b}, 2, 4, true, 4, same},
      {{a, a, a},
       3,
       5,
       false,
       3,
       "three models in a row leave the same check failing in the same way"},
      {{a}, 0, 0, false, 0, "the ladder ends here"},
      {{up}, 0, 2, true, 1, ""},
      {{up, up}, 1, 3, false, 1, "two models in a row gave up: it looks unsolvable so"},
      {{up, a}, 1, 3, true, 2, ""},
      {{{"malformed", ""}, {"malformed", ""}}, 1, 3, true, 2, ""},
      {{{"error", ""}}, 0, 2, false, 0, "error"},
      {{{"budget", ""}}, 0, 2, false, 0, "budget"},
      {{{"blocked", "a"}},
       0,
       2,
       false,
       0,
       "the sandbox denied a dependency: no model can help that"},
  };
  for (const Case& one : cases) {
    const NextMove move = next_move(one.tried, one.rung, one.top);
    INFO(one.tried.size(), " ", one.tried.back().outcome, " ", one.rung, " of ", one.top);
    CHECK(move.climb == one.climb);
    CHECK(move.rung == one.next);
    CHECK(move.why == one.why);
  }
}

TEST_CASE("a step's difficulty picks the rung it begins on") {
  Lineup lineup;
  for (const auto& [name, tier] :
       std::vector<std::pair<std::string, int>>{{"a", 1}, {"b", 1}, {"c", 2}, {"d", 3}}) {
    lineup.models[name].name = name;
    lineup.models[name].tier = tier;
  }
  struct Case {
    std::vector<std::string> ladder;
    int low, medium, high;
  };
  const std::vector<Case> cases = {{{"a", "b", "c", "d"}, 0, 2, 3},
                                   {{"a", "d"}, 0, 1, 1},
                                   {{"a", "c"}, 0, 1, 1},  // no tier 3: the last
                                   {{"a", "b"}, 0, 1, 1},
                                   {{"d"}, 0, 0, 0}};
  for (const Case& one : cases) {
    Seat seat;
    seat.ladder = one.ladder;
    CHECK(first_rung(seat, lineup, Difficulty::low) == one.low);
    CHECK(first_rung(seat, lineup, Difficulty::medium) == one.medium);
    CHECK(first_rung(seat, lineup, Difficulty::high) == one.high);
  }
}

TEST_CASE("times and counts do not make a failure another one") {
  CHECK(failure_sign("t", "1 failed in 0.31s") == failure_sign("t", "2  failed in 1.07s\r"));
  CHECK(failure_sign("t", "x failed") != failure_sign("t", "y failed"));
  CHECK(failure_sign("t", "x") != failure_sign("u", "x"));
  CHECK(failure_sign("", "x").empty());
}

}  // namespace
}  // namespace mixagent

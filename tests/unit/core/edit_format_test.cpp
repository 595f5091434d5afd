#include "core/edit_format.h"

#include <doctest/doctest.h>

#include <vector>

namespace mixagent {
namespace {

TEST_CASE("the form of edits: what is configured, else what was seen, else the tier") {
  struct Case {
    const char* name;
    EditFormat configured;
    int tier;
    EditCount seen;
    EditFormat chosen;
  };
  const auto automatic = EditFormat::automatic, whole = EditFormat::whole,
             blocks = EditFormat::blocks;
  const std::vector<Case> cases = {
      {"nothing known, first tier", automatic, 1, {0, 0}, whole},
      {"nothing known, second tier", automatic, 2, {0, 0}, blocks},
      {"too little seen", automatic, 1, {19, 0}, whole},
      {"a budget model that edits well", automatic, 1, {18, 2}, blocks},
      {"a strong model that misses", automatic, 3, {16, 4}, whole},
      {"just good enough", automatic, 3, {17, 3}, blocks},
      {"configured against what was seen", blocks, 1, {0, 50}, blocks},
      {"configured whole", whole, 3, {50, 0}, whole},
  };
  for (const auto& one : cases) {
    CAPTURE(one.name);
    Model model;
    model.edit_format = one.configured;
    model.tier = one.tier;
    CHECK(edit_format_for(model, one.seen) == one.chosen);
  }
}

}  // namespace
}  // namespace mixagent

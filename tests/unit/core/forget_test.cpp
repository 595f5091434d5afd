#include "core/forget.h"

#include "base/text.h"
#include "core/calibration.h"

#include <doctest/doctest.h>

namespace mixagent {
namespace {

struct Talk {
  std::vector<Message> messages = {{Role::system, {TextPart{"rules", {}}}, true},
                                   {Role::user, {TextPart{std::string(5000, 'g'), {}}}, false}};
  std::vector<std::size_t> observations;

  void observe(const std::string& text) {
    messages.push_back({Role::assistant, {TextPart{"look", {}}}, false});
    observations.push_back(messages.size());
    messages.push_back({Role::tool, {ToolResultPart{"c", "", "read_file", text, false}}, false});
  }
  const std::string& result(std::size_t i) const {
    return std::get<ToolResultPart>(messages[observations[i]].parts[0]).text;
  }
};

std::string file(int lines) {
  std::string text = "a.py (" + std::to_string(lines) + " lines)\n";
  for (int i = 0; i < lines; ++i) text += std::to_string(i) + "|value = compute(item)\n";
  return text;
}

TEST_CASE("old observations go in one block, the latest and short ones stay") {
  Talk talk;
  talk.observe("exit 0\nok\n");
  for (int i = 0; i < 9; ++i) talk.observe(file(200));
  const Talk before = talk;
  const ForgetPolicy policy{10'000, 6'000};

  CHECK(forget_observations(talk.messages, talk.observations, 9'999, policy) == 0);
  CHECK(talk.messages == before.messages);

  const auto saved = forget_observations(talk.messages, talk.observations, 12'000, policy);
  CHECK(saved > 6'000);
  CHECK(talk.result(0) == "exit 0\nok\n");
  CHECK(talk.result(1) ==
        "a.py (200 lines)\n[200 lines left out to save room; ask again for what you still need]");
  for (std::size_t i = 6; i < 10; ++i) CHECK(talk.result(i) == file(200));
  CHECK(talk.messages[1] == before.messages[1]);

  // Below the threshold again: nothing happens until it has grown by as much as was cut.
  const Talk cut = talk;
  CHECK(forget_observations(talk.messages, talk.observations, 12'000 - saved, policy) == 0);
  CHECK(talk.messages == cut.messages);
}

TEST_CASE("a long conversation changes its prefix seldom") {
  Talk talk;
  std::int64_t tokens = 1'300;
  int cuts = 0;
  const std::int64_t growth = token_units(file(150));
  const ForgetPolicy policy = forget_policy(128'000, 8'192);
  for (int turn = 0; turn < 100; ++turn) {
    talk.observe(file(150));
    tokens += growth;
    const auto saved = forget_observations(talk.messages, talk.observations, tokens, policy);
    tokens -= saved;
    if (saved > 0) ++cuts;
    CHECK(tokens < policy.begin_at + growth);
  }
  CHECK(cuts >= 2);
  CHECK(cuts <= growth * 100 / (policy.begin_at - policy.down_to) + 1);
}

TEST_CASE("a small window makes room earlier") {
  CHECK(forget_policy(128'000, 8'192).begin_at == 48'000);
  CHECK(forget_policy(32'768, 8'192).begin_at == 18'432);
  CHECK(forget_policy(8'192, 8'192).begin_at == 4'000);
}

}  // namespace
}  // namespace mixagent

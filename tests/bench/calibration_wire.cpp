// How well a calibration predicts recorded traffic: wire_tokens.py FOLDER | calibration_wire.
// Each model's requests in order; a request is estimated before it is learned.

#include "base/json.h"
#include "core/calibration.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <map>
#include <string>
#include <vector>

namespace mixagent {

namespace {

void print_row(const char* name, std::vector<double> errors) {
  if (errors.empty()) return;
  std::sort(errors.begin(), errors.end());
  const auto at = [&](std::size_t percent) { return 100 * errors[errors.size() * percent / 100]; };
  std::printf("%-44s %5zu requests: median %5.1f %%, 75th %5.1f %%, 95th %5.1f %%\n", name,
              errors.size(), at(50), at(75), at(95));
}

// Does a conversation go on from that request?
bool goes_on(const Json& row, const Json& before) {
  if (before.is_null() || before["tools"] != row["tools"]) return false;
  const Json &texts = row["texts"], &first = before["texts"];
  return first.size() < texts.size() && std::equal(first.begin(), first.end(), texts.begin());
}

struct Latest {
  Json row;
  TokenSample sample;
};

int measure() {
  std::map<std::string, Calibration> models;
  std::map<std::string, Latest> latest;
  std::vector<double> early, late, large, full, plain, alone, further, mostly_known;
  std::string line;
  while (std::getline(std::cin, line)) {
    const Json row = Json::parse(line, nullptr, false);
    if (row.is_discarded()) return 1;
    TokenShape shape;
    std::int64_t characters = 0;
    for (const Json& text : row["texts"]) {
      shape.text += token_units(text.get<std::string>());
      characters += static_cast<std::int64_t>(text.get<std::string>().size());
    }
    for (const Json& text : row["tools"]) {
      shape.tools += token_units(text.get<std::string>());
      characters += static_cast<std::int64_t>(text.get<std::string>().size());
    }
    shape.parts = row["parts"].get<std::int64_t>() + static_cast<std::int64_t>(row["tools"].size());
    const auto input = row["input"].get<std::int64_t>();
    const auto miss = [&](std::int64_t estimate) {
      return static_cast<double>(std::abs(estimate - input)) / static_cast<double>(input);
    };
    const auto model = row["model"].get<std::string>();
    Calibration& calibration = models[model];
    Latest& before = latest[model];
    const double error = miss(calibration.estimate(shape));
    if (calibration.samples() < 10) {
      early.push_back(error);
    } else {
      late.push_back(error);
      if (input >= 300) large.push_back(error);
      if (input >= 1'000) full.push_back(error);
      if (goes_on(row, before.row)) {
        const double known = miss(calibration.estimate(shape, before.sample));
        alone.push_back(error);
        further.push_back(known);
        if (before.sample.input * 10 >= input * 9) mostly_known.push_back(known);
      }
      plain.push_back(miss((characters + 3) / 4));
    }
    calibration.learn(shape, input);
    before = {row, {shape, input}};
  }
  print_row("a model's first ten requests", early);
  print_row("after ten", late);
  print_row("after ten, of 300 tokens and more", large);
  print_row("after ten, of 1,000 and more", full);
  print_row("after ten, by characters / 4", plain);
  print_row("after ten, later in a conversation", alone);
  print_row("  with what the call before was counted", further);
  print_row("  where that was nine tenths of it", mostly_known);
  return 0;
}

}  // namespace

}  // namespace mixagent

int main() {
  return mixagent::measure();
}

#include "core/calibration.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <random>
#include <vector>

namespace mixagent {
namespace {

ChatRequest request_of(const std::vector<std::string>& texts,
                       const std::vector<std::string>& tools = {}) {
  ChatRequest request;
  for (const auto& text : texts) request.messages.push_back({Role::user, {TextPart{text, {}}}, {}});
  for (const auto& tool : tools) request.tools.push_back({tool, "does " + tool, "{\"a\":1}"});
  return request;
}

TEST_CASE("units are about what tokenizers make of a text") {
  struct Case {
    const char* text;
    std::int64_t units;
  };
  const std::vector<Case> cases = {
      {"", 0},
      {"word", 1},
      {"two words", 2},
      {"internationalisation", 4},
      {"12345678", 3},
      {"x = foo(a, 1);\n", 9},
      {"        ", 1},
      {"----------------", 4},
      {"\xe6\xbc\xa2\xe5\xad\x97", 2},
      {"\xd0\xb0\xd0\xb1\xd0\xb2\xd0\xb3", 3},
  };
  for (const auto& one : cases) {
    CAPTURE(one.text);
    CHECK(token_units(one.text) == one.units);
  }
}

TEST_CASE("a request's shape counts texts, tools and their wrappers; images make it unknown") {
  ChatRequest request = request_of({"one two", "three"}, {"read_file"});
  CHECK(shape_of(request) == TokenShape{3, 12, 3});
  request.messages.push_back({Role::user, {ImagePart{}}, {}});
  CHECK(shape_of(request) == TokenShape{});
}

// A model that counts in its own way: what the calibration has to find out.
struct Counting {
  const char* name;
  double text, tools, part, any_tools, request;
  std::int64_t of(const TokenShape& shape, double noise) const {
    const double sum =
        text * static_cast<double>(shape.text) + tools * static_cast<double>(shape.tools) +
        part * static_cast<double>(shape.parts) + (shape.tools > 0 ? any_tools : 0) + request;
    return std::llround(sum * noise);
  }
};

// Steps of a run as they come: a conversation grows by replies and observations, then the next one
// begins with another first message; planner, worker and reviewer differ in their tools.
std::vector<TokenShape> run_of(std::mt19937& random, int calls) {
  std::vector<TokenShape> shapes;
  TokenShape now;
  for (int i = 0; i < calls; ++i) {
    if (i == 0 || random() % 5 == 0) {
      now = {600 + static_cast<std::int64_t>(random() % 9000), random() % 3 == 0 ? 520 : 350,
             random() % 3 == 0 ? 6 : 11};
    } else {
      now.text += 40 + static_cast<std::int64_t>(random() % 2500);
      now.parts += 2;
    }
    shapes.push_back(now);
  }
  return shapes;
}

constexpr Counting models[] = {
    {"like most", 1.0, 0.7, 5, 20, 3},
    {"dear tools", 1.15, 1.1, 4, 346, 8},
    {"coarse", 0.82, 0.6, 3, 0, 0},
    {"fine", 1.45, 1.3, 7, 60, 2},
    {"hidden instructions", 1.05, 0.8, 5, 20, 700},
};

TEST_CASE("after ten calls the estimate is within 5 %, for every way of counting") {
  for (const auto& model : models) {
    std::vector<double> errors;
    for (unsigned seed = 1; seed <= 20; ++seed) {
      std::mt19937 random(seed);
      std::normal_distribution<double> noise(1.0, 0.015);
      Calibration calibration;
      for (const auto& shape : run_of(random, 30)) {
        const auto reported = model.of(shape, noise(random));
        if (calibration.samples() >= 10) {
          const auto miss = std::abs(calibration.estimate(shape) - reported);
          errors.push_back(static_cast<double>(miss) / static_cast<double>(reported));
        }
        calibration.learn(shape, reported);
      }
      CHECK(calibration.error() < 0.05);
    }
    std::sort(errors.begin(), errors.end());
    double mean = 0;
    for (const double error : errors) mean += error / static_cast<double>(errors.size());
    std::cout << "calibration, " << model.name << ": mean error " << mean << ", 95th percentile "
              << errors[errors.size() * 95 / 100] << "\n";
    CAPTURE(model.name);
    CHECK(mean < 0.03);
    CHECK(errors[errors.size() * 95 / 100] < 0.05);
  }
}

TEST_CASE("a tokenizer that changes is followed") {
  std::mt19937 random(9);
  Calibration calibration;
  for (const auto& shape : run_of(random, 20)) calibration.learn(shape, models[0].of(shape, 1));
  const auto after = run_of(random, 30);
  for (std::size_t i = 0; i < 3; ++i) calibration.learn(after[i], models[3].of(after[i], 1));
  CHECK(calibration.error() > 0.1);
  for (std::size_t i = 3; i < after.size(); ++i) {
    calibration.learn(after[i], models[3].of(after[i], 1));
  }
  CHECK(calibration.error() < 0.05);
}

TEST_CASE("an upper bound is claimed only when enough is known, and then holds") {
  Calibration calibration;
  CHECK_FALSE(calibration.at_most({1000, 0, 2}));
  std::mt19937 random(3);
  std::normal_distribution<double> noise(1.0, 0.02);
  for (const auto& shape : run_of(random, 200)) {
    const auto reported = models[1].of(shape, noise(random));
    if (const auto most = calibration.at_most(shape)) REQUIRE(*most >= reported);
    calibration.learn(shape, reported);
  }
  CHECK(calibration.at_most({1000, 0, 2}));
  CHECK_FALSE(calibration.at_most({}));
}

TEST_CASE("what the call before was counted is not estimated again") {
  Calibration calibration;
  const TokenSample before{{2'000, 400, 8}, 3'000};  // far from what most models would count
  CHECK(calibration.estimate({2'100, 400, 10}, before) == 3'000 + 100 + 10);
  CHECK(calibration.at_most({2'100, 400, 10}, before) == 3'000 + 275 + 200);
  CHECK(calibration.at_most({1'000, 400, 10}, before) == 3'200);  // never below what was counted
  CHECK_FALSE(calibration.at_most({}, before));
  std::mt19937 random(5);
  for (const auto& shape : run_of(random, 20)) calibration.learn(shape, models[0].of(shape, 1));
  const auto most = calibration.at_most({2'100, 400, 10}, before);
  REQUIRE(most);
  CHECK(*most < 3'000 + 275 + 200);
  CHECK(*most > calibration.estimate({2'100, 400, 10}, before));
}

TEST_CASE("nothing is learned from nothing; budgets follow the model") {
  Calibration calibration;
  calibration.learn({}, 100);
  calibration.learn({100, 0, 1}, 0);
  CHECK(calibration.samples() == 0);
  CHECK(calibration.estimate({}) == 0);
  CHECK(calibration.as_estimate(12'000) == 10'000);
  for (int i = 0; i < 20; ++i) calibration.learn({1000 + 100 * i, 0, 3}, 2 * (1000 + 100 * i));
  CHECK(std::abs(calibration.as_estimate(12'000) - 5'000) < 200);
  CHECK(calibration.tokens_of("") == 0);
}

}  // namespace
}  // namespace mixagent

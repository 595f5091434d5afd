#include "mixagent/money.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>

using namespace mixagent;

TEST_CASE("amounts are read exactly") {
  const struct {
    std::string text;
    std::int64_t pico;
  } cases[] = {
      {"0", 0},
      {"2", 2'000'000'000'000},
      {"0.27", 270'000'000'000},
      {".5", 500'000'000'000},
      {"2.", 2'000'000'000'000},
      {"+1", 1'000'000'000'000},
      {"1e-6", 1'000'000},
      {"1E+3", 1'000'000'000'000'000},
      {"0.1", 100'000'000'000},
      {"1_000.5", 1'000'500'000'000'000},
      {"000.000000000001", 1},
      {"0.0000000000005", 1},
      {"0.00000000000049999", 0},
      {"0.1234567890125", 123'456'789'013},
      {"9000000", 9'000'000'000'000'000'000},
      {"1e-400", 0},
      {"0e999", 0},
      {"0.000000000000000000000000009e27", 9'000'000'000'000},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    const auto money = parse_usd(c.text);
    REQUIRE(money);
    CHECK(money->pico == c.pico);
  }
}

TEST_CASE("what is no amount is refused with a remedy") {
  for (const char* text : {"", ".", "-1", "$2", "1 000", "1,5", "nan", "inf", "0x10", "1e", "1e+",
                           "9000000.000000000001", "1e7", "1e400", "1__0", "_1", "1_", "two"}) {
    CAPTURE(text);
    const auto money = parse_usd(text);
    REQUIRE_FALSE(money);
    CHECK(money.error().code == ErrorCode::usage);
    CHECK_FALSE(money.error().hint.empty());
  }
}

TEST_CASE("doubles come in rounded to the picodollar, and only sensible ones") {
  CHECK(money_from_usd(0.27) == Money{270'000'000'000});
  CHECK(money_from_usd(0) == Money{});
  CHECK(money_from_usd(9e6) == Money{9'000'000 * pico_per_usd});
  CHECK(money_from_usd(6e-13) == Money{1});
  for (const double usd : {-0.01, 9.1e6, std::nan(""), std::numeric_limits<double>::infinity()}) {
    CAPTURE(usd);
    CHECK_FALSE(money_from_usd(usd));
  }
  CHECK(to_usd(Money{270'000'000'000}) == 0.27);
}

TEST_CASE("a price per million tokens times a million tokens is the price") {
  const Money per_token{parse_usd("0.27")->pico / 1'000'000};
  CHECK(per_token * 1'000'000 == parse_usd("0.27").value());
  Money sum;
  for (int i = 0; i < 1'000'000; ++i) sum += per_token;
  CHECK(sum == parse_usd("0.27").value());
  sum -= per_token;
  CHECK(sum + per_token == parse_usd("0.27").value());
}

TEST_CASE("amounts for people never round a cost to nothing") {
  const struct {
    std::string usd, text;
  } cases[] = {
      {"0", "$0.0000"},         {"0.0421", "$0.0421"},   {"0.00005", "$0.0001"},
      {"0.000049", "<$0.0001"}, {"1e-12", "<$0.0001"},   {"1", "$1.0000"},
      {"9.99994", "$9.9999"},   {"9.99995", "$10.00"},   {"12.345", "$12.35"},
      {"12.344", "$12.34"},     {"999.999", "$1000.00"}, {"9000000", "$9000000.00"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.usd);
    CHECK(format_usd(parse_usd(c.usd).value()) == c.text);
  }
  CHECK(format_usd({-421 * pico_per_usd / 10'000}) == "-$0.0421");
}

#include "mixagent/money.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

namespace mixagent {
namespace {

constexpr std::int64_t max_usd = 9'000'000;
constexpr int pico_digits = 12;

tl::unexpected<Error> no_amount(std::string_view text) {
  return fail(ErrorCode::usage, "no amount of USD: \"" + std::string(text.substr(0, 40)) + "\"", {},
              "write a number from 0 to 9000000, like 2 or 0.27");
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Digits with the place of the decimal point counted from their beginning: "0.27" = {"027", 1}.
struct Decimal {
  std::string digits;
  int point = 0;
};

// Reads digits into `digits`; underscores between digits are TOML's.
bool take_digits(std::string_view& text, std::string& digits) {
  bool any = false;
  while (!text.empty() &&
         (is_digit(text[0]) || (text[0] == '_' && any && text.size() > 1 && is_digit(text[1])))) {
    if (text[0] != '_') digits += text[0];
    any = true;
    text.remove_prefix(1);
  }
  return any;
}

std::optional<int> take_exponent(std::string_view text) {
  bool negative = false;
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  std::string digits;
  if (!take_digits(text, digits) || !text.empty()) return {};
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size() - 1));
  const int exponent = digits.size() > 3 ? 1000 : std::stoi(digits);
  return negative ? -exponent : exponent;
}

std::optional<Decimal> read_decimal(std::string_view text) {
  if (text.size() > 200) return {};
  Decimal decimal;
  if (!text.empty() && text[0] == '+') text.remove_prefix(1);
  bool any = take_digits(text, decimal.digits);
  decimal.point = static_cast<int>(decimal.digits.size());
  if (!text.empty() && text[0] == '.') {
    text.remove_prefix(1);
    any = take_digits(text, decimal.digits) || any;
  }
  if (!any) return {};
  if (text.empty()) return decimal;
  if (text[0] != 'e' && text[0] != 'E') return {};
  const auto exponent = take_exponent(text.substr(1));
  if (!exponent) return {};
  decimal.point += *exponent;
  return decimal;
}

}  // namespace

Result<Money> money_from_usd(double usd) {
  if (!(usd >= 0) || usd > static_cast<double>(max_usd)) {
    return fail(ErrorCode::usage, fmt::format("no amount of USD: {}", usd), {},
                "write a number from 0 to 9000000");
  }
  // A double near 8,000 is off by up to 0.46 picodollars; the product must not add to that.
  return Money{std::llround(static_cast<long double>(usd) * pico_per_usd)};
}

Result<Money> parse_usd(std::string_view text) {
  auto decimal = read_decimal(text);
  if (!decimal) return no_amount(text);
  const auto leading = std::min(decimal->digits.find_first_not_of('0'), decimal->digits.size());
  decimal->digits.erase(0, leading);
  const int whole = decimal->point - static_cast<int>(leading) + pico_digits;
  if (decimal->digits.empty() || whole < 0) return Money{};
  if (whole > 19) return no_amount(text);
  const auto digit_at = [&](int i) {
    return static_cast<std::size_t>(i) < decimal->digits.size()
               ? decimal->digits[static_cast<std::size_t>(i)] - '0'
               : 0;
  };
  std::uint64_t pico = 0;
  for (int i = 0; i < whole; ++i) pico = pico * 10 + static_cast<std::uint64_t>(digit_at(i));
  if (digit_at(whole) >= 5) ++pico;
  if (pico > static_cast<std::uint64_t>(max_usd * pico_per_usd)) return no_amount(text);
  return Money{static_cast<std::int64_t>(pico)};
}

double to_usd(Money money) {
  return static_cast<double>(static_cast<long double>(money.pico) / pico_per_usd);
}

std::string format_usd(Money money) {
  if (money.pico < 0) {
    const std::string positive = format_usd({money.pico == INT64_MIN ? INT64_MAX : -money.pico});
    return positive[0] == '<' ? "-$0.0001" : "-" + positive;
  }
  constexpr std::int64_t fine_unit = pico_per_usd / 10'000;
  constexpr std::int64_t cent = pico_per_usd / 100;
  const auto rounded = [&](std::int64_t unit) {
    return money.pico / unit + (money.pico % unit >= unit / 2 ? 1 : 0);
  };
  const std::int64_t fine = rounded(fine_unit);
  if (fine == 0 && money.pico > 0) return "<$0.0001";
  if (fine < 100'000) return fmt::format("${}.{:04}", fine / 10'000, fine % 10'000);
  const std::int64_t cents = rounded(cent);
  return fmt::format("${}.{:02}", cents / 100, cents % 100);
}

}  // namespace mixagent

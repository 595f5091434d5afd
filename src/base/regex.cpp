#include "base/regex.h"

#include <array>
#include <regex.h>

namespace mixagent {

struct Regex::Compiled {
  regex_t regex{};
  Compiled() = default;
  Compiled(const Compiled&) = delete;
  Compiled& operator=(const Compiled&) = delete;
  ~Compiled() { regfree(&regex); }
};

namespace {

// What models write and POSIX lacks. Inside a bracket only \d, \w, \s and escaped punctuation need
// help.
std::string to_posix(const std::string& pattern) {
  std::string out;
  bool bracket = false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\\' && i + 1 < pattern.size()) {
      const char next = pattern[++i];
      if (next == 'd') {
        out += bracket ? "0-9" : "[0-9]";
      } else if (bracket && next == 'w') {
        out += "A-Za-z0-9_";
      } else if (bracket && next == 's') {
        out += " \t\r";
      } else if (bracket) {
        out += next;
      } else if (next == 't') {
        out += '\t';
      } else {
        out += '\\';
        out += next;
      }
    } else if (c == '(' && !bracket && pattern.compare(i, 3, "(?:") == 0) {
      out += '(';
      i += 2;
    } else if ((c == '*' || c == '+' || c == '?' || c == '}') && !bracket &&
               i + 1 < pattern.size() && pattern[i + 1] == '?') {
      out += c;  // lazy or greedy does not matter for "does it match"
      ++i;
    } else {
      if (c == '[') bracket = true;
      if (c == ']') bracket = false;
      out += c;
    }
  }
  return out;
}

bool has_back_reference(const std::string& pattern) {
  for (std::size_t i = 0; i + 1 < pattern.size(); ++i) {
    if (pattern[i] != '\\') continue;
    if (pattern[i + 1] >= '1' && pattern[i + 1] <= '9') return true;
    ++i;
  }
  return false;
}

}  // namespace

Result<Regex> Regex::compile(const std::string& pattern, bool ignore_case) {
  if (pattern.size() > 1000)
    return fail(ErrorCode::protocol, "pattern longer than 1000 characters");
  if (has_back_reference(pattern)) {
    return fail(ErrorCode::protocol, "back references are not supported");
  }
  auto compiled = std::make_shared<Compiled>();
  const int flags = REG_EXTENDED | REG_NOSUB | (ignore_case ? REG_ICASE : 0);
  if (const int code = regcomp(&compiled->regex, to_posix(pattern).c_str(), flags); code != 0) {
    std::array<char, 200> text{};
    regerror(code, &compiled->regex, text.data(), text.size());
    return fail(ErrorCode::protocol, text.data(), pattern);
  }
  Regex regex;
  regex.compiled_ = std::move(compiled);
  return regex;
}

bool Regex::matches(const std::string& line) const {
  return regexec(&compiled_->regex, line.c_str(), 0, nullptr, 0) == 0;
}

}  // namespace mixagent

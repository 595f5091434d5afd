#pragma once
// Regular expressions over single lines: POSIX extended (libc), with \d \w \s \b as programmers
// write them. Chosen over std::regex for bounded memory on hostile patterns. One object belongs to
// one thread at a time.

#include "mixagent/error.h"

#include <memory>
#include <string>
#include <string_view>

namespace mixagent {

class Regex {
 public:
  // Error bad pattern: protocol, with the library's own words.
  static Result<Regex> compile(const std::string& pattern, bool ignore_case = false);
  bool matches(const std::string& line) const;

 private:
  struct Compiled;
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace mixagent

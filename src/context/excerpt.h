#pragma once
// Parts of a file that is too large to show.

#include <cstdint>
#include <string>
#include <string_view>

namespace mixagent {

struct Excerpt {
  std::string text;
  std::size_t lines = 0;  // shown
};

// Lines that hold the goal's words with a line around, and lines that define something; numbered,
// "..." for gaps.
Excerpt excerpt_of(std::string_view text, const std::string& goal, std::int64_t budget);

}  // namespace mixagent

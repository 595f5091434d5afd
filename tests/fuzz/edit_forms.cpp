// An edit of a file in any accepted form, well or badly written (support/edit_cases.h), made from
// the input: a file, and at its end the seed of the change. Promise: it is applied where it was
// meant, or refused with a reason.

#include "fuzz/input.h"
#include "support/edit_cases.h"

#include <algorithm>
#include <string>

namespace {

// Where blank lines stand side by side, or differ, what a patch with a line too few means is for
// nobody to say: no promise there.
bool blank_lines_apart(const std::string& text) {
  bool blank_before = true;
  for (std::size_t at = 0; at <= text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    const bool blank = text.find_first_not_of(" \t", at) >= end;
    if (blank && (blank_before || end > at)) return at == text.size();
    blank_before = blank;
    at = end + 1;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mixagent;
  const FuzzInput input(data, size);
  const std::string text(input.text);
  const auto lines = std::count(text.begin(), text.end(), '\n');
  // A byte that is no UTF-8 makes the file Latin-1, which the generator does not speak; a NUL none.
  const bool plain = std::all_of(text.begin(), text.end(),
                                 [](char c) { return c == '\n' || c == '\t' || c >= ' '; });
  if (lines < 4 || lines > 400 || !plain || !blank_lines_apart(text)) return 0;
  std::mt19937 random(input.choice * 256 + input.cuts);
  for (int round = 0; round < 4; ++round) {
    const EditCase one = make_edit_case(text, random);
    std::string after, message;
    const EditVerdict verdict = judge(one, after, message);
    promise(one.names_other || verdict != EditVerdict::elsewhere);
    promise(verdict != EditVerdict::refused || !message.empty());
  }
  return 0;
}

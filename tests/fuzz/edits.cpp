// Edits of a file: the input is file, search and replacement, parted by NUL bytes. Promises: a
// refusal says why, and an exact edit of all places leaves text without the search where the
// replacement does not bring it back.

#include "core/edits.h"

#include "fuzz/input.h"

#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mixagent;
  const FuzzInput input(data, size);
  std::vector<std::string> pieces(1);
  for (const char c : input.text) {
    if (c == '\0') {
      pieces.emplace_back();
    } else {
      pieces.back() += c;
    }
  }
  std::vector<Edit> edits;
  for (std::size_t i = 1; i + 1 < pieces.size(); i += 2) {
    Edit edit;
    edit.search = pieces[i];
    edit.replace = pieces[i + 1];
    edit.all = (input.choice & 1) != 0;
    if ((input.choice & 2) != 0) edit.near_line = input.choice >> 3;
    edits.push_back(edit);
  }
  const auto outcome = apply_edits(pieces[0], edits, (input.choice & 4) != 0);
  promise(outcome.ok || !outcome.message.empty());
  promise(!outcome.ok || outcome.changed || outcome.text == pieces[0]);
  return 0;
}

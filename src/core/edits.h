#pragma once
// Applying search/replace edits to the text of one file: exact, or refused with the reason. Pure.
// All edits of a call apply or none.

#include "core/actions.h"

#include <string>
#include <vector>

namespace mixagent {

struct EditOutcome {
  bool ok = false;
  std::string text;  // the new bytes, when ok
  std::string
      message;  // for the model: what was applied, or why not, with places and nearest lines
  bool changed = false;   // false with ok: everything was already there
  bool tolerant = false;  // some edit matched only up to white space
};

// Exactly one exact match (or `all`, or `near_line`), else a unique match that differs in white
// space only (refused unless `may_be_tolerant`: the file was read and is unchanged), else an error
// with the nearest lines and their numbers. CRLF, BOM and a missing final newline of the file are
// kept. An edit whose replacement already stands there and whose search does not is a success that
// says so.
EditOutcome apply_edits(const std::string& text, const std::vector<Edit>& edits,
                        bool may_be_tolerant);

}  // namespace mixagent

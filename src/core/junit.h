#pragma once
// JUnit XML as the runners in use write it. Not an XML parser: a scanner for three elements that
// refuses document types and expands nothing but the five named entities and character references.

#include "core/test_notes.h"

#include <string_view>

namespace mixagent {

// Tests are named "classname::name" (or "file::name"). A broken document keeps what came before the
// break, and adds the test that was open as an error.
void read_junit(std::string_view text, TestNotes& notes);

}  // namespace mixagent

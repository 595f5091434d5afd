#pragma once
// Edits of real files as models express them: an intended change, written in one of the accepted
// formats, more or less well. What should come out is computed here from lines, without the engine.

#include "core/actions.h"

#include <random>
#include <string>
#include <vector>

namespace mixagent {

enum class EditForm {
  search,
  search_all,
  search_near,
  several,
  text_block,
  begin_patch,
  unified,
  whole
};
constexpr const char* edit_form_names[] = {"edit_file",
                                           "edit_file, all",
                                           "edit_file, near_line",
                                           "edit_file, several edits",
                                           "SEARCH/REPLACE block",
                                           "*** Begin Patch",
                                           "unified diff",
                                           "fenced whole file"};

enum class Distortion {
  none,
  trailing_space_lost,
  trailing_space_added,
  dedented,
  indented,
  tabs_for_spaces,
  carriage_returns,
  line_numbers,
  typographic_quotes,
  slip,  // one character of one line
  lost_line,
  elision,  // "..." for the middle
  stale,    // the file has changed meanwhile
  no_final_newline,
};
constexpr const char* distortion_names[] = {
    "none",       "trailing space lost",  "trailing space added",
    "dedented",   "indented further",     "tabs for spaces",
    "CRLF",       "line numbers",         "typographic quotes",
    "a slip",     "a line lost",          "elision",
    "stale file", "no newline at the end"};

struct EditCase {
  EditForm form = EditForm::search;
  Distortion distortion = Distortion::none;
  std::string before;       // bytes of the file as it is
  std::string intended;     // bytes after the change that was meant
  std::string second_only;  // several edits: with all but the first; else empty
  std::size_t first = 0, old_count = 0, new_count = 0;  // lines (0-based) of the change
  std::string reply;                                    // text forms: what the model writes
  std::vector<Edit> edits;                              // native forms
  bool names_other = false;  // what is written names another place exactly, or several equally
};

// `text`: a file's bytes, with at least four lines.
EditCase make_edit_case(const std::string& text, std::mt19937& random);

enum class EditVerdict { applied, applied_space, refused, already, elsewhere };
constexpr const char* edit_verdict_names[] = {"applied", "applied, white space differs", "refused",
                                              "called already there", "ELSEWHERE"};
// Carries the case out as the program would, and judges by bytes. `message`: for the model.
EditVerdict judge(const EditCase& one, std::string& after, std::string& message);

// Files below `folder` that people write, at most `most`, in a stable order.
std::vector<std::string> real_files(const std::string& folder, std::size_t most);

}  // namespace mixagent

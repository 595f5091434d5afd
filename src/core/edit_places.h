#pragma once
// Places in the text of a file, as offsets and as line numbers (1-based), and how they are shown to
// a model. Pure.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mixagent {

// The file as edits see it: UTF-8, without its byte order mark, "\n" for its line ends, a newline
// at the end.
struct EditableText {
  std::string text;
  bool mark = false;
  bool crlf = false;  // all of its line ends; a file of both kinds is left as it is
  bool mixed = false;
  bool open_end = false;  // no newline at the end of the file
  bool latin1 = false;
};
EditableText open_text(const std::string& bytes);
// Empty when the text holds a character that the file's encoding lacks.
std::optional<std::string> close_text(const EditableText& text);

// New bytes for a file that is sent whole: they keep the encoding, the mark and the line ends of
// the old ones, and an open end where the last line is as it was.
std::string write_like(const std::string& old_bytes, const std::string& content);

// Line numbers of offsets, without counting from the start each time. Holds no text: invalid after
// a change.
class LineNumbers {
 public:
  explicit LineNumbers(std::string_view text);
  std::size_t of(std::size_t offset) const;

 private:
  std::vector<std::size_t> ends_;  // offsets of "\n"
};

std::size_t lines_in(std::string_view piece);  // that it stands on: "a", "a\n" 1, "a\nb" 2

// Every offset, overlapping ones too: "aa" stands twice in "aaa", so it does not say which is
// meant.
std::vector<std::size_t> exact_matches(std::string_view text, std::string_view piece);

struct NearPlace {
  std::optional<std::size_t> at;  // nothing when two are equally near
  std::size_t distance = 0;       // in lines; 0: the line lies in it
};
// Which of the offsets, each `height` lines high, is nearest to a line.
NearPlace nearest_place(const LineNumbers& numbers, const std::vector<std::size_t>& offsets,
                        std::size_t height, std::size_t line);

// ---- for messages: short, whatever the file ----

std::string line_span(std::size_t first, std::size_t count);   // "line 3", "lines 3-5"
std::string line_list(const std::vector<std::size_t>& lines);  // "lines 3, 8, 12"
// "\n3| text" for `count` lines from the 0-based `first`.
std::string numbered_lines(const std::vector<std::string>& lines, std::size_t first,
                           std::size_t count);

}  // namespace mixagent

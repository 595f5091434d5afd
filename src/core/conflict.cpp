#include "core/conflict.h"

#include "base/text.h"
#include "core/reply_blocks.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

namespace mixagent {

namespace {

constexpr std::size_t lines_around = 6;

std::string closed(const std::string& text) {
  return text.empty() || text.back() == '\n' ? text : text + "\n";
}

// The last lines of `text`.
std::string tail(std::string_view text) {
  std::size_t at = text.size();
  for (std::size_t lines = 0; at > 0; --at) {
    if (text[at - 1] == '\n' && at < text.size() && ++lines == lines_around) break;
  }
  return std::string(text.substr(at));
}

std::string head(std::string_view text) {
  std::size_t at = 0;
  for (std::size_t lines = 0; lines < lines_around && at < text.size(); ++lines) {
    const auto end = text.find('\n', at);
    at = end == std::string_view::npos ? text.size() : end + 1;
  }
  return std::string(text.substr(0, at));
}

// Longer than any row of backticks inside.
std::string fence_for(const std::string& text) {
  std::size_t longest = 2, row = 0;
  for (const char c : text) {
    row = c == '`' ? row + 1 : 0;
    longest = std::max(longest, row);
  }
  return std::string(longest + 1, '`');
}

std::string fence_of(const ConflictHunk& hunk) {
  return fence_for(closed(hunk.ours) + closed(hunk.base) + hunk.theirs);
}

bool is_marker(std::string_view line) {
  static constexpr std::array<std::string_view, 3> markers = {"<<<<<<<", ">>>>>>>", "|||||||"};
  return line.substr(0, line.find('\r')) == "=======" ||
         std::any_of(markers.begin(), markers.end(),
                     [&](std::string_view marker) { return line.substr(0, 7) == marker; });
}

bool holds_line(const std::string& text, const std::string& line) {
  const auto lines = split_lines(text);
  return std::find(lines.begin(), lines.end(), line) != lines.end();
}

// The lines that take a hunk's place, with the line ends that its file has.
std::string replacement(const ConflictHunk& hunk, const std::vector<std::string>& body) {
  bool crlf = false;  // as the first side that has lines
  for (const std::string* side : {&hunk.base, &hunk.theirs, &hunk.ours}) {
    if (side->find('\n') != std::string::npos) crlf = side->find("\r\n") != std::string::npos;
  }
  std::string text;
  for (const std::string& line : body) {
    const bool has_cr = !line.empty() && line.back() == '\r';
    text += line + (crlf && !has_cr ? "\r\n" : "\n");
  }
  return text;
}

std::string fault_of(const ConflictHunk& hunk, const ReplyPiece& answer) {
  const std::vector<std::string>& body = answer.body;
  if (answer.ticks < fence_of(hunk).size()) return "its fence is not longer than those inside";
  for (const std::string& line : body) {
    if (is_marker(line) && !holds_line(hunk.ours, line) && !holds_line(hunk.theirs, line))
      return "it still holds a conflict marker";
  }
  const bool blank = std::all_of(body.begin(), body.end(),
                                 [](const std::string& line) { return trim(line).empty(); });
  if (blank && !trim(hunk.ours).empty() && !trim(hunk.theirs).empty()) return "it drops both sides";
  return "";
}

// "hunk 3" -> 3; 0 when it is none.
std::size_t hunk_number(const std::string& info) {
  const std::string text = lower(info);
  if (text.rfind("hunk ", 0) != 0) return 0;
  std::size_t number = 0;
  for (const char c : text.substr(5)) {
    if (c < '0' || c > '9' || number > 1000) return 0;
    number = number * 10 + static_cast<std::size_t>(c - '0');
  }
  return number;
}

std::string show_hunk(const ConflictFile& file, std::size_t index, std::size_t number) {
  const auto& hunks = file.merge.hunks;
  const ConflictHunk& hunk = hunks[index];
  const std::string_view text = file.merge.text;
  const std::size_t from = index == 0 ? 0 : hunks[index - 1].at + hunks[index - 1].length;
  const std::size_t after = hunk.at + hunk.length;
  const std::size_t to = index + 1 < hunks.size() ? hunks[index + 1].at : text.size();
  const std::string shown = tail(text.substr(from, hunk.at - from)) + "<<<<<<< here\n" +
                            closed(hunk.ours) + "||||||| before\n" + closed(hunk.base) +
                            "=======\n" + closed(hunk.theirs) + ">>>>>>> this step\n" +
                            head(text.substr(after, to - after));
  const std::string fence = fence_for(shown);
  return "Hunk " + std::to_string(number) + ", " + file.path + "\n" + fence + "\n" + closed(shown) +
         fence + "\n";
}

}  // namespace

std::string show_conflicts(const std::vector<ConflictFile>& files) {
  std::string out;
  std::size_t number = 0;
  for (const ConflictFile& file : files) {
    for (std::size_t i = 0; i < file.merge.hunks.size(); ++i)
      out += (out.empty() ? "" : "\n") + show_hunk(file, i, ++number);
  }
  return out;
}

std::string answer_fence(const std::vector<ConflictFile>& files) {
  std::string longest = "```";
  for (const ConflictFile& file : files) {
    for (const ConflictHunk& hunk : file.merge.hunks)
      longest = std::max(longest, fence_of(hunk));  // a prefix is less
  }
  return longest;
}

Resolved resolve_conflicts(const std::vector<ConflictFile>& files, const std::string& answer) {
  Resolved out;
  std::map<std::size_t, ReplyPiece> answers;
  for (ReplyPiece& piece : cut_reply(answer)) {
    const std::size_t number = piece.kind == ReplyPiece::Kind::fenced ? hunk_number(piece.info) : 0;
    if (number == 0) continue;
    const std::string name = "hunk " + std::to_string(number);
    if (!piece.closed) out.fault = name + " has no end";
    if (!answers.emplace(number, std::move(piece)).second) out.fault = name + " is answered twice";
    if (!out.fault.empty()) return out;
  }
  std::size_t number = 0;
  for (const ConflictFile& file : files) {
    std::string text;
    std::size_t at = 0;
    for (const ConflictHunk& hunk : file.merge.hunks) {
      const auto found = answers.find(++number);
      const std::string name = "hunk " + std::to_string(number);
      const bool missing = found == answers.end();
      const std::string why = missing ? "is not answered" : fault_of(hunk, found->second);
      if (!why.empty()) {
        out.fault = name + (missing ? " " : ": ") + why;
        out.texts.clear();
        return out;
      }
      text += file.merge.text.substr(at, hunk.at - at) + replacement(hunk, found->second.body);
      at = hunk.at + hunk.length;
    }
    out.texts.push_back(text + file.merge.text.substr(at));
  }
  if (number != answers.size()) {
    out.texts.clear();
    out.fault = "it answers a hunk that does not exist";
  }
  return out;
}

}  // namespace mixagent

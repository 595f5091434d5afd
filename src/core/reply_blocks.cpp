#include "core/reply_blocks.h"

#include "base/text.h"

#include <algorithm>
#include <map>

namespace mixagent {

namespace {

struct Fence {
  std::size_t indent = 0;
  std::size_t ticks = 0;
  std::string info;
};

// A line that opens a block, or closes one when it has no info string.
std::optional<Fence> fence_of(std::string_view line) {
  Fence fence;
  while (fence.indent < line.size() && line[fence.indent] == ' ') ++fence.indent;
  const auto rest = line.substr(fence.indent);
  while (fence.ticks < rest.size() && rest[fence.ticks] == '`') ++fence.ticks;
  if (fence.ticks < 3) return std::nullopt;
  fence.info = std::string(trim(rest.substr(fence.ticks)));
  if (fence.info.find('`') != std::string::npos) return std::nullopt;  // inline code
  return fence;
}

std::string_view first_word(std::string_view info) {
  return info.substr(0, info.find(' '));
}

bool has_argument(std::string_view info) {
  return info.find(' ') != std::string_view::npos;
}

bool needs_no_body(std::string_view info) {
  const auto word = block_word(first_word(info));
  return has_argument(info) &&
         (word == BlockWord::read || word == BlockWord::search || word == BlockWord::list);
}

// "write PATH" and the like. Language names that are action words too ("diff", "json") open nothing
// inside of a block.
bool opens_action(std::string_view info) {
  const auto word = block_word(first_word(info));
  if (word == BlockWord::run || word == BlockWord::finish || word == BlockWord::give_up) {
    return !has_argument(info);
  }
  return needs_no_body(info) ||
         (has_argument(info) && (word == BlockWord::write || word == BlockWord::edit));
}

std::string_view outdented(std::string_view line, std::size_t indent) {
  std::size_t cut = 0;
  while (cut < indent && cut < line.size() && line[cut] == ' ') ++cut;
  return line.substr(cut);
}

class Cutter {
 public:
  explicit Cutter(const std::string& reply) : lines_(split_lines(reply)) {
    for (auto& line : lines_) {
      if (!line.empty() && line.back() == '\r') line.pop_back();
    }
  }

  std::vector<ReplyPiece> cut() {
    for (std::size_t at = 0; at < lines_.size();) at = cut_at(at);
    return std::move(pieces_);
  }

 private:
  // The line after the piece that begins here, or the next line.
  std::size_t cut_at(std::size_t at) {
    if (auto piece = one_line_block(lines_[at])) return keep(std::move(*piece), at, at + 1);
    if (const auto fence = fence_of(lines_[at])) {
      Block block = scan_block(at, *fence, true);
      // SEARCH/REPLACE markers that never end: where would the fence end without them?
      if (!block.piece.closed) block = scan_block(at, *fence, false);
      return keep(std::move(block.piece), at, block.next);
    }
    if (lines_[at].starts_with("*** Begin Patch")) return cut_begin_patch(at);
    if (begins_diff(at)) return cut_loose(ReplyPiece::Kind::patch, at, diff_end(at), true);
    if (is_search_marker(lines_[at])) return cut_markers(at);
    return at + 1;
  }

  std::size_t keep(ReplyPiece piece, std::size_t at, std::size_t next) {
    piece.line = at + 1;
    piece.path_before = path_in_reach(at, 1);
    piece.path_above = path_in_reach(at, 2);
    piece.anonymous_follows = anonymous_follows(next);
    pieces_.push_back(std::move(piece));
    return next;
  }

  // ```run pytest -q```
  static std::optional<ReplyPiece> one_line_block(std::string_view line) {
    if (!line.starts_with("```") || !line.ends_with("```") || line.size() < 7) return std::nullopt;
    const auto info = trim(line.substr(3, line.size() - 6));
    if (info.empty() || info.find('`') != std::string_view::npos) return std::nullopt;
    if (block_word(first_word(info)) == BlockWord::none) return std::nullopt;
    ReplyPiece piece;
    piece.info = std::string(info);
    return piece;
  }

  struct Block {
    ReplyPiece piece;
    std::size_t next = 0;
  };

  // Fences inside are content: longer or shorter ones, those between SEARCH/REPLACE markers, and
  // pairs that open with a language.
  Block scan_block(std::size_t at, const Fence& fence, bool respect_markers) const {
    Block block;
    block.piece.info = fence.info;
    block.piece.ticks = fence.ticks;
    int depth = 0;
    bool in_markers = false;
    std::size_t i = at + 1;
    for (; i < lines_.size(); ++i) {
      const auto line = outdented(lines_[i], fence.indent);
      if (respect_markers && is_search_marker(line)) in_markers = true;
      if (is_replace_marker(line)) in_markers = false;
      const auto inner = in_markers ? std::nullopt : fence_of(line);
      if (inner && inner->ticks == fence.ticks) {
        if (inner->info.empty() && depth == 0) {
          block.next = i + 1;
          return block;
        }
        if (depth == 0 && opens_action(inner->info)) break;  // the block before it was not closed
        depth += inner->info.empty() ? -1 : 1;
      }
      block.piece.body.emplace_back(line);
    }
    block.next = i;
    const auto& body = block.piece.body;
    block.piece.closed =
        needs_no_body(fence.info) &&
        std::all_of(body.begin(), body.end(), [](const auto& line) { return trim(line).empty(); });
    return block;
  }

  std::size_t cut_loose(ReplyPiece::Kind kind, std::size_t at, std::size_t end, bool closed) {
    ReplyPiece piece;
    piece.kind = kind;
    piece.closed = closed;
    piece.body.assign(lines_.begin() + static_cast<std::ptrdiff_t>(at),
                      lines_.begin() + static_cast<std::ptrdiff_t>(end));
    return keep(std::move(piece), at, end);
  }

  std::size_t cut_begin_patch(std::size_t at) {
    std::size_t end = at;
    while (end < lines_.size() && !lines_[end].starts_with("*** End Patch")) ++end;
    const bool closed = end < lines_.size();
    return cut_loose(ReplyPiece::Kind::patch, at, closed ? end + 1 : end, closed);
  }

  std::size_t cut_markers(std::size_t at) {
    std::size_t end = at;
    while (end < lines_.size() && !is_replace_marker(lines_[end])) ++end;
    return cut_loose(ReplyPiece::Kind::markers, at, std::min(end + 1, lines_.size()), true);
  }

  bool begins_diff(std::size_t at) const {
    return at + 2 < lines_.size() && lines_[at].starts_with("--- ") &&
           lines_[at + 1].starts_with("+++ ") && lines_[at + 2].starts_with("@@");
  }

  // Without a fence a diff ends with the first line that cannot belong to it.
  std::size_t diff_end(std::size_t at) const {
    const auto marked = [&](std::size_t i) {
      return i < lines_.size() && !lines_[i].empty() &&
             std::string_view(" +-@\\").find(lines_[i][0]) != std::string_view::npos;
    };
    const auto belongs = [&](std::size_t i) {
      if (lines_[i].empty()) return marked(i + 1);
      return marked(i) || lines_[i].starts_with("diff --git ") || lines_[i].starts_with("index ");
    };
    while (at < lines_.size() && belongs(at)) ++at;
    return at;
  }

  std::optional<std::string> path_in_reach(std::size_t at, std::size_t reach) const {
    for (std::size_t back = 1; back <= reach && back <= at; ++back) {
      const auto& line = lines_[at - back];
      if (!trim(line).empty()) return path_line(line);
    }
    return std::nullopt;
  }

  bool anonymous_follows(std::size_t at) const {
    for (; at < lines_.size(); ++at) {
      if (const auto fence = fence_of(lines_[at])) {
        return fence->info.empty() && !path_in_reach(at, 1);
      }
    }
    return false;
  }

  std::vector<std::string> lines_;
  std::vector<ReplyPiece> pieces_;
};

}  // namespace

std::vector<ReplyPiece> cut_reply(const std::string& reply) {
  return Cutter(reply).cut();
}

BlockWord block_word(std::string_view word) {
  static const std::map<std::string_view, BlockWord> words = {
      {"write", BlockWord::write},
      {"write_file", BlockWord::write},
      {"edit", BlockWord::edit},
      {"edit_file", BlockWord::edit},
      {"run", BlockWord::run},
      {"run_command", BlockWord::run},
      {"read", BlockWord::read},
      {"read_file", BlockWord::read},
      {"search", BlockWord::search},
      {"list", BlockWord::list},
      {"list_files", BlockWord::list},
      {"finish", BlockWord::finish},
      {"give_up", BlockWord::give_up},
      {"ask", BlockWord::ask},
      {"ask_advisor", BlockWord::ask},
      {"patch", BlockWord::patch},
      {"diff", BlockWord::patch},
      {"apply_patch", BlockWord::patch},
      {"json", BlockWord::json},
      {"submit_plan", BlockWord::json},
      {"submit_review", BlockWord::json},
      {"submit_brief", BlockWord::json},
  };
  const auto found = words.find(word);
  return found == words.end() ? BlockWord::none : found->second;
}

bool is_search_marker(std::string_view line) {
  return line.starts_with("<<<<<<< SEARCH");
}
bool is_middle_marker(std::string_view line) {
  return trim(line) == "=======";
}
bool is_replace_marker(std::string_view line) {
  return line.starts_with(">>>>>>> REPLACE");
}

bool looks_like_path(std::string_view text) {
  if (text.empty() || text.size() > 200 || text.back() == '.' || text.back() == '/') return false;
  if (text.find("://") != std::string_view::npos) return false;
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const bool plain = std::all_of(text.begin(), text.end(), [&](char c) {
    return letter(c) || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80 ||
           std::string_view("._-/@+[]()$").find(c) != std::string_view::npos;
  });
  if (!plain) return false;
  if (text.find('/') != std::string_view::npos) return true;
  if (text == "Makefile" || text == "Dockerfile") return true;
  const auto dot = text.rfind('.');
  return dot != std::string_view::npos && text.size() - dot <= 11 && letter(text[dot + 1]) &&
         text.find('(') == std::string_view::npos;
}

std::optional<std::string> path_line(std::string_view line) {
  line = trim(line);
  const auto strip = [&](std::string_view rim) {
    while (!line.empty() && rim.find(line.front()) != std::string_view::npos) line.remove_prefix(1);
    while (!line.empty() && rim.find(line.back()) != std::string_view::npos) line.remove_suffix(1);
  };
  strip("#*`: \t");
  for (const std::string_view label : {"File:", "file:", "FILE:", "Path:", "path:", "Filename:"}) {
    if (line.starts_with(label)) line.remove_prefix(label.size());
  }
  strip("*`: \t");
  if (!looks_like_path(line)) return std::nullopt;
  return std::string(line);
}

}  // namespace mixagent

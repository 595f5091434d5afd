#pragma once
// A model's text cut into the pieces that may mean an action: fenced blocks, and patches and
// SEARCH/REPLACE blocks that stand without a fence. What a piece means is decided in
// text_protocol.cpp. Pure.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mixagent {

enum class BlockWord {
  none,
  write,
  edit,
  run,
  read,
  search,
  list,
  finish,
  give_up,
  ask,
  patch,
  json
};
// The action that an info string begins with; `none` for language names and everything else.
BlockWord block_word(std::string_view word);

bool is_search_marker(std::string_view line);   // <<<<<<< SEARCH
bool is_middle_marker(std::string_view line);   // =======
bool is_replace_marker(std::string_view line);  // >>>>>>> REPLACE

bool looks_like_path(std::string_view text);
// A line that holds a path and nothing else: "### `src/foo.py`:", "**src/foo.py**", "File:
// src/foo.py".
std::optional<std::string> path_line(std::string_view line);

struct ReplyPiece {
  enum class Kind { fenced, patch, markers } kind = Kind::fenced;
  std::size_t line = 1;   // of its first line in the reply, 1-based
  std::string info;       // fenced: after the backticks, trimmed
  std::size_t ticks = 3;  // fenced
  bool closed = true;
  std::vector<std::string> body;           // without the fences
  std::optional<std::string> path_before;  // on the line right before
  std::optional<std::string> path_above;   // the same, or with a blank line between
  bool anonymous_follows = false;          // the next fence has no info string and no path line
};

std::vector<ReplyPiece> cut_reply(const std::string& reply);

}  // namespace mixagent

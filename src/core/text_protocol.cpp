#include "core/text_protocol.h"

#include "base/json.h"
#include "base/text.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

namespace mixagent {

namespace {

bool starts_with(std::string_view text, std::string_view head) {
  return text.substr(0, head.size()) == head;
}

bool ends_with(std::string_view text, std::string_view tail) {
  return text.size() >= tail.size() && text.substr(text.size() - tail.size()) == tail;
}

// ---- lines that mean something ----

struct Fence {
  std::size_t indent = 0;
  std::size_t ticks = 0;
  std::string info;
};

// A line that opens a block, or closes one when it has no info string.
std::optional<Fence> fence_of(std::string_view line) {
  Fence fence;
  while (fence.indent < line.size() && line[fence.indent] == ' ') ++fence.indent;
  auto rest = line.substr(fence.indent);
  while (fence.ticks < rest.size() && rest[fence.ticks] == '`') ++fence.ticks;
  if (fence.ticks < 3) return std::nullopt;
  fence.info = std::string(trim(rest.substr(fence.ticks)));
  if (fence.info.find('`') != std::string::npos) return std::nullopt;  // inline code
  return fence;
}

enum class Word { none, write, edit, run, read, search, list, finish, give_up, ask, patch, json };

Word word_of(const std::string& word) {
  static const std::map<std::string_view, Word> words = {
      {"write", Word::write},       {"write_file", Word::write}, {"edit", Word::edit},
      {"edit_file", Word::edit},    {"run", Word::run},          {"run_command", Word::run},
      {"read", Word::read},         {"read_file", Word::read},   {"search", Word::search},
      {"list", Word::list},         {"list_files", Word::list},  {"finish", Word::finish},
      {"give_up", Word::give_up},   {"ask", Word::ask},          {"ask_advisor", Word::ask},
      {"patch", Word::patch},       {"diff", Word::patch},       {"apply_patch", Word::patch},
      {"json", Word::json},         {"submit_plan", Word::json}, {"submit_review", Word::json},
      {"submit_brief", Word::json},
  };
  const auto found = words.find(word);
  return found == words.end() ? Word::none : found->second;
}

bool is_search_marker(std::string_view line) {
  return starts_with(line, "<<<<<<< SEARCH");
}
bool is_middle_marker(std::string_view line) {
  return trim(line) == "=======";
}
bool is_replace_marker(std::string_view line) {
  return starts_with(line, ">>>>>>> REPLACE");
}

bool looks_like_path(std::string_view text) {
  if (text.empty() || text.size() > 200 || text.find("://") != std::string_view::npos) return false;
  for (const char c : text) {
    const bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      std::string_view("._-/@+[]()$").find(c) != std::string_view::npos ||
                      static_cast<unsigned char>(c) >= 0x80;
    if (!fine) return false;
  }
  if (text.back() == '.' || text.back() == '/') return false;
  const auto name = text.substr(text.rfind('/') + 1);  // npos + 1 is 0
  if (name.find('(') != std::string_view::npos && text.find('/') == std::string_view::npos)
    return false;
  if (name == "Makefile" || name == "Dockerfile" || text.find('/') != std::string_view::npos)
    return true;
  const auto dot = name.rfind('.');
  if (dot == std::string_view::npos || name.size() - dot > 11) return false;
  return (name[dot + 1] >= 'a' && name[dot + 1] <= 'z') ||
         (name[dot + 1] >= 'A' && name[dot + 1] <= 'Z');
}

// "### `src/foo.py`:", "**src/foo.py**", "File: src/foo.py"
std::optional<std::string> path_line(std::string_view line) {
  line = trim(line);
  const auto strip = [&](std::string_view rim) {
    while (!line.empty() && rim.find(line.front()) != std::string_view::npos) line.remove_prefix(1);
    while (!line.empty() && rim.find(line.back()) != std::string_view::npos) line.remove_suffix(1);
  };
  strip("#*`: \t");
  for (const std::string_view label : {"File:", "file:", "Path:", "path:", "FILE:", "Filename:"}) {
    if (starts_with(line, label)) line.remove_prefix(label.size());
  }
  strip("*`: \t");
  if (!looks_like_path(line)) return std::nullopt;
  return std::string(line);
}

std::string unquoted(std::string_view text) {
  text = trim(text);
  if (text.size() > 1 && text.front() == text.back() &&
      (text.front() == '"' || text.front() == '\'')) {
    text = text.substr(1, text.size() - 2);
  }
  return std::string(text);
}

std::string shell_quoted(const std::string& text) {
  return "'" + replace_all(text, "'", "'\\''") + "'";
}

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const auto& line : lines) out += line + "\n";
  return out;
}

bool is_number(std::string_view text) {
  return !text.empty() && text.size() < 9 &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

// "src/list.py 10-80", "src/list.py 10", "src/list.py 10-"
ReadFile read_of(std::string_view text) {
  ReadFile read;
  const auto space = text.rfind(' ');
  if (space != std::string_view::npos) {
    auto range = text.substr(space + 1);
    if (starts_with(range, "L")) range.remove_prefix(1);
    const auto dash = range.find('-');
    const auto first = range.substr(0, dash);
    const auto last = dash == std::string_view::npos ? first : range.substr(dash + 1);
    if (is_number(first) && (last.empty() || is_number(last))) {
      read.start_line = std::atoi(std::string(first).c_str());
      read.end_line = std::atoi(std::string(last).c_str());
      text = text.substr(0, space);
    }
  }
  read.path = unquoted(text);
  return read;
}

bool is_prose_file(const std::string& path) {
  const auto low = lower(path);
  for (const std::string_view end : {".md", ".mdx", ".markdown", ".rst", ".txt", ".adoc"}) {
    if (ends_with(low, end)) return true;
  }
  return false;
}

struct Block {
  Fence fence;
  std::size_t line = 0;  // of the opening fence, 0-based
  std::size_t next = 0;  // first line after the block
  bool closed = false;
  std::vector<std::string> body;
};

class ReplyParser {
 public:
  ReplyParser(const std::string& reply, const std::string& terminal)
      : reply_(reply), lines_(split_lines(reply)), terminal_(terminal) {
    wants_json_ = terminal == SubmitPlan::name || terminal == SubmitReview::name ||
                  terminal == SubmitBrief::name;
    for (auto& line : lines_) {
      if (!line.empty() && line.back() == '\r') line.pop_back();
    }
  }

  TextActions parse() {
    for (std::size_t at = 0; at < lines_.size();) at = parse_at(at);
    if (wants_json_) take_json();
    return std::move(out_);
  }

 private:
  void fault(std::size_t line, const std::string& what) {
    const std::string text = "line " + std::to_string(line + 1) + ": " + what;
    if (std::find(out_.faults.begin(), out_.faults.end(), text) == out_.faults.end()) {
      out_.faults.push_back(text);
    }
  }
  void act(Action action) { out_.actions.push_back(std::move(action)); }

  std::size_t parse_at(std::size_t at) {
    if (const auto one_line = one_line_block(lines_[at])) return take_block(*one_line, at);
    if (const auto fence = fence_of(lines_[at])) return take_block(block_at(at, *fence), at);
    if (starts_with(lines_[at], "*** Begin Patch"))
      return take_loose_patch(at, begin_patch_end(at));
    if (is_diff_header(at)) return take_loose_patch(at, diff_end(at));
    if (is_search_marker(lines_[at])) return take_loose_edit(at);
    return at + 1;
  }

  // ---- where a block ends ----

  // ```run pytest -q```
  std::optional<Block> one_line_block(std::string_view line) const {
    if (!starts_with(line, "```") || !ends_with(line, "```") || line.size() < 7)
      return std::nullopt;
    const auto info = trim(line.substr(3, line.size() - 6));
    if (info.empty() || info.find('`') != std::string_view::npos) return std::nullopt;
    if (word_of(std::string(info.substr(0, info.find(' ')))) == Word::none) return std::nullopt;
    Block block;
    block.fence = {0, 3, std::string(info)};
    block.closed = true;
    return block;
  }

  static bool needs_no_body(const std::string& info) {
    const auto space = info.find(' ');
    const Word word = word_of(info.substr(0, space));
    return space != std::string::npos &&
           (word == Word::read || word == Word::search || word == Word::list);
  }

  // "write PATH" and the like; language names that are action words too ("diff", "json") open no
  // action here.
  static bool opens_action(const Fence& fence) {
    const auto space = fence.info.find(' ');
    const Word word = word_of(fence.info.substr(0, space));
    const bool has_argument = space != std::string::npos;
    if (word == Word::run || word == Word::finish || word == Word::give_up) return !has_argument;
    return has_argument && (word == Word::write || word == Word::edit || word == Word::read ||
                            word == Word::search || word == Word::list);
  }

  Block block_at(std::size_t at, const Fence& fence) const {
    Block block = scan_block(at, fence, true);
    // A SEARCH/REPLACE block that never ends: where would the fence end without it?
    return block.closed ? block : scan_block(at, fence, false);
  }

  // Fences inside are content: longer or shorter ones, those inside SEARCH/REPLACE markers, and
  // pairs that open with a language.
  Block scan_block(std::size_t at, const Fence& fence, bool respect_markers) const {
    Block block;
    block.fence = fence;
    block.line = at;
    int depth = 0;
    bool in_markers = false;
    std::size_t i = at + 1;
    for (; i < lines_.size(); ++i) {
      const std::string_view line = outdented(lines_[i], fence.indent);
      if (respect_markers && is_search_marker(line)) in_markers = true;
      if (is_replace_marker(line)) in_markers = false;
      const auto inner = in_markers ? std::nullopt : fence_of(line);
      if (inner && inner->ticks == fence.ticks) {
        if (inner->info.empty() && depth == 0) {
          block.closed = true;
          block.next = i + 1;
          return block;
        }
        if (inner->info.empty()) {
          --depth;
        } else if (depth == 0 && opens_action(*inner)) {
          break;  // the block before it was not closed
        } else {
          ++depth;
        }
      }
      block.body.emplace_back(line);
    }
    block.next = i;
    if (needs_no_body(fence.info)) {
      const auto blank = [](const std::string& line) { return trim(line).empty(); };
      block.closed = std::all_of(block.body.begin(), block.body.end(), blank);
    }
    return block;
  }

  static std::string_view outdented(std::string_view line, std::size_t indent) {
    std::size_t cut = 0;
    while (cut < indent && cut < line.size() && line[cut] == ' ') ++cut;
    return line.substr(cut);
  }

  // ---- blocks ----

  std::size_t take_block(Block block, std::size_t at) {
    block.line = at;
    if (block.next == 0) block.next = at + 1;
    const auto& info = block.fence.info;
    const auto space = info.find_first_of(" :");
    const Word word = word_of(info.substr(0, space));
    const std::string rest =
        space == std::string::npos ? "" : std::string(trim(info.substr(space + 1)));
    if (word == Word::none) {
      take_plain_block(block, rest);
    } else if (!block.closed) {
      fault(at, "the block '" + clip(info, 80) + "' is not closed with " +
                    std::string(block.fence.ticks, '`') +
                    " on a line of its own; nothing of it was done");
    } else {
      take_action(word, rest, block);
    }
    return block.next;
  }

  void take_action(Word word, const std::string& rest, const Block& block) {
    switch (word) {
      case Word::write:
        return take_write(unquoted(rest), block);
      case Word::edit:
        return take_edit(unquoted(rest), block);
      case Word::run:
        return take_run(rest, block);
      case Word::read:
        return take_arguments(rest, block, [&](const std::string& text) { act(read_of(text)); });
      case Word::search:
        return take_arguments(rest, block, [&](const std::string& text) {
          Search search;
          search.pattern = text;
          act(search);
        });
      case Word::list:
        return take_list(rest);
      case Word::finish: {
        Finish finish;
        finish.summary = std::string(trim(joined(block.body)));
        if (finish.summary.empty()) finish.summary = rest;
        return act(finish);
      }
      case Word::give_up: {
        const auto reason = trim(joined(block.body));
        return act(GiveUp{reason.empty() ? rest : std::string(reason)});
      }
      case Word::ask: {
        const auto question = trim(joined(block.body));
        return act(AskAdvisor{question.empty() ? rest : std::string(question)});
      }
      case Word::patch:
        return take_patch(joined(block.body), block.line, path_before(block.line));
      case Word::json:
        if (wants_json_) json_.push_back(joined(block.body));
        return;
      case Word::none:
        return;
    }
  }

  // Read, search: the argument beside the word, or one a line in the body.
  template <class Take>
  void take_arguments(const std::string& rest, const Block& block, Take take) {
    if (!rest.empty()) return take(rest);
    bool any = false;
    for (const auto& line : block.body) {
      if (trim(line).empty()) continue;
      any = true;
      take(std::string(trim(line)));
    }
    if (!any) fault(block.line, "the block '" + block.fence.info + "' names nothing");
  }

  void take_list(const std::string& rest) {
    ListFiles list;
    for (const auto& part : split(rest, ' ')) {
      if (part.empty()) continue;
      (part.find_first_of("*?[") == std::string::npos ? list.path : list.glob) = unquoted(part);
    }
    act(list);
  }

  void take_run(const std::string& rest, const Block& block) {
    RunCommand run;
    run.command = std::string(trim(joined(block.body)));
    if (run.command.empty()) {
      run.command = rest;
    } else if (is_number(rest)) {
      run.timeout_s = std::atoi(rest.c_str());
    } else if (!rest.empty()) {
      return fault(block.line, "put the whole command into the body of the run block");
    }
    if (run.command.empty()) return fault(block.line, "the run block holds no command");
    act(run);
  }

  void take_write(const std::string& path, const Block& block) {
    if (path.empty()) return fault(block.line, "a write block needs a path: ```write PATH");
    if (is_prose_file(path) && bare_fence_follows(block.next)) {
      return fault(block.line, path + " seems to hold ``` lines of its own: put a longer fence (" +
                                   std::string(block.fence.ticks + 1, '`') + ") around it");
    }
    act(WriteFile{path, joined(block.body)});
  }

  // Does an anonymous block come next? Then the fence that closed ours was probably content.
  bool bare_fence_follows(std::size_t at) const {
    for (; at < lines_.size(); ++at) {
      const auto fence = fence_of(lines_[at]);
      if (!fence) continue;
      return fence->info.empty() && !path_before(at);
    }
    return false;
  }

  void take_edit(const std::string& path, const Block& block) {
    if (path.empty()) return fault(block.line, "an edit block needs a path: ```edit PATH");
    const bool marked = std::any_of(block.body.begin(), block.body.end(), is_search_marker);
    if (marked) return take_markers(path, block.body, block.line);
    take_patch(joined(block.body), block.line, path);
  }

  // A block with a language or without a word: an action only when its shape says so.
  void take_plain_block(const Block& block, const std::string& rest) {
    const auto& body = block.body;
    const auto before = path_before(block.line);
    if (std::any_of(body.begin(), body.end(), is_search_marker)) {
      auto path = before ? before : path_before(block.line, 2);
      if (!path && looks_like_path(rest)) path = rest;
      if (!path && looks_like_path(block.fence.info)) path = block.fence.info;
      if (!path) path = path_line(body[0]);
      if (!path)
        return fault(block.line,
                     "a SEARCH/REPLACE block without a path; begin it with ```edit PATH");
      return take_markers(*path, body, block.line);
    }
    const std::string text = joined(body);
    if (holds_patch(body)) return take_patch(text, block.line, before);
    if (wants_json_ && block.closed && starts_with(trim(text), "{")) {
      json_.push_back(text);
      return;
    }
    if (before) {
      if (block.closed) return take_write(*before, block);
      return fault(block.line,
                   "the block of " + *before + " is not closed; nothing of it was done");
    }
    if (looks_like_path(rest) || looks_like_path(block.fence.info)) {
      fault(block.line,
            "'" + clip(block.fence.info, 80) +
                "' names a file but no action; begin the block with ```write PATH or ```edit PATH");
    }
  }

  bool holds_patch(const std::vector<std::string>& body) const {
    for (std::size_t i = 0; i < body.size(); ++i) {
      if (starts_with(body[i], "*** Begin Patch")) return true;
      if (starts_with(body[i], "--- ") && i + 2 < body.size() && starts_with(body[i + 1], "+++ ") &&
          starts_with(body[i + 2], "@@")) {
        return true;
      }
    }
    return false;
  }

  // The path line right before line `at`; with `reach` 2 a blank line may stand between.
  std::optional<std::string> path_before(std::size_t at, std::size_t reach = 1) const {
    for (std::size_t back = 1; back <= reach && back <= at; ++back) {
      const auto& line = lines_[at - back];
      if (trim(line).empty()) continue;
      return path_line(line);
    }
    return std::nullopt;
  }

  // ---- SEARCH/REPLACE ----

  void take_markers(const std::string& path, const std::vector<std::string>& body,
                    std::size_t line) {
    EditFile edit;
    edit.path = path;
    const auto wrong = [&](const std::string& what) {
      fault(line, path + ": " + what + "; nothing of this block was done");
    };
    enum { outside, searching, replacing } state = outside;
    for (const auto& text : body) {
      if (is_search_marker(text)) {
        if (state != outside) return wrong("a second <<<<<<< SEARCH before >>>>>>> REPLACE");
        edit.edits.emplace_back();
        state = searching;
      } else if (is_replace_marker(text)) {
        if (state != replacing) return wrong(">>>>>>> REPLACE without ======= before it");
        state = outside;
      } else if (is_middle_marker(text) && state != outside) {
        if (state == replacing)
          return wrong("two ======= lines: which one divides cannot be told; use write");
        state = replacing;
      } else if (state == searching) {
        edit.edits.back().search += text + "\n";
      } else if (state == replacing) {
        edit.edits.back().replace += text + "\n";
      }
    }
    if (state != outside) return wrong("no >>>>>>> REPLACE at the end");
    act(std::move(edit));
  }

  std::size_t take_loose_edit(std::size_t at) {
    std::size_t end = at;
    while (end < lines_.size() && !is_replace_marker(lines_[end])) ++end;
    const auto path = path_before(at, 2);
    if (!path) {
      fault(at, "a SEARCH/REPLACE block without a path; begin it with ```edit PATH");
    } else {
      const auto stop = std::min(end + 1, lines_.size());
      take_markers(*path,
                   {lines_.begin() + static_cast<std::ptrdiff_t>(at),
                    lines_.begin() + static_cast<std::ptrdiff_t>(stop)},
                   at);
    }
    return end + 1;
  }

  // ---- patches ----

  bool is_diff_header(std::size_t at) const {
    return at + 2 < lines_.size() && starts_with(lines_[at], "--- ") &&
           starts_with(lines_[at + 1], "+++ ") && starts_with(lines_[at + 2], "@@");
  }

  std::size_t begin_patch_end(std::size_t at) const {
    while (at < lines_.size() && !starts_with(lines_[at], "*** End Patch")) ++at;
    return std::min(at + 1, lines_.size());
  }

  // Outside of a fence a diff ends with the first line that cannot belong to it.
  std::size_t diff_end(std::size_t at) const {
    for (; at < lines_.size(); ++at) {
      const auto& line = lines_[at];
      if (line.empty()) {
        const bool goes_on =
            at + 1 < lines_.size() && !lines_[at + 1].empty() &&
            std::string_view(" +-@\\").find(lines_[at + 1][0]) != std::string_view::npos;
        if (!goes_on) break;
      } else if (std::string_view(" +-@\\").find(line[0]) == std::string_view::npos &&
                 !starts_with(line, "diff --git ") && !starts_with(line, "index ")) {
        break;
      }
    }
    return at;
  }

  std::size_t take_loose_patch(std::size_t at, std::size_t end) {
    std::string text;
    for (std::size_t i = at; i < end; ++i) text += lines_[i] + "\n";
    take_patch(text, at, std::nullopt);
    return end;
  }

  void take_patch(const std::string& text, std::size_t line,
                  const std::optional<std::string>& path) {
    auto files = parse_patch(text);
    if (files && files->empty() && path) {
      if (text.find("@@") == std::string::npos) {
        return fault(line, *path + ": no <<<<<<< SEARCH block and no @@ hunk in it");
      }
      files =
          parse_patch("--- a/" + *path + "\n+++ b/" + *path + "\n" + text.substr(text.find("@@")));
    }
    if (!files) return fault(line, describe(files.error()));
    if (files->empty())
      return fault(line, "a diff that names no file; begin it with --- a/PATH and +++ b/PATH");
    for (auto& file : *files) {
      if (file.create) {
        act(WriteFile{file.path, file.content});
      } else if (file.remove) {
        RunCommand run;
        run.command = "rm -- " + shell_quoted(file.path);
        act(run);
      } else {
        act(EditFile{file.path, std::move(file.edits)});
      }
    }
  }

  // ---- plan, review, brief ----

  void take_json() {
    if (json_.empty() && out_.actions.empty()) {
      if (auto found = first_json_in(reply_); !found.empty()) json_.push_back(std::move(found));
    }
    std::optional<Error> first;
    for (const auto& text : json_) {
      auto action = decode_action(terminal_, text);
      if (action) return act(*std::move(action));
      if (!first) first = action.error();
    }
    if (first) out_.faults.push_back(terminal_ + ": " + describe(*first));
  }

  const std::string& reply_;
  std::vector<std::string> lines_;
  std::string terminal_;
  bool wants_json_ = false;
  std::vector<std::string> json_;  // candidates for the terminal action
  TextActions out_;
};

}  // namespace

TextActions parse_text_actions(const std::string& reply, const std::string& terminal) {
  return ReplyParser(reply, terminal).parse();
}

std::string describe_text_actions(const std::vector<std::string>& tools) {
  static const std::map<std::string_view, const char*> blocks = {
      {"read_file", "```read PATH 10-80\n```\n"},
      {"list_files", "```list FOLDER\n```\n"},
      {"search", "```search REGULAR_EXPRESSION\n```\n"},
      {"edit_file",
       "```edit PATH\n<<<<<<< SEARCH\nexact old lines, found once\n=======\nnew lines\n>>>>>>> "
       "REPLACE\n```\n"},
      {"write_file", "```write PATH\nthe whole file\n```\n"},
      {"run_command", "```run\nbash command\n```\n"},
      {"ask_advisor", "```ask\nquestion to a stronger model\n```\n"},
      {"finish", "```finish\nwhat was done\n```\n"},
      {"give_up", "```give_up\nwhy it cannot be done\n```\n"},
  };
  std::string out;
  bool writes = false;
  for (const auto& tool : tools) {
    if (const auto block = blocks.find(tool); block != blocks.end()) {
      out += block->second;
    } else {
      out += "```json\n" + tool_definition(tool).schema +
             "\n```\nas an object of this schema: " + tool + "\n";
    }
    writes = writes || tool == WriteFile::name || tool == EditFile::name;
  }
  if (writes) out += "Content that holds ``` needs a longer fence (````).\n";
  return out;
}

}  // namespace mixagent

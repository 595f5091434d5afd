#include "core/text_protocol.h"

#include "base/json.h"
#include "base/text.h"
#include "core/reply_blocks.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

namespace mixagent {

namespace {

std::string unquoted(std::string_view text) {
  text = trim(text);
  const bool quoted = text.size() > 1 && text.front() == text.back() &&
                      (text.front() == '"' || text.front() == '\'');
  return std::string(quoted ? text.substr(1, text.size() - 2) : text);
}

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const auto& line : lines) out += line + "\n";
  return out;
}

// The body, else what stands beside the word.
std::string body_or(const ReplyPiece& piece, const std::string& rest) {
  std::string body(trim(joined(piece.body)));
  return body.empty() ? rest : body;
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
    const auto range = text.substr(space + (text.substr(space + 1, 1) == "L" ? 2 : 1));
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

ListFiles list_of(const std::string& rest) {
  ListFiles list;
  for (const auto& part : split(rest, ' ')) {
    if (part.empty()) continue;
    (part.find_first_of("*?[") == std::string::npos ? list.path : list.glob) = unquoted(part);
  }
  return list;
}

Search search_of(const std::string& pattern) {
  Search search;
  search.pattern = pattern;
  return search;
}

bool is_prose_file(const std::string& path) {
  const auto low = lower(path);
  for (const std::string_view end : {".md", ".mdx", ".markdown", ".rst", ".txt", ".adoc"}) {
    if (low.size() > end.size() && low.compare(low.size() - end.size(), end.size(), end) == 0) {
      return true;
    }
  }
  return false;
}

bool holds_patch(const std::vector<std::string>& lines) {
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].starts_with("*** Begin Patch")) return true;
    if (i + 2 < lines.size() && lines[i].starts_with("--- ") && lines[i + 1].starts_with("+++ ") &&
        lines[i + 2].starts_with("@@")) {
      return true;
    }
  }
  return false;
}

// Gives the pieces of a reply their meaning, in order.
class ReplyReader {
 public:
  explicit ReplyReader(const std::string& terminal) : terminal_(terminal) {
    wants_json_ = terminal == SubmitPlan::name || terminal == SubmitReview::name ||
                  terminal == SubmitBrief::name;
  }

  TextActions read(const std::string& reply) {
    for (const auto& piece : cut_reply(reply)) take(piece);
    if (wants_json_) take_json(reply);
    hold_finish_back();
    return std::move(out_);
  }

 private:
  void act(Action action) { out_.actions.push_back(std::move(action)); }
  void fault(const ReplyPiece& piece, const std::string& what) {
    out_.faults.push_back("line " + std::to_string(piece.line) + ": " + what);
  }

  void take(const ReplyPiece& piece) {
    switch (piece.kind) {
      case ReplyPiece::Kind::patch:
        if (!piece.closed) {
          return fault(piece, "the patch is not closed with *** End Patch; nothing of it was done");
        }
        return take_patch(piece, std::nullopt);
      case ReplyPiece::Kind::markers:
        return take_markers(piece, piece.path_above);
      case ReplyPiece::Kind::fenced:
        break;
    }
    const auto end = piece.info.find_first_of(" :");
    const auto word = block_word(std::string_view(piece.info).substr(0, end));
    const std::string rest =
        end == std::string::npos ? "" : std::string(trim(piece.info.substr(end + 1)));
    if (word == BlockWord::none) return take_plain_block(piece, rest);
    if (!piece.closed) {
      return fault(piece, "the block '" + clip(piece.info, 80) + "' is not closed with " +
                              std::string(piece.ticks, '`') +
                              " on a line of its own; nothing of it was done");
    }
    take_action(word, rest, piece);
  }

  void take_action(BlockWord word, const std::string& rest, const ReplyPiece& piece) {
    switch (word) {
      case BlockWord::write:
        return take_write(piece, unquoted(rest));
      case BlockWord::edit:
        return take_edit(piece, unquoted(rest));
      case BlockWord::run:
        return take_run(piece, rest);
      case BlockWord::read:
        return take_each(piece, rest, [&](const std::string& text) { act(read_of(text)); });
      case BlockWord::search:
        return take_each(piece, rest, [&](const std::string& text) { act(search_of(text)); });
      case BlockWord::list:
        return act(list_of(rest));
      case BlockWord::finish:
        return act(Finish{body_or(piece, rest), {}});
      case BlockWord::give_up:
        return act(GiveUp{body_or(piece, rest)});
      case BlockWord::ask:
        return act(AskAdvisor{body_or(piece, rest)});
      case BlockWord::patch:
        return take_patch(piece, piece.path_before);
      case BlockWord::json:
        if (wants_json_) json_.push_back(joined(piece.body));
        return;
      case BlockWord::none:
        return;
    }
  }

  // Read, search: the argument beside the word, or one a line in the body.
  template <class Take>
  void take_each(const ReplyPiece& piece, const std::string& rest, Take take) {
    if (!rest.empty()) return take(rest);
    bool any = false;
    for (const auto& line : piece.body) {
      if (trim(line).empty()) continue;
      any = true;
      take(std::string(trim(line)));
    }
    if (!any) fault(piece, "the block '" + piece.info + "' names nothing");
  }

  void take_run(const ReplyPiece& piece, const std::string& rest) {
    RunCommand run;
    const bool has_body = !trim(joined(piece.body)).empty();
    if (has_body && !rest.empty() && !is_number(rest)) {
      return fault(piece, "put the whole command into the body of the run block");
    }
    if (has_body && !rest.empty()) run.timeout_s = std::atoi(rest.c_str());
    run.command = body_or(piece, rest);
    if (run.command.empty()) return fault(piece, "the run block holds no command");
    act(run);
  }

  void take_write(const ReplyPiece& piece, const std::string& path) {
    if (path.empty()) return fault(piece, "a write block needs a path: ```write PATH");
    // An anonymous block comes next: the fence that closed this one was probably content.
    if (is_prose_file(path) && piece.anonymous_follows) {
      return fault(piece, path + " seems to hold ``` lines of its own: put a longer fence (" +
                              std::string(piece.ticks + 1, '`') + ") around it");
    }
    act(WriteFile{path, joined(piece.body)});
  }

  void take_edit(const ReplyPiece& piece, const std::string& path) {
    if (path.empty()) return fault(piece, "an edit block needs a path: ```edit PATH");
    if (holds_markers(piece)) return take_markers(piece, path);
    take_patch(piece, path);
  }

  // A block with a language or without a word is an action only when its shape says so.
  void take_plain_block(const ReplyPiece& piece, const std::string& rest) {
    const bool marks = holds_markers(piece) || holds_patch(piece.body);
    if (marks && piece.path_before && !begins_with_marks(piece)) {
      return fault(piece,
                   "the block of " + *piece.path_before +
                       " holds marks of edits among other lines; begin it with ```write PATH "
                       "or ```edit PATH");
    }
    if (holds_markers(piece)) {
      auto path = piece.path_above;
      for (const auto& candidate : {rest, piece.info}) {
        if (!path && looks_like_path(candidate)) path = candidate;
      }
      return take_markers(piece, path ? path : path_line(piece.body.front()));
    }
    if (holds_patch(piece.body)) {
      if (piece.closed) return take_patch(piece, piece.path_before);
      return fault(piece, "the block of the patch is not closed; nothing of it was done");
    }
    if (wants_json_ && piece.closed && trim(joined(piece.body)).starts_with("{")) {
      json_.push_back(joined(piece.body));
    } else if (piece.path_before && piece.closed) {
      take_write(piece, *piece.path_before);
    } else if (piece.path_before) {
      fault(piece, "the block of " + *piece.path_before + " is not closed; nothing of it was done");
    } else if (looks_like_path(rest) || looks_like_path(piece.info)) {
      fault(piece, "'" + clip(piece.info, 80) +
                       "' names a file but no action; begin the block with ```write PATH or "
                       "```edit PATH");
    }
  }

  // ---- SEARCH/REPLACE ----

  static bool holds_markers(const ReplyPiece& piece) {
    return std::any_of(piece.body.begin(), piece.body.end(), is_search_marker);
  }

  // Else it may be a file that is about edits.
  static bool begins_with_marks(const ReplyPiece& piece) {
    for (const auto& line : piece.body) {
      if (trim(line).empty() || path_line(line)) continue;
      return is_search_marker(line) || line.starts_with("*** ") || line.starts_with("--- ") ||
             line.starts_with("diff --git ");
    }
    return false;
  }

  void take_markers(const ReplyPiece& piece, const std::optional<std::string>& path) {
    if (!path) {
      return fault(piece, "a SEARCH/REPLACE block without a path; begin it with ```edit PATH");
    }
    EditFile edit{*path, {}};
    const std::string wrong = read_markers(piece.body, edit.edits);
    if (!wrong.empty())
      return fault(piece, *path + ": " + wrong + "; nothing of this block was done");
    act(std::move(edit));
  }

  // What is wrong with them; empty when they are read.
  static std::string read_markers(const std::vector<std::string>& lines, std::vector<Edit>& edits) {
    enum { outside, searching, replacing } state = outside;
    for (const auto& line : lines) {
      if (is_search_marker(line)) {
        if (state != outside) return "a second <<<<<<< SEARCH before >>>>>>> REPLACE";
        edits.emplace_back();
        state = searching;
      } else if (is_replace_marker(line)) {
        if (state != replacing) return ">>>>>>> REPLACE without ======= before it";
        state = outside;
      } else if (is_middle_marker(line) && state != outside) {
        if (state == replacing)
          return "two ======= lines: which one divides cannot be told; use write";
        state = replacing;
      } else if (state == searching) {
        edits.back().search += line + "\n";
      } else if (state == replacing) {
        edits.back().replace += line + "\n";
      }
    }
    return state == outside ? "" : "no >>>>>>> REPLACE at the end";
  }

  // ---- patches ----

  void take_patch(const ReplyPiece& piece, const std::optional<std::string>& path) {
    const std::string text = joined(piece.body);
    auto files = parse_patch(text);
    if (files && files->empty() && path) {  // hunks alone
      const auto hunks = text.find("@@");
      if (hunks == std::string::npos) {
        return fault(piece, *path + ": no <<<<<<< SEARCH block and no @@ hunk in it");
      }
      files = parse_patch("--- a/" + *path + "\n+++ b/" + *path + "\n" + text.substr(hunks));
    }
    if (!files) return fault(piece, describe(files.error()));
    if (files->empty()) {
      return fault(piece, "a diff that names no file; begin it with --- a/PATH and +++ b/PATH");
    }
    for (auto& file : *files) act(action_of(std::move(file)));
  }

  // ---- the end ----

  void take_json(const std::string& reply) {
    if (json_.empty() && out_.actions.empty()) {
      if (auto found = first_json_in(reply); !found.empty()) json_.push_back(std::move(found));
    }
    std::optional<Error> first;
    for (const auto& text : json_) {
      auto action = decode_action(terminal_, text);
      if (action) return act(*std::move(action));
      if (!first) first = action.error();
    }
    if (first) out_.faults.push_back(terminal_ + ": " + describe(*first));
  }

  // Work that could not be read is not finished.
  void hold_finish_back() {
    const auto finish =
        std::find_if(out_.actions.begin(), out_.actions.end(),
                     [](const Action& one) { return std::holds_alternative<Finish>(one); });
    if (out_.faults.empty() || finish == out_.actions.end()) return;
    out_.actions.erase(finish, out_.actions.end());
    out_.faults.emplace_back("finish was not taken because of the faults above");
  }

  std::string terminal_;
  bool wants_json_ = false;
  std::vector<std::string> json_;  // candidates for the terminal action
  TextActions out_;
};

}  // namespace

TextActions parse_text_actions(const std::string& reply, const std::string& terminal) {
  return ReplyReader(terminal).read(reply);
}

std::string describe_text_actions(const std::vector<std::string>& tools) {
  static const std::map<std::string_view, const char*> blocks = {
      {"read_file", "```read PATH 10-80\n```\n"},
      {"list_files", "```list FOLDER\n```\n"},
      {"search", "```search REGEX\n```\n"},
      {"edit_file",
       "```edit PATH\n<<<<<<< SEARCH\nexact old lines, found once\n=======\nnew lines\n"
       ">>>>>>> REPLACE\n```\n"},
      {"write_file", "```write PATH\nthe whole file\n```\n"},
      {"run_command", "```run\nbash command\n```\n"},
      {"ask_advisor", "```ask\nquestion to a stronger model\n```\n"},
      {"finish", "```finish\nwhat was done\n```\n"},
      {"give_up", "```give_up\nwhy it cannot be done\n```\n"},
  };
  std::string out;
  for (const auto& tool : tools) {
    const auto block = blocks.find(tool);
    if (block != blocks.end()) {
      out += block->second;
    } else {
      out += tool + ": one ```json block with an object of this schema:\n" +
             tool_definition(tool).schema + "\n";
    }
  }
  const bool writes = std::any_of(tools.begin(), tools.end(), [](const std::string& tool) {
    return tool == WriteFile::name || tool == EditFile::name;
  });
  if (writes) out += "Content that holds ``` needs a longer fence (````).\n";
  return out;
}

}  // namespace mixagent

// Patches as models write them: `*** Begin Patch` and unified diffs, both matched by content. Line
// numbers are not read.

#include "base/text.h"
#include "core/text_protocol.h"

#include <string_view>
#include <utility>

namespace mixagent {

namespace {

std::string_view after(std::string_view text, std::string_view head) {
  return trim(text.substr(head.size()));
}

tl::unexpected<Error> bad_patch(std::size_t line, std::string what, std::string hint = {}) {
  return fail(ErrorCode::protocol, std::move(what), "patch line " + std::to_string(line + 1),
              std::move(hint));
}

// Lines of one hunk, gathered until the next "@@" or header.
class Hunk {
 public:
  bool empty() const { return lines_.empty(); }

  // False for a line without a mark. A wholly empty line is an empty line of context.
  bool add(std::string_view line) {
    if (line == "\r") line = "";
    const char mark = line.empty() ? ' ' : line[0];
    if (mark != ' ' && mark != '+' && mark != '-') return false;
    lines_.push_back({mark, std::string(line.empty() ? line : line.substr(1)), line.empty()});
    return true;
  }

  bool changes() const {
    for (const auto& line : lines_) {
      if (line.mark != ' ') return true;
    }
    return false;
  }

  Edit edit() const {
    // Blank lines between hunks are the writer's, not the file's.
    std::size_t end = lines_.size();
    while (end > 0 && lines_[end - 1].unmarked) --end;
    Edit edit;
    for (std::size_t i = 0; i < end; ++i) {
      if (lines_[i].mark != '+') edit.search += lines_[i].text + "\n";
      if (lines_[i].mark != '-') edit.replace += lines_[i].text + "\n";
    }
    return edit;
  }

 private:
  struct Line {
    char mark;
    std::string text;
    bool unmarked;
  };
  std::vector<Line> lines_;
};

// Collects the files of a patch; both formats end up here.
class PatchBuilder {
 public:
  void open(PatchEdits file) { files_.push_back(std::move(file)); }
  bool has_file() const { return !files_.empty(); }
  PatchEdits& file() { return files_.back(); }

  bool add(std::string_view line) { return hunk_.add(line); }

  Result<void> close_hunk(std::size_t line) {
    Hunk hunk = std::exchange(hunk_, {});
    if (hunk.empty() || !has_file() || !hunk.changes()) return {};
    Edit edit = hunk.edit();
    if (file().create) {
      file().content += edit.replace;
    } else if (file().remove) {
      return {};
    } else if (edit.search.empty()) {
      return bad_patch(line, file().path + ": a hunk without a line of context",
                       "give the lines around the change, or write the whole file");
    } else {
      file().edits.push_back(std::move(edit));
    }
    return {};
  }

  Result<std::vector<PatchEdits>> finish(std::size_t line) {
    MIX_OK(close_hunk(line));
    for (const auto& one : files_) {
      if (one.path.empty()) return bad_patch(line, "a file without a path");
      if (!one.create && !one.remove && one.edits.empty()) {
        return bad_patch(line, one.path + ": no change in the patch");
      }
    }
    return std::move(files_);
  }

 private:
  std::vector<PatchEdits> files_;
  Hunk hunk_;
};

Result<std::vector<PatchEdits>> parse_begin_patch(const std::vector<std::string>& lines,
                                                  std::size_t at) {
  PatchBuilder patch;
  for (++at; at < lines.size(); ++at) {
    const std::string_view line = lines[at];
    if (!line.starts_with("*** ") && !line.starts_with("@@")) {
      if (!patch.has_file()) {
        if (trim(line).empty()) continue;
        return bad_patch(at, "text before the first '*** Update File: PATH'");
      }
      if (!patch.add(line)) return bad_patch(at, "a line without ' ', '+' or '-' in front");
      continue;
    }
    if (line.starts_with("*** End of File")) continue;
    MIX_OK(patch.close_hunk(at));
    if (line.starts_with("@@")) continue;
    if (line.starts_with("*** End Patch")) break;
    PatchEdits file;
    if (line.starts_with("*** Update File:")) {
      file.path = after(line, "*** Update File:");
    } else if (line.starts_with("*** Add File:")) {
      file.path = after(line, "*** Add File:");
      file.create = true;
    } else if (line.starts_with("*** Delete File:")) {
      file.path = after(line, "*** Delete File:");
      file.remove = true;
    } else {
      return bad_patch(at, "unknown line '" + clip(line, 80) + "'",
                       "use Update File, Add File or Delete File");
    }
    patch.open(std::move(file));
  }
  return patch.finish(at);
}

// "b/src/x.py\t2026-01-01" -> "src/x.py"
std::string header_path(std::string_view line, std::string_view prefix) {
  std::string_view path = line.substr(4);
  path = trim(path.substr(0, path.find('\t')));
  if (path.size() > 1 && path.front() == '"' && path.back() == '"') {
    path = path.substr(1, path.size() - 2);
  }
  if (path.starts_with(prefix)) path.remove_prefix(prefix.size());
  return std::string(path);
}

// "--- " may also be a removed line that starts with "-- ": a header is followed by "+++ ".
bool is_header(const std::vector<std::string>& lines, std::size_t at) {
  return at + 1 < lines.size() && lines[at].starts_with("--- ") &&
         lines[at + 1].starts_with("+++ ") &&
         (at + 2 == lines.size() || lines[at + 2].starts_with("@@") || lines[at + 2].empty());
}

bool is_git_header(std::string_view line) {
  for (const std::string_view head : {"diff --git ", "index ", "new file mode", "deleted file mode",
                                      "old mode", "new mode", "similarity index"}) {
    if (line.starts_with(head)) return true;
  }
  return false;
}

Result<std::vector<PatchEdits>> parse_unified(const std::vector<std::string>& lines,
                                              std::size_t at) {
  PatchBuilder patch;
  for (; at < lines.size(); ++at) {
    const std::string_view line = lines[at];
    if (is_header(lines, at)) {
      MIX_OK(patch.close_hunk(at));
      PatchEdits file;
      const std::string from = header_path(line, "a/");
      file.path = header_path(lines[at + 1], "b/");
      file.create = from == "/dev/null";
      file.remove = file.path == "/dev/null";
      if (file.remove) file.path = from;
      patch.open(std::move(file));
      ++at;
    } else if (line.starts_with("@@")) {
      MIX_OK(patch.close_hunk(at));
    } else if (line.starts_with("rename ")) {
      return bad_patch(at, "a rename", "move the file with a command, then edit it");
    } else if (!is_git_header(line) && !line.starts_with("\\") && patch.has_file()) {
      if (!patch.add(line)) return bad_patch(at, "a line without ' ', '+' or '-' in front");
    }
  }
  return patch.finish(at);
}

}  // namespace

Action action_of(PatchEdits file) {
  if (file.create) return WriteFile{file.path, file.content};
  if (file.remove) return RunCommand{"rm -- '" + replace_all(file.path, "'", "'\\''") + "'", 0};
  return EditFile{file.path, std::move(file.edits)};
}

Result<std::vector<PatchEdits>> parse_patch(const std::string& text) {
  const auto lines = split_lines(text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].starts_with("*** Begin Patch")) return parse_begin_patch(lines, i);
    if (is_header(lines, i)) return parse_unified(lines, i);
  }
  return std::vector<PatchEdits>{};
}

}  // namespace mixagent

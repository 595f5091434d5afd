#include "engine/hands.h"

#include "base/digest.h"
#include "base/glob.h"
#include "base/regex.h"
#include "base/text.h"
#include "core/denied.h"
#include "core/diff.h"
#include "core/edit_format.h"
#include "core/edit_places.h"
#include "core/edits.h"
#include "core/meant.h"
#include "core/plan_rules.h"
#include "engine/command.h"

#include <fmt/core.h>

#include <algorithm>

namespace mixagent {

namespace {

constexpr std::size_t most_read_bytes = 48'000;
constexpr std::size_t most_listed = 400;
constexpr std::size_t most_line = 400;
constexpr std::size_t most_observed = 16'000;  // bytes of a command's output that a model sees
constexpr int most_found = 200;

Observation bad(std::string text) {
  return {false, std::move(text), false};
}
Observation good(std::string text) {
  return {true, std::move(text), false};
}

bool below(const std::string& path, const std::string& folder) {
  return folder == "." || path == folder ||
         (path.size() > folder.size() && path.compare(0, folder.size(), folder) == 0 &&
          path[folder.size()] == '/');
}

int depth_below(const std::string& path, const std::string& folder) {
  const auto slashes = std::count(path.begin(), path.end(), '/');
  const auto base = folder == "." ? 0 : std::count(folder.begin(), folder.end(), '/') + 1;
  return static_cast<int>(slashes - base) + 1;
}

std::string numbered(const std::vector<std::string>& lines, std::size_t from, std::size_t to,
                     std::size_t& shown) {
  std::string out;
  shown = from;
  for (std::size_t i = from; i < to; ++i) {
    out += fmt::format("{}|{}\n", i + 1, lines[i]);
    shown = i + 1;
    if (out.size() > most_read_bytes) break;
  }
  return out;
}

}  // namespace

void Hands::shown(const std::string& path) {
  if (const auto text = view_.read(path)) seen_[path] = sha256_hex(*text);
}

bool Hands::read_and_unchanged(const std::string& path, const std::string& text) const {
  const auto found = seen_.find(path);
  return found != seen_.end() && found->second == sha256_hex(text);
}

bool Hands::is_protected(const std::string& path) const {
  const auto& protect = tools_.config.verify.protect;
  if (!any_glob_matches(protect, path)) return false;
  return step_ == nullptr || !(any_glob_matches(step_->files.write, path) ||
                               any_glob_matches(step_->files.create, path));
}

Result<Observation> Hands::act(const Action& action, const std::string& key) {
  if (const auto* a = std::get_if<ReadFile>(&action)) return read(*a);
  if (const auto* a = std::get_if<ListFiles>(&action)) return list(*a);
  if (const auto* a = std::get_if<Search>(&action)) return search(*a);
  if (workspace_ == nullptr) return bad("this tool is not available here");
  if (const auto meant = meant_by(action)) return act_on_all(*meant, key);
  if (const auto* a = std::get_if<EditFile>(&action)) return edit(*a);
  if (const auto* a = std::get_if<WriteFile>(&action)) return write(*a);
  if (const auto* a = std::get_if<RunCommand>(&action)) return run(*a, key);
  return bad("this tool is not available here");
}

// The files of a patch: nothing is begun after a failure.
Result<Observation> Hands::act_on_all(const std::vector<Action>& actions, const std::string& key) {
  Observation all;
  for (std::size_t i = 0; i < actions.size(); ++i) {
    Result<Observation> one = bad("this tool is not available here");
    if (const auto* a = std::get_if<EditFile>(&actions[i])) one = edit(*a);
    if (const auto* a = std::get_if<WriteFile>(&actions[i])) one = write(*a);
    if (const auto* a = std::get_if<RunCommand>(&actions[i]))
      one = run(*a, fmt::format("{}/part:{}", key, i));
    if (!one) return one;
    all.text += (all.text.empty() ? "" : "\n") + one->text;
    all.changed = all.changed || one->changed;
    all.ok = one->ok;
    if (all.ok) continue;
    if (i + 1 < actions.size()) all.text += "\nThe files after it were not touched.";
    break;
  }
  return all;
}

Observation Hands::read(const ReadFile& action) {
  const auto path = clean_path(action.path);
  if (!path) return bad(describe(path.error()));
  const auto text = view_.read(*path);
  if (!text) {
    if (text.error().code != ErrorCode::not_found) return bad(describe(text.error()));
    const auto paths = view_.list();
    const std::string guess = paths ? nearest(*path, *paths) : "";
    return bad(fmt::format("{}: no such file{}", *path,
                           guess.empty() ? "" : "; did you mean " + guess + "?"));
  }
  if (looks_binary(*text))
    return bad(fmt::format("{}: binary file, {}", *path, format_bytes(text->size())));
  const auto lines = split_lines(readable(*text));
  const std::size_t from =
      action.start_line > 0 ? static_cast<std::size_t>(action.start_line) - 1 : 0;
  std::size_t to = action.end_line > 0 ? static_cast<std::size_t>(action.end_line) : lines.size();
  to = std::min(to, lines.size());
  if (from >= to && !lines.empty()) {
    return bad(fmt::format("{} has {} lines; {}-{} holds none", *path, lines.size(),
                           action.start_line, action.end_line));
  }
  std::size_t last = 0;
  std::string body = numbered(lines, from, to, last);
  seen_[*path] = sha256_hex(*text);
  std::string head = fmt::format("{} ({} lines)\n", *path, lines.size());
  if (last < to) body += fmt::format("[cut: lines {}-{} not shown; ask for them]\n", last + 1, to);
  return good(head + body);
}

Observation Hands::list(const ListFiles& action) {
  const auto folder = clean_path(action.path);
  if (!folder) return bad(describe(folder.error()));
  const auto paths = view_.list();
  if (!paths) return bad(describe(paths.error()));
  std::string out;
  std::size_t shown = 0, left = 0;
  for (const std::string& path : *paths) {
    if (!below(path, *folder)) continue;
    if (!action.glob.empty() && !glob_match(action.glob, path) &&
        !glob_match("**/" + action.glob, path)) {
      continue;
    }
    if (action.depth > 0 && depth_below(path, *folder) > action.depth) {
      ++left;
    } else if (shown < most_listed) {
      out += path + "\n";
      ++shown;
    } else {
      ++left;
    }
  }
  if (shown == 0 && left == 0) return bad(fmt::format("{}: no files", *folder));
  if (left > 0) out += fmt::format("[{} more left out; narrow path, glob or depth]\n", left);
  return good(out);
}

Observation Hands::search(const Search& action) {
  const auto folder = clean_path(action.path);
  if (!folder) return bad(describe(folder.error()));
  const auto paths = view_.list();
  if (!paths) return bad(describe(paths.error()));
  const auto regex = Regex::compile(action.pattern);
  const int limit = std::clamp(action.max_results, 1, most_found);
  std::string out;
  int found = 0;
  for (const std::string& path : *paths) {
    if (!below(path, *folder)) continue;
    if (!action.glob.empty() && !glob_match(action.glob, path) &&
        !glob_match("**/" + action.glob, path)) {
      continue;
    }
    const auto text = view_.read(path);
    if (!text || text->size() > (4u << 20) || looks_binary(*text)) continue;
    int number = 0;
    for (const std::string& line : split_lines(readable(*text))) {
      ++number;
      if (line.size() > 2000) continue;
      const bool hit =
          regex ? regex->matches(line) : line.find(action.pattern) != std::string::npos;
      if (!hit) continue;
      if (++found > limit) break;
      out += fmt::format("{}:{}: {}\n", path, number, clip(line, most_line));
    }
    if (found > limit) break;
  }
  if (!regex)
    out +=
        fmt::format("[no regular expression ({}); searched as plain text]\n", regex.error().what);
  if (found > limit) out += fmt::format("[more than {} matches; narrow the pattern]\n", limit);
  if (found == 0) return good(out + "no matches\n");
  return good(repair_utf8(out));
}

Observation Hands::rejected(const std::string& path, const std::string& why, bool missed) {
  (void)tools_.journal.append(EditRejected{step_->id, path, clip(why, 300), missed});
  if (!missed) return bad(why);
  ++failed_edits_[path];
  return bad(why + advice_after_misses(path));
}

// Asking more nicely does not help a model that misses; another form does. Long files are asked for
// whole only when smaller edits miss too.
std::string Hands::advice_after_misses(const std::string& path) const {
  const int misses = failed_edits_.at(path);
  if (misses < 2) return "";
  const auto text = workspace_->read(path);
  if (!text) return "";
  const std::size_t lines = split_lines(*text).size();
  if (lines > most_lines_whole && misses < 4) {
    return fmt::format(
        "\n{} edits of {} failed. Read the lines around the place, then edit one place with two or "
        "three lines copied from there.",
        misses, path);
  }
  return fmt::format("\n{} edits of {} failed. Send the whole file with write_file{}.", misses,
                     path, read_and_unchanged(path, *text) ? "" : ", after reading it again");
}

// The other file of this conversation that holds what was searched here.
std::string Hands::elsewhere(const EditFile& action, const std::string& path) const {
  for (const Edit& edit : action.edits) {
    if (edit.search.size() < 20) continue;
    for (const auto& [other, digest] : seen_) {
      const auto text = other == path ? Result<std::string>("") : workspace_->read(other);
      if (text && text->find(edit.search) != std::string::npos)
        return fmt::format("\nThe search text stands in {}.", other);
    }
  }
  return "";
}

Result<Observation> Hands::edit(const EditFile& action) {
  const auto path = clean_path(action.path);
  if (!path) return rejected(action.path, describe(path.error()));
  if (is_protected(*path))
    return rejected(*path, *path + " is protected; this step may not change it");
  const auto text = workspace_->read(*path);
  if (!text) {
    if (text.error().code != ErrorCode::not_found) return rejected(*path, describe(text.error()));
    const bool creates = action.edits.size() == 1 && action.edits[0].search.empty();
    if (creates) return write({*path, action.edits[0].replace});
    return rejected(*path, *path + ": no such file; create it with write_file");
  }
  const EditOutcome outcome = apply_edits(*text, action.edits, read_and_unchanged(*path, *text));
  if (!outcome.ok) {
    return rejected(*path, *path + ": " + outcome.message + elsewhere(action, *path), true);
  }
  if (outcome.changed) {
    MIX_OK(workspace_->write(*path, outcome.text));
    if (read_and_unchanged(*path, *text)) seen_[*path] = sha256_hex(outcome.text);
    failed_edits_.erase(*path);
    MIX_OK(tools_.journal.append(
        EditApplied{step_->id, *path, outcome.tolerant ? "tolerant" : "exact"}));
  }
  return Observation{true, *path + ": " + outcome.message, outcome.changed};
}

Result<Observation> Hands::write(const WriteFile& action) {
  const auto path = clean_path(action.path);
  if (!path) return rejected(action.path, describe(path.error()));
  if (*path == ".") return rejected(action.path, "path names the repository itself");
  if (is_protected(*path))
    return rejected(*path, *path + " is protected; this step may not change it");
  const auto before = workspace_->read(*path);
  const std::string content = before ? write_like(*before, action.content) : action.content;
  if (before && *before == content) return good(*path + ": already has exactly this content");
  if (before && !read_and_unchanged(*path, *before)) {
    return rejected(*path, *path + " exists and was not read in its present state; read it first");
  }
  if (const auto written = workspace_->write(*path, content); !written) {
    if (written.error().code == ErrorCode::io) return fail(written.error());
    return rejected(*path, describe(written.error()));
  }
  seen_[*path] = sha256_hex(content);
  failed_edits_.erase(*path);
  MIX_OK(tools_.journal.append(EditApplied{step_->id, *path, before ? "replaced" : "created"}));
  return Observation{true,
                     fmt::format("{}: {}, {} lines", *path, before ? "replaced" : "created",
                                 split_lines(action.content).size()),
                     true};
}

Result<Observation> Hands::run(const RunCommand& action, const std::string& key) {
  const int timeout_s =
      std::clamp(action.timeout_s > 0 ? action.timeout_s : 120, 1, tools_.config.sandbox.timeout_s);
  MIX_TRY(const WorkspaceCommand done,
          run_in_workspace(tools_, *workspace_, mounted_at_, action.command, timeout_s, key));
  denied_ = done.result.exit_code == 0 ? "" : denied_network(done.result.output);
  std::string text = done.result.timed_out
                         ? fmt::format("timed out after {} s\n", timeout_s)
                         : fmt::format("exit {} after {}\n", done.result.exit_code,
                                       format_duration_ms(done.result.ms));
  if (done.result.killed) text += "killed by a limit (memory, processes or output)\n";
  text += clip_middle(repair_utf8(done.result.output), most_observed);
  return Observation{done.result.exit_code == 0, std::move(text), done.changed};
}

}  // namespace mixagent

#include "base/json.h"
#include "base/text.h"
#include "cli/inspect.h"
#include "cli/wiring.h"
#include "core/gates.h"
#include "system/terminal.h"
#include "view/paint.h"

#include <algorithm>
#include <ostream>

namespace mixagent {

namespace {

struct RunDiff {
  OpenedRun run;
  Change change;
  std::string text;
};

// The trees lie in the content store of the repository that the run belongs to, or in the run
// itself.
Result<RunDiff> diff_of(const DiffOptions& options, CliContext& context) {
  RunDiff diff;
  MIX_TRY(diff.run, open_run(options.run, options.directory, context));
  const RunState& state = diff.run.state;
  if (state.head_tree.empty() || state.head_tree == state.base_tree) return diff;

  ProcessesPosix processes;
  Config config;
  MIX_TRY(const auto workspaces, open_workspaces(places_for(context, state.started.repository),
                                                 config, diff.run.place.directory, processes));
  MIX_TRY(const Tree before, workspaces->tree(TreeId{state.base_tree}));
  MIX_TRY(const Tree after, workspaces->tree(TreeId{state.head_tree}));
  diff.change = difference(before, after);
  MIX_TRY(diff.text, workspaces->diff(diff.change));
  return diff;
}

Json json_of(const RunDiff& diff) {
  Json files = Json::array();
  for (const FileChange& file : diff.change.files) {
    files.push_back({{"path", file.path},
                     {"status", !file.before  ? "created"
                                : !file.after ? "deleted"
                                              : "changed"},
                     {"runs_by_itself", runs_by_itself(file.path)}});
  }
  return {{"run_id", diff.run.place.id.text},
          {"base_tree", diff.run.state.base_tree},
          {"head_tree", diff.run.state.head_tree},
          {"delivered", diff.run.state.delivered},
          {"files", std::move(files)},
          {"diff", diff.text}};
}

// For people: the text is escaped line by line before it is painted, so a diff can recolour
// nothing.
std::string painted(const std::string& diff, const Paint& paint) {
  std::string out;
  for (const std::string& line : split_lines(diff)) {
    const std::string safe = escape_terminal_line(line);
    const bool header = line.rfind("+++ ", 0) == 0 || line.rfind("--- ", 0) == 0;
    if (header) {
      out += paint.bold(safe);
    } else if (line.rfind('+', 0) == 0) {
      out += paint.green(safe);
    } else if (line.rfind('-', 0) == 0) {
      out += paint.red(safe);
    } else {
      out += line.rfind("@@", 0) == 0 ? paint.dim(safe) : safe;
    }
    out += "\n";
  }
  return out;
}

}  // namespace

int cmd_diff(const DiffOptions& options, CliContext& context) {
  const auto diff = diff_of(options, context);
  if (!diff) return report_error(diff.error(), context);
  if (options.json) {
    context.out << dump_json(json_of(*diff)) << "\n";
  } else if (diff->change.empty()) {
    context.err << "run " << escape_terminal_line(diff->run.place.id.text)
                << " holds no accepted change\n";
  } else if (is_terminal(Stream::out)) {
    context.out << painted(diff->text, Paint{context.color});
  } else {
    context.out << diff->text;  // a file or a program: the patch itself, byte for byte
  }
  return 0;
}

}  // namespace mixagent

#include "engine/reconcile.h"

#include "base/text.h"
#include "core/conflict.h"
#include "core/gates.h"
#include "engine/texts.h"

#include <utility>

namespace mixagent {

namespace {

constexpr std::size_t most_shown = 24'000;  // bytes; more is cheaper to write anew

bool is_file(const Tree& tree, const std::string& path) {
  const auto found = tree.find(path);
  return found != tree.end() && found->second.mode != FileMode::symlink;
}

// The conflicting texts; nothing when a conflict is not one of lines.
Result<std::vector<ConflictFile>> conflicting_files(Workspaces& workspaces,
                                                    const Conflict& conflict) {
  const Tree& base = conflict.outcome.base;
  std::vector<ConflictFile> files;
  for (const std::string& path : conflict.merge.conflicts) {
    if (!is_file(conflict.head, path) || !is_file(conflict.outcome.tree, path))
      return std::vector<ConflictFile>();
    std::string before;
    if (is_file(base, path)) {
      MIX_TRY(before, workspaces.bytes(base.at(path).blob));
    }
    MIX_TRY(const std::string here, workspaces.bytes(conflict.head.at(path).blob));
    MIX_TRY(const std::string theirs, workspaces.bytes(conflict.outcome.tree.at(path).blob));
    if (looks_binary(before) || looks_binary(here) || looks_binary(theirs))
      return std::vector<ConflictFile>();
    files.push_back({path, merge_three_way(before, here, theirs)});
    if (files.back().merge.hunks.empty()) return std::vector<ConflictFile>();
  }
  return files;
}

Result<ChatReply> ask(RunContext& run, const Conflict& conflict, const Seat& seat,
                      const Model& model, const std::vector<ConflictFile>& files) {
  MIX_TRY(const std::string message,
          render(run.tools, "reconcile",
                 {{"others", conflict.others},
                  {"step", conflict.step.title + "\n" + conflict.step.instructions},
                  {"hunks", show_conflicts(files)},
                  {"fence", answer_fence(files)}}));
  ChatRequest request;
  request.messages = {{Role::user, {TextPart{message, {}}}, false}};
  request.labels.key = conflict.key + "/call:1";
  request.labels.seat = seat.name;
  request.labels.step = conflict.step.id;
  request.cache_key = seat.name + "/" + conflict.step.id;
  const Pot pot =
      pot_of(run.tools.config.budget, conflict.step, seat, seat.ladder.front() == model.name);
  return run.caller.ask(std::move(request), {seat, model, pot});
}

// The text is the model's; the mode is merged as between two files without a conflict.
Result<TreeEntry> merged_entry(Workspaces& workspaces, const Conflict& conflict,
                               const std::string& path, const std::string& text) {
  TreeEntry entry = conflict.head.at(path);
  const auto before = conflict.outcome.base.find(path);
  if (before != conflict.outcome.base.end() && before->second.mode == entry.mode)
    entry.mode = conflict.outcome.tree.at(path).mode;
  MIX_TRY(entry.blob, workspaces.put(text));
  entry.size = static_cast<std::int64_t>(text.size());
  return entry;
}

// As a change of the step upon the head: what no attempt may do, no answer may.
std::string gate_problem(RunContext& run, const Conflict& conflict, const Tree& merged) {
  const Change change = difference(conflict.head, merged);
  const std::vector<Refusal> none;
  const std::vector<Step> nobody;
  for (const GateFailure& failure : run_gates(
           {change, none, conflict.step, run.tools.config.verify.protect,
            [&run](const BlobId& blob) { return run.tools.workspaces.bytes(blob); }, nobody})) {
    if (failure.hard && failure.gate != "empty") return failure.why;
  }
  return "";
}

}  // namespace

Result<Reconciled> reconcile(RunContext& run, const Conflict& conflict) {
  Workspaces& workspaces = run.tools.workspaces;
  Reconciled out;
  MIX_TRY(const auto files, conflicting_files(workspaces, conflict));
  const Lineup& lineup = run.tools.config.lineup;
  const Seat* seat = lineup.seat(conflict.step.seat);
  const Model* model = lineup.model(conflict.outcome.model);
  if (files.empty() || show_conflicts(files).size() > most_shown || seat == nullptr ||
      model == nullptr) {
    out.problem = files.empty() ? "they are not conflicts of lines" : "there is too much of it";
    return out;
  }
  const auto reply = ask_helper(run.tools.journal, conflict.key,
                                [&] { return ask(run, conflict, *seat, *model, files); });
  if (!reply) {
    if (is_ours(reply.error())) return fail(reply.error());
    out.problem = "nobody could be asked: " + describe(reply.error());
    return out;
  }
  const Resolved resolved = resolve_conflicts(files, text_of(reply->parts));
  if (!resolved.fault.empty()) {
    out.problem = "the answer of " + model->name + " cannot be used: " + resolved.fault;
    return out;
  }
  out.tree = conflict.merge.tree;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const std::string& path = files[i].path;
    MIX_TRY(out.tree[path], merged_entry(workspaces, conflict, path, resolved.texts[i]));
  }
  out.problem = gate_problem(run, conflict, out.tree);
  return out;
}

}  // namespace mixagent

#include "engine/integrate.h"

#include "base/text.h"
#include "engine/reconcile.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>

namespace mixagent {

namespace {

constexpr std::size_t most_told = 3'000;  // bytes of a failing check's output for the next attempt

std::vector<std::string> paths_of(const StepOutcome& outcome) {
  std::vector<std::string> paths;
  for (const FileChange& file : difference(outcome.base, outcome.tree).files)
    paths.push_back(file.path);
  return paths;
}

bool share(const std::vector<std::string>& some, const std::vector<std::string>& others) {
  return std::find_first_of(some.begin(), some.end(), others.begin(), others.end()) != some.end();
}

}  // namespace

// What the steps that came first were to do with these files.
std::string Integration::others_at(const std::vector<std::string>& paths) const {
  std::string text;
  for (const Done& one : done_) {
    if (share(one.paths, paths)) text += "- " + one.title + "\n";
  }
  for (const Member& one : batch_) {
    if (share(paths_of(one.outcome), paths)) text += "- " + one.step->title + "\n";
  }
  return text;
}

Result<std::string> Integration::add(Member member) {
  member.resolved.clear();  // of the place that it had in a batch before
  const StepOutcome& outcome = member.outcome;
  const Tree& here = head();
  if (here == outcome.base) {
    member.head = outcome.tree;
  } else {
    MIX_TRY(Merge merge, run_.tools.workspaces.merge(outcome.base, here, outcome.tree));
    if (!merge.conflicts.empty()) {
      const std::string where = join(merge.conflicts, ", ");
      const std::string key =
          fmt::format("{}/step:{}/reconcile:{}:{}", key_, member.step->id,
                      tree_id(here).text.substr(0, 12), tree_id(outcome.tree).text.substr(0, 12));
      MIX_TRY(Reconciled settled, reconcile(run_, {*member.step, outcome, here, merge,
                                                   others_at(merge.conflicts), key}));
      if (!settled.problem.empty()) {
        MIX_OK(run_.tools.journal.append(
            ChangeIntegrated{member.step->id, tree_id(here).text, merge.conflicts}));
        return "conflicts with other steps in " + where + "; " + settled.problem;
      }
      member.resolved = merge.conflicts;
      merge.tree = std::move(settled.tree);
    }
    member.head = std::move(merge.tree);
  }
  MIX_OK(run_.tools.workspaces.keep(member.head));
  batch_.push_back(std::move(member));
  return std::string();
}

// What passed for the first members on their own must pass on all of them together. What test steps
// made fail is for the end.
std::vector<Check> Integration::checks_of(std::size_t count) const {
  std::vector<Check> checks;
  for (std::size_t i = 0; i < count; ++i) {
    const StepOutcome& outcome = batch_[i].outcome;
    for (const Check& check : batch_[i].step->checks) {
      const CheckRecord* alone =
          find_record(outcome.checks, check.command, tree_id(outcome.tree).text);
      const auto same = [&](const auto& other) { return other.command == check.command; };
      if (alone == nullptr || !alone->passed()) continue;
      if (std::any_of(checks.begin(), checks.end(), same)) continue;
      if (latest_record(run_.proof.seen_failing, check.command) == nullptr) checks.push_back(check);
    }
  }
  return checks;
}

// Of the first `count` members together: the check that fails; empty when all pass. A tree that a
// step was judged on already is not run again.
Result<std::string> Integration::fault_in(std::size_t count) {
  std::vector<CheckRecord> known;
  std::string names;
  for (std::size_t i = 0; i < count; ++i) {
    const StepOutcome& outcome = batch_[i].outcome;
    known.insert(known.end(), outcome.checks.begin(), outcome.checks.end());
    names += names_in(*batch_[i].step) + "\n";
  }
  for (std::size_t i = 0; i < count; ++i) {
    const auto& before = batch_[i].outcome.before;
    known.insert(known.end(), before.begin(), before.end());
  }
  const CheckSite site{count == 1 ? batch_[0].step->id : "", "integration", key_ + "/integrate",
                       run_.goal.repository, names};
  MIX_TRY(const auto runs,
          run_checks(run_.tools, checks_of(count), batch_[count - 1].head, site, known));
  last_checks_.clear();
  for (const CheckRun& done : runs) last_checks_.push_back(done.record);
  for (const CheckRun& done : runs) {
    if (done.record.passed()) continue;
    return fmt::format("`{}` passes alone and fails beside the other steps\n{}",
                       done.record.command, clip_middle(trim(done.output), most_told));
  }
  return std::string();
}

// The whole batch fails: halves, until one member makes the difference. Its place in the batch.
Result<std::size_t> Integration::first_at_fault(std::string& problem, Settled& out) {
  std::size_t good = 0, bad = batch_.size();
  while (bad - good > 1) {
    const std::size_t middle = (good + bad) / 2;
    MIX_TRY(std::string fault, fault_in(middle));
    if (fault.empty()) {
      good = middle;
      out.checks.insert(out.checks.end(), last_checks_.begin(), last_checks_.end());
    } else {
      bad = middle;
      problem = std::move(fault);
    }
  }
  return good;
}

// One by one: what the journal does not take stays in the batch, whole.
Result<void> Integration::accept(std::size_t count, Settled& out) {
  for (; count > 0; --count) {
    Member& one = batch_.front();
    MIX_OK(run_.tools.journal.append(
        ChangeIntegrated{one.step->id, tree_id(one.head).text, {}, one.resolved}));
    good_ = one.head;
    done_.push_back({one.step->title, paths_of(one.outcome)});
    out.accepted.push_back(std::move(one));
    batch_.erase(batch_.begin());
  }
  return {};
}

Result<void> Integration::settle_into(Settled& out) {
  while (!batch_.empty()) {
    MIX_TRY(std::string problem, fault_in(batch_.size()));
    if (problem.empty()) {
      out.checks.insert(out.checks.end(), last_checks_.begin(), last_checks_.end());
      return accept(batch_.size(), out);
    }
    MIX_TRY(const std::size_t fault, first_at_fault(problem, out));
    MIX_OK(run_.tools.journal.append(NoteAdded{problem, batch_[fault].step->id}));
    MIX_OK(accept(fault, out));
    out.back.push_back({std::move(batch_.front()), problem});
    std::vector<Member> rest(std::make_move_iterator(batch_.begin() + 1),
                             std::make_move_iterator(batch_.end()));
    batch_.clear();
    for (std::size_t i = 0; i < rest.size(); ++i) {
      auto added = add(rest[i]);
      if (!added) {
        out.left.insert(out.left.end(), rest.begin() + static_cast<std::ptrdiff_t>(i), rest.end());
        return fail(std::move(added).error());
      }
      if (!added->empty()) out.back.push_back({std::move(rest[i]), *added});
    }
  }
  return {};
}

Integration::Settled Integration::settle() {
  Settled out;
  auto went = settle_into(out);
  // What was judged on exactly its tree stays, whatever happened afterwards.
  if (!went && !batch_.empty() && batch_.front().head == batch_.front().outcome.tree) {
    if (const auto kept = accept(1, out); !kept) went = kept;
  }
  if (!went) {
    out.error = went.error();
    std::move(batch_.begin(), batch_.end(), std::back_inserter(out.left));
    batch_.clear();
  }
  return out;
}

}  // namespace mixagent

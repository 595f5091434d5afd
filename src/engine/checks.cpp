#include "engine/checks.h"

#include "base/digest.h"
#include "base/text.h"
#include "core/test_results.h"
#include "core/verdict.h"
#include "engine/check_command.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <thread>

namespace mixagent {

namespace {

constexpr std::size_t most_output = 12'000;  // bytes of a failing check's output that a model sees

// What failed in one of two runs on the same tree and passed in the other proves nothing.
bool differ(TestStatuses& tests, const TestStatuses& again) {
  bool flaky = false;
  const auto bad = [](TestStatus status) {
    return status == TestStatus::failed || status == TestStatus::error;
  };
  for (const auto& [name, status] : again) {
    auto& first = tests.emplace(name, status).first->second;
    if (bad(first) == bad(status)) continue;
    first = TestStatus::flaky;
    flaky = true;
  }
  return flaky;
}

// One check on one tree: everything but the fact in the journal, so that several may run at a time.
class OneCheck {
 public:
  OneCheck(Tools& tools, const Check& check, const Tree& tree, const std::string& tree_text,
           const CheckSite& site, const std::vector<CheckRecord>& known)
      : tools_(tools),
        check_(check),
        site_(site),
        tree_text_(tree_text),
        execution_{
            check, tree, tree_text, site.mounted_at, 0, site.step, site.phase == "baseline"} {
    base_ = latest_record(known, check.command);
    known_ = find_record(known, check.command, tree_text);
  }

  Result<void> run();
  Result<CheckRun> told();

 private:
  Result<void> repeat(const std::string& key);
  void judge(const RecordedCommand& done);
  void remember(const RecordedCommand& done) const;

  Tools& tools_;
  const Check& check_;
  const CheckSite& site_;
  const std::string& tree_text_;
  CheckExecution execution_;
  const CheckRecord* base_ = nullptr;
  const CheckRecord* known_ = nullptr;
  CheckRun out_;
  bool forget_ = false;
  RecordedCommand done_;
};

// At least three times what the base took, and half a minute.
int timeout_of(const Check& check, const CheckRecord* base, const Tools& tools) {
  const int asked = check.timeout_s > 0 ? check.timeout_s : tools.config.sandbox.timeout_s;
  const std::int64_t scaled = base == nullptr ? 0 : base->ms * 3 / 1000 + 30;
  return std::max(asked, static_cast<int>(std::min<std::int64_t>(scaled, 86'400)));
}

Result<void> OneCheck::run() {
  CheckRecord& record = out_.record;
  record.command = check_.command;
  record.tree = tree_text_;
  record.origin = check_.origin;
  if (known_ != nullptr) {
    record = *known_;
    if (site_.phase != "baseline") judge_tests(record, known_, site_.names, site_.goal);
    return {};
  }
  execution_.timeout_s = timeout_of(check_, base_, tools_);
  tools_.console.progress(site_.step, "check: " + clip(check_.command, 100));
  const std::string key =
      fmt::format("{}/check:{}", site_.key, sha256_hex(check_.command + tree_text_).substr(0, 16));
  MIX_TRY(done_, execute_check(tools_, execution_, key));
  record.tests = decode_tests(done_.tests);
  judge(done_);
  if (!record.passed() && !record.unusable && !done_.timed_out && !done_.remembered) {
    execution_.may_recall = false;
    MIX_OK(repeat(key));
  }
  remember(done_);
  return {};
}

// Once more on the same tree: what differs proves nothing.
Result<void> OneCheck::repeat(const std::string& key) {
  CheckRecord& record = out_.record;
  // On the base the second try is on a plain copy: some tools cannot work in an overlay.
  const bool copies = site_.phase == "baseline" && tools_.workspaces.use_copies(true);
  MIX_TRY(const RecordedCommand again, execute_check(tools_, execution_, key + "/again"));
  const bool turned = again.exit_code == 0 && done_.exit_code != 0;
  // A check that fails either way must not fail for the overlay's sake when the work is done.
  bool overlay_fails = copies && done_.output.find(live_folder_stays) != std::string::npos;
  if (copies && turned && !overlay_fails) {
    tools_.workspaces.use_copies(false);
    MIX_TRY(const RecordedCommand third, execute_check(tools_, execution_, key + "/overlay"));
    overlay_fails = third.exit_code != 0;
  }
  if (copies) tools_.workspaces.use_copies(overlay_fails);
  if (overlay_fails) {
    forget_ = true;  // the next run must find that out for itself
    MIX_OK(tools_.journal.append(NoteAdded{
        "`" + clip(check_.command, 200) + "` cannot work in an overlay: this run works in copies",
        site_.step}));
    record.tests = decode_tests(again.tests);
  } else {
    record.flaky = differ(record.tests, decode_tests(again.tests)) || turned;
  }
  if (!record.flaky && !overlay_fails) return {};
  if (done_.exit_code != 0) done_ = again;
  judge(done_);
  return {};
}

void OneCheck::judge(const RecordedCommand& done) {
  CheckRecord& record = out_.record;
  record.exit_code = done.exit_code;
  record.ms = done.ms;
  const bool some_ran = std::any_of(record.tests.begin(), record.tests.end(), [](const auto& test) {
    return test.second == TestStatus::passed;
  });
  record.why = done.exit_code == 0 || some_ran
                   ? ""
                   : why_unusable(check_.command, done.exit_code, done.output);
  record.unusable = !record.why.empty();
  if (base_ != nullptr) record.baseline_exit_code = base_->exit_code;
  judge_tests(record, base_, site_.names, site_.goal);
}

// Only what is steady: a flaky or unusable check is tried again by the next run.
void OneCheck::remember(const RecordedCommand& done) const {
  if (site_.phase != "baseline" || tools_.memory == nullptr || done.remembered) return;
  if (forget_ || out_.record.flaky || out_.record.unusable || done.timed_out || done.killed) return;
  tools_.memory->remember(memory_key(check_, tree_text_), encode_recorded(done));
}

Result<CheckRun> OneCheck::told() {
  if (known_ != nullptr) return out_;
  out_.remembered = done_.remembered;
  out_.output =
      clip_middle(repair_utf8(readable_output(check_.results, done_.output)), most_output);
  if (done_.timed_out)
    out_.output += fmt::format("\n[timed out after {} s]\n", execution_.timeout_s);
  if (!out_.record.broken.empty())
    out_.output += "\n[failing tests: " + clip(join(out_.record.broken, ", "), 1'000) + "]\n";
  if (!out_.record.passed() && out_.record.exit_code == 0 && out_.record.broken.empty())
    out_.output += "\n[" + out_.record.why + "]\n";
  MIX_TRY(const BlobId blob, tools_.journal.put(done_.output));
  MIX_OK(tools_.journal.append(CheckCompleted{site_.step, site_.phase, out_.record, blob.text}));
  return out_;
}

}  // namespace

Result<std::vector<CheckRun>> run_checks(Tools& tools, const std::vector<Check>& checks,
                                         const Tree& tree, const CheckSite& site,
                                         const std::vector<CheckRecord>& known) {
  const std::string tree_text = tree_id(tree).text;
  std::vector<OneCheck> all;
  all.reserve(checks.size());
  for (const Check& check : checks) all.emplace_back(tools, check, tree, tree_text, site, known);
  std::vector<Result<void>> went(all.size());
  const auto jobs = static_cast<std::size_t>(std::max(tools.config.verify.check_jobs, 1));
  std::vector<CheckRun> runs;
  for (std::size_t from = 0; from < all.size(); from += jobs) {
    const std::size_t to = std::min(from + jobs, all.size());
    if (to - from == 1) {
      went[from] = all[from].run();
    } else {
      std::vector<std::jthread> threads;
      for (std::size_t i = from; i < to; ++i)
        threads.emplace_back([&, i] { went[i] = all[i].run(); });
    }
    for (std::size_t i = from; i < to; ++i) {
      MIX_OK(went[i]);
      MIX_TRY(CheckRun run, all[i].told());
      runs.push_back(std::move(run));
    }
  }
  return runs;
}

const CheckRecord* latest_record(const std::vector<CheckRecord>& records,
                                 const std::string& command) {
  const auto found = std::find_if(records.rbegin(), records.rend(), [&](const CheckRecord& record) {
    return record.command == command;
  });
  return found == records.rend() ? nullptr : &*found;
}

const CheckRecord* find_record(const std::vector<CheckRecord>& records, const std::string& command,
                               const std::string& tree) {
  const auto found = std::find_if(records.begin(), records.end(), [&](const CheckRecord& record) {
    return record.command == command && record.tree == tree;
  });
  return found == records.end() ? nullptr : &*found;
}

}  // namespace mixagent

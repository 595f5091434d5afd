// How fast facts are written, read back and folded: bench_journal [CALLS].

#include "base/text.h"
#include "core/account.h"
#include "journal/journal_file.h"
#include "journal/ledger.h"
#include "journal/reader.h"
#include "support/temp_repo.h"
#include "system/clock_system.h"
#include "system/files.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>

namespace mixagent {

namespace {

void timed(const char* what, double count, const char* unit, const std::function<bool()>& work) {
  const auto begun = std::chrono::steady_clock::now();
  const bool ok = work();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  std::printf("%-44s %10.3f s %12.0f %s/s%s\n", what, took.count(), count / took.count(), unit,
              ok ? "" : "  FAILED");
}

int bench(int calls) {
  TempDir dir;
  SystemClock clock;
  auto journal = create_journal(dir.path() / "run", RunId{"bench"}, clock, {});
  if (!journal) return 1;
  const double facts = 3.0 * calls + 2;
  timed("append (write(2) each, answers synced beside)", facts, "facts", [&] {
    bool ok = (*journal)->append(RunStarted{}).has_value();
    ok = (*journal)->append(AttemptStarted{"s1", 1, 0, "worker", "small"}).has_value() && ok;
    for (int i = 0; i < calls; ++i) {
      const std::string key = "plan:1/step:s1/attempt:1/call:" + std::to_string(i);
      CallCompleted done;
      done.key = key;
      done.seat = "worker";
      done.model = "small";
      done.provider = "p";
      done.step = "s1";
      done.attempt = 1;
      done.usage.input = 1000;
      done.cost = Money{1000};
      done.ms = 500;
      done.stop = "stop";
      done.reply = std::string(64, 'a');
      ok = (*journal)
               ->append(CallStarted{key, "worker", "small", "p", "s1", 1, std::string(64, 'b'),
                                    std::string(64, 'c'), Money{5000}})
               .has_value() &&
           (*journal)->append(done).has_value() &&
           (*journal)
               ->append(ToolCompleted{"s1", "worker", 1, "edit_file", true, 1, "a.py"})
               .has_value() &&
           ok;
    }
    return ok;
  });
  timed("the rest of fdatasync", 1, "syncs", [&] { return (*journal)->sync().has_value(); });
  journal->reset();
  const auto text = read_file(dir.path() / "run/events.jsonl");
  if (!text) return 1;
  std::printf("%44s %s\n", "", format_bytes(text->size()).c_str());
  std::vector<Event> events;
  timed("read back", facts, "facts", [&] {
    auto content = parse_journal(*text, "bench");
    if (content) events = std::move(content->events);
    return content.has_value();
  });
  timed("fold", facts, "facts", [&] { return fold(events).model_calls == calls; });
  timed("account", facts, "facts",
        [&] { return account_of(events).calls.size() == static_cast<std::size_t>(calls); });
  Ledger ledger(dir.path() / "ledger.db", clock, RunId{"bench"});
  timed("into the ledger", calls, "calls", [&] { return ledger.record(events).has_value(); });
  const int holds = 1000;
  timed("hold and settle, two transactions a call", holds, "calls", [&] {
    for (int i = 0; i < holds; ++i) {
      const auto id = ledger.hold([](const SharedSpend&) { return Money{5}; });
      if (id == 0) return false;
      (void)ledger.settle(id, Money{3});
    }
    return ledger.trouble().empty();
  });
  return 0;
}

}  // namespace

}  // namespace mixagent

int main(int argc, char** argv) {
  return mixagent::bench(argc > 1 ? std::max(1, std::atoi(argv[1])) : 20'000);
}

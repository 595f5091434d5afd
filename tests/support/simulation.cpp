#include "support/simulation.h"

#include "base/digest.h"
#include "core/account.h"
#include "core/codecs.h"
#include "core/price.h"
#include "engine/run.h"
#include "support/fake_clock.h"
#include "support/fake_console.h"
#include "support/fake_context.h"
#include "support/fake_sandbox.h"
#include "support/memory_journal.h"
#include "support/memory_workspaces.h"
#include "support/scripted_models.h"

#include <algorithm>

namespace mixagent {

namespace {

// Chance that is a function of what it is about: order of threads changes nothing.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : seed_(std::to_string(seed)) {}
  double roll(const std::string& about) const {
    const std::string digest = sha256_hex(seed_ + "\n" + about);
    return static_cast<double>(std::stoull(digest.substr(0, 13), nullptr, 16)) /
           static_cast<double>(std::uint64_t{1} << 52);
  }

 private:
  std::string seed_;
};

std::string part_file(int part) {
  return "out/" + std::to_string(part) + ".txt";
}
bool is_right(const std::optional<std::string>& text) {
  return text && text->rfind("right", 0) == 0;
}

// ---- models -------------------------------------------------------------------------------------

class SimulatedModels final : public ChatModels {
 public:
  SimulatedModels(const SimulatedWorld& world, const Lineup& lineup, Clock& clock)
      : world_(world), lineup_(lineup), clock_(clock), dice_(world.seed) {}

  Result<ChatReply> ask(const ChatRequest& request, CallObserver& observer,
                        const Cancel& cancel) override {
    const std::string& key = request.labels.key;
    const Model& model = *lineup_.model(request.model);
    std::string about = key;
    // A recorded key may be asked again after a failure: another try, another chance.
    {
      const std::lock_guard lock(mutex_);
      about += "#" + std::to_string(++tries_[key]);
    }
    clock_.sleep(std::chrono::milliseconds(200 + static_cast<int>(1000 * dice_.roll(about + "t"))),
                 cancel);
    for (int cut = 0; cut < 3 && dice_.roll(about + "c" + std::to_string(cut)) < world_.cut;
         ++cut) {
      bill(table_cost(usage(request, about), *model.price));
      MIX_OK(observer.on_retry({ErrorCode::network, "the stream was cut", 0, true, ""}));
    }
    if (dice_.roll(about + "f") < world_.failing) {
      return fail(ErrorCode::network, "connection refused", request.model);
    }
    ChatReply reply = answer(request);
    reply.usage = usage(request, about);
    bill(table_cost(reply.usage, *model.price));
    if (dice_.roll(about + "u") < world_.unreported) reply.usage = {};
    reply.origin.model = request.model;
    return reply;
  }

  Money billed() {
    const std::lock_guard lock(mutex_);
    return billed_;
  }

 private:
  void bill(Money amount) {
    const std::lock_guard lock(mutex_);
    billed_ += amount;
  }

  Usage usage(const ChatRequest& request, const std::string& about) const {
    Usage usage;
    usage.input = static_cast<std::int64_t>(rendered(request).size() / 3 + 10);
    // Sometimes all that is allowed.
    const double share = dice_.roll(about + "o");
    usage.output = share > 0.95 ? request.max_output
                                : std::min<std::int64_t>(request.max_output,
                                                         static_cast<std::int64_t>(1500 * share));
    usage.cached_input = usage.input / 3;
    usage.reported = true;
    return usage;
  }

  ChatReply answer(const ChatRequest& request) const {
    if (request.labels.seat == "planner") return plan();
    if (request.labels.seat == "reviewer") return review(request);
    return work(request);
  }

  ChatReply plan() const {
    std::string steps;
    for (int n = 1; n <= world_.steps; ++n) {
      const std::string id = std::to_string(n);
      static constexpr const char* difficulties[] = {"low", "medium", "high"};
      const auto difficulty = static_cast<std::size_t>(3 * dice_.roll("difficulty" + id)) % 3;
      const std::string after =
          world_.chained && n > 1 ? "\"s" + std::to_string(n - 1) + "\"" : std::string();
      steps += std::string(n > 1 ? "," : "") + R"({"id":"s)" + id + R"(","instructions":"part )" +
               id + R"(","files":{"create":["out/)" + id + R"(.txt"]},"depends_on":[)" + after +
               R"(],"checks":[{"command":"part )" + id + R"("}],"difficulty":")" +
               difficulties[difficulty] + R"("})";
    }
    return reply_calls(
        {{"submit_plan", R"({"decision":"plan","reason":"parts","steps":[)" + steps + "]}"}});
  }

  ChatReply review(const ChatRequest& request) const {
    const bool wrong = rendered(request).find("+wrong") != std::string::npos;
    const double slip = wrong ? world_.review_false_accept : world_.review_false_reject;
    const bool err = dice_.roll("review" + request.labels.key) < slip;
    if (wrong == err)
      return reply_calls({{"submit_review", R"({"verdict":"approve","score":0.9,"findings":[]})"}});
    return reply_calls(
        {{"submit_review",
          R"({"verdict":"revise","score":0.3,"findings":[{"id":"f1","severity":"blocking",)"
          R"("file":"out/1.txt","line":1,"claim":"wrong","evidence":"read it"}]})"}});
  }

  double chance_of(const std::string& name, const std::string& step) const {
    for (const SimulatedWorker& worker : world_.ladder) {
      if (worker.name != name) continue;
      const double roll = dice_.roll("difficulty" + (step.size() > 1 ? step.substr(1) : step));
      return roll < 1.0 / 3 ? worker.low : roll < 2.0 / 3 ? worker.medium : worker.high;
    }
    return 0.5;
  }

  ChatReply work(const ChatRequest& request) const {
    const CallLabels& at = request.labels;
    const double roll = dice_.roll(at.key + request.model);
    const double right = chance_of(request.model, at.step);
    double rest = (roll - right) / (1 - right);  // 0..1 among the ways to fail
    const bool fails = roll >= right;
    if (fails && rest < world_.malformed) return reply_calls({{"write_file", R"({"path": out)"}});
    rest -= world_.malformed;
    if (fails && rest < world_.refusing) {
      ChatReply reply = reply_text("");
      reply.parts = {RefusalPart{"I cannot do that"}};
      return reply;
    }
    rest -= world_.refusing;
    if (fails && rest < world_.lazy) return reply_calls({{"finish", R"({"summary":"done"})"}});
    std::vector<std::pair<std::string, std::string>> calls;
    for (int part = 1; part <= world_.steps; ++part) {
      const bool own = at.step.size() > 1 && std::isdigit(static_cast<unsigned char>(at.step[1]));
      if (own && at.step != "s" + std::to_string(part)) continue;
      const std::string text =
          (fails ? "wrong " + sha256_hex(at.key).substr(0, 8) : "right " + std::to_string(part));
      calls.emplace_back("read_file", R"({"path":")" + part_file(part) + R"("})");
      calls.emplace_back("write_file",
                         R"({"path":")" + part_file(part) + R"(","content":")" + text + R"(\n"})");
    }
    calls.emplace_back("finish", R"({"summary":"done"})");
    return reply_calls(calls);
  }

  const SimulatedWorld& world_;
  const Lineup& lineup_;
  Clock& clock_;
  const Dice dice_;
  std::mutex mutex_;
  std::map<std::string, int> tries_;
  Money billed_;
};

// ---- the rest of the world ----------------------------------------------------------------------

Model model_of(const std::string& name, int tier, const std::string& family, std::int64_t usd) {
  Model m;
  m.name = m.id = name;
  m.provider = "local";
  m.family = family;
  m.tier = tier;
  m.max_output = 8'000;
  m.price = Price{Money{usd * 1'000'000}, Money{usd * 4'000'000}, Money{usd * 100'000},
                  Money{usd * 1'250'000}};
  return m;
}

Seat seat_of(const std::string& name, std::vector<std::string> tools,
             std::vector<std::string> ladder) {
  Seat s;
  s.name = s.prompt = name;
  s.tools = std::move(tools);
  s.ladder = std::move(ladder);
  return s;
}

Config config_of(const SimulatedWorld& world) {
  Config c;
  c.lineup.providers["local"].name = "local";
  std::vector<std::string> ladder;
  for (const SimulatedWorker& worker : world.ladder) {
    c.lineup.models[worker.name] =
        model_of(worker.name, worker.tier, "family of " + worker.name, worker.usd);
    ladder.push_back(worker.name);
  }
  c.lineup.models["chief"] = model_of("chief", 3, "chiefs", 5);
  c.lineup.models["judge"] = model_of("judge", 3, "judges", 2);
  c.lineup.seats["planner"] = seat_of("planner", {"read_file", "submit_plan"}, {"chief"});
  c.lineup.seats["worker"] =
      seat_of("worker", {"read_file", "write_file", "finish", "give_up"}, std::move(ladder));
  c.lineup.seats["reviewer"] = seat_of("reviewer", {"read_file", "submit_review"}, {"judge"});
  c.budget = world.budget;
  c.run.jobs = world.jobs;
  return c;
}

// "part N" and "all parts": what they say of the same tree they always say.
FakeSandbox::Answer part_check(const SimulatedWorld& world, MemoryWorkspaces& files) {
  return [&world, &files](const SandboxCommand& run) -> Result<CommandResult> {
    const Dice dice(world.seed);
    const int part = run.command.rfind("part ", 0) == 0 ? std::stoi(run.command.substr(5)) : 0;
    bool right = true;
    std::string seen = run.command;
    for (int n = 1; n <= world.steps; ++n) {
      if (part != 0 && n != part) continue;
      const auto text = files.file_at(run.workspace, part_file(n));
      right = right && is_right(text);
      seen += "\n" + text.value_or("(none)");
    }
    const bool begun = seen.find("(none)") == std::string::npos;  // the base is judged as it is
    const double slip = right ? world.check_false_reject : world.check_false_accept;
    const bool pass = begun && dice.roll(seen) < slip ? !right : right;
    CommandResult result;
    result.exit_code = pass ? 0 : 1;
    result.output = pass ? "ok\n" : "not right\n";
    return result;
  };
}

// ---- what must hold -----------------------------------------------------------------------------

class Audit {
 public:
  Audit(const SimulatedWorld& world, const SimulatedRun& run)
      : world_(world), run_(run), account_(account_of(run.events)) {}

  std::vector<std::string> faults() {
    costs();
    caps();
    lanes();
    rungs();
    return std::move(faults_);
  }

 private:
  void hold(bool fine, const std::string& what) {
    if (!fine) faults_.push_back("seed " + std::to_string(world_.seed) + ": " + what);
  }

  void costs() {
    const RunResult& result = run_.result;
    Money rows, wasted, seats, models, steps, outside;
    for (const CallRow& call : account_.calls) {
      rows += call.cost;
      wasted += call.wasted;
      if (call.step.empty()) outside += call.cost;
    }
    for (const auto& [name, money] : result.cost_by_seat) seats += money;
    for (const auto& [name, money] : result.cost_by_model) models += money;
    for (const StepSummary& step : result.steps) steps += step.cost;
    hold(rows == result.total_cost, "rows do not add up to the total");
    hold(wasted == result.wasted, "waste does not add up");
    hold(seats == result.total_cost, "seats do not add up to the total");
    hold(models == result.total_cost, "models do not add up to the total");
    hold(steps + outside == result.total_cost, "steps do not add up to the total");
    hold(result.total_cost >= run_.billed, "less is told than was billed");
    const bool exact = world_.cut == 0 && world_.unreported == 0;
    hold(!exact || result.total_cost == run_.billed, "more is told than was billed");
  }

  void caps() {
    const BudgetConfig& caps = world_.budget;
    hold(!caps.run || run_.result.total_cost <= *caps.run, "run_usd was overshot");
    hold(!caps.day || run_.result.total_cost == Money{} ||
             world_.spent_elsewhere + run_.result.total_cost <= *caps.day,
         "day_usd was overshot");
    for (const auto& [seat, cap] : caps.seats) {
      const auto found = run_.result.cost_by_seat.find(seat);
      hold(found == run_.result.cost_by_seat.end() || found->second <= cap,
           "the cap of seat " + seat + " was overshot");
    }
    const bool capped = caps.run || caps.day || caps.step || !caps.seats.empty();
    hold(run_.result.subtype != "budget" || capped, "out of money without a cap");
  }

  void lanes() {
    const auto first = std::find_if(account_.calls.begin(), account_.calls.end(),
                                    [](const CallRow&) { return true; });
    if (first == account_.calls.end()) return;
    if (world_.lane == Lane::solo) hold(first->seat == "worker", "lane solo begins elsewhere");
    if (world_.lane == Lane::plan) hold(first->seat == "planner", "lane plan begins elsewhere");
    const bool planned = run_.result.cost_by_seat.count("planner") != 0;
    const bool failed = std::any_of(run_.events.begin(), run_.events.end(), [](const Event& event) {
      const auto* step = std::get_if<StepCompleted>(&event.fact);
      return step != nullptr && step->status == StepStatus::failed;
    });
    hold(world_.lane != Lane::solo || !planned || failed, "lane solo paid a planner for nothing");
  }

  // From one attempt of a step to the next: the same rung or a higher one with a reason.
  void rungs() {
    std::map<std::string, int> last;
    std::map<std::string, bool> reasoned;
    for (const Event& event : run_.events) {
      if (const auto* climbed = std::get_if<Escalated>(&event.fact)) {
        reasoned[climbed->step] = !climbed->why.empty();
      } else if (const auto* again = std::get_if<StepStarted>(&event.fact)) {
        last.erase(again->step);  // from the first rung: another plan, another tree
      } else if (const auto* anew = std::get_if<Replanned>(&event.fact)) {
        last.erase(anew->step);  // a step cut anew
      } else if (const auto* done = std::get_if<AttemptCompleted>(&event.fact)) {
        if (done->outcome == "accepted")
          last.erase(done->step);  // the next piece has its own ladder
      } else if (const auto* begun = std::get_if<AttemptStarted>(&event.fact)) {
        const auto before = last.find(begun->step);
        if (before != last.end() && begun->rung != before->second) {
          hold(begun->rung > before->second, begun->step + " went down a rung");
          hold(reasoned[begun->step], begun->step + " climbed without a reason");
        }
        last[begun->step] = begun->rung;
        reasoned[begun->step] = false;
      }
    }
  }

  const SimulatedWorld& world_;
  const SimulatedRun& run_;
  const Account account_;
  std::vector<std::string> faults_;
};

}  // namespace

SimulatedRun simulate(const SimulatedWorld& world) {
  const Config config = config_of(world);
  FakePrompts prompts;
  PlainContext context;
  FakeClock clock;
  MemoryJournal journal(clock);
  SimulatedModels models(world, config.lineup, clock);
  FakeSandbox sandbox;
  MemoryWorkspaces workspaces(Files{{"readme.txt", "a world of parts\n"}});
  FakeConsole console;
  FakeLedger ledger;
  ledger.others.today = ledger.others.month = world.spent_elsewhere;
  sandbox.on("part", part_check(world, workspaces));

  Goal goal;
  goal.text = "make all parts right";
  goal.repository = "/repo";
  goal.lane = world.lane;
  Check check;
  check.command = "all parts";
  check.origin = CheckOrigin::user;
  goal.checks.push_back(check);

  Tools tools{config,  prompts,    context, clock,  journal, models,
              sandbox, workspaces, console, ledger, {}};
  SimulatedRun run;
  run.result = mixagent::run(goal, tools);
  run.events = journal.events();
  run.billed = models.billed();
  const Files files = workspaces.user_files();
  run.right = true;
  for (int part = 1; part <= world.steps; ++part) {
    const auto found = files.find(part_file(part));
    run.right = run.right && found != files.end() && is_right(found->second);
  }
  run.faults = Audit(world, run).faults();
  if (ledger.open() != 0) run.faults.push_back("a hold was left open");
  if (workspaces.open_copies() != 0) run.faults.push_back("a copy was left open");
  return run;
}

std::string journal_text(const std::vector<Event>& events) {
  std::string text;
  for (const Event& event : events) text += encode_event(event) + "\n";
  return text;
}

}  // namespace mixagent

#include "base/text.h"
#include "cli/config_files.h"
#include "cli/detect_here.h"
#include "cli/price_cells.h"
#include "cli/seat_table.h"
#include "config/catalog.h"
#include "config/lineup.h"
#include "core/price.h"
#include "engine/finish.h"
#include "system/files.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <ostream>

namespace mixagent {

namespace {

// A minimal call: some of the models think before they answer.
constexpr std::int64_t answer_tokens = 1'000;
// What a step's call needs at least (input, and the least output that is reserved).
constexpr std::int64_t least_input = 4'000, least_output = 4'000;

class NoObserver final : public CallObserver {
 public:
  Result<void> on_retry(const RetryNote&) override { return {}; }
  void on_delta(std::string_view) override {}
};

class Doctor {
 public:
  Doctor(const DoctorOptions& options, CliContext& context)
      : options_(options), context_(context) {}

  int examine() {
    heading("Tools");
    tool("git", {"git", "--version"}, true, "install git");
    tool("bubblewrap", {"bwrap", "--version"}, true, "install bubblewrap");
    tool("ctags", {"ctags", "--version"}, false, "optional: better maps of large repositories");
    if (options_.sandbox_lines) {
      heading("Sandbox");
      for (const std::string& line : options_.sandbox_lines()) text(line);
    }
    heading("Repository");
    repository();
    heading("Keys");
    keys();
    heading("Seats");
    const auto loaded = load_for(context_, options_.config, true);
    if (!loaded) {
      bad("", describe(loaded.error()));
      return exit_code_of(subtype_of(loaded.error()));
    }
    seats(*loaded);
    caps(loaded->config);
    calls(loaded->config);
    context_.out << (status_ == 0 ? "\nAll is well.\n" : "\nSomething is missing; see above.\n");
    return status_;
  }

 private:
  void heading(const std::string& title) {
    context_.out << (first_ ? "" : "\n") << title << "\n", first_ = false;
  }
  void text(const std::string& line) { context_.out << "  " << escape_terminal_line(line) << "\n"; }
  static std::string labelled(const std::string& name, const std::string& detail) {
    return name.empty() ? detail : name + ": " + detail;
  }
  void good(const std::string& name, const std::string& detail) {
    text("ok    " + labelled(name, detail));
  }
  void note(const std::string& name, const std::string& detail) {
    text("-     " + labelled(name, detail));
  }
  void bad(const std::string& name, const std::string& detail, int status = 1) {
    text("FAIL  " + labelled(name, detail));
    if (status_ == 0) status_ = status;
  }

  void tool(const std::string& name, std::vector<std::string> argv, bool needed,
            const std::string& remedy) {
    if (options_.processes == nullptr) return;
    Command command;
    command.argv = std::move(argv);
    command.env.assign(context_.env.begin(), context_.env.end());
    command.timeout = std::chrono::seconds(10);
    const auto exit = options_.processes->run(command, {});
    if (exit && exit->code == 0) {
      const auto lines = split_lines(exit->out);
      return good(name, lines.empty() ? "found" : clip(lines.front(), 80));
    }
    if (needed)
      bad(name, "not found; " + remedy);
    else
      note(name, "not found; " + remedy);
  }

  void repository() {
    const auto root = find_repository(context_.cwd);
    if (root.empty()) return note("", "not inside a git repository (`git init` makes one)");
    good("root", root.string());
    const auto file = user_config_file(context_.env);
    note("your configuration", file.string() + (file_exists(file) ? "" : " (none)"));
    const bool has_project = file_exists(root / "mixagent.toml");
    note("mixagent.toml", !has_project                     ? "none (`mixagent init` writes one)"
                          : is_trusted(context_.env, root) ? "found, trusted"
                                                           : "found; it may only tighten");
    if (options_.processes == nullptr) return;
    const Detected detected = detect_here(root, context_.env, *options_.processes);
    for (const Check& check : detected.checks) good("check found", check.command);
    for (const std::string& line : detected.missing) note("check", line);
  }

  void keys() {
    for (const Provider& provider : catalog_providers()) {
      if (reachable(provider, context_.env))
        good(provider.name, provider.api_key_env + " is set");
      else
        note(provider.name, provider.api_key_env + " is not set");
    }
  }

  void seats(const LoadedConfig& loaded) {
    for (const std::string& line : split_lines(seat_table(loaded.config.lineup, context_))) {
      context_.out << "  " << line << "\n";  // escaped where the table was made
    }
    for (const std::string& line : loaded.notes) note("", line);
  }

  // A rung that the caps can never pay would only be found when it is needed.
  void caps(const Config& config) {
    const BudgetConfig& budget = config.budget;
    for (const auto& [name, seat] : config.lineup.seats) {
      for (std::size_t rung = 0; rung < seat.ladder.size(); ++rung) {
        const Model& model = config.lineup.models.at(seat.ladder[rung]);
        const Money least = worst_case(least_input, least_output, model);
        const bool worker = seat.tools.size() > 4;
        const std::optional<Money> cap = worker && budget.step ? budget.step : budget.run;
        if (!cap || !model.price) continue;
        Money most = *cap;
        if (worker && budget.run && rung > 0) most += share(*budget.run, budget.escalation_reserve);
        if (least > most) {
          bad(name, model.name + " can never be paid: one call may cost " + format_usd(least) +
                        ", the cap is " + format_usd(most) + " (budget." +
                        (worker && budget.step ? "step_usd" : "run_usd") + ")");
        }
      }
    }
  }

  static Money share(Money all, double part) {
    return {static_cast<std::int64_t>(static_cast<double>(all.pico) * part)};
  }

  // A line a rung, the failing ones with their reason. A model that sits in several seats is called
  // once. Fallbacks are called themselves, so none may answer for another.
  void calls(const Config& config) {
    if (options_.offline || !options_.connect) return;
    heading("One small call to each model");
    Config alone = config;
    for (auto& [name, model] : alone.lineup.models) model.fallback.clear();
    for (auto& [name, seat] : alone.lineup.seats) seat.fallback.clear();
    const auto models = options_.connect(alone);
    std::map<std::string, Outcome> outcomes;
    for (const std::string& name : seat_order(config.lineup)) {
      const Seat& seat = config.lineup.seats.at(name);
      const auto& worker = config.lineup.seats.at("worker");
      if (name != "worker" && !seat.ladder.empty() && seat.ladder == worker.ladder) {
        note(name, "as worker");
        continue;
      }
      for (std::size_t rung = 0; rung < seat.ladder.size(); ++rung) {
        const auto place = seat.ladder.size() == 1 ? name : name + " " + std::to_string(rung + 1);
        say(place, alone.lineup.models.at(seat.ladder[rung]), *models, outcomes);
      }
      for (const auto& spare : seat.fallback)
        say(name + " else", alone.lineup.models.at(spare), *models, outcomes);
    }
    Money spent;
    bool unknown = false;
    for (const auto& [name, outcome] : outcomes) {
      spent += outcome.cost;
      unknown = unknown || outcome.cost_unknown;
    }
    note("", std::to_string(outcomes.size()) + " calls, " + format_usd(spent) +
                 (unknown ? " and what was not reported" : "") + "; --offline leaves them out");
  }

  struct Outcome {
    std::optional<Error> error;
    std::string detail;  // time, cost, who answered
    Money cost;
    bool cost_unknown = false;
  };

  void say(const std::string& place, const Model& model, ChatModels& models,
           std::map<std::string, Outcome>& outcomes) {
    auto found = outcomes.find(model.name);
    if (found == outcomes.end()) found = outcomes.emplace(model.name, call(models, model)).first;
    const Outcome& outcome = found->second;
    const auto prices = price_cells(model.price);
    const std::string who = model.name + " (" + model.family + "; " +
                            (model.price ? prices[0] + " in, " + prices[1] + " out" : "no price") +
                            ")";
    if (outcome.error) {
      return bad(place, who + ": " + describe(*outcome.error),
                 exit_code_of(subtype_of(*outcome.error)));
    }
    good(place, who + " " + outcome.detail);
  }

  static Outcome call(ChatModels& models, const Model& model) {
    ChatRequest request;
    request.model = model.name;
    request.messages.push_back({Role::user, {TextPart{"Reply with the word OK.", {}}}, false});
    request.max_output = std::min(answer_tokens, model.max_output);
    request.labels.key = "doctor:" + model.name;
    request.labels.call = 1;
    NoObserver observer;
    Cancel cancel;
    cancel.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    const auto begin = std::chrono::steady_clock::now();
    const auto reply = models.ask(request, observer, cancel);
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - begin);
    Outcome outcome;
    if (!reply) {
      outcome.error = reply.error();
      outcome.cost_unknown = reply.error().partial_output;
      return outcome;
    }
    outcome.cost = cost_of(reply->usage, model);
    outcome.cost_unknown = !reply->usage.reported || (!model.price && !reply->usage.reported_cost);
    outcome.detail = format_duration_ms(ms.count()) + ", " +
                     (outcome.cost_unknown ? "cost not known" : format_usd(outcome.cost));
    if (!reply->served_model.empty() && reply->served_model != model.id) {
      outcome.detail += ", served as " + reply->served_model;
    }
    return outcome;
  }

  const DoctorOptions& options_;
  CliContext& context_;
  bool first_ = true;
  int status_ = 0;
};

}  // namespace

int cmd_doctor(const DoctorOptions& options, CliContext& context) {
  return Doctor(options, context).examine();
}

}  // namespace mixagent

#include "config/lineup.h"

#include "base/text.h"
#include "config/catalog.h"
#include "config/models.h"

#include <algorithm>
#include <array>

namespace mixagent {

namespace {

const std::vector<std::string> needed_seats = {"planner", "worker", "reviewer"};

// Reachable models in the order of preference: known ones served directly, known ones through
// OpenRouter, the user's own.
std::vector<const Model*> candidates(const Lineup& lineup, const Environment& env) {
  std::array<std::vector<const Model*>, 3> classes;
  const auto add = [&](const Model& model, bool known) {
    const auto provider = lineup.providers.find(model.provider);
    if (provider == lineup.providers.end() || !reachable(provider->second, env)) return;
    classes[!known ? 2 : model.provider == "openrouter" ? 1 : 0].push_back(&model);
  };
  for (const CatalogModel& row : catalog_models()) add(lineup.models.at(row.name), true);
  for (const auto& [name, model] : lineup.models) {
    if (find_catalog_model(name) == nullptr) add(model, false);
  }
  std::vector<const Model*> all;
  for (const auto& part : classes) all.insert(all.end(), part.begin(), part.end());
  return all;
}

// The best of a tier; of another family than `other_than` when that is not empty. Null when there
// is none.
const Model* pick(const std::vector<const Model*>& models, int tier,
                  const std::string& other_than = {}) {
  for (const Model* model : models) {
    if (model->tier == tier && (other_than.empty() || model->family != other_than)) return model;
  }
  return nullptr;
}

const Model* first_of(std::initializer_list<const Model*> wishes) {
  for (const Model* wish : wishes) {
    if (wish != nullptr) return wish;
  }
  return nullptr;
}

std::vector<std::string> default_planner(const std::vector<const Model*>& models) {
  const Model* best = first_of({pick(models, 3), pick(models, 2), pick(models, 1)});
  return best != nullptr ? std::vector<std::string>{best->name} : std::vector<std::string>{};
}

std::vector<std::string> default_ladder(const std::vector<const Model*>& models) {
  std::vector<std::string> ladder;
  std::string family;
  for (int tier = 1; tier <= 3; ++tier) {
    const Model* rung = first_of({pick(models, tier, family), pick(models, tier)});
    if (rung == nullptr) continue;
    ladder.push_back(rung->name);
    family = rung->family;
  }
  return ladder;
}

std::vector<std::string> default_reviewer(const std::vector<const Model*>& models,
                                          const std::string& worker_family) {
  const Model* best =
      first_of({pick(models, 2, worker_family), pick(models, 3, worker_family), pick(models, 2),
                pick(models, 3), pick(models, 1, worker_family), pick(models, 1)});
  return best != nullptr ? std::vector<std::string>{best->name} : std::vector<std::string>{};
}

std::string family_of(const Lineup& lineup, const std::vector<std::string>& ladder) {
  const Model* model = ladder.empty() ? nullptr : lineup.model(ladder.front());
  return model != nullptr ? model->family : std::string();
}

// Seats that start from another one sit with its models, unless they are off or have their own.
void inherit_ladders(ConfigDraft& draft) {
  auto& seats = draft.config.lineup.seats;
  for (auto& [name, seat] : seats) {
    const SeatFile& file = draft.seats.at(name);
    if (file.inherits.empty() || file.off_by_default() || !seat.ladder.empty()) continue;
    seat.ladder = seats.at(file.inherits).ladder;
    if (seat.fallback.empty()) seat.fallback = seats.at(file.inherits).fallback;
  }
}

// Seats that nobody configured, in the order in which one's choice depends on another's.
std::vector<std::string> fill_seats(ConfigDraft& draft, const Environment& env) {
  Lineup& lineup = draft.config.lineup;
  const auto models = candidates(lineup, env);
  std::vector<std::string> filled;
  const auto fill = [&](const char* name, std::vector<std::string> ladder) {
    Seat& seat = lineup.seats.at(name);
    if (!seat.ladder.empty() || ladder.empty()) return;
    seat.ladder = std::move(ladder);
    filled.emplace_back(name);
  };
  fill("planner", default_planner(models));
  fill("worker", default_ladder(models));
  fill("reviewer", default_reviewer(models, family_of(lineup, lineup.seats.at("worker").ladder)));
  inherit_ladders(draft);
  return filled;
}

tl::unexpected<Error> no_key() {
  std::vector<std::string> variables;
  for (const Provider& provider : catalog_providers()) variables.push_back(provider.api_key_env);
  return fail(ErrorCode::auth, "no model can be reached: there is no key", "environment",
              "set one of " + join(variables, ", ") + ", or configure a provider in config.toml");
}

std::string way_to_key(const Provider& provider) {
  return provider.api_key_env.empty() ? "the key of provider " + provider.name
                                      : provider.api_key_env;
}

// Rungs whose provider has no key are left out and named. `missing`: what would make the first of
// them reachable.
std::vector<std::string> reachable_rungs(const Lineup& lineup, const Environment& env,
                                         const std::vector<std::string>& names,
                                         std::string& missing) {
  std::vector<std::string> kept;
  for (const std::string& name : names) {
    const Provider& provider = lineup.providers.at(lineup.models.at(name).provider);
    if (reachable(provider, env)) {
      kept.push_back(name);
    } else if (missing.empty()) {
      missing = name + " needs " + way_to_key(provider);
    }
  }
  return kept;
}

// A configured seat keeps what can be reached; without any it moves to its fallback, else it is
// empty.
Result<void> drop_unreachable(ConfigDraft& draft, const Environment& env, const LineupNeeds& needs,
                              std::vector<std::string>& notes) {
  Lineup& lineup = draft.config.lineup;
  for (auto& [name, model] : lineup.models) {
    std::string ignored;
    model.fallback = reachable_rungs(lineup, env, model.fallback, ignored);
  }
  for (auto& [name, seat] : lineup.seats) {
    if (seat.ladder.empty()) continue;
    std::string missing;
    seat.fallback = reachable_rungs(lineup, env, seat.fallback, missing);
    missing.clear();
    auto ladder = reachable_rungs(lineup, env, seat.ladder, missing);
    if (missing.empty()) continue;
    if (ladder.empty() && !seat.fallback.empty()) ladder = {seat.fallback.front()};
    const bool vital = name == "planner" || name == "worker";
    if (ladder.empty() && vital && needs.models) {
      return fail(ErrorCode::auth, "no model of the seat can be reached: " + missing,
                  "seat " + name,
                  "set the variable, or choose another model with --seat " + name +
                      "=MODEL; `mixagent models` lists those with a key");
    }
    std::string note = "seat " + name + ": ";
    note += missing;
    note += ladder.empty() ? "; configured models left out" : "; left out";
    notes.push_back(std::move(note));
    if (needs.models) seat.ladder = std::move(ladder);
  }
  return {};
}

bool capped(const BudgetConfig& budget) {
  return budget.run || budget.step || budget.day || budget.month || !budget.seats.empty();
}

Result<void> refuse_unpriced(const Config& config) {
  if (!capped(config.budget)) return {};
  for (const auto& [name, seat] : config.lineup.seats) {
    std::vector<std::string> models = seat.ladder;
    models.insert(models.end(), seat.fallback.begin(), seat.fallback.end());
    for (std::size_t i = 0; i < models.size(); ++i) {
      const Model& model = config.lineup.models.at(models[i]);
      models.insert(models.end(), model.fallback.begin(), model.fallback.end());
      if (models.size() > 100) break;  // fallbacks may go round in circles
      if (model.price) continue;
      return fail(ErrorCode::usage, "model \"" + model.name + "\" has no price, and a cap is set",
                  "seat " + name,
                  "add price = { input = USD, output = USD } to [models." + quote_toml(model.name) +
                      "] in config.toml, or use --allow-unpriced");
    }
  }
  return {};
}

void note_one_family(const Lineup& lineup, std::vector<std::string>& notes) {
  const std::string worker = family_of(lineup, lineup.seats.at("worker").ladder);
  const std::string reviewer = family_of(lineup, lineup.seats.at("reviewer").ladder);
  if (!worker.empty() && worker == reviewer) {
    notes.push_back("reviews run in the worker's own family (" + worker +
                    "): no suitable model of another one has a key");
  }
}

}  // namespace

std::string describe_lineup(const Lineup& lineup, const std::vector<std::string>& seats) {
  std::vector<std::string> parts;
  for (const std::string& name : seats) {
    const Seat* seat = lineup.seat(name);
    if (seat != nullptr && !seat->ladder.empty()) {
      parts.push_back(name + " " + join(seat->ladder, " > "));
    }
  }
  return join(parts, "; ");
}

Result<void> settle_lineup(ConfigDraft& draft, const Environment& env, const LineupNeeds& needs,
                           std::vector<std::string>& notes) {
  Lineup& lineup = draft.config.lineup;
  MIX_OK(settle_providers(draft));
  MIX_OK(settle_models(draft, env));
  MIX_OK(resolve_names(draft));
  MIX_OK(drop_unreachable(draft, env, needs, notes));
  const auto filled = fill_seats(draft, env);
  for (const std::string& name : needed_seats) {
    if (needs.models && lineup.seats.at(name).ladder.empty()) return no_key();
  }
  if (!filled.empty()) notes.push_back("seats: " + describe_lineup(lineup, filled));
  note_one_family(lineup, notes);
  if (needs.models && !needs.allow_unpriced) MIX_OK(refuse_unpriced(draft.config));
  return {};
}

}  // namespace mixagent

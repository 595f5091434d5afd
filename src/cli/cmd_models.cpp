#include "base/text.h"
#include "cli/config_files.h"
#include "cli/live_models.h"
#include "cli/price_cells.h"
#include "cli/seat_table.h"
#include "config/catalog.h"
#include "config/lineup.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ostream>

namespace mixagent {

namespace {

bool has_part(const std::string& text, const std::string& part) {
  return lower(text).find(part) != std::string::npos;
}

bool matches(const Model& model, const std::string& filter) {
  const std::string part = lower(filter);
  return has_part(model.name, part) || has_part(model.family, part) ||
         has_part(model.provider, part) || has_part(model.id, part);
}

// The catalogue's order, then the user's own models by name.
std::vector<const Model*> in_order(const Lineup& lineup) {
  std::vector<const Model*> models;
  for (const CatalogModel& row : catalog_models()) models.push_back(&lineup.models.at(row.name));
  for (const auto& [name, model] : lineup.models) {
    if (find_catalog_model(name) == nullptr) models.push_back(&model);
  }
  std::stable_sort(models.begin(), models.end(),
                   [](const Model* a, const Model* b) { return a->tier > b->tier; });
  return models;
}

std::string tier_name(int tier) {
  return tier == 3 ? "frontier" : tier == 2 ? "balanced" : "budget";
}

Row row_of(const Model& model, const std::string& live) {
  Row row = {model.name, live, model.provider, tier_name(model.tier), format_count(model.window)};
  for (const std::string& price : price_cells(model.price)) row.push_back(price);
  return row;
}

Row row_of(const ListedModel& model, const std::string& provider) {
  Row row = {model.id, "yes", provider, "-", model.window > 0 ? format_count(model.window) : "?"};
  for (const std::string& price : price_cells(model.price)) row.push_back(price);
  return row;
}

std::string percent(double change) {
  char text[32];
  std::snprintf(text, sizeof text, "%+.1f %%", 100 * change);
  return text;
}

class Listing {
 public:
  Listing(const ModelsOptions& options, const Lineup& lineup, CliContext& context)
      : options_(options), lineup_(lineup), context_(context) {}

  Result<void> show() {
    look();
    known_models();
    further_models();
    context_.out << render_table({{"Model"},
                                  {"Live"},
                                  {"Provider"},
                                  {"Tier"},
                                  {"Window", Align::right},
                                  {"Input", Align::right},
                                  {"Output", Align::right},
                                  {"Cached", Align::right}},
                                 rows_, table_layout(context_));
    remarks();
    if (rows_.empty() && hidden_ == 0) {
      return fail(ErrorCode::not_found, "no model fits \"" + options_.filter + "\"", "models",
                  "`mixagent models --all` lists all");
    }
    return {};
  }

 private:
  void look() {
    const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
                         std::chrono::system_clock::now().time_since_epoch())
                         .count();
    for (const auto& [name, provider] : lineup_.providers) {
      if (provider.dialect == Dialect::replay || !reachable(provider, context_.env)) continue;
      // A server on this machine is asked only when something is configured to use it.
      const bool used = std::any_of(
          lineup_.models.begin(), lineup_.models.end(),
          [&, &wanted = name](const auto& entry) { return entry.second.provider == wanted; });
      if (used) live_[name] = live_models(provider, options_, context_, now);
    }
  }

  std::string live_word(const Model& model) const {
    if (!reachable(lineup_.providers.at(model.provider), context_.env)) return "no key";
    const auto found = live_.find(model.provider);
    if (found == live_.end() || !found->second.known) return "?";
    return lists(found->second.models, model.id) ? "yes" : "not listed";
  }

  void known_models() {
    for (const Model* model : in_order(lineup_)) {
      if (!matches(*model, options_.filter)) continue;
      const auto live = live_word(*model);
      if (live == "no key" && !options_.all) {
        ++hidden_;
      } else {
        rows_.push_back(row_of(*model, live));
      }
    }
  }

  bool is_known(const std::string& provider, const std::string& id) const {
    return std::any_of(lineup_.models.begin(), lineup_.models.end(), [&](const auto& entry) {
      return entry.second.provider == provider && lists({{id, {}, 0, 0}}, entry.second.id);
    });
  }

  // What providers serve beyond the table; without a price here most of it cannot be used under a
  // cap.
  void further_models() {
    const auto part = lower(options_.filter);
    for (const auto& [provider, live] : live_) {
      for (const auto& model : live.models) {
        if (is_known(provider, model.id)) continue;
        if (!part.empty() && !has_part(model.id, part) && !has_part(provider, part)) continue;
        if (options_.all) {
          rows_.push_back(row_of(model, provider));
        } else {
          ++further_;
        }
      }
    }
  }

  void remarks() {
    auto& err = context_.err;
    err << (rows_.empty() ? "" : "\n") << "USD per 1,000,000 tokens, as of " << catalog_date << " ("
        << catalog_source << ").\n";
    for (const auto& [provider, live] : live_) {
      std::string line;
      if (live.trouble) line = "could not be asked: " + describe(*live.trouble);
      if (live.known && (live.trouble || options_.offline || live.age_ms > 0)) {
        line += (line.empty() ? "" : "; ") + std::string("list of ") +
                format_duration_ms(live.age_ms) + " ago";
      }
      if (!line.empty()) err << escape_terminal_line(provider + ": " + line) << "\n";
    }
    const auto samples = options_.samples ? options_.samples() : Result<TokenSamples>{};
    for (const auto& drift : token_drift(samples.value_or(TokenSamples{}))) {
      if (!drift.drifts) continue;
      err << escape_terminal_line(drift.model + " counts tokens differently than it used to (" +
                                  percent(drift.change) + "): `mixagent models --drift`")
          << "\n";
    }
    if (further_ > 0) {
      err << format_count(further_) << " more are served for your keys: `mixagent models --all`; "
          << "one gets usable by [models.\"NAME\"] with provider and price.\n";
    }
    if (hidden_ > 0) {
      err << format_count(hidden_)
          << " more without a key: `mixagent models --all`; keys: `mixagent doctor`.\n";
    }
  }

  const ModelsOptions& options_;
  const Lineup& lineup_;
  CliContext& context_;
  std::map<std::string, LiveModels> live_;  // by provider
  std::vector<Row> rows_;
  std::int64_t hidden_ = 0, further_ = 0;
};

Result<void> show_drift(const ModelsOptions& options, CliContext& context) {
  if (!options.samples) return {};
  MIX_TRY(const auto samples, options.samples());
  std::vector<Row> rows;
  for (const auto& drift : token_drift(samples)) {
    if (!has_part(drift.model, lower(options.filter))) continue;
    if (drift.enough) {
      rows.push_back({drift.model, format_count(drift.calls), format_count(drift.expected),
                      format_count(drift.reported), percent(drift.change),
                      drift.drifts ? "counts differently now" : "steady"});
    } else {
      rows.push_back({drift.model, format_count(drift.calls), "", "", "", "too few calls yet"});
    }
  }
  context.out << render_table({{"Model"},
                               {"Calls", Align::right},
                               {"Expected", Align::right},
                               {"Reported", Align::right},
                               {"Change", Align::right},
                               {"Tokens"}},
                              rows, table_layout(context));
  context.err << (rows.empty() ? "No paid calls are recorded yet.\n" : "\n")
              << "Input tokens of the " << newest_calls
              << " newest calls, against what the calls before them make expect.\n";
  return {};
}

Result<void> list(const ModelsOptions& options, CliContext& context) {
  if (options.drift) return show_drift(options, context);
  MIX_TRY(const LoadedConfig loaded, load_for(context, options.config, false));
  return Listing(options, loaded.config.lineup, context).show();
}

}  // namespace

int cmd_models(const ModelsOptions& options, CliContext& context) {
  const auto done = list(options, context);
  return done ? 0 : report_error(done.error(), context);
}

}  // namespace mixagent

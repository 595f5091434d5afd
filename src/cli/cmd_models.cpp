#include "base/text.h"
#include "cli/config_files.h"
#include "cli/price_cells.h"
#include "cli/seat_table.h"
#include "config/catalog.h"
#include "config/lineup.h"

#include <algorithm>
#include <ostream>

namespace mixagent {

namespace {

bool matches(const Model& model, const std::string& filter) {
  const std::string part = lower(filter);
  for (const std::string& text : {model.name, model.family, model.provider, model.id}) {
    if (lower(text).find(part) != std::string::npos) return true;
  }
  return false;
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

Row row_of(const Model& model, bool ready) {
  Row row = {model.name, ready ? "yes" : "no", model.provider, tier_name(model.tier),
             format_count(model.window)};
  for (const std::string& price : price_cells(model.price)) row.push_back(price);
  return row;
}

Result<void> list(const ModelsOptions& options, CliContext& context) {
  MIX_TRY(const LoadedConfig loaded, load_for(context, options.config, false));
  const Lineup& lineup = loaded.config.lineup;
  std::vector<Row> rows;
  std::size_t hidden = 0;
  for (const Model* model : in_order(lineup)) {
    if (!matches(*model, options.filter)) continue;
    const bool ready = reachable(lineup.providers.at(model->provider), context.env);
    if (!ready && !options.all) {
      ++hidden;
      continue;
    }
    rows.push_back(row_of(*model, ready));
  }
  context.out << render_table({{"Model"},
                               {"Key"},
                               {"Provider"},
                               {"Tier"},
                               {"Window", Align::right},
                               {"Input", Align::right},
                               {"Output", Align::right},
                               {"Cached", Align::right}},
                              rows, table_layout(context));
  context.err << (rows.empty() ? "" : "\n") << "USD per 1,000,000 tokens, as of " << catalog_date
              << " (" << catalog_source << ").\n";
  if (hidden > 0) {
    context.err << format_count(static_cast<std::int64_t>(hidden))
                << " more without a key: `mixagent models --all`; keys: `mixagent doctor`.\n";
  }
  if (rows.empty() && hidden == 0) {
    return fail(ErrorCode::not_found, "no model fits \"" + options.filter + "\"", "models",
                "`mixagent models --all` lists all");
  }
  return {};
}

}  // namespace

int cmd_models(const ModelsOptions& options, CliContext& context) {
  const auto done = list(options, context);
  return done ? 0 : report_error(done.error(), context);
}

}  // namespace mixagent

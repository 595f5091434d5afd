#include "cli/seat_table.h"

#include "base/text.h"
#include "cli/price_cells.h"
#include "system/terminal.h"

#include <algorithm>

namespace mixagent {

namespace {

Row rung_row(const Lineup& lineup, const std::string& name, std::size_t rung,
             const std::string& place) {
  const Model& model = lineup.models.at(name);
  Row row = {rung == 0 ? place : "", model.name, model.provider, model.family,
             std::to_string(model.tier)};
  for (const std::string& price : price_cells(model.price)) row.push_back(price);
  return row;
}

}  // namespace

std::vector<std::string> seat_order(const Lineup& lineup) {
  std::vector<std::string> order = {"planner", "worker", "reviewer"};
  for (const auto& [name, seat] : lineup.seats) {
    if (std::find(order.begin(), order.end(), name) == order.end()) order.push_back(name);
  }
  return order;
}

TableLayout table_layout(const CliContext& context) {
  constexpr int unlimited = 10'000;
  TableLayout layout;
  layout.width = is_terminal(Stream::out) ? terminal_width(Stream::out) : unlimited;
  layout.indent = 0;
  layout.color = context.color;
  return layout;
}

std::string seat_table(const Lineup& lineup, const CliContext& context) {
  const auto& worker = lineup.seats.at("worker").ladder;
  std::vector<Row> rows;
  for (const std::string& name : seat_order(lineup)) {
    const Seat& seat = lineup.seats.at(name);
    if (seat.ladder.empty()) {
      rows.push_back({name, "- off"});
    } else if (name != "worker" && seat.tools == lineup.seats.at("worker").tools &&
               seat.ladder == worker) {
      rows.push_back({name, "as worker"});
    } else {
      for (std::size_t i = 0; i < seat.ladder.size(); ++i) {
        rows.push_back(rung_row(lineup, seat.ladder[i], i, name));
      }
    }
    for (const std::string& spare : seat.fallback) rows.push_back({"", "else " + spare});
  }
  return render_table({{"Seat"},
                       {"Model"},
                       {"Provider"},
                       {"Family"},
                       {"Tier", Align::right},
                       {"Input", Align::right},
                       {"Output", Align::right},
                       {"Cached", Align::right}},
                      rows, table_layout(context));
}

}  // namespace mixagent

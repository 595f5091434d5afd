#include "base/text.h"
#include "cli/config_files.h"
#include "cli/seat_table.h"

#include <ostream>

namespace mixagent {

namespace {

Result<void> list(const SeatsOptions& options, CliContext& context) {
  MIX_TRY(const LoadedConfig loaded, load_for(context, options.config, false));
  context.out << seat_table(loaded.config.lineup, context);
  context.err << "\nPrices in USD per 1,000,000 tokens. A step starts low on the ladder and climbs "
                 "when its checks fail.\n";
  for (const std::string& note : loaded.notes) context.err << escape_terminal_line(note) << "\n";
  if (loaded.config.lineup.seats.at("worker").ladder.empty()) {
    context.err << "No key was found: `mixagent doctor` lists the variables.\n";
  }
  return {};
}

}  // namespace

int cmd_seats(const SeatsOptions& options, CliContext& context) {
  const auto done = list(options, context);
  return done ? 0 : report_error(done.error(), context);
}

}  // namespace mixagent

#include "cli/inspect.h"
#include "system/files.h"
#include "view/report.h"

#include <ostream>

namespace mixagent {

namespace {

Result<void> report(const ReportOptions& options, CliContext& context) {
  MIX_TRY(const OpenedRun run, open_run(options.run, options.directory, context));
  const std::string text = render_report(run.events);
  if (options.out_file.empty()) {
    context.out << text;
    return {};
  }
  MIX_OK(write_atomically(context.cwd / options.out_file, text, 0644));
  context.err << "report written to " << options.out_file << "\n";
  return {};
}

}  // namespace

int cmd_report(const ReportOptions& options, CliContext& context) {
  if (options.json) return cmd_show({options.directory, options.run, "", true}, context);
  const auto done = report(options, context);
  return done ? 0 : report_error(done.error(), context);
}

}  // namespace mixagent

#include "base/json.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/wiring.h"
#include "engine/planner.h"
#include "system/terminal.h"

#include <fmt/core.h>

#include <iostream>
#include <iterator>

namespace mixagent {

namespace {

Result<Survey> survey_of(const ContextCommandOptions& options, CliContext& context) {
  MIX_TRY(const std::filesystem::path root, need_repository(options.directory));
  const std::string text = options.goal == "-"
                               ? std::string(std::istreambuf_iterator<char>(std::cin), {})
                               : options.goal;
  if (trim(text).empty()) {
    return fail(ErrorCode::usage, "no goal was given", "mixagent context",
                "say what to do: mixagent context \"add pagination to the API\"");
  }
  const Places places = places_for(context, root);
  ProcessesPosix processes;
  Config config;
  // Nothing is made here; what the snapshot reads is what the next run will not read again.
  MIX_TRY(const auto workspaces,
          open_workspaces(places, config, places.cache / "work" / "context", processes));
  MIX_TRY(const Snapshot snapshot, workspaces->snapshot());
  const CuratedContext curated(context_options(context, places, processes));
  const BlobReader read = [&](const BlobId& blob) { return workspaces->bytes(blob); };
  return curated.survey(snapshot.tree, read, text,
                        options.budget > 0 ? options.budget : planner_budget);
}

std::string json_of(const Survey& survey) {
  Json files = Json::array();
  for (const Survey::File& file : survey.files) {
    files.push_back(
        {{"path", file.path}, {"score", file.score}, {"tokens", file.tokens}, {"why", file.why}});
  }
  return dump_json({{"files", std::move(files)}, {"tokens", estimate_tokens(survey.text)}});
}

void explain(const Survey& survey, std::ostream& out) {
  for (const Survey::File& file : survey.files) {
    out << fmt::format("{:5.2f}  {:>7}  {}  ({})\n", file.score, format_count(file.tokens),
                       escape_terminal_line(file.path), file.why);
  }
}

}  // namespace

int cmd_context(const ContextCommandOptions& options, CliContext& context) {
  const auto survey = survey_of(options, context);
  if (!survey) return report_error(survey.error(), context);
  if (options.json) {
    context.out << json_of(*survey) << "\n";
  } else if (options.explain) {
    context.out << "score   tokens  file  (what speaks for it)\n";
    explain(*survey, context.out);
  } else {
    context.out << (is_terminal(Stream::out) ? escape_terminal(survey->text) : survey->text);
  }
  context.err << format_count(estimate_tokens(survey->text)) << " tokens, " << survey->files.size()
              << " of " << format_count(static_cast<std::int64_t>(survey->all)) << " files, "
              << survey->read_now << " read now"
              << (survey->definitions ? "" : "; without definitions: install universal-ctags")
              << "\n";
  return 0;
}

}  // namespace mixagent

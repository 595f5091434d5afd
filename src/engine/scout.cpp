#include "engine/scout.h"

#include "base/text.h"
#include "engine/conversation.h"
#include "engine/texts.h"

#include <fmt/core.h>

namespace mixagent {

namespace {

std::string brief_text(const SubmitBrief& brief) {
  std::string text = "# What a scout found\n";
  for (const BriefFile& file : brief.files) text += fmt::format("- {}: {}\n", file.path, file.why);
  const auto command = [&](const char* name, const std::string& line) {
    if (!line.empty()) text += fmt::format("- {}: `{}`\n", name, line);
  };
  command("build", brief.commands.build);
  command("test", brief.commands.test);
  command("lint", brief.commands.lint);
  return text + brief.notes + "\n";
}

}  // namespace

Result<std::string> scout(RunContext& run, const std::string& key, const std::string& goal,
                          const Tree& tree, const std::string& files) {
  Tools& tools = run.tools;
  const Seat* seat = tools.config.lineup.seat("scout");
  const Model* model = seat != nullptr && !seat->ladder.empty()
                           ? tools.config.lineup.model(seat->ladder[0])
                           : nullptr;
  if (model == nullptr) return std::string();
  TreeView view(tools.workspaces, tree);
  Hands hands(tools, view);
  MIX_TRY(const std::string system, render_system(tools, *seat, *model, seat->tools));
  Conversation conversation(
      tools, run.caller, hands,
      {*seat, *model, Pot{}, key + "/scout", "", 0, system, seat->tools, "scout"});
  MIX_TRY(const std::string message,
          render(tools, "scout_goal", {{"goal", goal}, {"notes", ""}, {"files", files}}));
  conversation.say(message);
  const auto ended = ask_helper(tools.journal, key + "/scout", [&] { return conversation.run(); });
  if (!ended && is_ours(ended.error())) return fail(ended.error());
  if (ended && ended->kind == EndKind::terminal) {
    if (const auto* brief = std::get_if<SubmitBrief>(&*ended->action)) return brief_text(*brief);
  }
  const std::string why = ended ? ended->why : describe(ended.error());
  MIX_OK(tools.journal.append(NoteAdded{"the scout brought nothing: " + why, ""}));
  return std::string();
}

}  // namespace mixagent

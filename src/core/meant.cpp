#include "core/meant.h"

#include "base/text.h"
#include "core/reply_blocks.h"
#include "core/text_protocol.h"

#include <string>
#include <string_view>

namespace mixagent {

namespace {

bool is_patch_file(const std::string& path) {
  return path.ends_with(".patch") || path.ends_with(".diff");
}

bool may_hold_fences(const std::string& path) {
  for (const std::string_view end : {".md", ".mdx", ".markdown", ".rst", ".txt", ".adoc"}) {
    if (lower(path).ends_with(end)) return true;
  }
  return false;
}

std::optional<std::vector<Action>> patch_in(std::string_view text) {
  const auto body = trim(text);
  const bool looks = body.starts_with("*** Begin Patch") || body.starts_with("diff --git ") ||
                     (body.starts_with("--- ") && body.find("\n+++ ") != std::string_view::npos);
  if (!looks) return std::nullopt;
  auto files = parse_patch(std::string(body) + "\n");
  if (!files || files->empty()) return std::nullopt;
  std::vector<Action> actions;
  for (auto& file : *files) actions.push_back(action_of(std::move(file)));
  return actions;
}

// The text of a single fence around everything.
std::optional<std::string> fenced_text(const std::string& content) {
  const auto body = trim(content);
  if (!body.starts_with("```") || !body.ends_with("\n```")) return std::nullopt;
  const auto pieces = cut_reply(std::string(body) + "\n");
  if (pieces.size() != 1 || pieces[0].kind != ReplyPiece::Kind::fenced || !pieces[0].closed) {
    return std::nullopt;
  }
  return pieces[0].body.empty() ? "" : join(pieces[0].body, "\n") + "\n";
}

std::optional<std::vector<Action>> meant_by_write(const WriteFile& write) {
  if (!is_patch_file(write.path)) {
    if (auto patch = patch_in(write.content)) return patch;
  }
  if (may_hold_fences(write.path)) return std::nullopt;
  const auto text = fenced_text(write.content);
  if (!text) return std::nullopt;
  return std::vector<Action>{WriteFile{write.path, *text}};
}

// apply_patch <<'EOF' ... EOF
std::optional<std::vector<Action>> meant_by_command(const RunCommand& run) {
  const auto command = trim(run.command);
  if (!command.starts_with("apply_patch")) return std::nullopt;
  const auto begin = command.find("*** Begin Patch");
  const auto end = command.find("\n*** End Patch");
  if (begin == std::string_view::npos || end == std::string_view::npos) return std::nullopt;
  return patch_in(command.substr(begin, end + std::string_view("\n*** End Patch").size() - begin));
}

}  // namespace

std::optional<std::vector<Action>> meant_by(const Action& action) {
  if (const auto* write = std::get_if<WriteFile>(&action)) return meant_by_write(*write);
  if (const auto* run = std::get_if<RunCommand>(&action)) return meant_by_command(*run);
  if (const auto* edit = std::get_if<EditFile>(&action)) {
    const bool alone = edit->edits.size() == 1 && edit->edits[0].search.empty();
    if (alone && !is_patch_file(edit->path)) return patch_in(edit->edits[0].replace);
  }
  return std::nullopt;
}

}  // namespace mixagent

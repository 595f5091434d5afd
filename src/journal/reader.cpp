#include "journal/reader.h"

#include "core/codecs.h"
#include "system/files.h"

namespace mixagent {
namespace {

tl::unexpected<Error> damaged(const std::string& name, std::size_t line, const std::string& why) {
  return fail(ErrorCode::corrupt, "line " + std::to_string(line) + " is damaged: " + why, name,
              "restore the file from a copy, or cut it off before this line");
}

}  // namespace

Result<JournalContent> parse_journal(std::string_view text, const std::string& name) {
  JournalContent content;
  std::size_t begin = 0;
  for (std::size_t line = 1; begin < text.size(); ++line) {
    const auto end = text.find('\n', begin);
    if (end == std::string_view::npos) break;
    auto event = decode_event(text.substr(begin, end - begin));
    if (!event) return damaged(name, line, event.error().what);
    if (event->seq != static_cast<std::int64_t>(line)) {
      return damaged(name, line, "seq is " + std::to_string(event->seq));
    }
    if (!content.events.empty() && event->run != content.events.front().run) {
      return damaged(name, line, "it belongs to run " + event->run.text);
    }
    content.events.push_back(*std::move(event));
    begin = end + 1;
    content.whole_bytes = begin;
  }
  return content;
}

Result<std::vector<Event>> read_journal(const std::filesystem::path& directory) {
  const auto path = directory / "events.jsonl";
  auto text = read_file(path);
  if (!text && text.error().code == ErrorCode::not_found) {
    return fail(ErrorCode::not_found, "there is no run here", directory.string(),
                "`mixagent runs` lists the runs of a repository");
  }
  if (!text) return fail(std::move(text).error());
  MIX_TRY(auto content, parse_journal(*text, path.string()));
  return std::move(content.events);
}

}  // namespace mixagent

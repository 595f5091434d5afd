#pragma once
// Reads events.jsonl: a torn last line is dropped, any other damage is an Error corrupt that names
// the line. Pure over the file; takes no lock, so a run under way can be read.

#include "mixagent/error.h"
#include "mixagent/event.h"

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

namespace mixagent {

struct JournalContent {
  std::vector<Event> events;
  std::uint64_t whole_bytes = 0;  // up to the end of the last whole line
};

Result<JournalContent> parse_journal(std::string_view text, const std::string& name);
// `directory` is the run's. not_found when it holds no run.
Result<std::vector<Event>> read_journal(const std::filesystem::path& directory);

}  // namespace mixagent

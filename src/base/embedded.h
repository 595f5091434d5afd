#pragma once
// Files carried inside the program: agents/NAME.toml, prompts/NAME.md, and `mixagent-init` (written
// by scripts/embed.cmake).

#include <string_view>
#include <vector>

namespace mixagent {

struct EmbeddedFile {
  std::string_view name;
  struct Bytes {
    const char* begin;
    const char* end;
  } bytes;
  std::string_view text() const {
    return {bytes.begin, static_cast<std::size_t>(bytes.end - bytes.begin)};
  }
};

// In the order of their names.
const std::vector<EmbeddedFile>& embedded_files();

}  // namespace mixagent

#include "sandbox/extract.h"

#include "base/digest.h"
#include "base/embedded.h"
#include "system/files.h"

namespace mixagent {

Result<std::string> extract_init(const std::filesystem::path& cache) {
  std::string_view program;
  for (const EmbeddedFile& file : embedded_files())
    if (file.name == "mixagent-init") program = file.text();
  MIX_CHECK(!program.empty(), "mixagent-init is embedded");

  const std::string hash = sha256_hex(program);
  const std::filesystem::path path = cache / ("mixagent-init-" + hash.substr(0, 16));
  if (const auto existing = read_file(path); existing && sha256_hex(*existing) == hash)
    return path.string();
  MIX_OK(make_directories(cache));
  MIX_OK(write_quickly(path, program, 0555));
  return path.string();
}

}  // namespace mixagent

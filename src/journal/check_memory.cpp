#include "journal/check_memory.h"

#include "base/digest.h"
#include "base/text.h"
#include "system/files.h"

#include <fmt/core.h>

#include <array>
#include <chrono>
#include <optional>
#include <utility>

namespace mixagent {

namespace {

namespace fs = std::filesystem;

constexpr std::chrono::hours believed_for{7 * 24};

class CheckMemoryFiles final : public CheckMemory {
 public:
  CheckMemoryFiles(fs::path folder, std::string toolchain)
      : folder_(std::move(folder)), toolchain_(std::move(toolchain)) {}

  std::optional<std::string> recall(const std::string& key) override {
    const fs::path file = file_of(key);
    std::error_code error;
    const auto written = fs::last_write_time(file, error);
    if (error || fs::file_time_type::clock::now() - written > believed_for) return std::nullopt;
    const auto text = read_file(file);
    return text ? std::optional<std::string>(*text) : std::nullopt;
  }

  void remember(const std::string& key, const std::string& value) override {
    std::error_code error;
    fs::create_directories(folder_, error);
    if (!error) (void)write_atomically(file_of(key), value, 0600);
  }

 private:
  fs::path file_of(const std::string& key) const {
    return folder_ / sha256_hex(key + "\n" + toolchain_);
  }

  const fs::path folder_;
  const std::string toolchain_;
};

std::string look_of(const fs::path& path) {
  std::error_code error;
  const fs::path real = fs::canonical(path, error);
  if (error) return "";
  const auto size = fs::is_regular_file(real, error) ? fs::file_size(real, error) : 0;
  const auto time = fs::last_write_time(real, error).time_since_epoch().count();
  return fmt::format("{} {} {}\n", real.string(), size, time);
}

}  // namespace

std::unique_ptr<CheckMemory> open_check_memory(fs::path folder, std::string toolchain) {
  return std::make_unique<CheckMemoryFiles>(std::move(folder), std::move(toolchain));
}

std::string toolchain_of(const std::string& search_path, const fs::path& repository,
                         const std::vector<std::string>& carried) {
  static constexpr std::array<const char*, 24> programs = {
      "bash",  "python3", "pytest", "node",  "npm", "pnpm",   "yarn", "bun",
      "deno",  "go",      "cargo",  "rustc", "cc",  "c++",    "gcc",  "clang",
      "cmake", "make",    "ninja",  "java",  "mvn", "gradle", "ruby", "php"};
  std::string text = look_of("/etc/os-release");
  for (const std::string& folder : split(search_path, ':')) {
    if (folder.empty()) continue;
    for (const char* program : programs) text += look_of(fs::path(folder) / program);
  }
  for (const std::string& name : carried) text += look_of(repository / name);
  return sha256_hex(text);
}

}  // namespace mixagent

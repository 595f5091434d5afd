#include "base/text.h"
#include "sandbox/policy.h"

#include <algorithm>
#include <array>
#include <filesystem>

namespace mixagent {
namespace {

namespace fs = std::filesystem;

// Folders below the home folder that are one toolchain each, without credentials in them.
constexpr std::array tool_roots = {".pyenv",  ".rbenv",  ".nodenv", ".nvm",   ".fnm",
                                   ".rustup", ".sdkman", ".volta",  ".deno",  ".bun",
                                   ".asdf",   ".ghcup",  ".opam",   ".dotnet"};
// What the programs of a shared bin folder live on.
struct Companion {
  const char* bin;
  std::array<const char*, 6> folders;
};
constexpr std::array companions = {
    Companion{".cargo/bin", {".rustup"}},
    Companion{".local/bin",
              {".local/share/uv", ".local/share/mise", ".local/share/pnpm", ".local/share/pipx",
               ".local/pipx/venvs", ".local/share/fnm"}}};
// Downloaded packages that tools only read; the others (of tools that lock or write theirs) start
// empty.
constexpr std::array caches = {".cargo/registry", ".cargo/git", "go/pkg/mod", ".npm/_cacache",
                               ".m2/repository",  ".local/lib", ".gem",       ".nuget/packages"};

// Caches that their tools write even while they only read, and what a repository that uses them has
// in its root. A layer of its own costs each command half a millisecond: not without need.
struct PrivateCache {
  const char* folder;
  std::array<const char*, 3> signs;
};
constexpr std::array private_caches = {
    PrivateCache{".cache/go-build", {"go.mod", "go.work"}}, PrivateCache{".cache/uv", {"uv.lock"}},
    PrivateCache{".gradle/caches", {"build.gradle", "build.gradle.kts", "settings.gradle"}}};

// ---- toolchains

// ~/.nvm/versions/node/v20/bin -> ~/.nvm/versions/node/v20: a bin folder's libraries are beside it.
std::string root_of_tool(const std::string& entry, const std::string& home) {
  for (const char* root : tool_roots)
    if (const std::string path = home + "/" + root; at_or_below(entry, path)) return path;
  const fs::path path(entry);
  const std::string last = path.filename().string();
  const std::string parent = path.parent_path().string();
  const bool shared = parent == home || parent == home + "/.local" || parent == home + "/.cargo" ||
                      parent == home + "/go" || parent == "/" || at_or_below(home, parent);
  return !shared && (last == "bin" || last == "sbin" || last == "shims") ? parent : entry;
}

}  // namespace

void add_toolchains(Policy& policy, const SandboxOptions& options) {
  auto add = [&](const std::string& path) {
    if (exists(path) && may_mount(policy, path) && !visible(policy, path))
      policy.extra.push_back({real_path(path), path});
  };
  std::string path = value_of(options.environment, "PATH");
  for (const std::string& raw : split(path, ':')) {
    if (raw.empty() || raw[0] != '/' || !exists(raw)) continue;
    const std::string entry = fs::path(raw).lexically_normal().string();
    if (visible(policy, entry)) continue;
    const std::string root = root_of_tool(entry, policy.home);
    add(may_mount(policy, root) ? root : entry);
  }
  for (const char* name :
       {"JAVA_HOME", "GOROOT", "RUSTUP_HOME", "NVM_DIR", "PYENV_ROOT", "VIRTUAL_ENV"}) {
    const std::string folder = value_of(options.environment, name);
    if (!folder.empty() && folder[0] == '/') add(fs::path(folder).lexically_normal().string());
  }
  for (const Companion& companion : companions)
    for (const char* folder : companion.folders)
      if (folder != nullptr && visible(policy, policy.home + "/" + companion.bin))
        add(policy.home + "/" + folder);
  for (const char* cache : caches) add(policy.home + "/" + cache);
}

void add_private_caches(Policy& policy) {
  for (const PrivateCache& cache : private_caches) {
    const std::string path = policy.home + "/" + cache.folder;
    const bool used = std::any_of(cache.signs.begin(), cache.signs.end(), [&](const char* sign) {
      return sign != nullptr && exists(policy.repository + "/" + sign);
    });
    if (!used || !exists(path) || !may_mount(policy, path)) continue;
    policy.extra.push_back({real_path(path), path});
    policy.throw_away.push_back(path);
  }
}

std::vector<std::string> download_folders() {
  return {caches.begin(), caches.end()};
}

void show_downloads(Policy& policy, const std::string& downloads, bool online) {
  for (const char* cache : caches) {
    const std::string source = downloads + "/" + cache, target = policy.home + "/" + cache;
    const auto& named = policy.named_caches;
    const bool taken = std::any_of(named.begin(), named.end(), [&](const std::string& path) {
      return at_or_below(target, path) || at_or_below(path, target);
    });
    std::error_code error;
    if (!exists(source) || taken || !may_mount(policy, target) ||
        at_or_below(policy.repository, target) || (!online && fs::is_empty(source, error)))
      continue;
    auto& extra = policy.extra;
    extra.erase(std::remove_if(extra.begin(), extra.end(),
                               [&](const Bind& bind) { return at_or_below(bind.target, target); }),
                extra.end());
    extra.push_back({source, target, online});
  }
}

}  // namespace mixagent

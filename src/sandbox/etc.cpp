#include "sandbox/etc.h"

#include "base/digest.h"
#include "system/files.h"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mixagent {
namespace {

namespace fs = std::filesystem;

// passwd, group, hosts, hostname and resolv.conf are made anew.
// clang-format off
constexpr std::array names = {
    "alternatives", "bash.bashrc", "ca-certificates", "ca-certificates.conf",
    "crypto-policies", "debian_version", "dotnet", "fonts", "fpc.cfg", "gai.conf", "gnucobol",
    "gss", "host.conf", "inputrc", "ld.so.cache", "ld.so.conf", "ld.so.conf.d",
    "ld.so.preload", "localtime", "locale.alias", "locale.conf", "magic", "magic.mime",
    "maven", "mime.types", "mono", "networks", "nsswitch.conf", "os-release", "perl", "php",
    "pki", "profile", "profile.d", "protocols", "R", "redhat-release", "rpc", "services",
    "shells", "ssl", "terminfo", "texmf", "timezone"};
// clang-format on
constexpr std::array prefixes = {"java", "python3"};

struct Item {
  std::string source, below;  // on the host, in the folder
  mode_t kind = 0;
  bool executable = false;
  std::string link;   // its target
  std::string state;  // changes whenever the content does
};

struct Listing {
  std::vector<Item> items;
  std::size_t bytes = 0;
};
constexpr std::size_t most_items = 4000, most_bytes = 16 << 20;

bool for_everybody(const struct stat& status) {
  const mode_t needed = S_ISDIR(status.st_mode) ? S_IROTH | S_IXOTH : S_IROTH;
  return (status.st_mode & needed) == needed;
}

// A link that stands in /etc itself is followed, unless it leads into /usr: what it is called there
// can matter (the time zone's name).
void list(const std::string& source, const std::string& below, bool top, Listing& all) {
  if (all.items.size() > most_items || all.bytes > most_bytes) return;
  struct stat status {};
  if (lstat(source.c_str(), &status) != 0) return;
  if (top && S_ISLNK(status.st_mode) && !at_or_below(real_path(source), "/usr") &&
      stat(source.c_str(), &status) != 0)
    return;
  Item item{source, below, status.st_mode & S_IFMT, (status.st_mode & S_IXOTH) != 0, {}, {}};
  std::error_code error;
  if (S_ISLNK(item.kind)) {
    item.link = fs::read_symlink(source, error).string();
  } else if ((!S_ISREG(item.kind) && !S_ISDIR(item.kind)) || !for_everybody(status)) {
    return;
  }
  item.state = item.below + "\n" + item.link + "\n" + std::to_string(status.st_mode);
  if (S_ISREG(item.kind)) {
    for (const long long part :
         {static_cast<long long>(status.st_ino), static_cast<long long>(status.st_size),
          static_cast<long long>(status.st_mtim.tv_sec),
          static_cast<long long>(status.st_mtim.tv_nsec),
          static_cast<long long>(status.st_ctim.tv_sec),
          static_cast<long long>(status.st_ctim.tv_nsec)})
      item.state += " " + std::to_string(part);
    all.bytes += static_cast<std::size_t>(status.st_size);
  }
  const bool folder = S_ISDIR(item.kind);
  all.items.push_back(std::move(item));
  if (!folder) return;
  std::vector<std::string> children;
  for (const auto& entry : fs::directory_iterator(source, error))
    children.push_back(entry.path().filename().string());
  std::sort(children.begin(), children.end());
  for (const auto& name : children) list(source + "/" + name, below + "/" + name, false, all);
}

// The umask has no say: commands run as another user.
Result<void> put(const fs::path& target, std::string_view content, mode_t mode) {
  MIX_OK(write_quickly(target, content, mode));
  if (chmod(target.c_str(), mode) == 0) return {};
  return fail(io_error(errno, "cannot be opened to all", target.string()));
}

Result<void> copy(const Item& item, const fs::path& folder) {
  const fs::path target = folder / item.below;
  if (S_ISDIR(item.kind)) {
    MIX_OK(make_directories(target, 0755));
    if (chmod(target.c_str(), 0755) == 0) return {};
    return fail(io_error(errno, "cannot be opened to all", target.string()));
  }
  if (S_ISLNK(item.kind)) {
    std::error_code error;
    fs::create_symlink(item.link, target, error);
    if (error) return fail(io_error(error.value(), "cannot be made", target.string()));
    return {};
  }
  MIX_TRY(const std::string content, read_file(item.source, most_bytes));
  return put(target, content, item.executable ? 0555 : 0444);
}

Result<void> fill(const fs::path& folder, const Listing& all) {
  for (const Item& item : all.items) {
    auto copied = copy(item, folder);
    // What vanished meanwhile, or is closed by other means, is not there.
    if (!copied && S_ISREG(item.kind) && access(item.source.c_str(), R_OK) != 0) continue;
    MIX_OK(copied);
  }
  MIX_OK(put(folder / "hosts",
             "127.0.0.1 localhost sandbox\n::1 localhost ip6-localhost ip6-loopback\n", 0444));
  MIX_OK(put(folder / "hostname", "sandbox\n", 0444));
  for (const char* name : {"passwd", "group", "resolv.conf"}) {
    const Item link{{}, name, S_IFLNK, false, std::string("../run/mixagent/") + name, {}};
    MIX_OK(copy(link, folder));
  }
  return {};
}

// Of states that nobody has started with for a month.
void remove_old(const fs::path& cache) {
  std::error_code error;
  const auto limit = fs::file_time_type::clock::now() - std::chrono::hours(24 * 30);
  for (const auto& entry : fs::directory_iterator(cache, error))
    if (entry.path().filename().string().rfind("etc-", 0) == 0 &&
        fs::last_write_time(entry.path(), error) < limit && !error)
      (void)remove_tree(entry.path());
}

}  // namespace

std::vector<std::string> etc_entries() {
  std::vector<std::string> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/etc", error)) {
    const std::string name = entry.path().filename().string();
    auto begins = [&](std::string_view prefix) { return name.rfind(prefix, 0) == 0; };
    if (std::find(names.begin(), names.end(), name) != names.end() ||
        std::any_of(prefixes.begin(), prefixes.end(), begins))
      found.push_back("/etc/" + name);
  }
  std::sort(found.begin(), found.end());
  return found;
}

Result<EtcFolder> prepare_etc(const std::vector<std::string>& entries, const fs::path& cache) {
  EtcFolder result;
  Listing all;
  for (const std::string& entry : entries) {
    const std::string name = fs::path(entry).filename().string();
    Listing one;
    list(entry, name, true, one);
    if (one.items.size() > most_items || one.bytes > most_bytes) {
      const bool folder = S_ISDIR(one.items[0].kind);
      one.items.clear();
      if (!folder) continue;
      result.large.push_back({real_path(entry), "/etc/" + name});
      one.items.push_back(Item{{}, name, S_IFDIR, false, {}, name});
    }
    for (Item& item : one.items) all.items.push_back(std::move(item));
  }
  // The form of the folder; and a power cut may have emptied what was written before it.
  std::string states = "2\n" + read_file("/proc/sys/kernel/random/boot_id").value_or("");
  for (const Item& item : all.items) states += item.state + "\n";
  const fs::path folder = cache / ("etc-" + sha256_hex(states).substr(0, 16));
  result.path = folder.string();
  if (utimensat(AT_FDCWD, folder.c_str(), nullptr, 0) == 0) return result;

  MIX_OK(make_directories(cache));
  remove_old(cache);
  std::string fresh = (cache / "etc-XXXXXX").string();
  if (mkdtemp(fresh.data()) == nullptr)
    return fail(io_error(errno, "no folder can be made", fresh));
  auto made = fill(fresh, all);
  if (made && chmod(fresh.c_str(), 0755) == 0 && rename(fresh.c_str(), folder.c_str()) == 0)
    return result;
  (void)remove_tree(fresh);
  MIX_OK(made);
  if (!folder_exists(folder))  // else another process was first
    return fail(io_error(errno, "cannot be put in place", folder.string()));
  return result;
}

}  // namespace mixagent

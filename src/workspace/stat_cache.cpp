#include "workspace/stat_cache.h"

#include "system/files.h"

#include <charconv>

namespace mixagent {
namespace {

constexpr std::string_view header = "mixagent stat cache 1\n";

// One number and the separator after it, taken off the front.
template <class T>
bool take_number(std::string_view& text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end == text.data() + text.size()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return true;
}

}  // namespace

// Records are "size mtime ctime inode mode blob path\0": a path may hold a newline.
StatCache StatCache::load(const std::filesystem::path& file) {
  StatCache cache;
  const auto text = read_file(file);
  if (!text || text->compare(0, header.size(), header) != 0) return cache;
  std::string_view rest = *text;
  rest.remove_prefix(header.size());
  for (auto end = rest.find('\0'); end != std::string_view::npos; end = rest.find('\0')) {
    auto record = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    Seen seen;
    int mode = 0;
    const bool numbers = take_number(record, seen.size) && take_number(record, seen.mtime_ns) &&
                         take_number(record, seen.ctime_ns) && take_number(record, seen.inode) &&
                         take_number(record, mode);
    if (!numbers || record.size() < 66 || mode < 0 || mode > 2) return {};
    seen.entry = {BlobId{std::string(record.substr(0, 64))}, static_cast<FileMode>(mode),
                  seen.size};
    cache.seen_.emplace(record.substr(65), std::move(seen));
  }
  return cache;
}

Result<void> StatCache::save(const std::filesystem::path& file) const {
  std::string text(header);
  for (const auto& [path, seen] : seen_) {
    for (const auto number : {seen.size, seen.mtime_ns, seen.ctime_ns})
      text += std::to_string(number) + ' ';
    text +=
        std::to_string(seen.inode) + ' ' + std::to_string(static_cast<int>(seen.entry.mode)) + ' ';
    text += seen.entry.blob.text + ' ' + path + '\0';
  }
  return write_quickly(file, text);
}

std::optional<TreeEntry> StatCache::find(const std::string& path, const FileStat& status) const {
  const auto found = seen_.find(path);
  if (found == seen_.end()) return std::nullopt;
  const auto& seen = found->second;
  const bool same = seen.size == status.size && seen.mtime_ns == status.mtime_ns &&
                    seen.ctime_ns == status.ctime_ns && seen.inode == status.inode;
  return same ? std::optional(seen.entry) : std::nullopt;
}

std::optional<std::int64_t> StatCache::modified_ns(const std::string& path,
                                                   const BlobId& blob) const {
  const auto found = seen_.find(path);
  if (found == seen_.end() || found->second.entry.blob != blob) return std::nullopt;
  return found->second.mtime_ns;
}

void StatCache::remember(const std::string& path, const FileStat& status, const TreeEntry& entry,
                         std::int64_t read_at_ns) {
  if (status.ctime_ns >= read_at_ns) return;
  seen_[path] = {status.size, status.mtime_ns, status.ctime_ns, status.inode, entry};
}

}  // namespace mixagent

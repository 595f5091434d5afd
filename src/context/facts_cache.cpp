#include "context/facts_cache.h"

#include "system/files.h"

#include <algorithm>
#include <cstring>

namespace mixagent {

namespace {

constexpr std::uint32_t magic = 0x4d58'4631, version = 1;
constexpr std::size_t header = 5;             // magic, version, variant, checksum
constexpr std::size_t most_recent = 1 << 18;  // words, beyond a quarter of the large file
constexpr std::size_t most_bytes = std::size_t{1} << 30;

std::uint64_t checksum(std::span<const std::uint32_t> words) {
  std::uint64_t sum = 0x9e37'79b9'7f4a'7c15U;
  for (const std::uint32_t word : words) sum = (sum ^ word) * 0xff51'afd7'ed55'8ccdU;
  return sum ^ (sum >> 29U);
}

std::uint32_t digit(char c) {
  return static_cast<std::uint32_t>(c <= '9' ? c - '0' : c - 'a' + 10) & 15U;
}

}  // namespace

FactsCache::FactsCache(std::filesystem::path folder, std::uint32_t variant)
    : folder_(std::move(folder)), variant_(variant) {
  if (folder_.empty()) return;
  load("facts", base_, false);
  load("facts-recent", recent_, true);
}

FactsCache::Key FactsCache::key_of(const BlobId& blob) {
  Key key{};
  for (std::size_t i = 0; i < blob.text.size() && i < 64; ++i) {
    key[i / 8] = (key[i / 8] << 4U) | digit(blob.text[i]);
  }
  return key;
}

void FactsCache::load(const char* name, std::vector<std::uint32_t>& words, bool recent) {
  const auto bytes = read_file(folder_ / name, most_bytes);
  if (!bytes || bytes->size() % 4 != 0 || bytes->size() < header * 4) return;
  words.resize(bytes->size() / 4);
  std::memcpy(words.data(), bytes->data(), bytes->size());
  const std::span<const std::uint32_t> body = std::span(words).subspan(header);
  const std::uint64_t sum = words[3] | (std::uint64_t{words[4]} << 32U);
  if (words[0] != magic || words[1] != version || words[2] != variant_ || checksum(body) != sum) {
    words.clear();
    return;
  }
  constexpr std::size_t key_words = std::tuple_size_v<Key>;
  for (std::size_t at = 0; at + key_words < body.size();) {
    Key key;
    std::copy_n(body.begin() + static_cast<std::ptrdiff_t>(at), key_words, key.begin());
    const std::size_t size = body[at + key_words];
    at += key_words + 1;
    if (size > body.size() - at) return;
    places_[key] = {body.subspan(at, size), recent, false};
    at += size;
  }
}

bool FactsCache::find(const BlobId& blob, FactsView& view) {
  const auto found = places_.find(key_of(blob));
  if (found == places_.end() || !read_facts(found->second.packed, view)) return false;
  found->second.used = true;
  return true;
}

void FactsCache::add(const BlobId& blob, std::vector<std::uint32_t> packed) {
  added_.push_back(std::move(packed));
  places_[key_of(blob)] = {added_.back(), true, true};
}

void FactsCache::write(const char* name, bool all) {
  std::vector<std::uint32_t> words = {magic, version, variant_, 0, 0};
  for (const auto& [key, place] : places_) {
    if (all ? !place.used : !place.recent) continue;
    words.insert(words.end(), key.begin(), key.end());
    words.push_back(static_cast<std::uint32_t>(place.packed.size()));
    words.insert(words.end(), place.packed.begin(), place.packed.end());
  }
  const std::uint64_t sum = checksum(std::span(words).subspan(header));
  words[3] = static_cast<std::uint32_t>(sum);
  words[4] = static_cast<std::uint32_t>(sum >> 32U);
  std::string bytes(words.size() * 4, '\0');
  std::memcpy(bytes.data(), words.data(), bytes.size());
  // A cache that cannot be written is slow, not wrong.
  (void)write_quickly(folder_ / name, bytes);
}

void FactsCache::save() {
  if (folder_.empty() || added_.empty() || !make_directories(folder_)) return;
  std::size_t news = recent_.size();
  for (const auto& packed : added_) news += packed.size();
  if (news <= base_.size() / 4 + most_recent) return write("facts-recent", false);
  write("facts", true);
  std::error_code none;
  std::filesystem::remove(folder_ / "facts-recent", none);
}

}  // namespace mixagent

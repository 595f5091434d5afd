#include "cli/live_models.h"

#include "base/digest.h"
#include "system/files.h"
#include "system/folders.h"

namespace mixagent {

namespace {

constexpr std::int64_t young_ms = 24 * 3'600'000LL;
constexpr std::size_t largest_cache = 16u << 20;

// Another address is another list.
std::filesystem::path cache_file(const Provider& provider, const CliContext& context) {
  return cache_folder(context.env) / "models" /
         (sha256_hex(provider.name + "\n" + provider.base_url).substr(0, 16) + ".json");
}

LiveModels from_cache(const std::filesystem::path& file, std::int64_t now_ms) {
  LiveModels live;
  const auto text = read_file(file, largest_cache);
  if (!text) return live;
  auto cached = decode_model_list(*text);
  if (!cached || cached->fetched_ms > now_ms) return live;
  live.models = std::move(cached->models);
  live.age_ms = now_ms - cached->fetched_ms;
  live.known = true;
  return live;
}

}  // namespace

LiveModels live_models(const Provider& provider, const ModelsOptions& options,
                       const CliContext& context, std::int64_t now_ms) {
  const auto file = cache_file(provider, context);
  auto live = from_cache(file, now_ms);
  const bool young = live.known && live.age_ms < young_ms && !options.refresh;
  if (young || options.offline || !options.fetch) return live;
  auto fetched = options.fetch(provider);
  if (!fetched) {
    live.trouble = std::move(fetched.error());
    return live;
  }
  // A cache that cannot be written only costs another request.
  if (make_directories(file.parent_path())) {
    (void)write_quickly(file, encode_model_list(*fetched, now_ms));
  }
  return {std::move(*fetched), 0, std::nullopt, true};
}

}  // namespace mixagent

#include "mixagent/journal.h"

namespace mixagent {

Result<std::string> Journal::once(const std::string& key, const std::string& hash,
                                  const std::function<Result<std::string>()>& effect) {
  MIX_TRY(auto known, recorded(key, hash));
  if (known) return *std::move(known);
  MIX_TRY(std::string value, effect());
  MIX_TRY(const BlobId blob, put(value));
  MIX_OK(append(EffectCompleted{key, hash, blob.text}));
  return value;
}

}  // namespace mixagent

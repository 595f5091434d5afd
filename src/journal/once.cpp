#include "mixagent/journal.h"

namespace mixagent {

Result<std::string> Journal::once(const std::string& key, const std::string& hash,
                                  const std::function<Result<std::string>()>& effect) {
  MIX_TRY(auto before, recorded(key, hash));
  if (before) return *std::move(before);
  MIX_TRY(auto value, effect());
  MIX_TRY(const auto blob, put(value));
  MIX_OK(append(EffectCompleted{key, hash, blob.text}));
  return value;
}

}  // namespace mixagent

#include "support/memory_journal.h"

#include "base/digest.h"

namespace mixagent {

MemoryJournal::MemoryJournal(Clock& clock, std::vector<Event> events,
                             std::map<std::string, std::string> blobs)
    : clock_(clock),
      run_(events.empty() ? RunId{"test-run"} : events.front().run),
      events_(std::move(events)),
      blobs_(std::move(blobs)) {}

Result<Event> MemoryJournal::append(Fact fact) {
  // The listener runs under the lock: facts reach it in their order.
  const std::lock_guard lock(mutex_);
  if (events_.size() >= full_after_ || (refuse_ && refuse_(fact)))
    return fail(ErrorCode::io, "no space left on device", "journal");
  Event event;
  event.seq = static_cast<std::int64_t>(events_.size()) + 1;
  event.at_ms = clock_.wall_ms();
  event.run = run_;
  event.fact = std::move(fact);
  events_.push_back(event);
  if (listener_) listener_(event);
  return event;
}

Result<BlobId> MemoryJournal::put(std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  BlobId id{sha256_hex(bytes)};
  blobs_[id.text] = std::string(bytes);
  return id;
}

Result<std::string> MemoryJournal::get(const BlobId& blob) {
  const std::lock_guard lock(mutex_);
  const auto found = blobs_.find(blob.text);
  if (found == blobs_.end()) return fail(ErrorCode::corrupt, "no such body", blob.text);
  return found->second;
}

Result<std::optional<std::string>> MemoryJournal::recorded(const std::string& key,
                                                           const std::string& hash) {
  std::string recorded_hash, blob;
  for (const Event& event : events()) {
    if (const auto* started = std::get_if<CallStarted>(&event.fact);
        started && started->key == key) {
      recorded_hash = started->hash;
    } else if (const auto* done = std::get_if<CallCompleted>(&event.fact);
               done && done->key == key) {
      blob = done->reply;
    } else if (const auto* effect = std::get_if<EffectCompleted>(&event.fact);
               effect && effect->key == key) {
      recorded_hash = effect->hash;
      blob = effect->value;
    }
  }
  if (blob.empty()) return std::nullopt;
  if (recorded_hash != hash) return fail(ErrorCode::corrupt, "recorded for another request", key);
  MIX_TRY(auto bytes, get(BlobId{blob}));
  return std::optional<std::string>(std::move(bytes));
}

std::vector<Event> MemoryJournal::events() {
  const std::lock_guard lock(mutex_);
  return events_;
}

void MemoryJournal::listen(std::function<void(const Event&)> listener) {
  const std::lock_guard lock(mutex_);
  listener_ = std::move(listener);
}

std::map<std::string, std::string> MemoryJournal::blobs() {
  const std::lock_guard lock(mutex_);
  return blobs_;
}

std::vector<std::string> MemoryJournal::types() {
  std::vector<std::string> names;
  for (const Event& event : events()) names.emplace_back(type_of(event.fact));
  return names;
}

}  // namespace mixagent

#pragma once
// The run's facts in memory: the second implementation of the port in mixagent/journal.h.
// Thread-safe.

#include "mixagent/clock.h"
#include "mixagent/journal.h"

#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace mixagent {

class MemoryJournal final : public Journal {
 public:
  explicit MemoryJournal(Clock& clock, std::string run = "test-run")
      : clock_(clock), run_{std::move(run)} {}
  // Goes on after these facts, as a resumed run does.
  MemoryJournal(Clock& clock, std::vector<Event> events, std::map<std::string, std::string> blobs);

  Result<Event> append(Fact fact) override;
  Result<void> sync() override { return {}; }
  Result<BlobId> put(std::string_view bytes) override;
  Result<std::string> get(const BlobId& blob) override;
  Result<std::optional<std::string>> recorded(const std::string& key,
                                              const std::string& hash) override;
  std::vector<Event> events() override;
  void listen(std::function<void(const Event&)> listener) override;

  std::map<std::string, std::string> blobs();
  std::vector<std::string> types();  // of the facts, in order
  // All facts of one type, in order.
  template <class T>
  std::vector<T> all() {
    std::vector<T> found;
    for (const Event& event : events()) {
      if (const T* fact = std::get_if<T>(&event.fact)) found.push_back(*fact);
    }
    return found;
  }
  // Appends of these facts fail with io.
  void refuse(std::function<bool(const Fact&)> which) { refuse_ = std::move(which); }
  // Appends after this many facts fail with io: a full disk.
  void full_after(std::size_t facts) { full_after_ = facts; }

 private:
  std::mutex mutex_;
  Clock& clock_;
  RunId run_;
  std::vector<Event> events_;
  std::map<std::string, std::string> blobs_;
  std::function<void(const Event&)> listener_;
  std::size_t full_after_ = SIZE_MAX;
  std::function<bool(const Fact&)> refuse_;
};

}  // namespace mixagent

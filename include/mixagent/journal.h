#pragma once
// The run's one truth: an append-only list of facts and a store of bodies. Implemented in
// journal/journal_file.cpp (disk) and tests/support (memory). Thread-safe. Appending order is the
// order of the run.

#include "mixagent/error.h"
#include "mixagent/event.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mixagent {

class Journal {
 public:
  virtual ~Journal() = default;

  // Written to the file (write(2)) before it returns and before any listener sees it. Facts that
  // cost money or end something are also synced, in the background; `sync` waits for that. Error
  // io: the disk refused; the run must stop.
  virtual Result<Event> append(Fact fact) = 0;
  virtual Result<void> sync() = 0;

  // Bodies by SHA-256 of what is stored; known secrets are replaced by placeholders first.
  virtual Result<BlobId> put(std::string_view bytes) = 0;
  // With the placeholders restored.
  virtual Result<std::string> get(const BlobId& blob) = 0;

  // The reply blob recorded for a model call, or the value blob of an effect, under this key.
  // Same key but another hash: Error `corrupt` (never a silent reuse). No record: empty.
  virtual Result<std::optional<std::string>> recorded(const std::string& key,
                                                      const std::string& hash) = 0;

  // Every fact so far, oldest first.
  virtual std::vector<Event> events() = 0;
  // Runs on the appending thread, in order, after the write. Set before the run starts.
  virtual void listen(std::function<void(const Event&)> listener) = 0;

  // The door for effects that are not model calls: replays the recorded value, else runs `effect`
  // and records its value.
  Result<std::string> once(const std::string& key, const std::string& hash,
                           const std::function<Result<std::string>()>& effect);
};

}  // namespace mixagent

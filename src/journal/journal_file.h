#pragma once
// The journal on disk: a run directory with events.jsonl (one fact a line), blobs/ and lock. One
// process at a time writes it. Owned by the command that runs or resumes; everything else reads
// with journal/reader.h.

#include "journal/blobs.h"
#include "journal/reader.h"
#include "journal/secrets.h"
#include "system/files.h"

#include "mixagent/clock.h"
#include "mixagent/journal.h"

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace mixagent {

class JournalFile final : public Journal {
 public:
  ~JournalFile() override;

  Result<Event> append(Fact fact) override;
  Result<void> sync() override;
  Result<BlobId> put(std::string_view bytes) override;
  Result<std::string> get(const BlobId& blob) override;
  Result<std::optional<std::string>> recorded(const std::string& key,
                                              const std::string& hash) override;
  std::vector<Event> events() override;
  void listen(std::function<void(const Event&)> listener) override;

  const RunId& run() const { return run_; }

 private:
  friend Result<std::unique_ptr<JournalFile>> create_journal(const std::filesystem::path&, RunId,
                                                             Clock&, std::vector<Secret>);
  friend Result<std::unique_ptr<JournalFile>> open_journal(const std::filesystem::path&, Clock&,
                                                           std::vector<Secret>);
  JournalFile(const std::filesystem::path& directory, FileLock lock, AppendFile file, Clock& clock,
              std::vector<Secret> secrets);

  struct Record {
    std::string hash, blob;  // blob: empty until completed
  };
  void remember(const Event& event);
  void sync_until_closed();

  FileLock lock_;
  AppendFile file_;
  Blobs blobs_;
  Clock& clock_;
  const Scrubber scrubber_;
  RunId run_;

  // Held while appending, so that the file, the list and the listeners agree on the order.
  std::mutex append_mutex_;
  std::vector<std::function<void(const Event&)>> listeners_;

  std::mutex mutex_;  // below: what readers and the syncing thread share with append
  std::vector<Event> events_;
  std::map<std::string, Record> records_;
  std::condition_variable changed_;
  std::int64_t sync_wanted_ = 0, sync_done_ = 0;  // seq
  std::optional<Error> sync_error_;
  bool closing_ = false;
  std::thread syncing_;
};

// A new run in `directory`, which must not hold one. Folders 0700, files 0600.
Result<std::unique_ptr<JournalFile>> create_journal(const std::filesystem::path& directory,
                                                    RunId run, Clock& clock,
                                                    std::vector<Secret> secrets);
// Goes on after the last whole line. Error usage when another process has it open, corrupt when it
// does not read back.
Result<std::unique_ptr<JournalFile>> open_journal(const std::filesystem::path& directory,
                                                  Clock& clock, std::vector<Secret> secrets);

}  // namespace mixagent

#include "journal/journal_file.h"

#include "core/codecs.h"

#include <type_traits>
#include <variant>

namespace mixagent {
namespace {

// What must survive a power cut: money that was paid, work that was accepted, the user's tree.
bool must_last(const Fact& fact) {
  return std::visit(
      [](const auto& value) {
        using T = std::decay_t<decltype(value)>;
        return std::is_same_v<T, RunStarted> || std::is_same_v<T, PlanCreated> ||
               std::is_same_v<T, CallCompleted> || std::is_same_v<T, CallRetried> ||
               std::is_same_v<T, CallFailed> || std::is_same_v<T, StepCompleted> ||
               std::is_same_v<T, ChangeIntegrated> || std::is_same_v<T, ChangeApplied> ||
               std::is_same_v<T, RunCompleted>;
      },
      fact);
}

Result<FileLock> take_lock(const std::filesystem::path& directory) {
  const auto path = directory / "lock";
  MIX_TRY(auto lock, FileLock::try_take(path));
  if (lock) return *std::move(lock);
  const auto holder = lock_holder(path);
  return fail(ErrorCode::usage,
              "another process is working on this run" +
                  (holder.empty() ? "" : " (process " + holder + ")"),
              directory.string(), "wait for it, or stop it, then try again");
}

}  // namespace

JournalFile::JournalFile(const std::filesystem::path& directory, FileLock lock, AppendFile file,
                         Clock& clock, std::vector<Secret> secrets)
    : lock_(std::move(lock)),
      file_(std::move(file)),
      blobs_(directory / "blobs"),
      clock_(clock),
      scrubber_(std::move(secrets)) {
  syncing_ = std::thread([this] { sync_until_closed(); });
}

JournalFile::~JournalFile() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_all();
  syncing_.join();
}

Result<Event> JournalFile::append(Fact fact) {
  const std::lock_guard appending(append_mutex_);
  Event event;
  {
    const std::lock_guard lock(mutex_);
    if (sync_error_) return fail(*sync_error_);
    event.seq = static_cast<std::int64_t>(events_.size()) + 1;
  }
  event.at_ms = clock_.wall_ms();
  event.run = run_;
  event.fact = std::move(fact);

  const auto encoded = encode_event(event);
  auto line = scrubber_.scrub_json(encoded);
  if (line != encoded) {
    // Whoever listens sees what was stored, not the secret.
    MIX_TRY(event, decode_event(line));
  }
  line += '\n';
  MIX_OK(file_.append(line));
  {
    const std::lock_guard lock(mutex_);
    remember(event);
    if (must_last(event.fact)) sync_wanted_ = event.seq;
  }
  changed_.notify_all();
  for (const auto& listener : listeners_) listener(event);
  return event;
}

void JournalFile::remember(const Event& event) {
  if (const auto* started = std::get_if<CallStarted>(&event.fact)) {
    records_[started->key] = {started->hash, {}};
  } else if (const auto* completed = std::get_if<CallCompleted>(&event.fact)) {
    records_[completed->key].blob = completed->reply;
  } else if (const auto* effect = std::get_if<EffectCompleted>(&event.fact)) {
    records_[effect->key] = {effect->hash, effect->value};
  }
  events_.push_back(event);
}

Result<void> JournalFile::sync() {
  std::unique_lock lock(mutex_);
  const auto wanted = static_cast<std::int64_t>(events_.size());
  if (sync_wanted_ < wanted) sync_wanted_ = wanted;
  changed_.notify_all();
  changed_.wait(lock, [&] { return sync_done_ >= wanted || sync_error_; });
  if (sync_error_) return fail(*sync_error_);
  return {};
}

void JournalFile::sync_until_closed() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return closing_ || (sync_wanted_ > sync_done_ && !sync_error_); });
    if (sync_wanted_ <= sync_done_ || sync_error_) return;
    const auto reached = static_cast<std::int64_t>(events_.size());
    lock.unlock();
    auto synced = blobs_.sync();  // first: an answer that is recorded must be readable
    if (synced) synced = file_.sync();
    lock.lock();
    if (synced) {
      sync_done_ = reached;
    } else {
      sync_error_ = synced.error();
    }
    changed_.notify_all();
  }
}

Result<BlobId> JournalFile::put(std::string_view bytes) {
  return blobs_.put(scrubber_.scrub(bytes));
}

Result<std::string> JournalFile::get(const BlobId& blob) {
  MIX_TRY(const auto bytes, blobs_.get(blob));
  return scrubber_.restore(bytes);
}

Result<std::optional<std::string>> JournalFile::recorded(const std::string& key,
                                                         const std::string& hash) {
  Record record;
  {
    const std::lock_guard lock(mutex_);
    const auto found = records_.find(key);
    if (found == records_.end() || found->second.blob.empty()) return std::optional<std::string>();
    record = found->second;
  }
  if (record.hash != hash) {
    return fail(ErrorCode::corrupt, "the run recorded another request under this key", key,
                "the program, its prompts or its configuration changed since: start a new run");
  }
  auto bytes = get(BlobId{record.blob});
  if (!bytes) {
    return fail(ErrorCode::corrupt, "the recorded result is gone: " + bytes.error().what,
                bytes.error().where, "restore the run directory from a copy, or start a new run");
  }
  return std::optional<std::string>(*std::move(bytes));
}

std::vector<Event> JournalFile::events() {
  const std::lock_guard lock(mutex_);
  return events_;
}

void JournalFile::listen(std::function<void(const Event&)> listener) {
  const std::lock_guard lock(append_mutex_);
  listeners_.push_back(std::move(listener));
}

Result<std::unique_ptr<JournalFile>> create_journal(const std::filesystem::path& directory,
                                                    RunId run, Clock& clock,
                                                    std::vector<Secret> secrets) {
  MIX_OK(make_directories(directory));
  MIX_TRY(auto lock, take_lock(directory));
  MIX_TRY(auto file, AppendFile::open(directory / "events.jsonl"));
  if (file.size() != 0) {
    return fail(ErrorCode::usage, "this folder holds a run already", directory.string(),
                "resume it with `mixagent resume`, or name another folder");
  }
  MIX_OK(make_directories(directory / "blobs"));
  std::unique_ptr<JournalFile> journal(
      new JournalFile(directory, std::move(lock), std::move(file), clock, std::move(secrets)));
  journal->run_ = std::move(run);
  return journal;
}

Result<std::unique_ptr<JournalFile>> open_journal(const std::filesystem::path& directory,
                                                  Clock& clock, std::vector<Secret> secrets) {
  const auto path = directory / "events.jsonl";
  if (!file_exists(path)) {
    return fail(ErrorCode::not_found, "there is no run here", directory.string(),
                "`mixagent runs` lists the runs of a repository");
  }
  MIX_TRY(auto lock, take_lock(directory));
  MIX_TRY(const auto text, read_file(path));
  MIX_TRY(auto content, parse_journal(text, path.string()));
  if (content.events.empty()) {
    return fail(ErrorCode::not_found, "this run holds no whole event", directory.string(),
                "it ended before it began: start a new run");
  }
  MIX_TRY(auto file, AppendFile::open(path));
  if (file.size() != content.whole_bytes) MIX_OK(file.truncate(content.whole_bytes));
  std::unique_ptr<JournalFile> journal(
      new JournalFile(directory, std::move(lock), std::move(file), clock, std::move(secrets)));
  journal->run_ = content.events.front().run;
  for (const auto& event : content.events) journal->remember(event);
  return journal;
}

}  // namespace mixagent

#include "provider/hedge.h"

#include <array>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

namespace mixagent {

namespace {

class Race {
 public:
  Race(Http& http, const HttpRequest& request, const Cancel& cancel)
      : http_(http), request_(request), cancel_(cancel) {}
  ~Race() {
    for (auto& runner : runners_) runner.stop.request_stop();
    for (auto& runner : runners_) {
      if (runner.thread.joinable()) runner.thread.join();
    }
  }
  Race(const Race&) = delete;
  Race& operator=(const Race&) = delete;

  Result<HttpReply> run(const Hedge& hedge, const std::function<bool(std::string_view)>& on_chunk) {
    start(0);
    if (wait_for(hedge.after, [this] { return decided(); }) == Woken::late && hedge.may_send()) {
      start(1);
    }
    wait([this] { return decided(); });
    return listen(on_chunk);
  }

 private:
  struct Runner {
    std::thread thread;
    std::stop_source stop;
    bool started = false;
    std::optional<HttpReply> head;
    std::string bytes;  // not yet handed on
    std::optional<Result<HttpReply>> end;
  };
  enum class Woken { ready, late, stopped };

  void start(std::size_t me) {
    const std::lock_guard lock(mutex_);
    runners_[me].started = true;
    runners_[me].thread = std::thread([this, me] { send(me); });
  }

  void send(std::size_t me) {
    Runner& runner = runners_[me];
    HttpRequest request = request_;
    request.new_connection = me > 0;
    request.on_head = [&](const HttpReply& head) {
      const std::lock_guard lock(mutex_);
      runner.head = head;
    };
    auto reply = http_.send(
        request,
        [&](std::string_view bytes) {
          const std::lock_guard lock(mutex_);
          if (winner_.value_or(me) != me) return false;
          winner_ = me;
          runner.bytes += bytes;
          changed_.notify_all();
          return true;
        },
        Cancel{runner.stop.get_token(), cancel_.deadline});
    const std::lock_guard lock(mutex_);
    if (reply && reply->status < 300 && !winner_) winner_ = me;
    runner.end = std::move(reply);
    changed_.notify_all();
  }

  // Somebody speaks, or nobody is left who could.
  bool decided() const {
    if (winner_) return true;
    for (const auto& runner : runners_) {
      if (runner.started && !runner.end) return false;
    }
    return true;
  }

  template <class Ready>
  Woken wait_for(std::chrono::milliseconds most, Ready ready) {
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, cancel_.stop, most, ready)) return Woken::ready;
    return cancel_.requested() ? Woken::stopped : Woken::late;
  }
  // A stopped caller stops both; their ends come at once then.
  template <class Ready>
  void wait(Ready ready) {
    std::unique_lock lock(mutex_);
    if (changed_.wait(lock, cancel_.stop, ready)) return;
    for (auto& runner : runners_) runner.stop.request_stop();
    changed_.wait(lock, ready);
  }

  Result<HttpReply> listen(const std::function<bool(std::string_view)>& on_chunk) {
    std::unique_lock lock(mutex_);
    Runner& speaker = runners_[winner_.value_or(0)];
    runners_[1 - winner_.value_or(0)].stop.request_stop();
    if (speaker.head && request_.on_head) {
      const HttpReply head = *speaker.head;
      lock.unlock();
      request_.on_head(head);
      lock.lock();
    }
    while (true) {
      if (!speaker.bytes.empty()) {
        const std::string bytes = std::exchange(speaker.bytes, {});
        lock.unlock();
        const bool more = on_chunk(bytes);
        lock.lock();
        if (!more) speaker.stop.request_stop();
        continue;
      }
      if (speaker.end) return std::move(*speaker.end);
      const auto ready = [&] { return !speaker.bytes.empty() || speaker.end; };
      if (changed_.wait(lock, cancel_.stop, ready)) continue;
      speaker.stop.request_stop();
      changed_.wait(lock, ready);
    }
  }

  Http& http_;
  const HttpRequest& request_;
  const Cancel& cancel_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::array<Runner, 2> runners_;
  std::optional<std::size_t> winner_;
};

}  // namespace

Result<HttpReply> send_hedged(Http& http, const HttpRequest& request, const Hedge& hedge,
                              const std::function<bool(std::string_view)>& on_chunk,
                              const Cancel& cancel) {
  return Race(http, request, cancel).run(hedge, on_chunk);
}

}  // namespace mixagent

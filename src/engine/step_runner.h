#pragma once
// Threads for steps: start one, wait for the next one that ends. One of the few classes with a
// lock.

#include "engine/work.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>

namespace mixagent {

class StepRunner {
 public:
  // `work` must be thread-safe and outlive the runner.
  explicit StepRunner(std::function<StepOutcome(StepJob)> work) : work_(std::move(work)) {}

  void start(StepJob job) {
    ++running_;
    const std::string id = job.step.id;
    threads_[id] = std::jthread([this, job = std::move(job)]() mutable {
      StepOutcome outcome = work_(std::move(job));
      const std::lock_guard lock(mutex_);
      done_.push_back(std::move(outcome));
      changed_.notify_one();
    });
  }

  int running() const { return running_; }

  // Blocks until one has ended. Call only while running() > 0.
  StepOutcome wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !done_.empty(); });
    return take(done_.begin());
  }

  // Blocks until this one has ended. Call only while it runs.
  StepOutcome wait_for(const std::string& id) {
    std::unique_lock lock(mutex_);
    const auto ended = [&] {
      return std::find_if(done_.begin(), done_.end(),
                          [&](const StepOutcome& one) { return one.id == id; });
    };
    changed_.wait(lock, [&] { return ended() != done_.end(); });
    return take(ended());
  }

 private:
  StepOutcome take(std::deque<StepOutcome>::iterator which) {
    StepOutcome outcome = std::move(*which);
    done_.erase(which);
    --running_;
    threads_.erase(outcome.id);  // joined: it had nothing more to do
    return outcome;
  }

  std::function<StepOutcome(StepJob)> work_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<StepOutcome> done_;
  // Owner's thread only. By step; last: joined before the rest goes.
  int running_ = 0;
  std::map<std::string, std::jthread> threads_;
};

}  // namespace mixagent

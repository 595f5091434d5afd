#pragma once
// Threads for steps: start one, wait for the next one that ends. One of the few classes with a lock.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "engine/work.h"

namespace mixagent {

class StepRunner {
 public:
  // `work` must be thread-safe and outlive the runner.
  explicit StepRunner(std::function<StepOutcome(StepJob)> work) : work_(std::move(work)) {}

  void start(StepJob job) {
    ++running_;
    threads_.emplace_back([this, job = std::move(job)]() mutable {
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
    StepOutcome outcome = std::move(done_.front());
    done_.pop_front();
    --running_;
    return outcome;
  }

 private:
  std::function<StepOutcome(StepJob)> work_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<StepOutcome> done_;
  int running_ = 0;                   // owner's thread only
  std::vector<std::jthread> threads_; // last: joined before the rest goes
};

}  // namespace mixagent

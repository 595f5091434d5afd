#pragma once
// A console without a terminal, prompts without templates and a ledger of two numbers: second
// implementations of the small ports. Thread-safe.

#include "mixagent/console.h"
#include "mixagent/prompts.h"
#include "mixagent/tools.h"

#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace mixagent {

class FakeConsole final : public Console {
 public:
  // With answers it is interactive and gives them in order; then it has none.
  explicit FakeConsole(std::deque<std::string> answers = {})
      : interactive_(!answers.empty()), answers_(std::move(answers)) {}

  void progress(const std::string& step, std::string_view text) override {
    const std::lock_guard lock(mutex_);
    progress_.push_back(step + ": " + std::string(text));
  }
  std::optional<std::string> ask(std::string_view question) override {
    const std::lock_guard lock(mutex_);
    questions_.emplace_back(question);
    if (answers_.empty()) return {};
    std::string answer = std::move(answers_.front());
    answers_.pop_front();
    return answer;
  }
  bool interactive() const override { return interactive_; }

  std::vector<std::string> questions() const {
    const std::lock_guard lock(mutex_);
    return questions_;
  }

 private:
  mutable std::mutex mutex_;
  const bool interactive_;
  std::deque<std::string> answers_;
  std::vector<std::string> questions_, progress_;
};

// "{work}" and a line "name=value" for every value: tests see what was handed over, not how it is
// worded.
class FakePrompts final : public Prompts {
 public:
  Result<std::string> render(std::string_view name, const PromptValues& values) const override {
    return "{" + std::string(name) + "}\n" + lines(values, "");
  }

 private:
  static std::string lines(const PromptValues& values, const std::string& indent) {
    std::string out;
    for (const auto& [key, text] : values.text) out += indent + key + "=" + text + "\n";
    for (const auto& [key, flag] : values.flags) out += indent + key + (flag ? "=yes\n" : "=no\n");
    for (const auto& [key, items] : values.lists) {
      for (const auto& item : items) out += indent + key + "[]\n" + lines(item, indent + "  ");
    }
    return out;
  }
};

// Counts what this process spends on top of what others did.
class FakeLedger final : public SpendLedger {
 public:
  SharedSpend others;

  std::int64_t hold(
      const std::function<std::optional<Money>(const SharedSpend&)>& choose) override {
    const std::lock_guard lock(mutex_);
    const auto amount = choose(all());
    if (!amount) return 0;
    held_[++last_] = *amount;
    return last_;
  }
  SharedSpend settle(std::int64_t hold, Money actual) override {
    const std::lock_guard lock(mutex_);
    held_.erase(hold);
    spent_ += actual;
    return all();
  }
  std::size_t open() {
    const std::lock_guard lock(mutex_);
    return held_.size();
  }

 private:
  SharedSpend all() const {
    SharedSpend sum = others;
    Money open;
    for (const auto& [id, amount] : held_) open += amount;
    sum.open += open;
    sum.today += spent_ + open;
    sum.month += spent_ + open;
    return sum;
  }

  std::mutex mutex_;
  std::map<std::int64_t, Money> held_;
  Money spent_;
  std::int64_t last_ = 0;
};

}  // namespace mixagent

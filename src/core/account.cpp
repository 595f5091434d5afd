#include "core/account.h"

#include <algorithm>
#include <map>
#include <type_traits>
#include <utility>

namespace mixagent {

namespace {

// Facts in order, each seen with the fold before and after it: what a row costs is what the fold
// made of the fact.
class Book {
 public:
  void add(const Event& event) {
    if (std::holds_alternative<RunStarted>(event.fact) ||
        std::holds_alternative<RunResumed>(event.fact)) {
      lose_open_calls();
    }
    const Money before = account_.state.spent;
    apply(account_.state, event);
    now_ = event.at_ms;
    cost_ = account_.state.spent - before;
    std::visit([this](const auto& fact) { note(fact); }, event.fact);
  }

  Account close() {
    lose_open_calls();
    settle_waste();
    for (AttemptRow& row : account_.attempts) {
      complete(row);
      if (const auto* step = step_of(row.step)) {
        const auto money = step->attempt_money.find(row.attempt);
        if (money != step->attempt_money.end()) {
          row.cost = money->second.cost;
          if (money->second.wasted) row.wasted = row.cost;
        }
      }
    }
    for (const std::string& id : account_.state.order) add_step(id);
    return std::move(account_);
  }

 private:
  struct Begun {
    std::string provider;
    int attempt = 0;
  };

  template <class T>
  void note(const T&) {}
  void note(const CallStarted& fact) {
    begun_[fact.key] = {fact.provider, fact.attempt};
    providers_[fact.model] = fact.provider;
  }
  void note(const CallCompleted& fact) {
    providers_[fact.model] = fact.provider;
    CallRow row = row_of(fact.key, fact.step, fact.seat, fact.model, "ok", "");
    row.usage = fact.usage;
    row.ms = fact.ms;
    account_.calls.push_back(std::move(row));
  }
  void note(const CallRetried& fact) {
    account_.calls.push_back(
        row_of(fact.key, fact.step, fact.seat, fact.model, "retried", fact.kind));
  }
  void note(const CallFailedOver& fact) {
    account_.calls.push_back(
        row_of(fact.key, fact.step, fact.seat, fact.from, "failed_over", fact.kind));
  }
  void note(const CallFailed& fact) {
    account_.calls.push_back(
        row_of(fact.key, fact.step, fact.seat, fact.model, "failed", fact.kind));
  }
  // Told again on resume, with everything that follows: the last telling counts.
  void note(const AttemptStarted& fact) {
    AttemptRow& row = attempt(fact.step, fact.attempt);
    row = {};
    row.step = fact.step;
    row.attempt = fact.attempt;
    row.rung = fact.rung;
    row.seat = fact.seat;
    row.model = fact.model;
    row.at_ms = now_;
  }
  void note(const AttemptCompleted& fact) {
    attempt(fact.step, fact.attempt).outcome = fact.outcome;
  }
  void note(const ToolCompleted& fact) {
    if (fact.attempt == 0) return;
    AttemptRow& row = attempt(fact.step, fact.attempt);
    if (fact.name == "edit_file") {
      ++row.edits;
      if (!fact.ok) ++row.edits_bad;
    } else if (fact.name == "write_file") {
      ++row.wholes;
      if (!fact.ok) ++row.wholes_bad;
    }
  }
  void note(const Escalated& fact) {
    for (auto row = account_.attempts.rbegin(); row != account_.attempts.rend(); ++row) {
      if (row->step != fact.step || row->model != fact.from) continue;
      row->climbed = true;
      return;
    }
  }

  CallRow row_of(const std::string& key, const std::string& step, const std::string& seat,
                 const std::string& model, const char* outcome, const std::string& kind) {
    CallRow row;
    row.key = key;
    row.step = step;
    row.seat = seat;
    row.model = model;
    row.outcome = outcome;
    row.kind = kind;
    if (const auto begun = begun_.find(key); begun != begun_.end()) {
      row.attempt = begun->second.attempt;
    }
    row.cost = cost_;
    row.at_ms = now_;
    return row;
  }

  void lose_open_calls() {
    for (const auto& [key, call] : account_.state.open) {
      cost_ = call.reserved;
      CallRow row = row_of(key, call.step, call.seat, call.model, "lost", "");
      row.at_ms = call.since_ms;
      account_.calls.push_back(std::move(row));
    }
  }

  // A call is wasted when nothing came of it, when its reply was discarded afterwards, or with the
  // attempt that it was made for.
  void settle_waste() {
    for (CallRow& row : account_.calls) {
      complete(row);
      const auto settled = account_.state.settled.find(row.key);
      bool wasted = row.outcome != "ok" || settled == account_.state.settled.end();
      if (!wasted && settled->second.attempt > 0) {
        const auto* step = step_of(row.step);
        const auto money = step->attempt_money.find(settled->second.attempt);
        wasted = money != step->attempt_money.end() && money->second.wasted;
      }
      if (wasted) row.wasted = row.cost;
    }
  }

  template <class Row>
  void complete(Row& row) {
    row.provider = providers_[row.model];
    const auto* step = step_of(row.step);
    if (step == nullptr) return;
    row.action = std::string(enum_name(step->step.action));
    if constexpr (std::is_same_v<Row, CallRow>) {
      const auto same = [&row](const AttemptRow& one) {
        return one.step == row.step && one.attempt == row.attempt;
      };
      const auto found = std::find_if(account_.attempts.begin(), account_.attempts.end(), same);
      if (found != account_.attempts.end()) row.rung = found->rung;
    } else {
      row.difficulty = std::string(enum_name(step->step.difficulty));
    }
  }

  void add_step(const std::string& id) {
    const StepState& step = account_.state.steps.at(id);
    StepRow row;
    row.step = id;
    row.title = step.step.title;
    row.seat = step.seat;
    row.model = step.model;
    row.status = std::string(enum_name(step.phase));
    row.attempts = step.attempts;
    row.cost = step.cost;
    row.wasted = step.wasted;
    row.at_ms = account_.state.started_ms;
    complete(row);
    account_.steps.push_back(std::move(row));
  }

  AttemptRow& attempt(const std::string& step, int number) {
    const auto same = [&](const AttemptRow& row) {
      return row.step == step && row.attempt == number;
    };
    const auto found = std::find_if(account_.attempts.begin(), account_.attempts.end(), same);
    if (found != account_.attempts.end()) return *found;
    AttemptRow row;
    row.step = step;
    row.attempt = number;
    return account_.attempts.emplace_back(std::move(row));
  }

  const StepState* step_of(const std::string& id) const {
    const auto found = account_.state.steps.find(id);
    return found == account_.state.steps.end() ? nullptr : &found->second;
  }

  Account account_;
  std::map<std::string, Begun> begun_;            // by call key
  std::map<std::string, std::string> providers_;  // by model
  std::int64_t now_ = 0;
  Money cost_;
};

}  // namespace

Account account_of(const std::vector<Event>& events) {
  Book book;
  for (const Event& event : events) book.add(event);
  return book.close();
}

}  // namespace mixagent

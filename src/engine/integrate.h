#pragma once
// Brings accepted changes together, three-way, in the order in which they are added. A batch of
// them is checked at once, when something needs the result; only when that fails, it is bisected to
// the step at fault, and the others stay. Used by the scheduling thread.

#include "engine/work.h"

#include <string>
#include <vector>

namespace mixagent {

class Integration {
 public:
  // A step that fits, with the head that holds it.
  struct Member {
    const Step* step;
    StepOutcome outcome;
    Tree head;
    std::vector<std::string> resolved = {};  // files whose conflicts a model settled
  };
  // A step that has to be done again on what is good, and why.
  struct Setback {
    Member member;
    std::string problem;
  };
  struct Settled {
    std::vector<Member> accepted;
    std::vector<Setback> back;
    std::vector<CheckRecord> checks;  // that passed, on the trees that became good
    std::optional<Error> error;       // the world's: then some are in neither list, but here
    std::vector<Member> left;
  };

  // `key`: prefix of every recorded effect.
  Integration(RunContext& run, Tree head, std::string key)
      : run_(run), good_(std::move(head)), key_(std::move(key)) {}

  // The tree whose checks passed: what steps start from.
  const Tree& good() const { return good_; }
  const std::vector<Member>& batch() const { return batch_; }

  // The problem where it cannot be brought together with what came before; else it is in the batch.
  Result<std::string> add(Member member);
  // Checks the batch, which is empty afterwards.
  Settled settle();

 private:
  const Tree& head() const { return batch_.empty() ? good_ : batch_.back().head; }
  Result<void> settle_into(Settled& out);
  Result<std::string> fault_in(std::size_t count);
  Result<std::size_t> first_at_fault(std::string& problem, Settled& out);
  Result<void> accept(std::size_t count, Settled& out);
  std::vector<Check> checks_of(std::size_t count) const;
  std::string others_at(const std::vector<std::string>& paths) const;

  RunContext& run_;
  Tree good_;
  const std::string key_;
  std::vector<Member> batch_;
  struct Done {
    std::string title;
    std::vector<std::string> paths;
  };
  std::vector<Done> done_;                // accepted so far
  std::vector<CheckRecord> last_checks_;  // of the last fault_in
};

}  // namespace mixagent

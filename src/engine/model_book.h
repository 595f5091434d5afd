#pragma once
// What is known about the models: from earlier runs, and from the calls of this one. Thread-safe.

#include "core/calibration.h"

#include "mixagent/model.h"
#include "mixagent/tools.h"

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>

namespace mixagent {

// What decides how a request is built. Settled once a run and recorded: a resumed run must build
// the same requests, whatever was learned since.
struct ModelTraits {
  EditFormat edits = EditFormat::blocks;
  std::int64_t permille = 1000;  // of a budget in tokens, what estimate_tokens() may measure

  std::int64_t as_estimate(std::int64_t tokens) const { return tokens * permille / 1000; }
};

class ModelBook {
 public:
  explicit ModelBook(Tools& tools);

  Result<ModelTraits> traits(const Model& model);
  // How the model counts tokens, as far as is known by now. Decides about money, never about text.
  Calibration tokens(const std::string& model);
  void learn(const CallCompleted& call);
  void learn(const AttemptCompleted& attempt);
  // The median cost of the attempts by this model that were accepted in this run; zero while there
  // are too few to speak of.
  Money usual_cost(const std::string& model);

 private:
  Calibration& calibration(const std::string& model);  // under the lock

  using AttemptName = std::pair<std::string, int>;  // step, number
  struct Costs {
    std::map<AttemptName, Money> all;
    std::set<AttemptName> accepted;
  };

  Tools& tools_;
  std::mutex settling_;  // two steps that begin at once settle a model's traits once
  std::mutex mutex_;
  std::map<std::string, Calibration> tokens_;
  std::map<std::string, Costs> costs_;  // by model
};

}  // namespace mixagent

#include "mixagent/model.h"

namespace mixagent {

const Model* Lineup::model(const std::string& name) const {
  const auto found = models.find(name);
  return found == models.end() ? nullptr : &found->second;
}

const Seat* Lineup::seat(const std::string& name) const {
  const auto found = seats.find(name);
  return found == seats.end() ? nullptr : &found->second;
}

}  // namespace mixagent

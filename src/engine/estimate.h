#pragma once
// What a plan will cost, roughly, before anybody works on it. Pure.

#include "mixagent/model.h"
#include "mixagent/money.h"
#include "mixagent/plan.h"

#include <string>

namespace mixagent {

// If every step is done at its first rung in a few calls. A guess by size, said as such.
Money estimate(const Plan& plan, const Lineup& lineup);
// The plan as a person is asked about it: a line a step, with seat, model and price.
std::string plan_view(const Plan& plan, const Lineup& lineup);

}  // namespace mixagent

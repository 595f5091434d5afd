#pragma once
// The nouns and contracts of mixagent, in the order in which a newcomer reads them.

#include "mixagent/cancel.h"      // ports from here on: stop and deadline
#include "mixagent/change.h"      // trees and differences of trees
#include "mixagent/chat_model.h"  // asking a model
#include "mixagent/clock.h"       // time and chance
#include "mixagent/config.h"      // settings
#include "mixagent/console.h"     // people
#include "mixagent/error.h"       // what can go wrong in the world
#include "mixagent/event.h"       // everything that happens
#include "mixagent/fields.h"      // how a struct names its fields once
#include "mixagent/goal.h"        // what the user asked for
#include "mixagent/http.h"        // one exchange
#include "mixagent/ids.h"         // names that must not be mixed up
#include "mixagent/journal.h"     // the one truth
#include "mixagent/message.h"     // the neutral conversation
#include "mixagent/model.h"       // providers, models, seats
#include "mixagent/money.h"       // picodollars
#include "mixagent/plan.h"        // what the planner orders
#include "mixagent/process.h"     // starting programs
#include "mixagent/prompts.h"     // texts
#include "mixagent/result.h"      // what a run ends with
#include "mixagent/review.h"      // what the reviewer says
#include "mixagent/run_state.h"   // what the facts add up to
#include "mixagent/sandbox.h"     // running what a model wrote
#include "mixagent/tools.h"       // all of the above in one struct
#include "mixagent/usage.h"       // tokens and prices
#include "mixagent/workspace.h"   // the user's tree, copies, and the way back

#pragma once
// The words for states and figures that several views share. Everything returned is safe for a
// terminal. Pure.

#include "view/paint.h"

#include "mixagent/result.h"
#include "mixagent/run_state.h"

#include <string>
#include <string_view>

namespace mixagent {

// "fails -> passes", "passes -> passes", "not run -> fails (exit 2)", with the flaky and the
// unusable named.
std::string before_and_after(const CheckRecord& check);
// What `verified` means for these checks and why, one sentence.
std::string explain_verified(Verified verified, const std::vector<CheckRecord>& checks);

// Green for verified, red for failed, yellow between.
std::string paint_status(std::string_view status, const Paint& paint);

// "61 %"; empty without a whole.
std::string percent(std::int64_t part, std::int64_t whole);
// "3.9 times as much": the frontier alone against what was paid; empty when there is nothing to
// compare.
std::string saving_factor(Money total, Money frontier);

}  // namespace mixagent

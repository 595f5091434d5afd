#pragma once
// Words for models: prompts rendered with their values, and lists as the prompts expect them.

#include "mixagent/tools.h"

#include <map>
#include <string>
#include <vector>

namespace mixagent {

Result<std::string> render(const Tools& tools, const std::string& name,
                           const std::map<std::string, std::string>& values);

// A seat's system text; models of the text protocol are taught the blocks of `offered`. `whole`:
// files that are not long are asked for whole.
Result<std::string> render_system(const Tools& tools, const Seat& seat, const Model& model,
                                  const std::vector<std::string>& offered, bool whole = false);

// The seat's tools without `ask_advisor` where no advisor has a model.
std::vector<std::string> worker_tools(const Lineup& lineup, const Seat& seat);

// Money, cancellation, our own disk: a helper's call that fails so ends the work, any other failure
// is only news.
bool is_ours(const Error& error);

// Asks a helper. That it failed is a fact, where that is only news: the rest of the run was told
// so, and a resumed one must not ask again. `key` is that of its first call, or what those begin
// with.
template <class Ask>
auto ask_helper(Journal& journal, const std::string& key, const Ask& ask,
                bool (*ends_work)(const Error&) = is_ours) -> decltype(ask()) {
  const std::string fact = key + "/failed";
  MIX_TRY(const auto before, journal.recorded(fact, "failed"));
  if (before) return fail(ErrorCode::network, *before);
  auto answer = ask();
  if (answer || ends_work(answer.error())) return answer;
  MIX_TRY(const BlobId blob, journal.put(describe(answer.error())));
  MIX_OK(journal.append(EffectCompleted{fact, "failed", blob.text}));
  return answer;
}

std::string findings_text(const std::vector<Finding>& findings);
std::string checks_text(const std::vector<CheckRecord>& checks);  // facts for the reviewer

}  // namespace mixagent

#include "provider/models.h"

#include "provider/retry.h"

#include <algorithm>

namespace mixagent {

ChatModels& ModelRouter::home_of(const std::string& name) {
  const Model* model = lineup_.model(name);
  const auto provider =
      model == nullptr ? lineup_.providers.end() : lineup_.providers.find(model->provider);
  const bool replayed =
      provider != lineup_.providers.end() && provider->second.dialect == Dialect::replay;
  return replayed ? replay_ : client_;
}

std::vector<std::string> ModelRouter::candidates(const ChatRequest& request) const {
  std::vector<std::string> names = {request.model};
  const auto add = [&](const std::vector<std::string>& fallback) {
    for (const auto& name : fallback) {
      const bool new_one = std::find(names.begin(), names.end(), name) == names.end();
      if (new_one && lineup_.model(name) != nullptr) names.push_back(name);
    }
  };
  if (const Model* model = lineup_.model(request.model)) add(model->fallback);
  if (const Seat* seat = lineup_.seat(request.labels.seat)) add(seat->fallback);
  return names;
}

// Who may help after this error, from the place `from` on; the number of names when nobody can.
std::size_t ModelRouter::next_after(const Error& error, const std::vector<std::string>& names,
                                    std::size_t from) const {
  if (may_fail_over(error.code)) return from;
  if (error.code != ErrorCode::context_too_long) return names.size();
  const Model* failed = lineup_.model(names[from - 1]);
  while (from < names.size() && failed != nullptr &&
         lineup_.model(names[from])->window <= failed->window) {
    ++from;
  }
  return failed != nullptr ? from : names.size();
}

Result<ChatReply> ModelRouter::ask(const ChatRequest& request, CallObserver& observer,
                                   const Cancel& cancel) {
  const auto names = candidates(request);
  std::optional<Error> first;
  for (std::size_t at = 0;;) {
    ChatRequest asked = request;
    asked.model = names[at];
    const auto most =
        lineup_.model(names[at]) != nullptr ? lineup_.model(names[at])->max_output : 0;
    if (at > 0 && most > 0) asked.max_output = std::min(asked.max_output, most);
    auto reply = home_of(names[at]).ask(asked, observer, cancel);
    if (reply) return reply;
    const Error& error = reply.error();
    if (!first) first = error;
    at = next_after(error, names, at + 1);
    if (at == names.size()) return may_fail_over(error.code) ? fail(std::move(*first)) : reply;
    if (cancel.requested()) return reply;
    MIX_OK(observer.on_retry({error.code, error.what, 0, error.partial_output, names[at]}));
  }
}

}  // namespace mixagent

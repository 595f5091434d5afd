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

Result<ChatReply> ModelRouter::ask(const ChatRequest& request, CallObserver& observer,
                                   const Cancel& cancel) {
  const auto names = candidates(request);
  std::optional<Error> first;
  for (std::size_t i = 0; i < names.size(); ++i) {
    ChatRequest asked = request;
    asked.model = names[i];
    const auto most = lineup_.model(names[i]) != nullptr ? lineup_.model(names[i])->max_output : 0;
    if (i > 0 && most > 0) asked.max_output = std::min(asked.max_output, most);
    auto reply = home_of(names[i]).ask(asked, observer, cancel);
    if (reply) return reply;
    if (!first) first = reply.error();
    if (!may_fail_over(reply.error().code) || cancel.requested()) return reply;
    if (i + 1 == names.size()) break;
    const auto& error = reply.error();
    MIX_OK(observer.on_retry({error.code, error.what, 0, error.partial_output, names[i + 1]}));
  }
  return fail(std::move(*first));
}

}  // namespace mixagent

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

std::size_t ModelRouter::next_for(const Error& error, const std::vector<std::string>& names,
                                  std::size_t at) const {
  if (error.code == ErrorCode::content_filter) return at == 0 ? 1 : names.size();
  if (error.code != ErrorCode::context_too_long) {
    return may_fail_over(error.code) ? at + 1 : names.size();
  }
  const auto window_of = [&](const std::string& name) {
    const Model* model = lineup_.model(name);
    return model == nullptr ? 0 : model->window;
  };
  std::size_t next = at + 1;
  while (next < names.size() && window_of(names[next]) <= window_of(names[at])) ++next;
  return next;
}

void ModelRouter::note_down(const std::string& name, const Error& error) {
  const Model* model = lineup_.model(name);
  const bool key = error.code == ErrorCode::auth;
  if (model == nullptr ||
      (!key && error.code != ErrorCode::quota && error.code != ErrorCode::not_found)) {
    return;
  }
  const std::lock_guard lock(mutex_);
  down_[key ? "key of " + model->provider : name] = {error, clock_.steady_ms() + passed_over_ms};
}

std::optional<Error> ModelRouter::down(const std::string& name) {
  const Model* model = lineup_.model(name);
  const std::lock_guard lock(mutex_);
  for (const auto& place : {name, "key of " + (model == nullptr ? "" : model->provider)}) {
    const auto found = down_.find(place);
    if (found == down_.end()) continue;
    if (clock_.steady_ms() < found->second.until_ms) return found->second.error;
    down_.erase(found);
  }
  return std::nullopt;
}

Result<ChatReply> ModelRouter::ask(const ChatRequest& request, CallObserver& observer,
                                   const Cancel& cancel) {
  const auto names = candidates(request);
  // When all are known to be down, all are asked: there is nobody else.
  const bool somebody = std::any_of(names.begin(), names.end(),
                                    [this](const std::string& name) { return !down(name); });
  std::optional<Error> first;
  std::size_t at = 0;
  while (true) {
    ChatRequest asked = request;
    asked.model = names[at];
    const auto most =
        lineup_.model(names[at]) != nullptr ? lineup_.model(names[at])->max_output : 0;
    if (at > 0 && most > 0) asked.max_output = std::min(asked.max_output, most);
    auto known = somebody ? down(names[at]) : std::nullopt;
    Result<ChatReply> reply = known ? Result<ChatReply>(fail(std::move(*known)))
                                    : home_of(names[at]).ask(asked, observer, cancel);
    if (reply) return reply;
    const auto& error = reply.error();
    if (!known) note_down(names[at], error);
    if (!first) first = error;
    if (cancel.requested()) return reply;
    const auto next = next_for(error, names, at);
    if (next >= names.size()) break;
    MIX_OK(observer.on_retry({error.code, error.what, 0, error.partial_output, names[next]}));
    at = next;
  }
  return fail(std::move(*first));
}

}  // namespace mixagent

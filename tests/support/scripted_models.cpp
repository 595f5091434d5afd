#include "support/scripted_models.h"

#include "base/text.h"

#include <algorithm>

namespace mixagent {

namespace {

struct Render {
  std::string out;
  void operator()(const TextPart& part) { out += part.text + "\n"; }
  void operator()(const ReasoningPart&) {}
  void operator()(const ImagePart& part) { out += "[image " + part.mime + "]\n"; }
  void operator()(const ToolCallPart& part) { out += part.name + " " + part.arguments + "\n"; }
  void operator()(const ToolResultPart& part) {
    out += part.name + (part.is_error ? " failed: " : ": ") + part.text + "\n";
  }
  void operator()(const RefusalPart& part) { out += part.text + "\n"; }
  void operator()(const RawPart&) {}
};

std::string name_of(const ScriptedReply& reply) {
  return (reply.model.empty() ? "any model" : reply.model) + " (" + reply.seat +
         (reply.step.empty() ? "" : ", step " + reply.step) + ")";
}

bool fits(const ScriptedReply& reply, const ChatRequest& request, const std::string& text) {
  return (reply.model.empty() || reply.model == request.model) &&
         (reply.seat.empty() || reply.seat == request.labels.seat) &&
         (reply.step.empty() || reply.step == request.labels.step) &&
         (reply.contains.empty() || text.find(reply.contains) != std::string::npos);
}

}  // namespace

ChatReply reply_text(const std::string& text) {
  ChatReply reply;
  reply.parts.emplace_back(TextPart{text, {}});
  reply.stop = StopReason::stop;
  reply.raw_stop = "stop";
  reply.usage.input = 100;
  reply.usage.output = 10;
  reply.usage.reported = true;
  return reply;
}

ChatReply reply_calls(const std::vector<std::pair<std::string, std::string>>& calls,
                      const std::string& text) {
  ChatReply reply = reply_text(text);
  if (text.empty()) reply.parts.clear();
  int number = 0;
  for (const auto& [name, arguments] : calls) {
    ToolCallPart call;
    call.id = call.wire_id = "call_" + std::to_string(++number);
    call.name = name;
    call.arguments = arguments;
    reply.parts.emplace_back(std::move(call));
  }
  reply.stop = StopReason::tool_calls;
  reply.raw_stop = "tool_calls";
  return reply;
}

std::string rendered(const ChatRequest& request) {
  static constexpr const char* role_names[] = {"system", "user", "assistant", "tool"};
  Render render;
  for (const Message& message : request.messages) {
    render.out += std::string("[") + role_names[static_cast<std::size_t>(message.role)] + "]\n";
    for (const Part& part : message.parts) std::visit(render, part);
  }
  return std::move(render.out);
}

void ScriptedModels::add(ScriptedReply reply) {
  const std::lock_guard lock(mutex_);
  script_.push_back(std::move(reply));
}

void ScriptedModels::says(const std::string& model, ChatReply reply) {
  ScriptedReply scripted;
  scripted.model = model;
  scripted.reply = std::move(reply);
  add(std::move(scripted));
}

void ScriptedModels::fails(const std::string& model, ErrorCode code, const std::string& what) {
  ScriptedReply scripted;
  scripted.model = model;
  scripted.error = fail(code, what, model).value();
  add(std::move(scripted));
}

std::optional<ScriptedReply> ScriptedModels::take(const ChatRequest& request) {
  const std::string text = rendered(request);
  const std::lock_guard lock(mutex_);
  requests_.push_back(request);
  used_.resize(script_.size());
  for (std::size_t i = 0; i < script_.size(); ++i) {
    if ((used_[i] && !script_[i].forever) || !fits(script_[i], request, text)) continue;
    used_[i] = true;
    return script_[i];
  }
  return {};
}

Result<ChatReply> ScriptedModels::ask(const ChatRequest& request, CallObserver& observer,
                                      const Cancel& cancel) {
  {
    const std::lock_guard lock(mutex_);
    most_open_ = std::max(most_open_, ++open_);
  }
  const auto scripted = take(request);
  if (scripted && scripted->before) scripted->before(request);
  {
    const std::lock_guard lock(mutex_);
    --open_;
  }
  if (cancel.requested()) return fail(ErrorCode::cancelled, "stopped", request.model);
  if (!scripted) {
    return fail(ErrorCode::internal,
                "nothing is scripted for this request:\n" + clip_middle(rendered(request), 4000),
                request.model + " (" + request.labels.key + ")");
  }
  for (const RetryNote& note : scripted->retries) MIX_OK(observer.on_retry(note));
  if (scripted->error) return fail(*scripted->error);
  ChatReply reply = scripted->reply;
  if (reply.origin.model.empty()) reply.origin.model = request.model;
  if (reply.served_model.empty()) reply.served_model = request.model;
  observer.on_delta(text_of(reply.parts));
  return reply;
}

std::vector<ChatRequest> ScriptedModels::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

std::vector<ChatRequest> ScriptedModels::requests_of(const std::string& model) const {
  std::vector<ChatRequest> of_model = requests();
  std::erase_if(of_model, [&](const ChatRequest& request) { return request.model != model; });
  return of_model;
}

std::vector<std::string> ScriptedModels::unused() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < script_.size(); ++i) {
    if (i >= used_.size() || !used_[i]) names.push_back(name_of(script_[i]));
  }
  return names;
}

int ScriptedModels::most_at_once() const {
  const std::lock_guard lock(mutex_);
  return most_open_;
}

}  // namespace mixagent

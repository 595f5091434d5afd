#include "provider/replay.h"

#include "base/text.h"
#include "core/codecs.h"
#include "provider/retry.h"
#include "provider/wire_pieces.h"
#include "system/files.h"

namespace mixagent {

namespace {

ScenarioQuery query_of(const ChatRequest& request) {
  return {request.model, request.labels.seat, request.labels.step, request.labels.attempt,
          render_conversation(request.messages)};
}

std::size_t calls_in(const std::vector<Message>& messages) {
  std::size_t count = 0;
  for (const auto& message : messages) count += calls_of(message.parts).size();
  return count;
}

// Nobody counted: about what a provider would.
Usage estimate_usage(const ChatRequest& request, const ScenarioReply& answer) {
  Usage usage;
  usage.reported = true;
  usage.input = estimate_tokens(render_conversation(request.messages));
  for (const auto& tool : request.tools) {
    usage.input += estimate_tokens(tool.name + tool.description + tool.schema);
  }
  usage.output = estimate_tokens(answer.text);
  for (const auto& call : answer.calls) usage.output += estimate_tokens(call.tool + call.arguments);
  return usage;
}

ChatReply reply_of(const ScenarioReply& answer, const ChatRequest& request, const Origin& origin) {
  ChatReply reply;
  reply.origin = origin;
  reply.served_model = origin.model;
  if (!answer.text.empty()) reply.parts.emplace_back(TextPart{answer.text, {}});
  auto calls = calls_in(request.messages);
  for (const auto& call : answer.calls) {
    reply.parts.emplace_back(ToolCallPart{own_call_id(calls++), {}, call.tool, call.arguments, {}});
  }
  reply.stop =
      answer.stop.value_or(answer.calls.empty() ? StopReason::stop : StopReason::tool_calls);
  reply.raw_stop = std::string(enum_name(reply.stop));
  reply.usage = answer.usage.value_or(estimate_usage(request, answer));
  return reply;
}

Error error_of(const ScenarioReply& answer) {
  Error error;
  error.code = *answer.error;
  error.what = answer.message.empty() ? std::string("the scenario says ") + to_string(*answer.error)
                                      : answer.message;
  error.where = answer.place;
  error.retry_after_ms = answer.retry_after_ms;
  return error;
}

}  // namespace

Result<Recording> Recording::open(const std::string& run_dir) {
  Recording recording;
  recording.run_dir_ = run_dir;
  const auto file = run_dir + "/events.jsonl";
  MIX_TRY(const auto text, read_file(file));
  const auto lines = split_lines(text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto event = decode_event(lines[i]);
    if (!event) {
      if (i + 1 == lines.size()) break;  // the last line of a killed run may be torn
      return fail(ErrorCode::corrupt, event.error().what, file + ":" + std::to_string(i + 1));
    }
    if (const auto* call = std::get_if<CallCompleted>(&event->fact))
      recording.blobs_[call->key] = call->reply;
  }
  return recording;
}

Result<ChatReply> Recording::reply(const std::string& key, const RestoreText& restore) const {
  const auto found = blobs_.find(key);
  if (found == blobs_.end()) {
    return fail(
        ErrorCode::not_found, "the recorded run has no reply for the call " + key, run_dir_,
        "a recording serves the same run again; another goal or configuration asks other things");
  }
  const auto& blob = found->second;
  const auto path = run_dir_ + "/blobs/" + blob.substr(0, 2) + "/" + blob;
  MIX_TRY(const auto text, read_file(path));
  auto reply = decode_reply(restore ? restore(text) : text);
  if (!reply) return fail(ErrorCode::corrupt, reply.error().what, path);
  return reply;
}

Result<ReplayModels::Source*> ReplayModels::source_of(const Provider& provider) {
  const std::lock_guard lock(mutex_);
  if (const auto found = sources_.find(provider.base_url); found != sources_.end())
    return &found->second;
  if (provider.base_url.empty()) {
    return fail(ErrorCode::config, "nothing to replay", "providers." + provider.name + ".base_url",
                "it names a scenario file or the directory of a run");
  }
  Source source;
  if (folder_exists(provider.base_url)) {
    MIX_TRY(auto recording, Recording::open(provider.base_url));
    source.recording = std::make_unique<Recording>(std::move(recording));
  } else {
    MIX_TRY(const auto text, read_file(provider.base_url));
    MIX_TRY(auto scenario, Scenario::parse(text, provider.base_url));
    source.scenario = std::make_unique<Scenario>(std::move(scenario));
  }
  return &sources_.emplace(provider.base_url, std::move(source)).first->second;
}

Result<ChatReply> ReplayModels::ask(const ChatRequest& request, CallObserver& observer,
                                    const Cancel& cancel) {
  const Model* model = lineup_.model(request.model);
  const auto provider =
      model == nullptr ? lineup_.providers.end() : lineup_.providers.find(model->provider);
  if (provider == lineup_.providers.end()) {
    return fail(ErrorCode::config, "no such model, or its provider is not configured",
                request.model);
  }
  MIX_TRY(Source* const source, source_of(provider->second));
  if (source->scenario) {
    return ask_scenario(*source->scenario, request, {Dialect::replay, provider->first, model->name},
                        observer, cancel);
  }
  MIX_TRY(auto reply, source->recording->reply(request.labels.key, restore_));
  observer.on_delta(text_of(reply.parts));
  return reply;
}

Result<ChatReply> ReplayModels::ask_scenario(Scenario& scenario, const ChatRequest& request,
                                             const Origin& origin, CallObserver& observer,
                                             const Cancel& cancel) {
  const auto query = query_of(request);
  for (int tries = 1;; ++tries) {
    if (cancel.stopped()) return fail(ErrorCode::cancelled, "cancelled", origin.provider);
    if (cancel.expired())
      return fail(ErrorCode::timeout, "the run's time is over", origin.provider);
    auto answer = scenario.next(query);
    if (!answer) {
      auto error = answer.error();
      error.what += ", call " + (request.labels.key.empty() ? std::to_string(request.labels.call)
                                                            : request.labels.key);
      return fail(std::move(error));
    }
    if (answer->delay_ms > 0 && !clock_.sleep(std::chrono::milliseconds(answer->delay_ms), cancel))
      continue;
    if (!answer->error) {
      observer.on_delta(answer->text);
      return reply_of(*answer, request, origin);
    }
    const auto error = error_of(*answer);
    if (!wait_before_retry(error, tries, 0)) return fail(error);
    MIX_OK(observer.on_retry({error.code, error.what, 0, error.partial_output, {}}));
  }
}

}  // namespace mixagent

#include "provider/client.h"

#include "base/text.h"
#include "core/codecs.h"
#include "provider/address.h"
#include "provider/dialect.h"
#include "provider/errors.h"
#include "provider/hedge.h"
#include "provider/rate_headers.h"
#include "provider/retry.h"

namespace mixagent {

namespace {

std::string source_of_key(const Provider& provider) {
  if (!provider.api_key_env.empty()) return "the environment variable " + provider.api_key_env;
  if (!provider.api_key_cmd.empty()) return "what api_key_cmd prints";
  return "api_key_env of the provider (no key is configured)";
}

// What a call takes from the provider's limits: four bytes are a token, and all that may be
// generated counts.
CallSize size_of(const HttpRequest& http, const ChatRequest& request) {
  return {static_cast<std::int64_t>(http.body.size() / 4), request.max_output};
}

// Providers repeat the key they refuse; nobody may read it in a log.
void hide_key(Error& error, const std::string& key) {
  if (key.size() < 6) return;
  error.what = replace_all(error.what, key, "[key]");
}

}  // namespace

Client::Client(const Lineup& lineup, KeyLookup key_of, Http& http, Clock& clock, Random& random)
    : lineup_(lineup), key_of_(std::move(key_of)), http_(http), clock_(clock), random_(random) {
  for (const auto& [name, provider] : lineup_.providers) {
    throttles_[name] = std::make_unique<Throttle>(name, provider.max_concurrency, clock_);
  }
}

Result<Client::Seating> Client::seating_of(const std::string& model_name) {
  const Model* model = lineup_.model(model_name);
  if (model == nullptr) {
    return fail(ErrorCode::config, "no such model", model_name,
                "`mixagent models` lists those that are known");
  }
  const auto provider = lineup_.providers.find(model->provider);
  if (provider == lineup_.providers.end()) {
    return fail(ErrorCode::config, "its provider \"" + model->provider + "\" is not configured",
                model_name,
                "add [providers." + model->provider + "] or change the model's provider");
  }
  MIX_OK(check_address(provider->second));
  if (dialect_of(provider->second.dialect) == nullptr) {
    return fail(ErrorCode::config,
                "the dialect " + std::string(enum_name(provider->second.dialect)) +
                    " is not spoken over HTTP here",
                "providers." + provider->first + ".api");
  }
  return Seating{*model, provider->second, *throttles_.at(provider->first)};
}

Result<ChatReply> Client::ask(const ChatRequest& request, CallObserver& observer,
                              const Cancel& cancel) {
  MIX_TRY(const Seating seating, seating_of(request.model));
  int tries = 1;
  while (true) {
    MIX_TRY(const std::string key, key_of_(seating.provider));
    const auto http = http_request(request, seating, key);
    const auto size = size_of(http, request);
    MIX_TRY(auto permit, seating.throttle.acquire(seating.model.name, size, cancel));
    bool asked_to_stop = false;
    auto reply = try_once(http, request, seating, permit, observer, cancel, asked_to_stop);
    if (reply) {
      permit.succeeded();
      return reply;
    }
    Error& error = reply.error();
    hide_key(error, key);
    const auto parameter = refused_parameter(error, http.body);
    if (!parameter.empty() && refused_.add(seating.model.name, parameter)) {
      const auto why = error.what + "; asked again without " + parameter;
      MIX_OK(observer.on_retry({error.code, why, 0, false, {}}));
      continue;
    }
    const auto wait =
        asked_to_stop ? std::nullopt : wait_before_retry(error, tries, random_.next());
    permit.failed(error.code, wait ? wait->count() : 0);
    { const auto place = std::move(permit); }  // others may go on while this one waits
    if (cancel.requested()) return reply;
    if (!wait) {
      know_its_end(error);
      return reply;
    }
    MIX_OK(observer.on_retry({error.code, error.what, wait->count(), error.partial_output, {}}));
    if (!clock_.sleep(*wait, cancel)) {
      if (cancel.stopped()) error = fail(ErrorCode::cancelled, "cancelled", error.where).value();
      return reply;
    }
    ++tries;
  }
}

// A limit that takes too long to sit out is a quota with a known end.
void Client::know_its_end(Error& error) {
  const auto told = error.retry_after_ms.value_or(0);
  if (error.code != ErrorCode::rate_limited || told <= longest_told_wait.count()) return;
  error.code = ErrorCode::quota;
  error.resets_at = format_time(clock_.wall_ms() + told);
}

HttpRequest Client::http_request(const ChatRequest& request, const Seating& seating,
                                 const std::string& key) {
  const WireDialect& dialect = *dialect_of(seating.provider.dialect);
  auto wire = dialect.encode(request, seating.model, seating.provider);
  HttpRequest http;
  http.url = join_url(seating.provider.base_url, wire.path);
  http.headers = std::move(wire.headers);
  if (!key.empty()) http.headers.push_back(dialect.key_header(key));
  http.body = refused_.strip(seating.model.name, std::move(wire.body));
  if (seating.provider.stall_timeout_s > 0) {
    http.stall_timeout = std::chrono::seconds(seating.provider.stall_timeout_s);
  }
  return http;
}

// A second time when no byte comes in time, where the provider is set up so and both a place and
// the money for it are there.
Result<HttpReply> Client::send(const HttpRequest& http, const CallSize& size,
                               const Seating& seating,
                               const std::function<bool(std::string_view)>& on_chunk,
                               CallObserver& observer, const Cancel& cancel) {
  const int after_ms = seating.provider.hedge_after_ms;
  if (after_ms <= 0) return http_.send(http, on_chunk, cancel);
  std::optional<Throttle::Permit> second;
  const auto may_send = [&] {
    auto place = seating.throttle.try_acquire(seating.model.name, size);
    if (!place) return false;
    second.emplace(std::move(*place));
    return observer.on_hedge(after_ms).has_value();
  };
  return send_hedged(http_, http, {std::chrono::milliseconds(after_ms), may_send}, on_chunk,
                     cancel);
}

Result<ChatReply> Client::try_once(HttpRequest http, const ChatRequest& request,
                                   const Seating& seating, Throttle::Permit& permit,
                                   CallObserver& observer, const Cancel& cancel,
                                   bool& asked_to_stop) {
  const Provider& provider = seating.provider;
  auto context = reply_context(request, seating.model, provider);
  context.on_delta = [&observer](std::string_view text) { observer.on_delta(text); };
  auto decoder = dialect_of(provider.dialect)->decoder(std::move(context));
  http.on_head = [&](const HttpReply& head) {
    permit.answered(rate_windows(head.headers, clock_.wall_ms()));
  };
  const auto answer = send(
      http, size_of(http, request), seating,
      [&decoder](std::string_view bytes) {
        decoder.feed(bytes);
        return true;
      },
      observer, cancel);

  if (!answer) {
    // The reply was whole when the connection went: it is paid and good.
    const bool whole = decoder.complete() && answer.error().code != ErrorCode::cancelled;
    if (whole) return decoder.finish(200, {}, clock_.wall_ms());
    return fail(answer.error());
  }
  decoder.feed(answer->body);
  auto reply = decoder.finish(answer->status, answer->headers, clock_.wall_ms());
  if (reply) return reply;
  Error& error = reply.error();
  error.where = provider.name + ", model " + seating.model.name;
  error.http_status = answer->status;
  if (error.code == ErrorCode::auth) error.hint = "check " + source_of_key(provider);
  asked_to_stop = header_of(answer->headers, "x-should-retry") == "false";
  return reply;
}

}  // namespace mixagent

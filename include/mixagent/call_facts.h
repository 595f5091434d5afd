#pragma once
// Facts about calls of models, and the results that `once` keeps. Part of event.h.

#include "mixagent/money.h"
#include "mixagent/usage.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace mixagent {

struct CallStarted {
  static constexpr std::string_view type = "call.started";
  std::string key, seat, model, provider, step;
  int attempt = 0;
  std::string request,
      hash;  // blob of the request as neutral JSON; hash of it (replay matches on it)
  Money reserved;
  template <class V>
  void fields(V& v) {
    v.may("key", key);
    v.may("seat", seat);
    v.may("model", model);
    v.may("provider", provider);
    v.may("step", step);
    v.may("attempt", attempt);
    v.may("request", request);
    v.may("hash", hash);
    v.may("reserved_usd", reserved);
  }
};

struct CallCompleted {
  static constexpr std::string_view type = "call.completed";
  std::string key, seat, model, provider, step;
  int attempt = 0;
  Usage usage;
  Money cost;
  std::int64_t ms = 0;
  std::string stop, reply;  // reply: blob of the ChatReply as neutral JSON
  TokenShape shape;         // of the request; all zero: it held what cannot be estimated
  template <class V>
  void fields(V& v) {
    v.may("key", key);
    v.may("seat", seat);
    v.may("model", model);
    v.may("provider", provider);
    v.may("step", step);
    v.may("attempt", attempt);
    v.may("usage", usage);
    v.may("usd", cost);
    v.may("ms", ms);
    v.may("stop", stop);
    v.may("reply", reply);
    v.may("shape", shape);
  }
};

struct CallRetried {
  static constexpr std::string_view type = "call.retried";
  std::string key, seat, model, step, kind, why;
  std::int64_t wait_ms = 0;
  Money cost;  // what the discarded reply is booked at
  template <class V>
  void fields(V& v) {
    v.may("key", key);
    v.may("seat", seat);
    v.may("model", model);
    v.may("step", step);
    v.may("kind", kind);
    v.may("why", why);
    v.may("wait_ms", wait_ms);
    v.may("usd", cost);
  }
};

struct CallFailedOver {
  static constexpr std::string_view type = "call.failed_over";
  std::string key, seat, step, from, to, kind;
  Money cost =
      {};  // what `from` is booked at: the reserved worst case where tokens may have been generated
  template <class V>
  void fields(V& v) {
    v.may("key", key);
    v.may("seat", seat);
    v.may("step", step);
    v.may("from", from);
    v.may("to", to);
    v.may("kind", kind);
    v.may("usd", cost);
  }
};

struct CallFailed {
  static constexpr std::string_view type = "call.failed";
  std::string key, seat, model, step, kind, message;
  Money cost;  // booked: zero, or the reserved worst case where tokens may have been generated
  template <class V>
  void fields(V& v) {
    v.may("key", key);
    v.may("seat", seat);
    v.may("model", model);
    v.may("step", step);
    v.may("kind", kind);
    v.may("message", message);
    v.may("usd", cost);
  }
};

// The result of an effect that is not a model call (a command of a worker, a check, a merge), for
// `once`.
struct EffectCompleted {
  static constexpr std::string_view type = "effect.completed";
  std::string key, hash, value;  // value: blob
  template <class V>
  void fields(V& v) {
    v.may("key", key);
    v.may("hash", hash);
    v.may("value", value);
  }
};

}  // namespace mixagent

#pragma once
// What went wrong in the world, as a value. Bugs of our own abort (MIX_CHECK); a model's bad work
// is data, not an Error.

#include <tl/expected.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace mixagent {

// Closed set: callers switch over it. Retry classes and exit codes derive from it (provider/errors,
// cli/exit_code).
enum class ErrorCode {
  usage,             // the user typed something that cannot be done
  config,            // a configuration file or value is wrong
  not_found,         // a file, run or model that was named does not exist
  io,                // the file system refused (full, read-only, permission)
  process,           // a program could not be started
  network,           // no connection, cut connection, cut stream
  timeout,           // no answer in time; also the run's own --timeout
  auth,              // a key is missing or refused
  quota,             // the provider's account is exhausted; waiting seconds does not help
  rate_limited,      // 429
  overloaded,        // 503, 529
  server,            // other 5xx
  bad_request,       // the provider refused the request itself
  context_too_long,  // the request does not fit the model's window
  content_filter,    // the provider refused the content
  protocol,          // a reply that is no reply: bad JSON, cut stream, missing end
  budget,            // a money cap
  limit,             // a step or turn cap
  cancelled,         // SIGINT, SIGTERM, or a sibling's failure
  denied,            // policy refused it (trust, protect, path outside)
  sandbox,           // the isolation that was asked for is not available here
  conflict,          // the user's tree changed meanwhile
  need_input,        // a person must decide
  corrupt,           // our own files do not read back
  internal,          // should not happen
};

// `what` is one sentence, `where` the file, flag, URL or step, `hint` what to do about it (may be
// empty).
struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string what;
  std::string where;
  std::string hint;
  // Filled by the provider room only.
  int http_status = 0;
  std::optional<std::int64_t> retry_after_ms;  // as told by the provider
  std::string resets_at;                       // quota: when it comes back, as told (may be empty)
  bool partial_output = false;  // tokens were generated (and are billed) before the failure
};

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(ErrorCode code, std::string what, std::string where = {},
                                  std::string hint = {}) {
  Error error;
  error.code = code;
  error.what = std::move(what);
  error.where = std::move(where);
  error.hint = std::move(hint);
  return tl::unexpected<Error>(std::move(error));
}
inline tl::unexpected<Error> fail(Error error) {
  return tl::unexpected<Error>(std::move(error));
}

// The enumerator's own spelling: "rate_limited".
const char* to_string(ErrorCode code);
// "where: what (hint)" on one line, for people. Not escaped: escape when showing on a terminal.
std::string describe(const Error& error);

[[noreturn]] void check_failed(const char* condition, const char* message, const char* file,
                               int line);

}  // namespace mixagent

#define MIX_CONCAT_(a, b) a##b
#define MIX_CONCAT(a, b) MIX_CONCAT_(a, b)

// MIX_TRY(auto value, expression): value of a Result, or return its error.
#define MIX_TRY(declaration, ...)                                                  \
  auto MIX_CONCAT(mix_result_, __LINE__) = (__VA_ARGS__);                          \
  if (!MIX_CONCAT(mix_result_, __LINE__))                                          \
    return ::mixagent::fail(std::move(MIX_CONCAT(mix_result_, __LINE__)).error()); \
  declaration = *std::move(MIX_CONCAT(mix_result_, __LINE__))

// MIX_OK(expression): for Result<void>.
#define MIX_OK(...) \
  if (auto mix_ok = (__VA_ARGS__); !mix_ok) return ::mixagent::fail(std::move(mix_ok).error())

// An invariant of our own; stays on in release builds.
#define MIX_CHECK(condition, message)                                                    \
  do {                                                                                   \
    if (!(condition)) ::mixagent::check_failed(#condition, message, __FILE__, __LINE__); \
  } while (false)

#include "mixagent/error.h"

#include <cstdio>
#include <cstdlib>

namespace mixagent {

const char* to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::usage:
      return "usage";
    case ErrorCode::config:
      return "config";
    case ErrorCode::not_found:
      return "not_found";
    case ErrorCode::io:
      return "io";
    case ErrorCode::process:
      return "process";
    case ErrorCode::network:
      return "network";
    case ErrorCode::timeout:
      return "timeout";
    case ErrorCode::auth:
      return "auth";
    case ErrorCode::quota:
      return "quota";
    case ErrorCode::rate_limited:
      return "rate_limited";
    case ErrorCode::overloaded:
      return "overloaded";
    case ErrorCode::server:
      return "server";
    case ErrorCode::bad_request:
      return "bad_request";
    case ErrorCode::context_too_long:
      return "context_too_long";
    case ErrorCode::content_filter:
      return "content_filter";
    case ErrorCode::protocol:
      return "protocol";
    case ErrorCode::budget:
      return "budget";
    case ErrorCode::limit:
      return "limit";
    case ErrorCode::cancelled:
      return "cancelled";
    case ErrorCode::denied:
      return "denied";
    case ErrorCode::sandbox:
      return "sandbox";
    case ErrorCode::conflict:
      return "conflict";
    case ErrorCode::need_input:
      return "need_input";
    case ErrorCode::corrupt:
      return "corrupt";
    case ErrorCode::internal:
      return "internal";
  }
  return "internal";
}

std::string describe(const Error& error) {
  std::string text;
  if (!error.where.empty()) text += error.where + ": ";
  text += error.what.empty() ? to_string(error.code) : error.what.c_str();
  if (!error.hint.empty()) text += " (" + error.hint + ")";
  return text;
}

void check_failed(const char* condition, const char* message, const char* file, int line) {
  std::fprintf(stderr, "mixagent: internal error: %s [%s] at %s:%d\n", message, condition, file,
               line);
  std::abort();
}

}  // namespace mixagent

#include "provider/errors.h"

#include "base/json.h"
#include "base/text.h"
#include "core/codecs.h"
#include "provider/wire_pieces.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>

namespace mixagent {

namespace {

struct ErrorBody {
  std::string message, code, type, upstream;
  std::string words;      // everything that may name the kind, in lower case
  int status_inside = 0;  // a numeric code that is an HTTP status
  std::optional<std::int64_t> wait_ms, resets_at_ms, resets_in_ms;
  bool per_day = false;
};

// {"error":{...}}, {"error":"text"}, {"object":"error",...}, {"detail":...}, {"message":...}, [
// {"error":...} ]
const Json& error_object(const Json& root) {
  const Json& first = root.is_array() && !root.empty() ? root.front() : root;
  const Json& inner = member(first, "error");
  return inner.is_object() ? inner : first;
}

std::string message_of(const Json& root, const Json& error) {
  for (const char* name : {"message", "error", "detail", "error_msg", "msg"}) {
    if (auto text = string_or(error, name); !text.empty()) return text;
  }
  const Json& detail = member(error, "detail");
  if (detail.is_array() && !detail.empty()) return string_or(detail.front(), "msg");
  if (detail.is_object()) return string_or(detail, "message");
  return string_or(root, "message");
}

void read_google_details(const Json& details, ErrorBody& body) {
  if (!details.is_array()) return;
  for (const auto& detail : details) {
    body.words += ' ' + string_or(detail, "reason");
    if (auto delay = parse_wait_ms(string_or(detail, "retryDelay"))) body.wait_ms = delay;
    const Json& violations = member(detail, "violations");
    if (!violations.is_array()) continue;
    for (const auto& violation : violations) {
      body.per_day =
          body.per_day || string_or(violation, "quotaId").find("PerDay") != std::string::npos;
    }
  }
}

// Gateways wrap what the provider behind them said.
void read_upstream(const Json& metadata, ErrorBody& body) {
  if (!metadata.is_object()) return;
  body.upstream = string_or(metadata, "provider_name");
  const auto raw = clip(string_or(metadata, "raw"), 400);
  if (raw.empty()) return;
  body.words += ' ' + raw;
  body.message += ": " + raw;
}

// Gateways answer with pages for people.
std::string page_title(const std::string& page) {
  const auto small = lower(page);
  const auto start = small.find("<title>");
  const auto end = small.find("</title>");
  const bool titled = start != std::string::npos && end != std::string::npos && start + 7 < end;
  return "a web page instead of an answer" +
         (titled ? ": " + std::string(trim(page.substr(start + 7, end - start - 7)))
                 : std::string());
}

std::string strip_event_fields(std::string_view text) {
  const auto data = text.find("data:");
  if (data == std::string_view::npos || text.substr(0, data).find('{') != std::string_view::npos) {
    return std::string(text);
  }
  const auto rest = text.substr(data + 5);
  return std::string(rest.substr(0, rest.find("\n\n")));
}

ErrorBody read_body(std::string_view raw) {
  ErrorBody body;
  const auto text = strip_event_fields(trim(raw));
  const auto json = parse_json(text);
  if (!json || (!json->is_object() && !json->is_array())) {
    body.message = text.starts_with('<') ? page_title(text) : clip(trim(text), 300);
    body.words = lower(body.message);
    return body;
  }
  const Json& error = error_object(*json);
  body.message = message_of(*json, error);
  body.code = scalar_text(member(error, "code"));
  body.type = string_or(error, "type");
  body.words = body.message + ' ' + body.code + ' ' + body.type + ' ' + string_or(error, "status");
  const Json& inner = member(error, "innererror");
  body.words += ' ' + string_or(inner, "code");
  if (body.code.size() == 3 && body.code >= "400" && body.code <= "599") {
    body.status_inside = std::stoi(body.code);
  }
  read_google_details(member(error, "details"), body);
  read_upstream(member(error, "metadata"), body);
  if (const Json& at = member(error, "resets_at"); at.is_number_integer()) {
    body.resets_at_ms = at.get<std::int64_t>() * 1'000;
  }
  if (const Json& in = member(error, "resets_in_seconds"); in.is_number_integer()) {
    body.resets_in_ms = in.get<std::int64_t>() * 1'000;
  }
  body.words = lower(body.words);
  return body;
}

bool has_any(std::string_view words, std::initializer_list<std::string_view> needles) {
  return std::any_of(needles.begin(), needles.end(), [&](std::string_view needle) {
    return words.find(needle) != std::string_view::npos;
  });
}

bool says_too_long(std::string_view words) {
  return has_any(words, {"context_length_exceeded", "prompt is too long", "exceed_context_size",
                         "maximum context length", "context length exceeded", "input is too long",
                         "context window", "exceeds the context", "exceeds the available context",
                         "reduce the length of the messages"}) ||
         (has_any(words, {"input token count"}) && has_any(words, {"exceed"}));
}

bool says_quota(std::string_view words) {
  return has_any(
      words,
      {"insufficient_quota", "credit balance", "insufficient balance", "insufficient credit",
       "insufficient_credits", "billing_hard_limit", "billing_not_active", "usage_limit_reached",
       "usage limit", "out of credits", "spending limit", "payment required",
       "exceeded your current quota", "arrearage", "monthly limit", "weekly limit"});
}

bool says_bad_key(std::string_view words) {
  return has_any(words, {"api_key_invalid", "invalid_api_key", "incorrect api key",
                         "invalid api key", "api key not valid", "authentication_error",
                         "no auth credentials", "permission_error"});
}

bool says_filtered(std::string_view words) {
  return has_any(words, {"content_filter", "content_policy_violation", "content management policy",
                         "responsibleaipolicyviolation", "requires moderation",
                         "flagged by moderation", "data_inspection_failed", "content exists risk"});
}

bool says_overloaded(std::string_view words) {
  return has_any(words, {"overloaded", "high demand", "at capacity", "over capacity", "no capacity",
                         "unavailable"});
}

bool says_rate(std::string_view words) {
  return has_any(words, {"rate_limit", "rate limit", "ratelimit", "rate-limited",
                         "too many requests", "resource_exhausted", "tokens per minute"});
}

bool says_no_model(std::string_view words) {
  return has_any(words, {"model_not_found", "not_found_error", "model not exist", "invalid_model",
                         "is not a valid model", "invalid model"});
}

ErrorCode kind_of(int status, const ErrorBody& body) {
  const std::string_view words = body.words;
  // A model that called a tool wrongly and whose server refuses to show it: no reply, ask again.
  if (has_any(words, {"tool_use_failed"})) return ErrorCode::protocol;
  const bool google_limit = has_any(words, {"resource_exhausted"});
  if (status != 429 && says_too_long(words)) return ErrorCode::context_too_long;
  if (status == 402 || (google_limit && body.per_day)) return ErrorCode::quota;
  if (!google_limit && says_quota(words)) return ErrorCode::quota;
  if (says_filtered(words) && status != 401) return ErrorCode::content_filter;
  if (status == 401 || status == 403 || (status < 500 && status != 429 && says_bad_key(words)))
    return ErrorCode::auth;
  if (status == 429)
    return says_overloaded(words) && !says_rate(words) ? ErrorCode::overloaded
                                                       : ErrorCode::rate_limited;
  if (status == 413) return ErrorCode::context_too_long;
  if (status == 404) return ErrorCode::not_found;
  if (status == 408) return ErrorCode::timeout;
  if (status == 503 || status == 529) return ErrorCode::overloaded;
  if (status >= 500) return says_overloaded(words) ? ErrorCode::overloaded : ErrorCode::server;
  if (status >= 400) return says_no_model(words) ? ErrorCode::not_found : ErrorCode::bad_request;
  // Inside a 200 answer, without a code that is a status.
  if (says_rate(words)) return ErrorCode::rate_limited;
  if (says_overloaded(words)) return ErrorCode::overloaded;
  if (says_no_model(words)) return ErrorCode::not_found;
  if (has_any(words, {"invalid_request", "invalid_argument", "bad request"}))
    return ErrorCode::bad_request;
  return ErrorCode::server;
}

std::optional<std::int64_t> wait_in_headers(const HeaderList& headers, std::int64_t now_ms) {
  std::optional<std::int64_t> wait;
  const auto raise = [&](std::optional<std::int64_t> ms) {
    if (ms) wait = std::max(wait.value_or(0), *ms);
  };
  if (const auto text = header_of(headers, "retry-after-ms"); !text.empty()) {
    if (const auto number = parse_wait_ms(std::string(text) + "ms")) raise(number);
  }
  if (const auto text = header_of(headers, "retry-after"); !text.empty()) {
    if (const auto date = parse_http_date(text)) {
      // The server's own clock, where it shows it.
      const auto now = parse_http_date(header_of(headers, "date")).value_or(now_ms);
      raise(std::max<std::int64_t>(*date - now, 0));
    } else {
      raise(parse_wait_ms(text));
    }
  }
  return wait;
}

std::optional<std::int64_t> wait_in_text(std::string_view words) {
  for (const std::string_view lead :
       {"try again in ", "retry in ", "retry after ", "available in ", "reset after ", "wait "}) {
    const auto at = words.find(lead);
    if (at == std::string_view::npos) continue;
    if (const auto wait = parse_wait_ms(words.substr(at + lead.size()))) return wait;
  }
  return std::nullopt;
}

const char* hint_for(ErrorCode code) {
  switch (static_cast<int>(code)) {
    case static_cast<int>(ErrorCode::quota):
      return "add credit, wait until the quota comes back, or name a fallback";
    case static_cast<int>(ErrorCode::not_found):
      return "check the model's id and the provider's base_url";
    case static_cast<int>(ErrorCode::context_too_long):
      return "give the seat a model with a larger window";
    default:
      return "";
  }
}

bool is_unit_char(char c) {
  return c >= 'a' && c <= 'z';
}

// 0 for a word that is no unit.
double unit_ms(std::string_view unit) {
  if (!unit.empty() && unit.size() > 1 && unit.back() == 's' && unit != "ms") unit.remove_suffix(1);
  if (unit == "ms" || unit == "millisecond") return 1;
  if (unit == "s" || unit == "sec" || unit == "second") return 1e3;
  if (unit == "m" || unit == "min" || unit == "minute") return 60e3;
  if (unit == "h" || unit == "hr" || unit == "hour") return 3'600e3;
  if (unit == "d" || unit == "day") return 86'400e3;
  return 0;
}

}  // namespace

std::string_view header_of(const HeaderList& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

std::optional<std::int64_t> parse_wait_ms(std::string_view text) {
  double total = 0;
  bool any = false;
  while (true) {
    std::size_t digits = 0;
    double number = 0, place = 0;
    for (; digits < text.size(); ++digits) {
      const char c = text[digits];
      if (c >= '0' && c <= '9') {
        number = place == 0 ? number * 10 + (c - '0') : number + (c - '0') * place;
        place /= 10;
      } else if (c == '.' && place == 0 && digits + 1 < text.size() && text[digits + 1] >= '0' &&
                 text[digits + 1] <= '9') {
        place = 0.1;
      } else {
        break;
      }
    }
    if (digits == 0) break;
    text.remove_prefix(digits);
    if (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    std::size_t length = 0;
    while (length < text.size() && is_unit_char(text[length])) ++length;
    const double unit = unit_ms(text.substr(0, length));
    total += number * (unit > 0 ? unit : 1e3);  // "in 7 or later": a bare number is seconds
    any = true;
    if (unit == 0) break;
    text.remove_prefix(length);
  }
  if (!any || !(total < 1e15)) return std::nullopt;
  return static_cast<std::int64_t>(std::llround(total));
}

std::optional<std::int64_t> parse_http_date(std::string_view text) {
  static constexpr std::array<std::string_view, 12> months = {
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto comma = text.find(", ");
  if (comma == std::string_view::npos) return std::nullopt;
  char month[4] = {};
  std::tm time{};
  const std::string rest(text.substr(comma + 2));
  if (std::sscanf(rest.c_str(), "%2d %3s %4d %2d:%2d:%2d", &time.tm_mday, month, &time.tm_year,
                  &time.tm_hour, &time.tm_min, &time.tm_sec) != 6) {
    return std::nullopt;
  }
  const auto found = std::find(months.begin(), months.end(), std::string_view(month));
  if (found == months.end()) return std::nullopt;
  time.tm_mon = static_cast<int>(found - months.begin());
  time.tm_year -= 1900;
  return static_cast<std::int64_t>(timegm(&time)) * 1'000;
}

Error provider_error(int status, const HeaderList& headers, std::string_view raw,
                     std::int64_t now_ms) {
  const ErrorBody body = read_body(raw);
  Error error;
  error.http_status = status;
  error.code =
      kind_of(status >= 400 || body.status_inside == 0 ? status : body.status_inside, body);
  error.what = clip(body.message, 600);
  if (!body.upstream.empty()) error.what += " (" + body.upstream + ")";
  if (error.what.empty()) error.what = "the provider answered with an error and no message";
  if (status >= 400) error.what += " (HTTP " + std::to_string(status) + ")";
  error.hint = hint_for(error.code);

  error.retry_after_ms = wait_in_headers(headers, now_ms);
  if (!error.retry_after_ms) error.retry_after_ms = body.wait_ms;
  if (!error.retry_after_ms) error.retry_after_ms = wait_in_text(body.words);

  if (error.code == ErrorCode::quota) {
    auto resets_at = body.resets_at_ms;
    if (!resets_at && body.resets_in_ms) resets_at = now_ms + *body.resets_in_ms;
    if (!resets_at && error.retry_after_ms.value_or(0) > 0)
      resets_at = now_ms + *error.retry_after_ms;
    if (resets_at) error.resets_at = format_time(*resets_at);
  }
  return error;
}

}  // namespace mixagent

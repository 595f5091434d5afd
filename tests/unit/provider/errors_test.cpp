#include "provider/errors.h"

#include <doctest/doctest.h>

namespace mixagent {

namespace {

constexpr std::int64_t now = 784'111'777'000;  // Sun, 06 Nov 1994 08:49:37 GMT

}  // namespace

TEST_CASE("an error answer becomes a kind and a wait") {
  struct Case {
    const char* name;
    int status;
    HeaderList headers;
    const char* body;
    ErrorCode code;
    std::int64_t wait_ms;  // -1: not told
  };
  const std::vector<Case> cases = {
      // 429 has many faces.
      {"requests a minute",
       429,
       {{"retry-after", "7"}},
       R"({"error":{"message":"Rate limit reached","type":"requests","code":"rate_limit_exceeded"}})",
       ErrorCode::rate_limited,
       7'000},
      {"tokens a minute, told in the text",
       429,
       {},
       R"({"error":{"message":"Rate limit reached on tokens per min (TPM). Please try again in 6m1.5s. Visit the account page.","code":"rate_limit_exceeded"}})",
       ErrorCode::rate_limited,
       361'500},
      {"account exhausted",
       429,
       {{"retry-after", "3"}},
       R"({"error":{"message":"You exceeded your current quota, please check your plan and billing details.","type":"insufficient_quota","code":"insufficient_quota"}})",
       ErrorCode::quota,
       3'000},
      {"Google's limit, with its own words for quota",
       429,
       {},
       R"([{"error":{"code":429,"message":"You exceeded your current quota","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaId":"GenerateRequestsPerMinutePerProjectPerModel"}]},{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34.4s"}]}}])",
       ErrorCode::rate_limited,
       34'400},
      {"Google's day",
       429,
       {},
       R"({"error":{"code":429,"message":"You exceeded your current quota","status":"RESOURCE_EXHAUSTED","details":[{"violations":[{"quotaId":"GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]}]}})",
       ErrorCode::quota,
       -1},
      {"overloaded behind a 429",
       429,
       {},
       R"({"error":{"message":"The engine is currently overloaded, please try again later","type":"engine_overloaded_error"}})",
       ErrorCode::overloaded,
       -1},
      {"wrapped by a gateway",
       429,
       {},
       R"({"error":{"code":429,"message":"Provider returned error","metadata":{"provider_name":"Google","raw":"x is temporarily rate-limited upstream"}}})",
       ErrorCode::rate_limited,
       -1},
      {"a subscription's limit",
       429,
       {},
       R"({"error":{"type":"usage_limit_reached","message":"The usage limit has been reached","resets_in_seconds":3600}})",
       ErrorCode::quota,
       -1},
      {"milliseconds beside seconds: the larger",
       429,
       {{"retry-after-ms", "0"}, {"retry-after", "1"}},
       "{}",
       ErrorCode::rate_limited,
       1'000},
      {"milliseconds alone", 429, {{"retry-after-ms", "250"}}, "{}", ErrorCode::rate_limited, 250},
      {"a date, against the server's own clock",
       429,
       {{"date", "Sun, 06 Nov 1994 08:49:00 GMT"},
        {"retry-after", "Sun, 06 Nov 1994 08:49:37 GMT"}},
       "",
       ErrorCode::rate_limited,
       37'000},
      {"a date, against ours",
       503,
       {{"retry-after", "Sun, 06 Nov 1994 08:49:42 GMT"}},
       "",
       ErrorCode::overloaded,
       5'000},
      {"a date gone by",
       429,
       {{"retry-after", "Sun, 06 Nov 1994 08:00:00 GMT"}},
       "",
       ErrorCode::rate_limited,
       0},
      // The rest.
      {"payment", 402, {}, R"({"error":{"message":"Insufficient Balance"}})", ErrorCode::quota, -1},
      {"credit balance at 400",
       400,
       {},
       R"({"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low"}})",
       ErrorCode::quota,
       -1},
      {"key refused",
       401,
       {},
       R"({"error":{"message":"Incorrect API key provided"}})",
       ErrorCode::auth,
       -1},
      {"key refused at 400",
       400,
       {},
       R"({"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}})",
       ErrorCode::auth,
       -1},
      {"too long",
       400,
       {},
       R"({"error":{"message":"This model's maximum context length is 8192 tokens.","code":"context_length_exceeded"}})",
       ErrorCode::context_too_long,
       -1},
      {"too long elsewhere",
       400,
       {},
       R"({"error":{"type":"invalid_request_error","message":"prompt is too long: 210000 tokens > 200000 maximum"}})",
       ErrorCode::context_too_long,
       -1},
      {"too large", 413, {}, "", ErrorCode::context_too_long, -1},
      {"no such model",
       404,
       {},
       R"({"error":{"message":"The model `x` does not exist","code":"model_not_found"}})",
       ErrorCode::not_found,
       -1},
      {"no such model at 400",
       400,
       {},
       R"({"error":{"message":"Model Not Exist","code":"invalid_request_error"}})",
       ErrorCode::not_found,
       -1},
      {"filtered",
       400,
       {},
       R"({"error":{"code":"content_filter","message":"The response was filtered","innererror":{"code":"ResponsibleAIPolicyViolation"}}})",
       ErrorCode::content_filter,
       -1},
      {"filtered at 403",
       403,
       {},
       R"({"error":{"code":403,"message":"x requires moderation. Your input was flagged"}})",
       ErrorCode::content_filter,
       -1},
      {"overloaded",
       529,
       {},
       R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})",
       ErrorCode::overloaded,
       -1},
      {"unavailable", 503, {}, "", ErrorCode::overloaded, -1},
      {"server", 500, {}, "<html>oops</html>", ErrorCode::server, -1},
      {"gateway", 522, {}, "", ErrorCode::server, -1},
      {"request timeout", 408, {}, "", ErrorCode::timeout, -1},
      {"bad parameter",
       422,
       {},
       R"({"detail":[{"loc":["body","x"],"msg":"extra fields not permitted"}]})",
       ErrorCode::bad_request,
       -1},
      {"tool call refused by the server",
       400,
       {},
       R"({"error":{"message":"Failed to call a function","code":"tool_use_failed","failed_generation":"x"}})",
       ErrorCode::protocol,
       -1},
      // Inside a 200 answer.
      {"code in a stream",
       200,
       {},
       R"({"error":{"code":502,"message":"Upstream error"}})",
       ErrorCode::server,
       -1},
      {"word in a stream",
       200,
       {},
       R"({"error":{"type":"overloaded_error","message":"Overloaded"}})",
       ErrorCode::overloaded,
       -1},
      {"rate in a stream",
       200,
       {},
       R"({"error":{"code":"rate_limit_exceeded","message":"try again in 20ms"}})",
       ErrorCode::rate_limited,
       20},
      {"error status with an event",
       429,
       {},
       "data: {\"error\":{\"message\":\"slow down\",\"code\":429}}\n\n",
       ErrorCode::rate_limited,
       -1},
  };
  for (const auto& test : cases) {
    CAPTURE(test.name);
    const auto error = provider_error(test.status, test.headers, test.body, now);
    CHECK(std::string(to_string(error.code)) == to_string(test.code));
    CHECK(error.retry_after_ms.value_or(-1) == test.wait_ms);
    CHECK_FALSE(error.what.empty());
  }
}

TEST_CASE("a quota says when it comes back") {
  const auto told = provider_error(
      429, {},
      R"({"error":{"type":"usage_limit_reached","message":"limit","resets_at":784111877}})", now);
  CHECK(told.resets_at == "1994-11-06T08:51:17.000Z");
  const auto in = provider_error(
      429, {},
      R"({"error":{"type":"usage_limit_reached","message":"limit","resets_in_seconds":60}})", now);
  CHECK(in.resets_at == "1994-11-06T08:50:37.000Z");
  const auto silent = provider_error(402, {}, "{}", now);
  CHECK(silent.resets_at.empty());
}

TEST_CASE("messages keep what the provider said, and who said it") {
  const auto text = [](const char* body) { return provider_error(400, {}, body, now).what; };
  CHECK(text(R"({"error":{"message":"no"}})") == "no (HTTP 400)");
  CHECK(text(R"({"error":"no","code":"x"})") == "no (HTTP 400)");
  CHECK(text(R"({"detail":"no"})") == "no (HTTP 400)");
  CHECK(text(R"({"object":"error","message":"no","code":"1500"})") == "no (HTTP 400)");
  CHECK(text("plain words") == "plain words (HTTP 400)");
  CHECK(text(R"({"error":{"message":"outer","metadata":{"raw":"inner","provider_name":"P"}}})") ==
        "outer: inner (P) (HTTP 400)");
  CHECK(text("") == "the provider answered with an error and no message (HTTP 400)");
}

TEST_CASE("waits are read in every spelling") {
  const std::vector<std::pair<const char*, std::int64_t>> cases = {
      {"6m1.5s", 361'500},
      {"20ms", 20},
      {"34.4s", 34'400},
      {"7", 7'000},
      {"2 minutes", 120'000},
      {"1h2m3s", 3'723'000},
      {"0.5s", 500},
      {"5 more", 5'000},
      {"1 second.", 1'000},
      {"0", 0},
      {".5", 500},
  };
  for (const auto& [text, ms] : cases) {
    CAPTURE(text);
    CHECK(parse_wait_ms(text).value_or(-1) == ms);
  }
  for (const char* text : {"", "soon", "-3"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_wait_ms(text));
  }
  CHECK(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").value_or(-1) == now);
  CHECK_FALSE(parse_http_date("1994-11-06"));
  CHECK_FALSE(parse_http_date("Sun, 06 Foo 1994 08:49:37 GMT"));
}

}  // namespace mixagent

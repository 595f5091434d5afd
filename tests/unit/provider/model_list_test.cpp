#include "provider/model_list.h"

#include <doctest/doctest.h>

#include <deque>

namespace mixagent {

namespace {

ListedModel named(const char* id, std::int64_t window = 0, std::int64_t max_output = 0) {
  return {id, {}, window, max_output};
}

class PagedHttp final : public Http {
 public:
  std::deque<HttpReply> answers;
  std::vector<HttpRequest> requests;
  Result<HttpReply> send(const HttpRequest& request, const std::function<bool(std::string_view)>&,
                         const Cancel&) override {
    requests.push_back(request);
    REQUIRE_FALSE(answers.empty());
    auto answer = answers.front();
    answers.pop_front();
    return answer;
  }
};

Provider provider_of(Dialect dialect) {
  Provider provider;
  provider.name = "p";
  provider.dialect = dialect;
  provider.base_url = "https://models.example/v1/";
  return provider;
}

}  // namespace

TEST_CASE("lists of models are read in every shape") {
  ListedModel priced = named("anthropic/claude-sonnet-4", 200'000, 64'000);
  priced.price = Price{{3'000'000}, {15'000'000}, {300'000}, {3'750'000}};
  struct Case {
    const char* body;
    std::vector<ListedModel> models;
    const char* next;
  };
  const std::vector<Case> cases = {
      {R"({"object":"list","data":[{"id":"gpt-5.4","object":"model","owned_by":"openai"}]})",
       {named("gpt-5.4")},
       ""},
      {R"({"data":[{"type":"model","id":"claude-opus-5","max_input_tokens":1000000,"max_tokens":128000}],"has_more":true,"first_id":"a","last_id":"claude opus"})",
       {named("claude-opus-5", 1'000'000, 128'000)},
       "limit=1000&after_id=claude%20opus"},
      {R"({"data":[],"has_more":false,"last_id":"x"})", {}, ""},
      {R"({"models":[{"name":"models/gemini-2.5-pro","inputTokenLimit":1048576,"outputTokenLimit":65536}],"nextPageToken":"a/b"})",
       {named("gemini-2.5-pro", 1'048'576, 65'536)},
       "pageSize=1000&pageToken=a%2Fb"},
      {R"({"models":[{"name":"qwen3:4b","model":"qwen3:4b","details":{}}]})",
       {named("qwen3:4b")},
       ""},
      {R"({"data":[{"id":"anthropic/claude-sonnet-4","context_length":200000,"top_provider":{"max_completion_tokens":64000},"pricing":{"prompt":"0.000003","completion":"0.000015","input_cache_read":"0.0000003","input_cache_write":"0.00000375"}}]})",
       {priced},
       ""},
      {R"({"data":[{"id":"openrouter/auto","pricing":{"prompt":"-1","completion":"-1"}}]})",
       {named("openrouter/auto")},
       ""},
      {R"({"models":[{"name":"x"}],"data":[{"id":"m.gguf","meta":{"n_ctx":4096}}]})",
       {named("m.gguf", 4'096)},
       ""},
      {R"([{"id":"org/model"},{"no":"id"},7])", {named("org/model")}, ""},
  };
  for (const auto& test : cases) {
    CAPTURE(test.body);
    const auto page = read_model_list(test.body);
    REQUIRE(page);
    CHECK(page->models == test.models);
    CHECK(page->next == test.next);
    const auto back = decode_model_list(encode_model_list(page->models, 5));
    REQUIRE(back);
    CHECK(back->models == test.models);
    CHECK(back->fetched_ms == 5);
  }
  for (const char* body : {"", "{}", "null", R"({"stt":[],"tts":[]})", "<html>"}) {
    CAPTURE(body);
    CHECK_FALSE(read_model_list(body));
  }
}

TEST_CASE("every page is asked for, in the provider's manner, with its key") {
  PagedHttp http;
  http.answers = {{200, {}, R"({"data":[{"id":"a"}],"has_more":true,"last_id":"a"})"},
                  {200, {}, R"({"data":[{"id":"b"}],"has_more":false})"}};
  const auto models =
      fetch_model_list(provider_of(Dialect::anthropic_messages), "sk-secret-1", http, {});
  REQUIRE(models);
  CHECK(*models == std::vector<ListedModel>{named("a"), named("b")});
  REQUIRE(http.requests.size() == 2);
  CHECK(http.requests[0].method == "GET");
  CHECK(http.requests[0].url == "https://models.example/v1/models?limit=1000");
  CHECK(http.requests[1].url == "https://models.example/v1/models?limit=1000&after_id=a");
  CHECK(http.requests[1].headers.back().second.find("sk-secret-1") != std::string::npos);

  // A provider that gives the same page for ever is left.
  http.answers.assign(30, {200, {}, R"({"models":[{"name":"a"}],"nextPageToken":"t"})"});
  const auto endless = fetch_model_list(provider_of(Dialect::gemini), "", http, {});
  REQUIRE(endless);
  CHECK(endless->size() == 2);
}

TEST_CASE("a refusal is told without the key, plain http not asked") {
  PagedHttp http;
  http.answers = {{401, {}, R"({"error":{"message":"bad key sk-secret-1"}})"}};
  const auto refused = fetch_model_list(provider_of(Dialect::openai_chat), "sk-secret-1", http, {});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::auth);
  CHECK(describe(refused.error()).find("sk-secret-1") == std::string::npos);
  auto plain = provider_of(Dialect::openai_chat);
  plain.base_url = "http://models.example/v1";
  CHECK_FALSE(fetch_model_list(plain, "sk-secret-1", http, {}));
  CHECK(http.requests.size() == 1);
}

TEST_CASE("an id is listed as such or with its date") {
  const std::vector<ListedModel> models = {named("claude-haiku-4-5-20251001"), named("gpt-5.4")};
  for (const char* id : {"claude-haiku-4-5", "claude-haiku-4-5-20251001", "gpt-5.4"})
    CHECK(lists(models, id));
  for (const char* id : {"claude-haiku-4", "gpt-5", "gpt-5.4-mini", "claude-haiku"})
    CHECK_FALSE(lists(models, id));
}

}  // namespace mixagent

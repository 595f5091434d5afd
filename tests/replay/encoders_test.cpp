#include "replay/asked.h"
#include "replay/corpus.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <iostream>
#include <map>

// Recorded requests of other programs are read into the neutral conversation and encoded again; the
// normal forms of both must be equal. What the normal form takes away (asked_DIALECT.cpp, function
// `normal`), and why:
//
// all      * The order of keys; null, "", [] and {} at the top of an object: nothing said.
//          * stream, stream_options, usage.include, store, include: mixagent's own choice, always.
//          * Settings that mixagent has no use for (tool_choice, top_p, stop, seed, n, ...): the
//          lists
//            stand in the four files. A key in none of them is a difference.
//          * `strict`, `additionalProperties: false` and the name of a schema: ours to set.
//          * Efforts other than low, medium, high; numbers of thinking tokens: ours to choose.
//          * Content of one text and the text itself are the same.
//          * Broken arguments are {}: servers parse those of old calls again.
//          * Call ids are numbered: some providers want a shape of their own.
//          * Tools that the provider runs are not offered; their traces in a history are kept.
// chat     * developer is system; max_completion_tokens is max_tokens; a cache mark stays at the
//            end of a message only.
//          * Thoughts stay only where the provider wants them (chat_quirks.cpp); detail of images.
//          * json_object without a schema; what servers add to their own messages.
// messages * What one side says in a row is one message; blank text is nothing; older
// output_format.
//          * A cache mark stays at the end of a message only; `strict` and other options of tools.
// responses * Leading system messages are instructions; an assistant's message is its texts; ids
// and
//            states of items other than call_id. A refusal is text.
// gemini   * snake_case is camelCase; role function is user; parameters is parametersJsonSchema.
//          * A result is one text, whatever its key; thoughts without a signature are not sent;
//            the signature that stands in for a missing one.
//
// A request without a neutral form is excluded; the table of reasons, with the most that each may
// count, is below: a new exclusion is a failure.

namespace mixagent {

namespace {

constexpr const char* only_answer = "only the response was kept";

struct Corpus {
  const char* file;
  Dialect dialect;
  const RequestForm& form;
  std::size_t at_least;  // equal: a test over nothing proves nothing
  std::map<std::string, std::size_t> excluded;
};

std::string model_of(const Exchange& exchange) {
  const auto& address = exchange.address;
  const auto start = address.find("models/");
  if (exchange.request.contains("contents") && start != std::string::npos) {
    const auto name = address.substr(start + 7);
    return name.substr(0, name.find(':'));
  }
  return string_or(exchange.request, "model");
}

Asked asked_of(const Exchange& exchange, const Corpus& corpus) {
  Asked asked;
  asked.provider.name = exchange.provider;
  asked.provider.dialect = corpus.dialect;
  asked.model.name = asked.model.id = model_of(exchange);
  asked.model.structured_output = true;
  if (asked.model.id.find("claude") != std::string::npos) asked.model.family = "anthropic";
  corpus.form.read(exchange.request, asked);
  asked.request.model = asked.model.name;
  return asked;
}

std::string difference(const Json& recorded, const Json& encoded) {
  const Json flat = recorded.flatten(), other = encoded.flatten();
  std::string text;
  for (const auto& [key, value] : flat.items()) {
    if (member(other, key) != value)
      text += key + ": " + dump_json(value).substr(0, 300) + " became " +
              dump_json(member(other, key)).substr(0, 300) + "\n";
  }
  for (const auto& [key, value] : other.items()) {
    if (!flat.contains(key)) text += key + ": new, " + dump_json(value).substr(0, 300) + "\n";
  }
  return text;
}

void encode_corpus(const Corpus& corpus) {
  const auto exchanges = load_exchanges(corpus.file);
  if (exchanges.empty()) {
    std::cout << "SKIPPED: " << corpus.file << " is not there (MIXAGENT_DATA names the folder)\n";
    return;
  }
  std::size_t equal = 0;
  std::map<std::string, std::size_t> excluded;
  for (const auto& exchange : exchanges) {
    CAPTURE(exchange.id);
    if (!exchange.request.is_object()) {
      ++excluded[only_answer];
      continue;
    }
    if (const auto why = corpus.form.excluded(exchange.request); !why.empty()) {
      ++excluded[why];
      continue;
    }
    const Asked asked = asked_of(exchange, corpus);
    const auto wire =
        dialect_of(corpus.dialect)->encode(asked.request, asked.model, asked.provider);
    const auto body = parse_json(wire.body);
    REQUIRE(body.has_value());
    Json recorded = corpus.form.normal(exchange.request, asked);
    Json encoded = corpus.form.normal(*body, asked);
    for (Json* side : {&recorded, &encoded}) {
      // 0 is 0.0.
      if (side->contains("temperature") && (*side)["temperature"].is_number())
        (*side)["temperature"] = (*side)["temperature"].get<double>();
    }
    const bool same = canonical_json(recorded) == canonical_json(encoded);
    CHECK_MESSAGE(same, difference(recorded, encoded));
    equal += same ? 1 : 0;
  }
  std::cout << corpus.file << ": " << exchanges.size() << " requests, " << equal << " equal";
  for (const auto& [why, count] : excluded) std::cout << "; " << count << " x " << why;
  std::cout << "\n";
  for (const auto& [why, count] : excluded) {
    const auto known = corpus.excluded.find(why);
    CHECK_MESSAGE((known != corpus.excluded.end() && count <= known->second), why);
  }
  CHECK(equal >= corpus.at_least);
}

}  // namespace

TEST_CASE("OpenAI Chat Completions and its cousins are encoded as recorded") {
  encode_corpus({"openai-chat.jsonl.gz",
                 Dialect::openai_chat,
                 chat_form(),
                 3'080,
                 {{only_answer, 40},
                  {"documents", 28},
                  {"sound and film", 16},
                  {"more than text in tool results", 1},
                  {"no conversation in it", 1},
                  {"tools that are no functions", 45},
                  {"function_call, which tool calls replaced", 12}}});
}

TEST_CASE("Anthropic Messages are encoded as recorded") {
  encode_corpus({"anthropic-messages.jsonl.gz",
                 Dialect::anthropic_messages,
                 messages_form(),
                 1'320,
                 {{only_answer, 53},
                  {"documents", 62},
                  {"files by id", 2},
                  {"more than text in tool results", 37},
                  {"system messages in the middle, a trial of the provider's", 18}}});
}

TEST_CASE("OpenAI Responses are encoded as recorded") {
  encode_corpus({"openai-responses.jsonl.gz",
                 Dialect::openai_responses,
                 responses_form(),
                 1'119,
                 {{only_answer, 84},
                  {"documents", 33},
                  {"files by id", 1},
                  {"more than text in tool results", 13},
                  {"refers to what the server keeps", 78}}});
}

TEST_CASE("Gemini requests are encoded as recorded") {
  encode_corpus({"gemini-generate.jsonl.gz",
                 Dialect::gemini,
                 gemini_form(),
                 1'019,
                 {{only_answer, 14},
                  {"documents", 38},
                  {"sound and film", 72},
                  {"files by id", 3},
                  {"more than text in tool results", 16},
                  {"refers to what the server keeps", 7},
                  {"text before tool results", 1},
                  {"a call in pieces", 1}}});
}

}  // namespace mixagent

#include "replay/corpus.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <iostream>
#include <map>

// Every recorded exchange is read whole. By default the cuts take a sample: single bytes and random
// pieces a third of the exchanges each, every boundary one in 300; MIXAGENT_CORPUS=full takes all
// of them (minutes).

namespace mixagent {

namespace {

struct Corpus {
  const char* file;
  Dialect dialect;
  std::size_t at_least;  // a test over nothing proves nothing
};

bool full_sweep() {
  const char* wish = std::getenv("MIXAGENT_CORPUS");
  return wish != nullptr && std::string_view(wish) == "full";
}

constexpr std::size_t small_body = 8u << 10;

std::string without_blanks(std::string text) {
  text.erase(std::remove_if(text.begin(), text.end(),
                            [](unsigned char c) { return std::isspace(c) != 0; }),
             text.end());
  return text;
}

// Where mixagent reads otherwise on purpose: changes `expected` to what it must read instead and
// returns the reason.
std::string deliberate_difference(const Exchange& exchange, Json& expected, const Json& read) {
  const auto starts = exchange.body.find("event: message_start");
  if (starts != std::string::npos &&
      exchange.body.find("event: message_start", starts + 1) != std::string::npos) {
    expected = read;
    return "of several answers in one body the last one counts";
  }
  if (!expected.contains("error") && read.contains("error")) {
    const bool nothing = expected["finish"].is_null() && expected["calls"].empty();
    const bool failed = string_or(expected, "finish") == "error";
    if (!nothing && !failed) return {};
    expected = read;
    return failed ? "a reply that the provider broke off is an error"
                  : "a reply that is still to come is an error";
  }
  if (expected.contains("error") && read.contains("error")) {
    const auto theirs = string_or(expected["error"], "kind"),
               ours = string_or(read["error"], "kind");
    if (theirs != "bad_request" || (ours != "not_found" && ours != "protocol")) return {};
    expected["error"]["kind"] = ours;
    return ours == "not_found" ? "an unknown model is not_found, also when the status is 400"
                               : "a tool call that the server itself refused is asked for again";
  }
  const auto said = string_or(expected, "text");
  const auto thoughts = string_or(read, "reasoning"), answer = string_or(read, "text");
  for (const char* end : {"</think>", ""}) {
    if (without_blanks(said) != without_blanks("<think>" + thoughts + end + answer)) continue;
    expected["text"] = answer;
    expected["reasoning"] = thoughts;
    return "<think> in the text is reasoning";
  }
  return {};
}

void read_corpus(const Corpus& corpus) {
  const auto exchanges = load_exchanges(corpus.file);
  if (exchanges.empty()) {
    std::cout << "SKIPPED: " << corpus.file << " is not there (MIXAGENT_DATA names the folder)\n";
    return;
  }
  CHECK(exchanges.size() >= corpus.at_least);
  std::map<std::string, int> differences;
  std::size_t boundaries = 0, number = 0;
  for (const auto& exchange : exchanges) {
    CAPTURE(exchange.id);
    const auto reply = decode(exchange, corpus.dialect, whole());
    const Json read = reading_of(reply);
    Json expected = expected_reading(exchange);
    if (dump_json(read) != dump_json(expected)) {
      const auto why = deliberate_difference(exchange, expected, read);
      if (!why.empty()) ++differences[why];
    }
    CHECK(dump_json(read) == dump_json(expected));

    const auto print = fingerprint(reply);
    const bool all = full_sweep();
    ++number;
    if (all || number % 3 == 0) {
      CHECK(fingerprint(decode(exchange, corpus.dialect, pieces_of(1))) == print);
    }
    if (all || number % 3 == 1) {
      CHECK(fingerprint(decode(exchange, corpus.dialect, random_pieces(7))) == print);
    }
    const bool sweep = exchange.body.size() < small_body && (all || number % 300 == 0);
    for (std::size_t cut = 1; sweep && cut < exchange.body.size(); ++cut, ++boundaries) {
      if (fingerprint(decode(exchange, corpus.dialect, in_two_at(cut))) == print) continue;
      CAPTURE(cut);
      FAIL_CHECK("the reading depends on where the body is cut");
      break;
    }
  }
  std::cout << corpus.file << ": " << exchanges.size() << " exchanges, " << boundaries
            << " single cuts";
  for (const auto& [why, count] : differences) std::cout << "; " << count << " x " << why;
  std::cout << "\n";
}

}  // namespace

TEST_CASE("OpenAI Chat Completions and its cousins are read as recorded") {
  read_corpus({"openai-chat.jsonl.gz", Dialect::openai_chat, 3'000});
}

TEST_CASE("Anthropic Messages are read as recorded") {
  read_corpus({"anthropic-messages.jsonl.gz", Dialect::anthropic_messages, 1'400});
}

TEST_CASE("OpenAI Responses are read as recorded") {
  read_corpus({"openai-responses.jsonl.gz", Dialect::openai_responses, 1'200});
}

TEST_CASE("Gemini answers are read as recorded") {
  read_corpus({"gemini-generate.jsonl.gz", Dialect::gemini, 1'100});
}

}  // namespace mixagent

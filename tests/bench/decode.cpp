// How fast answers are read: bench_decode [ROUNDS]. Recorded streams of each dialect
// (MIXAGENT_DATA) in pieces of 4 KB, one thread, CPU time.

#include "replay/corpus.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace mixagent {

namespace {

double cpu_s() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

void measure(const char* file, Dialect dialect, bool streaming, int rounds) {
  auto exchanges = load_exchanges(file);
  std::erase_if(exchanges, [&](const Exchange& exchange) {
    return exchange.streaming != streaming || exchange.status != 200;
  });
  if (exchanges.empty()) {
    std::printf("SKIPPED: %s is not there\n", file);
    return;
  }
  std::size_t bytes = 0;
  for (const auto& exchange : exchanges) bytes += exchange.body.size();
  const auto cut = pieces_of(4'096);
  double best = 1e9;
  for (int round = 0; round < rounds; ++round) {
    const double begin = cpu_s();
    for (const auto& exchange : exchanges) (void)decode(exchange, dialect, cut);
    best = std::min(best, cpu_s() - begin);
  }
  const auto count = static_cast<double>(exchanges.size());
  std::printf("%-20s %-7s %6zu %10.0f %8.1f %10.1f\n", std::string(enum_name(dialect)).c_str(),
              streaming ? "stream" : "whole", exchanges.size(), static_cast<double>(bytes) / count,
              static_cast<double>(bytes) / best / 1e6, best / count * 1e6);
}

}  // namespace

}  // namespace mixagent

int main(int argc, char** argv) {
  using namespace mixagent;
  const int rounds = argc > 1 ? std::max(1, std::atoi(argv[1])) : 5;
  std::printf("%-20s %-7s %6s %10s %8s %10s\n", "dialect", "kind", "calls", "bytes/call", "MB/s",
              "us/call");
  for (const bool streaming : {true, false}) {
    measure("openai-chat.jsonl.gz", Dialect::openai_chat, streaming, rounds);
    measure("openai-responses.jsonl.gz", Dialect::openai_responses, streaming, rounds);
    measure("anthropic-messages.jsonl.gz", Dialect::anthropic_messages, streaming, rounds);
    measure("gemini-generate.jsonl.gz", Dialect::gemini, streaming, rounds);
  }
  return 0;
}

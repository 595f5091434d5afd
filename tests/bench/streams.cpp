// Many answers at once on one network thread: bench_streams [STREAMS] [EVENTS] [GAP_MS]. A server
// in a process of its own sends each caller EVENTS pieces of text, GAP_MS apart; callers decode
// them.

#include "provider/dialect.h"
#include "support/loopback_server.h"
#include "system/http_curl.h"

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace mixagent {

namespace {

struct Load {
  int streams = 500, events = 100, gap_ms = 20;
};

const std::string event =
    "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":"
    "{\"content\":\"twenty-odd characters of text\"},\"finish_reason\":null}]}\n\n";
const std::string last =
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":"
    "{\"prompt_tokens\":9,\"completion_tokens\":700,\"total_tokens\":709}}\n\ndata: [DONE]\n\n";

[[noreturn]] void serve(const Load& load, int tell) {
  LoopbackServer server([&](const LoopbackServer::Connection& connection, const std::string&) {
    connection.send(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n");
    for (int i = 0; i < load.events && connection.send(event); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(load.gap_ms));
    }
    connection.send(last);
  });
  const auto url = server.url() + "\n";
  if (write(tell, url.data(), url.size()) < 0) std::_Exit(1);
  while (true) pause();
}

std::string status_of(const char* wanted) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind(wanted, 0) == 0) return line.substr(line.find_first_not_of(" \t", 7));
  }
  return "?";
}

double cpu_s() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

bool call(HttpCurl& http, const std::string& url, std::size_t expected) {
  auto decoder = dialect_of(Dialect::openai_chat)->decoder({});
  HttpRequest request;
  request.url = url + "/v1/chat/completions";
  request.body = std::string(4'000, ' ');
  const auto answer =
      http.send(request, [&](std::string_view bytes) { return decoder.feed(bytes), true; }, {});
  if (!answer) return false;
  const auto reply = decoder.finish(answer->status, answer->headers, 0);
  return reply && text_of(reply->parts).size() == expected;
}

int run(const Load& load, const std::string& url) {
  const auto before = status_of("VmRSS:");
  const auto begin = std::chrono::steady_clock::now();
  const double cpu = cpu_s();
  std::atomic<int> good{0};
  {
    HttpCurl http;
    std::vector<std::thread> callers;
    for (int i = 0; i < load.streams; ++i) {
      callers.emplace_back(
          [&] { good += call(http, url, 29u * static_cast<std::size_t>(load.events)) ? 1 : 0; });
    }
    for (auto& caller : callers) caller.join();
  }
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
  const double used = cpu_s() - cpu;
  std::printf("%d of %d streams of %d events, %d ms apart (never under %.2f s)\n", good.load(),
              load.streams, load.events, load.gap_ms, load.events * load.gap_ms / 1e3);
  std::printf("wall %.2f s, CPU %.2f s (%.0f us an event), memory %s at first, %s at most\n",
              wall.count(), used, used * 1e6 / load.streams / load.events, before.c_str(),
              status_of("VmHWM:").c_str());
  return good == load.streams ? 0 : 1;
}

}  // namespace

}  // namespace mixagent

int main(int argc, char** argv) {
  using namespace mixagent;
  std::signal(SIGPIPE, SIG_IGN);
  Load load;
  if (argc > 1) load.streams = std::atoi(argv[1]);
  if (argc > 2) load.events = std::atoi(argv[2]);
  if (argc > 3) load.gap_ms = std::atoi(argv[3]);
  int ends[2];
  if (pipe(ends) != 0) return 1;
  const pid_t server = fork();
  if (server == 0) serve(load, ends[1]);
  std::string url;
  for (char c = 0; read(ends[0], &c, 1) == 1 && c != '\n';) url += c;
  const int status = run(load, url);
  kill(server, SIGKILL);
  waitpid(server, nullptr, 0);
  return status;
}

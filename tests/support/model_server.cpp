#include "support/model_server.h"

#include "base/json.h"
#include "base/text.h"

#include <httplib.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <netinet/in.h>
#include <sys/socket.h>
#include <thread>

namespace mixagent {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds longest_hold{10'000};

std::int64_t now_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// How the dialect's own provider words an error.
std::string error_body(Dialect dialect, int status, const std::string& message) {
  if (dialect == Dialect::gemini) {
    const char* word = status == 429   ? "RESOURCE_EXHAUSTED"
                       : status == 500 ? "INTERNAL"
                       : status < 500  ? "INVALID_ARGUMENT"
                                       : "UNAVAILABLE";
    return dump_json({{"error", {{"code", status}, {"message", message}, {"status", word}}}});
  }
  Json error = {{"message", message}, {"type", "error"}};
  if (dialect == Dialect::anthropic_messages) {
    error["type"] = status == 529 ? "overloaded_error" : "api_error";
    return dump_json({{"type", "error"}, {"error", error}});
  }
  return dump_json({{"error", error}});
}

void send_error(httplib::Response& response, const ServerRequest& request, int status,
                const std::string& message) {
  response.status = status;
  response.set_content(error_body(request.dialect, status, message), "application/json");
}

bool holds_key(const httplib::Request& from, Dialect dialect, const std::string& key) {
  if (dialect == Dialect::anthropic_messages) return from.get_header_value("x-api-key") == key;
  if (dialect == Dialect::gemini) return from.get_header_value("x-goog-api-key") == key;
  return from.get_header_value("Authorization") == "Bearer " + key;
}

// The library hides its sockets: ours is the one with this peer.
void reset_connection(int peer_port) {
  for (int fd = 3; fd < 1024; ++fd) {
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    if (getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0) continue;
    if (peer.sin_family != AF_INET || ntohs(peer.sin_port) != peer_port) continue;
    sockaddr nobody{};
    nobody.sa_family = AF_UNSPEC;
    (void)connect(fd, &nobody, sizeof nobody);  // sends a reset
  }
}

// Sends the answer's bytes up to `end`; when bytes are missing, what comes then is as `fault` says.
void send_cut(httplib::Response& response, const ChatAnswer& answer, std::size_t end,
              const ScriptFault& fault, int peer_port) {
  auto body = std::make_shared<std::string>(answer.body.substr(0, end));
  const bool complete = end >= answer.body.size() || fault.end == "clean";
  response.set_chunked_content_provider(
      answer.content_type,
      [body, complete, fault, peer_port](std::size_t, httplib::DataSink& sink) {
        if (!body->empty()) sink.write(body->data(), body->size());
        const auto until =
            std::chrono::steady_clock::now() + std::min(milliseconds(fault.stall_ms), longest_hold);
        while (std::chrono::steady_clock::now() < until && sink.is_writable()) {
          std::this_thread::sleep_for(milliseconds(20));
        }
        if (complete) sink.done();
        if (fault.end == "reset") {
          std::this_thread::sleep_for(milliseconds(50));  // a reset overtakes what was sent
          reset_connection(peer_port);
        }
        return complete;
      });
}

}  // namespace

struct ModelServer::State {
  Settings settings;
  httplib::Server http;
  int port = 0, listening = -1;
  std::thread thread;

  std::mutex mutex;
  std::condition_variable more_open;
  std::vector<ServerRequest> requests;
  std::vector<std::string> faults;
  int open = 0, most_open = 0;

  void serve(Dialect dialect, const httplib::Request& from, httplib::Response& response);
  std::optional<Reply> take(ServerRequest& request, bool known);
  void answer(const Reply& reply, const ServerRequest& request, const httplib::Request& from,
              httplib::Response& response);
  void hold(const Reply& reply);
  void bill(ServerRequest& request, const Reply& reply);
  void fault(const std::string& text) {
    const std::lock_guard lock(mutex);
    faults.push_back(text);
  }
};

void ModelServer::State::serve(Dialect dialect, const httplib::Request& from,
                               httplib::Response& response) {
  const std::int64_t arrived = now_us();
  ServerRequest request = decode_request(dialect, from.matches.str(1), from.body);
  request.arrived_us = arrived;
  {
    const std::lock_guard lock(mutex);
    most_open = std::max(most_open, ++open);
  }
  more_open.notify_all();
  const bool known = settings.key.empty() || holds_key(from, dialect, settings.key);
  const auto reply = take(request, known);
  if (settings.on_request) settings.on_request(request);
  if (!known) {
    send_error(response, request, 401, "Incorrect API key provided");
  } else if (!request.fault.empty()) {
    fault("request " + std::to_string(request.number) + " to " + request.model +
          " would be refused: " + request.fault);
    send_error(response, request, 400, request.fault);
  } else if (!reply) {
    fault("nothing is scripted for request " + std::to_string(request.number) + " to " +
          request.model + ":\n" + clip_middle(request.rendered, 6000));
    send_error(response, request, 400, "nothing is scripted for this request");
  } else {
    hold(*reply);
    answer(*reply, request, from, response);
  }
  const std::lock_guard lock(mutex);
  --open;
  requests[static_cast<std::size_t>(request.number) - 1].answered_us = now_us();
}

// The reply for a request, and the request's place in the list. A request that will be refused uses
// no reply up.
std::optional<Reply> ModelServer::State::take(ServerRequest& request, bool known) {
  const std::lock_guard lock(mutex);
  request.number = static_cast<int>(requests.size()) + 1;
  std::optional<Reply> reply;
  if (known && request.fault.empty()) {
    if (Reply* found = find_reply(settings.script, request.model, request.rendered)) reply = *found;
  }
  if (reply) bill(request, *reply);
  requests.push_back(request);
  return reply;
}

void ModelServer::State::bill(ServerRequest& request, const Reply& reply) {
  if (reply.fault && (reply.fault->status != 0 || reply.fault->raw)) return;
  request.usage = usage_of(reply, request);
  const auto price = settings.prices.find(request.model);
  if (price == settings.prices.end()) return;
  const auto& [input, output, cached, written] = price->second;
  const ScriptUsage& used = request.usage;
  request.spent_usd =
      (static_cast<double>(used.input - used.cached - used.written) * input +
       static_cast<double>(used.cached) * cached + static_cast<double>(used.written) * written +
       static_cast<double>(used.output) * output) /
      1e6;
}

void ModelServer::State::hold(const Reply& reply) {
  if (reply.wait_for_open > 0) {
    std::unique_lock lock(mutex);
    more_open.wait_for(lock, longest_hold, [&] { return most_open >= reply.wait_for_open; });
  }
  std::this_thread::sleep_for(std::min(milliseconds(reply.delay_ms), longest_hold));
}

void ModelServer::State::answer(const Reply& reply, const ServerRequest& request,
                                const httplib::Request& from, httplib::Response& response) {
  if (reply.fault) {
    for (const auto& [name, value] : reply.fault->headers) response.set_header(name, value);
  }
  if (reply.fault && reply.fault->status != 0) {
    response.status = reply.fault->status;
    const std::string standard =
        error_body(request.dialect, reply.fault->status, "scripted failure");
    response.set_content(reply.fault->body.empty() ? standard : reply.fault->body,
                         "application/json");
    return;
  }
  if (reply.fault && reply.fault->raw) {
    response.set_content(*reply.fault->raw,
                         request.stream ? "text/event-stream" : "application/json");
    return;
  }
  if (reply.fault && reply.fault->end == "reset" && reply.fault->cut_after == 0) {
    return reset_connection(from.remote_port);
  }
  const ChatAnswer answer = encode_answer(reply, request);
  std::size_t end = answer.body.size();
  if (reply.fault && reply.fault->cut == "call") end = answer.call_middle;
  if (reply.fault && reply.fault->cut == "end") end = answer.last_event;
  if (reply.fault && reply.fault->cut_after >= 0) {
    end = std::min(end, static_cast<std::size_t>(reply.fault->cut_after));
  }
  send_cut(response, answer, end, reply.fault.value_or(ScriptFault{}), from.remote_port);
}

ModelServer::ModelServer(Settings settings) : state_(std::make_unique<State>()) {
  State& state = *state_;
  state.settings = std::move(settings);
  // A kept-alive connection holds a thread of the pool.
  state.http.new_task_queue = [] { return new httplib::ThreadPool(96); };
  state.http.set_tcp_nodelay(true);
  state.http.set_keep_alive_max_count(100'000);
  static constexpr std::pair<const char*, Dialect> routes[] = {
      {"/v1/chat/completions", Dialect::openai_chat},
      {"/v1/responses", Dialect::openai_responses},
      {"/v1/messages", Dialect::anthropic_messages},
      {R"(/v1(?:beta)?/models/([^:/]+):streamGenerateContent)", Dialect::gemini}};
  for (const auto& [path, dialect] : routes) {
    state.http.Post(path, [&state, dialect](const auto& request, auto& response) {
      state.serve(dialect, request, response);
    });
  }
  // The library lets five wait to be accepted; a sixth on a busy machine comes back after a second.
  state.http.set_socket_options([&state](int socket) { state.listening = socket; });
  state.port = state.http.bind_to_any_port("127.0.0.1");
  ::listen(state.listening, 512);
  state.thread = std::thread([&state] { state.http.listen_after_bind(); });
  while (!state.http.is_running()) std::this_thread::sleep_for(milliseconds(1));
}

ModelServer::~ModelServer() {
  state_->http.stop();
  state_->thread.join();
}

int ModelServer::port() const {
  return state_->port;
}

std::vector<ServerRequest> ModelServer::requests() const {
  const std::lock_guard lock(state_->mutex);
  return state_->requests;
}

double ModelServer::spent_usd() const {
  double spent = 0;
  for (const ServerRequest& request : requests()) spent += request.spent_usd;
  return spent;
}

int ModelServer::most_open() const {
  const std::lock_guard lock(state_->mutex);
  return state_->most_open;
}

std::vector<std::string> ModelServer::faults() const {
  const std::lock_guard lock(state_->mutex);
  return state_->faults;
}

std::vector<std::string> ModelServer::unused() const {
  const std::lock_guard lock(state_->mutex);
  std::vector<std::string> names;
  for (const Reply& reply : state_->settings.script) {
    if (reply.used == 0 && !reply.optional) names.push_back(reply.name());
  }
  return names;
}

}  // namespace mixagent

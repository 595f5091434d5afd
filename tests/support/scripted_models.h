#pragma once
// Models that say what a test wrote down: the second implementation of the port in
// mixagent/chat_model.h. No network, no retries of its own. Thread-safe.

#include "mixagent/chat_model.h"

#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace mixagent {

// One thing a model says. Every member that is set must fit the request; an empty one fits all.
struct ScriptedReply {
  std::string model, seat, step;
  std::string contains;  // in the rendered text of the messages
  ChatReply reply;
  std::optional<Error> error;      // instead of the reply
  std::vector<RetryNote> retries;  // told to the observer first
  bool forever = false;            // answers again and again
  std::function<void(const ChatRequest&)>
      before;  // runs before the answer: cancel something, look at the request
};

// ("edit_file", R"({"path":"a"})") pairs become a reply of tool calls with ids call_1, call_2 ...
ChatReply reply_calls(const std::vector<std::pair<std::string, std::string>>& calls,
                      const std::string& text = {});
ChatReply reply_text(const std::string& text);
// Everything that the messages say, with roles, tool calls and results: for `contains` and for a
// test's own look.
std::string rendered(const ChatRequest& request);

class ScriptedModels final : public ChatModels {
 public:
  ScriptedModels() = default;
  explicit ScriptedModels(std::vector<ScriptedReply> script) : script_(std::move(script)) {}

  void add(ScriptedReply reply);
  // Shorthands: the next thing that this model says.
  void says(const std::string& model, ChatReply reply);
  void fails(const std::string& model, ErrorCode code, const std::string& what);

  // The first reply not used yet that fits; an Error internal that shows the request when there is
  // none.
  Result<ChatReply> ask(const ChatRequest& request, CallObserver& observer,
                        const Cancel& cancel) override;

  std::vector<ChatRequest> requests() const;
  std::vector<ChatRequest> requests_of(const std::string& model) const;
  // "worker-small (worker, step s1)" of every reply that nobody asked for.
  std::vector<std::string> unused() const;
  int most_at_once() const;  // how many calls were open at the same time

 private:
  std::optional<ScriptedReply> take(const ChatRequest& request);

  mutable std::mutex mutex_;
  std::vector<ScriptedReply> script_;
  std::vector<bool> used_;
  std::vector<ChatRequest> requests_;
  int open_ = 0, most_open_ = 0;
};

}  // namespace mixagent

#pragma once
// The one agent loop that serves every seat (PROTOCOLS 1): send messages and tools, execute the
// calls that come back, append the results, until the terminal tool is called or a limit is
// reached. History is append-only, but for old observations of long conversations (core/forget.h).
// Used by one thread.

#include "core/actions.h"
#include "engine/caller.h"
#include "engine/hands.h"
#include "engine/stuck.h"

#include <optional>
#include <string>
#include <vector>

namespace mixagent {

enum class EndKind { terminal, malformed, silent, loop, limit, refused };

struct Ended {
  EndKind kind = EndKind::terminal;
  std::optional<Action> action;  // terminal
  std::string why;               // one sentence
};

struct ConversationSetup {
  const Seat& seat;
  const Model& model;
  Pot pot;
  std::string key;   // "step:s1/attempt:2": calls are key/call:N
  std::string step;  // label, may be empty
  int attempt = 0;
  std::string system;  // rendered
  std::vector<std::string> tools;
  std::string cache_key;
};

class Conversation {
 public:
  Conversation(Tools& tools, Caller& caller, Hands& hands, ConversationSetup setup);

  // The first message, or more to think about. After a terminal call it becomes that call's result.
  void say(const std::string& text);
  // Until something ends it; may be called again after say(). An Error: no model, no money, no
  // disk, cancelled.
  Result<Ended> run();
  // Ends with `limit` once its calls have cost more than this; `usual` is named as the reason.
  void stop_at(Money most, Money usual) {
    most_cost_ = most;
    usual_cost_ = usual;
  }
  int turns() const { return turn_; }

 private:
  struct Decoded {
    std::vector<ToolCallPart> calls;  // native: as sent; text protocol: made up
    std::vector<Result<Action>> actions;
    std::vector<std::string> faults;  // what could not be read in a text reply
    bool malformed() const;
    std::string fault() const;
  };

  Result<ChatReply> ask(const std::string& suffix);
  Decoded decode(const ChatReply& reply) const;
  void take_edits_in_text(const std::string& text, Decoded& out) const;
  Result<std::optional<Ended>> turn();
  Result<std::optional<Ended>> execute(Decoded decoded);
  Result<Observation> observe(const Action& action, std::size_t index);
  void append_reply(const ChatReply& reply);
  void keep_short();
  void flush_results();
  std::string action_list() const;

  Tools& tools_;
  Caller& caller_;
  Hands& hands_;
  const ConversationSetup setup_;
  const bool text_protocol_;
  std::string terminal_;  // the seat's submit_* tool, if any
  std::vector<Message> messages_;
  std::vector<ToolDef> definitions_;
  std::vector<std::size_t> observations_;      // which messages hold results
  std::size_t counted_ = 0;                    // messages that length_ covers
  std::int64_t length_ = 0;                    // tokens, as reported where the provider does
  std::vector<ToolResultPart> results_;        // not yet sent
  std::optional<ToolCallPart> open_terminal_;  // waits for say()
  Stuck stuck_;
  int turn_ = 0, malformed_ = 0, silent_ = 0, advised_ = 0;
  TokenSample before_;  // the latest call, as the model counted it
  Money cost_;
  std::optional<Money> most_cost_, usual_cost_;
};

}  // namespace mixagent

#pragma once
// Anthropic Messages, OpenAI Responses and Gemini from the provider's side. Requests are told as
// Chat Completions, so that one set of rules and one rendering serve all dialects; what a dialect
// alone demands is checked on the way. Answers are streams. Pure.

#include "base/json.h"
#include "support/chat_wire.h"

#include <string>

namespace mixagent {

// `fault` is set to the first thing that the provider would refuse; the chat form is then
// incomplete.
Json messages_as_chat(const Json& body, std::string& fault);
Json responses_as_chat(const Json& body, std::string& fault);
Json gemini_as_chat(const Json& body, std::string& fault);

ChatAnswer messages_answer(const Reply& reply, const ServerRequest& request);
ChatAnswer responses_answer(const Reply& reply, const ServerRequest& request);
ChatAnswer gemini_answer(const Reply& reply, const ServerRequest& request);

// A stream of server-sent events as it is written.
struct EventStream {
  ChatAnswer answer;

  EventStream() { answer.content_type = "text/event-stream"; }
  // Name empty: no `event:` line.
  void event(const std::string& name, const Json& data) {
    answer.last_event = answer.body.size();
    if (!name.empty()) answer.body += "event: " + name + "\n";
    answer.body += "data: " + dump_json(data) + "\n\n";
  }
  void middle_of_call() {
    if (answer.call_middle == 0) answer.call_middle = answer.body.size();
  }
};

// What a scripted `thinking` hides in its signature; the story can look for it in later requests.
std::string opaque_word(const ServerRequest& request);

}  // namespace mixagent

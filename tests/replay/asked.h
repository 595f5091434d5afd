#pragma once
// Recorded requests of other programs, read into the neutral conversation, so that our encoders can
// write them once more. One form a dialect; what is compared is the normal form of both, as
// encoders_test.cpp publishes it.

#include "base/json.h"
#include "replay/corpus.h"

#include "mixagent/message.h"
#include "mixagent/model.h"

#include <map>
#include <string>

namespace mixagent {

struct Asked {
  ChatRequest request;
  Model model;
  Provider provider;
};

struct RequestForm {
  // Why the request has no neutral form; "": it has one.
  std::string (*excluded)(const Json& body);
  // `asked` comes with model and provider named.
  void (*read)(const Json& body, Asked& asked);
  Json (*normal)(Json body, const Asked& asked);
};

const RequestForm& chat_form();
const RequestForm& messages_form();
const RequestForm& responses_form();
const RequestForm& gemini_form();

// Call ids of a conversation as its wire has them: ours are given in order.
class WireCalls {
 public:
  ToolCallPart call(const std::string& wire_id, const std::string& name,
                    const std::string& arguments);
  // Of the last call with this id (with this name, where there are no ids).
  ToolResultPart result(const std::string& wire_id, const std::string& name,
                        const std::string& text, bool is_error);

 private:
  std::vector<ToolCallPart> calls_;
  std::vector<bool> answered_;
};

// Ids on the wire by the order of the calls: providers want them in shapes of their own, and some
// give the same ones in every turn. A result refers to the last call of its id.
class CallNumbers {
 public:
  void call(Json& id);
  void result(Json& id) const;

 private:
  int count_ = 0;
  std::map<std::string, std::string> last_;
};

ImagePart image_from_url(const std::string& url);
bool is_one_of(const std::string& word, std::initializer_list<const char*> words);
void drop(Json& object, std::initializer_list<const char*> names);
// Takes `additionalProperties: false` out, at every depth: our encoders write it where it is
// wanted.
void open_schema(Json& schema);
// Null, "", [] and {} are the same as nothing said, at this level.
void drop_empty(Json& object);

}  // namespace mixagent

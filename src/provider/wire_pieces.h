#pragma once
// Pieces that several dialects share. Pure. Private to the dialects.

#include "base/json.h"

#include "mixagent/message.h"

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace mixagent {

// A string member; "" when it is absent or no string: some servers send every field of a schema,
// empty.
std::string text_member(const Json& object, std::string_view name);
// String members, integers too: codes come as "429", 429 or null.
std::string scalar_text(const Json& value);
// JSON text of a tool call's arguments: a string as it is, an object dumped, nothing as "".
std::string arguments_text(const Json& arguments);

// What the text says, or {} when it is no JSON object.
Json parse_or_object(const std::string& text);
// Arguments for sending back: servers parse those of old calls again and refuse a conversation for
// broken ones.
std::string sendable_arguments(const std::string& arguments);
std::string url_of(const ImagePart& image);  // its address, or a data: URL
// The schema with `additionalProperties: false` in every object: strict modes want it written out.
Json closed_schema(const std::string& schema);
// Whether strict modes that want every property required take it; others get it as a wish.
bool fits_strict_mode(const Json& schema);

// The messages that keep their cache mark: no more than four may. The first is the one that all
// conversations of a seat share; of the others the last ones count.
std::set<const Message*> marked_messages(const std::vector<Message>& messages);

// What stands for a call on the wire: the provider's own id, else ours. Ids that come twice in a
// conversation (some servers begin anew in every turn) could not be told apart: those become ours.
class WireIds {
 public:
  using Shape = std::string (*)(const std::string& id);  // what the provider takes as an id
  WireIds(const std::vector<Message>& messages, Shape shape);
  const std::string& of(const ToolCallPart& call) const;
  std::string of(const ToolResultPart& result) const;

 private:
  const Shape shape_;
  std::map<std::string, std::string> ids_;  // by ToolCallPart::id
};
std::string as_it_is(const std::string& id);

// The id that we give the n-th tool call (0-based) of a conversation.
std::string own_call_id(std::size_t n);
// Our own opaque values for this origin only; null when there is none of this kind.
Json opaque_for(const Origin& origin, const std::vector<Opaque>& opaque, std::string_view kind);

}  // namespace mixagent

#include "engine/advisor.h"

#include "base/text.h"
#include "engine/texts.h"

namespace mixagent {

Result<Advice> ask_advisor(Tools& tools, Caller& caller, const Pot& pot, CallLabels asker,
                           const std::string& key, const std::string& question) {
  const Seat* seat = tools.config.lineup.seat("advisor");
  const Model* model = seat != nullptr && !seat->ladder.empty()
                           ? tools.config.lineup.model(seat->ladder[0])
                           : nullptr;
  if (model == nullptr) return Advice{false, "there is no advisor here"};
  MIX_TRY(const std::string system, tools.prompts.render(seat->prompt, {}));
  ChatRequest request;
  request.messages = {{Role::system, {TextPart{system, {}}}, true},
                      {Role::user, {TextPart{question, {}}}, false}};
  request.labels = std::move(asker);
  request.labels.key = key;
  request.labels.seat = seat->name;
  request.cache_key = "advisor";
  const auto reply = caller.ask(std::move(request), {*seat, *model, pot});
  if (!reply) {
    if (reply.error().code == ErrorCode::cancelled || reply.error().code == ErrorCode::io)
      return fail(reply.error());
    return Advice{false, "the advisor cannot be asked: " + describe(reply.error())};
  }
  const std::string answer(trim(text_of(reply->parts)));
  if (answer.empty()) return Advice{false, "the advisor has no answer"};
  return Advice{true, answer};
}

}  // namespace mixagent

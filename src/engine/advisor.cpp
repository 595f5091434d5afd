#include "engine/advisor.h"

#include "base/text.h"
#include "engine/texts.h"

namespace mixagent {

namespace {

// Too little money for advice does not end the work.
bool ends_work(const Error& error) {
  return error.code == ErrorCode::cancelled || error.code == ErrorCode::io;
}

}  // namespace

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
  const auto reply = ask_helper(
      tools.journal, key,
      [&] {
        return caller.ask(request, {*seat, *model, pot});
      },
      ends_work);
  if (!reply) {
    if (ends_work(reply.error())) return fail(reply.error());
    return Advice{false, "the advisor cannot be asked: " + describe(reply.error())};
  }
  const std::string answer(trim(text_of(reply->parts)));
  if (answer.empty()) return Advice{false, "the advisor has no answer"};
  return Advice{true, answer};
}

}  // namespace mixagent

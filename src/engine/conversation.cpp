#include "engine/conversation.h"

#include "base/json.h"
#include "base/text.h"
#include "core/calibration.h"
#include "core/forget.h"
#include "core/price.h"
#include "core/text_protocol.h"
#include "engine/advisor.h"

#include <fmt/core.h>

#include <algorithm>

namespace mixagent {

namespace {

constexpr int most_advice = 3;    // questions to the advisor in one conversation
constexpr int most_in_a_row = 3;  // malformed, or silent

Message user_message(std::string text) {
  return {Role::user, {TextPart{std::move(text), {}}}, false};
}

// What the conversation rests on from here: the next call will begin with it.
Message stable(Message message) {
  message.cache_here = true;
  return message;
}

bool refused(const ChatReply& reply) {
  if (!calls_of(reply.parts).empty()) return false;
  if (reply.stop == StopReason::content_filter) return true;
  return std::any_of(reply.parts.begin(), reply.parts.end(),
                     [](const Part& part) { return std::holds_alternative<RefusalPart>(part); });
}

// What a person sees of a call while it runs: its path or command.
std::string about(const Action& action) {
  if (const auto* a = std::get_if<ReadFile>(&action)) return a->path;
  if (const auto* a = std::get_if<ListFiles>(&action)) return a->path;
  if (const auto* a = std::get_if<Search>(&action)) return a->pattern;
  if (const auto* a = std::get_if<EditFile>(&action)) return a->path;
  if (const auto* a = std::get_if<WriteFile>(&action)) return a->path;
  if (const auto* a = std::get_if<RunCommand>(&action)) return a->command;
  return "";
}

}  // namespace

bool Conversation::Decoded::malformed() const {
  return std::any_of(actions.begin(), actions.end(), [](const auto& a) { return !a; }) ||
         (actions.empty() && !faults.empty());
}

std::string Conversation::Decoded::fault() const {
  for (const auto& action : actions) {
    if (!action) return describe(action.error());
  }
  return faults.empty() ? "the reply was empty" : faults.front();
}

Conversation::Conversation(Tools& tools, Caller& caller, Hands& hands, ConversationSetup setup)
    : tools_(tools),
      caller_(caller),
      hands_(hands),
      setup_(std::move(setup)),
      text_protocol_(setup_.model.protocol == Protocol::text) {
  messages_.push_back({Role::system, {TextPart{setup_.system, {}}}, true});
  for (const std::string& tool : setup_.tools) {
    if (tool.rfind("submit_", 0) == 0) terminal_ = tool;
    if (!text_protocol_) definitions_.push_back(tool_definition(tool));
  }
}

void Conversation::say(const std::string& text) {
  const bool answers_call = open_terminal_ && !text_protocol_ && !open_terminal_->id.empty();
  if (answers_call) {
    results_.push_back(
        {open_terminal_->id, open_terminal_->wire_id, open_terminal_->name, text, false});
    flush_results();
  } else {
    flush_results();
    messages_.push_back(stable(user_message(text)));
  }
  open_terminal_.reset();
}

Result<Ended> Conversation::run() {
  MIX_CHECK(!open_terminal_, "a conversation that ended needs say() before it goes on");
  while (turn_ < setup_.seat.max_turns) {
    MIX_TRY(auto ended, turn());
    if (ended) return std::move(*ended);
    if (most_cost_ && cost_ > *most_cost_) {
      return Ended{EndKind::limit,
                   {},
                   fmt::format("it cost ${:.4f}, far beyond the ${:.4f} that is usual here",
                               to_usd(cost_), to_usd(*usual_cost_))};
    }
  }
  return Ended{EndKind::limit, {}, fmt::format("{} turns used up", setup_.seat.max_turns)};
}

// One reply: asked, understood, carried out.
Result<std::optional<Ended>> Conversation::turn() {
  ++turn_;
  keep_short();
  MIX_TRY(ChatReply reply, ask(""));
  if (refused(reply))
    return Ended{EndKind::refused, {}, "the model refused: " + clip(text_of(reply.parts), 200)};
  Decoded decoded = decode(reply);
  const auto empty = [&] { return decoded.actions.empty() && trim(text_of(reply.parts)).empty(); };

  if (decoded.malformed() || empty()) {
    if (++malformed_ >= most_in_a_row) {
      return Ended{EndKind::malformed, {}, "three malformed replies in a row: " + decoded.fault()};
    }
    // Not added to the history: the identical request is sent once more.
    MIX_OK(tools_.journal.append(CallRetried{fmt::format("{}/call:{}", setup_.key, turn_),
                                             setup_.seat.name, setup_.model.name, setup_.step,
                                             "malformed", decoded.fault(), 0, Money{}}));
    MIX_TRY(reply, ask("/again"));
    decoded = decode(reply);
    if (decoded.malformed() || empty()) ++malformed_;
  }
  const bool still_bad = decoded.malformed() || empty();
  if (!still_bad) malformed_ = 0;
  if (malformed_ >= most_in_a_row) {
    return Ended{EndKind::malformed, {}, "three malformed replies in a row: " + decoded.fault()};
  }
  append_reply(reply);
  if (decoded.actions.empty()) {
    if (still_bad) {
      messages_.push_back(
          user_message("Your reply could not be used: " + decoded.fault() + ".\n" + action_list()));
      return std::optional<Ended>{};
    }
    if (++silent_ >= most_in_a_row) {
      return Ended{EndKind::silent, {}, "three replies without an action"};
    }
    messages_.push_back(user_message(action_list()));
    return std::optional<Ended>{};
  }
  silent_ = 0;
  return execute(std::move(decoded));
}

Result<ChatReply> Conversation::ask(const std::string& suffix) {
  ChatRequest request;
  request.messages = messages_;
  request.tools = definitions_;
  request.cache_key = setup_.cache_key;
  request.labels = {fmt::format("{}/call:{}{}", setup_.key, turn_, suffix), setup_.seat.name,
                    setup_.step, setup_.attempt, turn_};
  const TokenShape shape = shape_of(request);
  auto reply = caller_.ask(std::move(request), {setup_.seat, setup_.model, setup_.pot, before_});
  if (!reply) return reply;
  cost_ += cost_of(reply->usage, setup_.model);
  const bool counted = reply->usage.reported && reply->origin.model == setup_.model.name;
  before_ =
      counted && shape != TokenShape{} ? TokenSample{shape, reply->usage.input} : TokenSample{};
  return reply;
}

Conversation::Decoded Conversation::decode(const ChatReply& reply) const {
  Decoded out;
  if (!text_protocol_) {
    out.calls = calls_of(reply.parts);
    for (const ToolCallPart& call : out.calls) {
      if (std::find(setup_.tools.begin(), setup_.tools.end(), call.name) == setup_.tools.end() &&
          !call.name.empty()) {
        out.actions.push_back(fail(ErrorCode::protocol,
                                   "no such tool here; there are " + join(setup_.tools, ", "),
                                   call.name));
      } else {
        out.actions.push_back(decode_action(call.name, call.arguments));
      }
    }
    // A plan or a review in plain text is as good as the call.
    if (out.calls.empty() && !terminal_.empty()) {
      const std::string json = first_json_in(text_of(reply.parts));
      if (!json.empty()) {
        if (auto action = decode_action(terminal_, json)) {
          out.actions.push_back(std::move(action));
          out.calls.push_back({});
        }
      }
    }
    if (out.calls.empty()) take_edits_in_text(text_of(reply.parts), out);
    return out;
  }
  TextActions text = parse_text_actions(text_of(reply.parts), terminal_);
  out.faults = std::move(text.faults);
  for (Action& action : text.actions) {
    ToolCallPart call;
    call.name = action_name(action);
    out.calls.push_back(std::move(call));
    out.actions.push_back(std::move(action));
  }
  return out;
}

// SEARCH/REPLACE blocks and patches written out by a model that has tools: nothing else can be
// meant.
void Conversation::take_edits_in_text(const std::string& text, Decoded& out) const {
  const auto& tools = setup_.tools;
  if (std::find(tools.begin(), tools.end(), EditFile::name) == tools.end()) return;
  TextActions found = parse_text_actions(text, terminal_);
  const bool edits_only =
      std::all_of(found.actions.begin(), found.actions.end(),
                  [](const Action& action) { return std::holds_alternative<EditFile>(action); });
  if (!edits_only || !found.faults.empty()) return;
  for (Action& action : found.actions) {
    ToolCallPart call;
    call.name = action_name(action);
    call.arguments = about(action);
    out.calls.push_back(std::move(call));
    out.actions.emplace_back(std::move(action));
  }
}

Result<std::optional<Ended>> Conversation::execute(Decoded decoded) {
  std::optional<Ended> ended;
  for (std::size_t i = 0; i < decoded.actions.size(); ++i) {
    const ToolCallPart& call = decoded.calls[i];
    const auto result = [&](std::string text, bool is_error) {
      results_.push_back({call.id, call.wire_id, call.name, std::move(text), is_error});
    };
    if (ended) {
      result("not carried out: the call before it ended the work", true);
      continue;
    }
    if (!decoded.actions[i]) {
      result("not carried out: " + describe(decoded.actions[i].error()), true);
      continue;
    }
    const Action& action = *decoded.actions[i];
    if (is_terminal(action_name(action))) {
      ended = Ended{EndKind::terminal, action, ""};
      open_terminal_ = call;
      continue;
    }
    MIX_TRY(Observation seen, observe(action, i));
    const std::string what =
        action_name(action) + "\n" + (text_protocol_ ? about(action) : call.arguments);
    const bool circles = stuck_.repeats(what, seen.text, seen.changed);
    result(std::move(seen.text), !seen.ok);
    if (circles) {
      ended = Ended{
          EndKind::loop,
          {},
          fmt::format("the same {} call gave the same result three times", action_name(action))};
    }
  }
  for (const std::string& fault : decoded.faults) {
    results_.push_back({"", "", "reply", "could not be read: " + fault, true});
  }
  if (!ended) flush_results();
  return ended;
}

Result<Observation> Conversation::observe(const Action& action, std::size_t index) {
  tools_.console.progress(setup_.step, action_name(action) + " " + clip(about(action), 100));
  const std::int64_t started = tools_.clock.steady_ms();
  const std::string key = fmt::format("{}/call:{}/tool:{}", setup_.key, turn_, index);
  Observation seen;
  if (std::holds_alternative<AskAdvisor>(action) && advised_ >= most_advice) {
    seen = {false, "the advisor was asked three times already; decide yourself", false};
  } else if (const auto* asked = std::get_if<AskAdvisor>(&action)) {
    ++advised_;
    MIX_TRY(Advice advice,
            ask_advisor(tools_, caller_, setup_.pot, {"", "", setup_.step, setup_.attempt, turn_},
                        key, asked->question));
    seen = {advice.given, std::move(advice.text), false};
  } else {
    MIX_TRY(seen, hands_.act(action, key));
  }
  MIX_OK(tools_.journal.append(
      ToolCompleted{setup_.step, setup_.seat.name, setup_.attempt, action_name(action), seen.ok,
                    tools_.clock.steady_ms() - started, clip(about(action), 200)}));
  return seen;
}

// What is counted here must come out the same when the run is resumed: recorded usage does, what
// was learned since does not.
void Conversation::keep_short() {
  ChatRequest fresh;
  const auto from = messages_.begin() + static_cast<std::ptrdiff_t>(counted_);
  fresh.messages.assign(from, messages_.end());
  length_ += shape_of(fresh).text;
  counted_ = messages_.size();
  const auto policy = forget_policy(setup_.model.window, setup_.model.max_output);
  const std::int64_t forgotten = forget_observations(messages_, observations_, length_, policy);
  length_ -= forgotten;
  if (forgotten > 0) before_ = {};  // the next call does not go on from the one before
}

void Conversation::append_reply(const ChatReply& reply) {
  if (reply.usage.reported) length_ = reply.usage.input;
  Message message{Role::assistant, reply.parts, false};
  if (text_protocol_) {  // such a model never sees structured calls
    message.parts = {TextPart{text_of(reply.parts), {}}};
  }
  messages_.push_back(std::move(message));
}

void Conversation::flush_results() {
  if (results_.empty()) return;
  if (text_protocol_) {
    std::string text;
    for (const ToolResultPart& result : results_) {
      text +=
          fmt::format("[{}{}]\n{}\n", result.name, result.is_error ? ", failed" : "", result.text);
    }
    observations_.push_back(messages_.size());
    messages_.push_back(stable(user_message(std::move(text))));
  } else {
    Message message{Role::tool, {}, true};
    std::string loose;
    for (ToolResultPart& result : results_) {
      if (result.call_id.empty()) {
        loose += result.text + "\n";
      } else {
        message.parts.emplace_back(std::move(result));
      }
    }
    if (!message.parts.empty()) {
      observations_.push_back(messages_.size());
      messages_.push_back(std::move(message));
    }
    if (!loose.empty()) messages_.push_back(user_message(std::move(loose)));
  }
  results_.clear();
}

std::string Conversation::action_list() const {
  if (text_protocol_) {
    return "Your reply held no action. Act with one of these blocks:\n" +
           describe_text_actions(setup_.tools);
  }
  return "Your reply held no tool call. Act with one of: " + join(setup_.tools, ", ") + ".";
}

}  // namespace mixagent

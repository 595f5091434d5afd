#include "provider/scenario.h"

#include "base/json.h"
#include "base/text.h"
#include "base/toml.h"

#include <algorithm>
#include <array>

namespace mixagent {

namespace {

constexpr std::array error_codes = {
    ErrorCode::network,        ErrorCode::timeout,      ErrorCode::auth,
    ErrorCode::quota,          ErrorCode::rate_limited, ErrorCode::overloaded,
    ErrorCode::server,         ErrorCode::bad_request,  ErrorCode::context_too_long,
    ErrorCode::content_filter, ErrorCode::protocol,     ErrorCode::not_found};

tl::unexpected<Error> wrong(const TomlValue& value, const std::string& what) {
  return fail(ErrorCode::config, what, describe(value.place));
}

Json json_of(const TomlValue& value) {
  if (const auto* table = value.table()) {
    Json object = Json::object();
    for (const auto& [key, item] : *table) object[key] = json_of(item);
    return object;
  }
  if (const auto* array = value.array()) {
    Json list = Json::array();
    for (const auto& item : *array) list.push_back(json_of(item));
    return list;
  }
  if (const auto* text = value.string()) return *text;
  if (const auto* flag = std::get_if<bool>(&value.value)) return *flag;
  if (const auto* whole = std::get_if<std::int64_t>(&value.value)) return *whole;
  if (const auto* real = std::get_if<double>(&value.value)) return *real;
  return nullptr;
}

Result<std::string> text_of_value(const TomlValue& value, const std::string& key) {
  if (const auto* text = value.string()) return *text;
  return wrong(value, key + ": expected a string");
}

Result<std::int64_t> number_of(const TomlValue& value, const std::string& key) {
  const auto* number = std::get_if<std::int64_t>(&value.value);
  if (number == nullptr || *number < 0)
    return wrong(value, key + ": expected a whole number, 0 or more");
  return *number;
}

Result<bool> flag_of(const TomlValue& value, const std::string& key) {
  const auto* flag = std::get_if<bool>(&value.value);
  if (flag == nullptr) return wrong(value, key + ": expected true or false");
  return *flag;
}

Result<std::vector<ScenarioCall>> calls_of_value(const TomlValue& value) {
  const auto* list = value.array();
  if (list == nullptr) return wrong(value, "calls: expected an array of { tool, arguments }");
  std::vector<ScenarioCall> calls;
  for (const auto& item : *list) {
    const auto* table = item.table();
    if (table == nullptr) return wrong(value, "calls: expected an array of { tool, arguments }");
    ScenarioCall call{"", "{}"};
    for (const auto& [key, member] : *table) {
      if (key == "tool") {
        MIX_TRY(call.tool, text_of_value(member, "tool"));
      } else if (key == "arguments") {
        const auto* text = member.string();
        call.arguments = text != nullptr ? *text : dump_json(json_of(member));
      } else {
        return wrong(member, "unknown key \"" + key + "\" in a call: it has tool and arguments");
      }
    }
    if (call.tool.empty()) return wrong(value, "a call without tool");
    calls.push_back(std::move(call));
  }
  return calls;
}

Result<Usage> usage_of_value(const TomlValue& value) {
  const auto* table = value.table();
  if (table == nullptr)
    return wrong(value, "usage: expected { input, output, cached_input, cache_write, reasoning }");
  Usage usage;
  usage.reported = true;
  for (const auto& [key, member] : *table) {
    MIX_TRY(const auto count, number_of(member, key));
    if (key == "input")
      usage.input = count;
    else if (key == "output")
      usage.output = count;
    else if (key == "cached_input")
      usage.cached_input = count;
    else if (key == "cache_write")
      usage.cache_write = count;
    else if (key == "reasoning")
      usage.reasoning = count;
    else
      return wrong(member, "unknown key \"" + key + "\" in usage");
  }
  return usage;
}

Result<ErrorCode> error_of_value(const TomlValue& value) {
  MIX_TRY(const auto name, text_of_value(value, "error"));
  std::string known;
  for (const auto code : error_codes) {
    if (name == to_string(code)) return code;
    known += (known.empty() ? "" : ", ") + std::string(to_string(code));
  }
  return wrong(value, "error: expected one of " + known);
}

Result<StopReason> stop_of_value(const TomlValue& value) {
  MIX_TRY(const auto name, text_of_value(value, "stop"));
  const auto names = enum_names(StopReason{});
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return wrong(value, "stop: unknown word \"" + name + "\"");
  return static_cast<StopReason>(found - names.begin());
}

const std::vector<std::string>& reply_keys() {
  static const std::vector<std::string> keys = {
      "seat",  "model",    "step",  "match",   "attempt",        "nth",    "text", "calls",
      "usage", "delay_ms", "error", "message", "retry_after_ms", "repeat", "stop"};
  return keys;
}

Result<void> read_key(const std::string& key, const TomlValue& value, ScenarioReply& reply) {
  const auto put = [](auto& target, auto result) -> Result<void> {
    MIX_OK(result);
    target = static_cast<std::remove_reference_t<decltype(target)>>(*std::move(result));
    return {};
  };
  if (key == "seat") return put(reply.seat, text_of_value(value, key));
  if (key == "model") return put(reply.model, text_of_value(value, key));
  if (key == "step") return put(reply.step, text_of_value(value, key));
  if (key == "match") return put(reply.match, text_of_value(value, key));
  if (key == "attempt") return put(reply.attempt, number_of(value, key));
  if (key == "nth") return put(reply.nth, number_of(value, key));
  if (key == "text") return put(reply.text, text_of_value(value, key));
  if (key == "calls") return put(reply.calls, calls_of_value(value));
  if (key == "usage") return put(reply.usage, usage_of_value(value));
  if (key == "delay_ms") return put(reply.delay_ms, number_of(value, key));
  if (key == "error") return put(reply.error, error_of_value(value));
  if (key == "message") return put(reply.message, text_of_value(value, key));
  if (key == "retry_after_ms") return put(reply.retry_after_ms, number_of(value, key));
  if (key == "repeat") return put(reply.repeat, flag_of(value, key));
  if (key == "stop") return put(reply.stop, stop_of_value(value));
  const auto near = nearest(key, reply_keys());
  return wrong(value, "unknown key \"" + key + "\" in a reply" +
                          (near.empty() ? "" : ", did you mean \"" + near + "\"?"));
}

bool meets(const ScenarioReply& reply, const ScenarioQuery& query) {
  if (!reply.seat.empty() && query.seat && *query.seat != reply.seat) return false;
  if (!reply.step.empty() && query.step && *query.step != reply.step) return false;
  if (reply.attempt != 0 && query.attempt && *query.attempt != reply.attempt) return false;
  if (!reply.model.empty() && query.model != reply.model) return false;
  return reply.match.empty() || query.text.find(reply.match) != std::string::npos;
}

std::string who_asked(const ScenarioQuery& query) {
  std::string who = "model \"" + query.model + "\"";
  if (query.seat && !query.seat->empty()) who += ", seat \"" + *query.seat + "\"";
  if (query.step && !query.step->empty()) who += ", step \"" + *query.step + "\"";
  if (query.attempt && *query.attempt != 0) who += ", attempt " + std::to_string(*query.attempt);
  return who;
}

}  // namespace

Scenario::Scenario(Scenario&& other) noexcept
    : file_(std::move(other.file_)), entries_(std::move(other.entries_)) {}

Result<Scenario> Scenario::parse(std::string_view text, const std::string& file) {
  MIX_TRY(const auto root, parse_toml(text, file));
  Scenario scenario(file);
  for (const auto& [key, value] : root) {
    if (key != "reply")
      return wrong(value, "unknown key \"" + key + "\": a scenario is a list of [[reply]]");
    const auto* list = value.array();
    if (list == nullptr) return wrong(value, "reply is a list: write [[reply]]");
    for (const auto& item : *list) {
      const auto* table = item.table();
      if (table == nullptr) return wrong(item, "reply is a list of tables: write [[reply]]");
      Entry entry;
      entry.reply.place = describe(item.place);
      for (const auto& [name, member] : *table) MIX_OK(read_key(name, member, entry.reply));
      scenario.entries_.push_back(std::move(entry));
    }
  }
  return scenario;
}

Result<ScenarioReply> Scenario::next(const ScenarioQuery& query) {
  const std::lock_guard lock(mutex_);
  Entry* answer = nullptr;
  for (auto& entry : entries_) {
    if (!meets(entry.reply, query)) continue;
    ++entry.met;
    const bool its_turn = entry.reply.nth == 0 || entry.reply.nth == entry.met;
    if (answer == nullptr && !entry.used && its_turn) answer = &entry;
  }
  if (answer != nullptr) {
    answer->used = !answer->reply.repeat;
    return answer->reply;
  }
  const auto left = std::count_if(entries_.begin(), entries_.end(),
                                  [](const Entry& entry) { return !entry.used; });
  return fail(ErrorCode::not_found, "the scenario has no reply for " + who_asked(query), file_,
              left == 0 ? "all replies are used up: add [[reply]] tables, or repeat = true"
                        : std::to_string(left) + " unused replies have other conditions");
}

std::vector<std::string> Scenario::unused() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> places;
  for (const auto& entry : entries_) {
    if (entry.met == 0 || (!entry.used && !entry.reply.repeat)) places.push_back(entry.reply.place);
  }
  return places;
}

std::string render_conversation(const std::vector<Message>& messages) {
  std::string text;
  const auto add = [&text](std::string_view piece) {
    text += piece;
    text += '\n';
  };
  for (const auto& message : messages) {
    for (const auto& part : message.parts) {
      if (const auto* said = std::get_if<TextPart>(&part)) add(said->text);
      if (const auto* call = std::get_if<ToolCallPart>(&part))
        add(call->name + " " + call->arguments);
      if (const auto* result = std::get_if<ToolResultPart>(&part)) add(result->text);
      if (const auto* refusal = std::get_if<RefusalPart>(&part)) add(refusal->text);
    }
  }
  return text;
}

}  // namespace mixagent

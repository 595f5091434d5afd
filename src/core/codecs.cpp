#include "core/codecs.h"

#include "base/codec.h"
#include "base/text.h"
#include "core/actions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

namespace mixagent {
namespace {

constexpr std::array<std::string_view, 4> envelope = {"seq", "ts", "run_id", "type"};

bool is_envelope(std::string_view name) {
  return std::find(envelope.begin(), envelope.end(), name) != envelope.end();
}

tl::unexpected<Error> no_event(const std::string& what, const std::string& where) {
  return fail(ErrorCode::corrupt, "no event: " + what, where);
}

void add_members(Json& line, const Json& members) {
  for (auto it = members.begin(); it != members.end(); ++it) {
    if (!is_envelope(it.key())) line[it.key()] = it.value();
  }
}

struct FactWriter {
  Json& line;
  template <class T>
  void operator()(const T& fact) const {
    add_members(line, to_json(fact));
  }
  void operator()(const UnknownFact& fact) const {
    if (auto members = parse_json(fact.json); members && members->is_object())
      add_members(line, *members);
  }
};

Fact unknown_fact(const std::string& type, const Json& line) {
  Json members = Json::object();
  add_members(members, line);
  return UnknownFact{type, dump_json(members)};
}

template <std::size_t I = 0>
Result<Fact> read_fact(const std::string& type, const Json& line) {
  using T = std::variant_alternative_t<I, Fact>;
  if constexpr (std::is_same_v<T, UnknownFact>) {
    return unknown_fact(type, line);
  } else {
    if (type != T::type) return read_fact<I + 1>(type, line);
    MIX_TRY(T fact, from_json<T>(line));
    return Fact(std::move(fact));
  }
}

Result<std::string> need_text(const Json& line, const char* name) {
  const Json& found = member(line, name);
  if (!found.is_string() || found.get_ref<const std::string&>().empty())
    return no_event("expected a text", name);
  return found.get<std::string>();
}

Result<Json> object_in(std::string_view text) {
  auto json = parse_json(text);
  if (json && !json->is_object())
    return fail(ErrorCode::protocol, "expected an object", "the document");
  return json;
}

// What a person or a model wrote around the object does not matter.
std::string object_text(std::string_view text) {
  const auto trimmed = trim(text);
  if (!trimmed.empty() && trimmed.front() == '{') return std::string(trimmed);
  auto inside = first_json_in(text);
  return inside.empty() ? std::string(trimmed) : inside;
}

}  // namespace

std::string_view type_of(const Fact& fact) {
  if (const auto* unknown = std::get_if<UnknownFact>(&fact)) return unknown->name;
  return std::visit([](const auto& one) { return one.type; }, fact);
}

std::string encode_event(const Event& event) {
  Json line = Json::object();
  line["seq"] = event.seq;
  line["ts"] = format_time(event.at_ms);
  line["run_id"] = event.run.text;
  line["type"] = std::string(type_of(event.fact));
  std::visit(FactWriter{line}, event.fact);
  return dump_json(line);
}

Result<Event> decode_event(std::string_view text) {
  const auto line = parse_json(text);
  if (!line) return no_event(line.error().what, line.error().where);
  if (!line->is_object()) return no_event("expected an object", "the line");
  Event event;
  const Json& seq = member(*line, "seq");
  if (!seq.is_number_integer() || int_or(*line, "seq") < 1)
    return no_event("expected a number from 1", "seq");
  event.seq = int_or(*line, "seq");
  MIX_TRY(const std::string ts, need_text(*line, "ts"));
  const auto at = parse_time(ts);
  if (!at) return no_event("expected a time", "ts");
  event.at_ms = *at;
  MIX_TRY(event.run.text, need_text(*line, "run_id"));
  MIX_TRY(const std::string type, need_text(*line, "type"));
  auto fact = read_fact(type, *line);
  if (!fact) return no_event(fact.error().what, type + " " + fact.error().where);
  event.fact = *std::move(fact);
  return event;
}

// ---- results, plans, reviews
// --------------------------------------------------------------------------------------

std::string encode_result(const RunResult& result) {
  return dump_json(to_json(result));
}

Result<RunResult> decode_result(std::string_view text) {
  MIX_TRY(const Json json, object_in(text));
  return from_json<RunResult>(json);
}

std::string encode_plan(const Plan& plan) {
  return dump_json(to_json(plan));
}

// The tool's decoder knows what models mean: one leniency for plans, wherever they come from.
Result<Plan> decode_plan(std::string_view text, std::vector<std::string>& warnings) {
  auto action = decode_action(SubmitPlan::name, object_text(text));
  if (!action) return fail(action.error().code, action.error().what, action.error().where);
  auto& submitted = std::get<SubmitPlan>(*action);
  warnings.insert(warnings.end(), submitted.warnings.begin(), submitted.warnings.end());
  return std::move(submitted.plan);
}

Result<Review> decode_review(std::string_view text) {
  auto action = decode_action(SubmitReview::name, object_text(text));
  if (!action) return fail(action.error().code, action.error().what, action.error().where);
  return std::move(std::get<SubmitReview>(*action).review);
}

// ---- time
// ---------------------------------------------------------------------------------------------------------

std::string format_time(std::int64_t ms) {
  using namespace std::chrono;
  const sys_time<milliseconds> at{milliseconds{ms}};
  const auto day = floor<days>(at);
  const year_month_day date{day};
  const hh_mm_ss time{at - day};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count(),
                     time.subseconds().count());
}

std::optional<std::int64_t> parse_time(std::string_view text) {
  using namespace std::chrono;
  constexpr std::string_view shape = "dddd-dd-ddTdd:dd:dd";
  if (text.size() <= shape.size() || text.back() != 'Z') return {};
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 'd' ? !is_digit(text[i]) : text[i] != shape[i]) return {};
  }
  const auto number = [&](std::size_t at, std::size_t length) {
    int value = 0;
    for (const char c : text.substr(at, length)) value = value * 10 + (c - '0');
    return value;
  };
  // A fraction of any length counts to the millisecond.
  std::string_view fraction = text.substr(shape.size(), text.size() - shape.size() - 1);
  int millis = 0;
  if (!fraction.empty()) {
    fraction.remove_prefix(1);
    if (text[shape.size()] != '.' || fraction.empty() ||
        !std::all_of(fraction.begin(), fraction.end(), is_digit))
      return {};
    for (std::size_t i = 0; i < 3; ++i)
      millis = millis * 10 + (i < fraction.size() ? fraction[i] - '0' : 0);
  }
  const year_month_day date{year{number(0, 4)}, month{static_cast<unsigned>(number(5, 2))},
                            day{static_cast<unsigned>(number(8, 2))}};
  const int hour = number(11, 2);
  const int minute = number(14, 2);
  const int second = number(17, 2);
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return {};
  const auto at = sys_time<milliseconds>{sys_days{date}} + hours{hour} + minutes{minute} +
                  seconds{second} + milliseconds{millis};
  return at.time_since_epoch().count();
}

}  // namespace mixagent

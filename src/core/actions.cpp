#include "core/actions.h"

#include "base/codec.h"
#include "base/json.h"
#include "base/text.h"

#include <map>
#include <string_view>
#include <type_traits>
#include <utility>

namespace mixagent {

namespace {

template <class T>
struct Tag {
  using type = T;
};

// Calls `visit(Tag<T>{})` for every alternative, in the order of the variant.
template <class Visit, std::size_t... I>
void each_action(Visit&& visit, std::index_sequence<I...>) {
  (visit(Tag<std::variant_alternative_t<I, Action>>{}), ...);
}
template <class Visit>
void each_action(Visit&& visit) {
  each_action(std::forward<Visit>(visit), std::make_index_sequence<std::variant_size_v<Action>>{});
}

struct About {
  const char* text;
  const char* usage;  // for error messages
};

const std::map<std::string_view, About>& about() {
  static const std::map<std::string_view, About> table = {
      {"read_file", {"Show numbered lines", "{path, start_line?, end_line?}"}},
      {"list_files", {"List files", "{path?, glob?, depth?}"}},
      {"search", {"Search files by regex", "{pattern, path?, glob?, max_results?}"}},
      {"edit_file",
       {"Replace parts of a file", "{path, edits: [{search, replace, all?, near_line?}]}"}},
      {"write_file", {"Create or overwrite a file", "{path, content}"}},
      {"run_command", {"Run bash", "{command, timeout_s?}"}},
      {"ask_advisor", {"Ask a stronger model", "{question}"}},
      {"finish", {"Work is done", "{summary, confidence?}"}},
      {"give_up", {"Cannot be done", "{reason}"}},
      {"submit_plan", {"Deliver the plan", "{decision, reason?, question?, checks?, steps?}"}},
      {"submit_review", {"Deliver the review", "{verdict, score, findings?, coaching?}"}},
      {"submit_brief", {"Deliver the brief", "{files: [{path, why}], commands?, notes?}"}},
  };
  return table;
}

// What models call our tools when they fall back on another harness's habits.
std::string habit_of(const std::string& name) {
  static const std::map<std::string_view, const char*> habits = {
      {"bash", "run_command"},
      {"shell", "run_command"},
      {"execute", "run_command"},
      {"execute_command", "run_command"},
      {"run", "run_command"},
      {"terminal", "run_command"},
      {"cat", "read_file"},
      {"read", "read_file"},
      {"view", "read_file"},
      {"open_file", "read_file"},
      {"grep", "search"},
      {"search_files", "search"},
      {"ls", "list_files"},
      {"list", "list_files"},
      {"list_dir", "list_files"},
      {"glob", "list_files"},
      {"edit", "edit_file"},
      {"str_replace", "edit_file"},
      {"apply_patch", "edit_file"},
      {"replace_in_file", "edit_file"},
      {"write", "write_file"},
      {"create_file", "write_file"},
      {"write_to_file", "write_file"},
      {"done", "finish"},
      {"submit", "finish"},
      {"attempt_completion", "finish"},
      {"plan", "submit_plan"},
      {"review", "submit_review"},
  };
  const auto found = habits.find(name);
  return found == habits.end() ? std::string() : found->second;
}

tl::unexpected<Error> unknown_tool(const std::string& name) {
  std::string suggestion = habit_of(lower(name));
  if (suggestion.empty()) suggestion = nearest(name, action_names());
  return fail(ErrorCode::protocol, "unknown tool '" + clip(name, 80) + "'", "",
              suggestion.empty() ? "tools: " + join(action_names(), ", ")
                                 : "did you mean " + suggestion + "?");
}

// An array or object that came as a string holding its JSON text.
void unwrap_text(Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_string()) return;
  auto parsed = parse_json(found->get<std::string>());
  if (parsed && (parsed->is_array() || parsed->is_object())) *found = *std::move(parsed);
}

void wrap_in_array(Json& object, const char* name) {
  const auto found = object.find(name);
  if (found != object.end() && found->is_object()) *found = Json::array({*found});
}

// "checks": "pytest" and ["pytest"] mean what {"command": "pytest"} says.
void tidy_checks(Json& object) {
  unwrap_text(object, "checks");
  wrap_in_array(object, "checks");
  const auto found = object.find("checks");
  if (found == object.end()) return;
  if (found->is_string()) *found = Json::array({*found});
  if (!found->is_array()) return;
  for (auto& check : *found) {
    if (check.is_string()) check = Json{{"command", check}};
  }
}

void tidy_plan(Json& arguments) {
  unwrap_text(arguments, "plan");
  const auto inner = arguments.find("plan");
  if (inner != arguments.end() && inner->is_object() && !arguments.contains("decision")) {
    arguments = Json(*inner);
  }
  unwrap_text(arguments, "steps");
  tidy_checks(arguments);
  const auto steps = arguments.find("steps");
  if (steps == arguments.end() || !steps->is_array()) return;
  for (auto& step : *steps) {
    if (!step.is_object()) continue;
    unwrap_text(step, "files");
    unwrap_text(step, "depends_on");
    tidy_checks(step);
  }
}

void tidy_edits(Json& arguments) {
  unwrap_text(arguments, "edits");
  wrap_in_array(arguments, "edits");
  if (arguments.contains("edits") || !arguments.contains("search")) return;
  Json edit = Json::object();
  for (const char* name : {"search", "replace", "all", "near_line"}) {
    if (arguments.contains(name)) edit[name] = arguments[name];
  }
  arguments["edits"] = Json::array({edit});
}

void tidy_review(Json& arguments) {
  unwrap_text(arguments, "review");
  const auto inner = arguments.find("review");
  if (inner != arguments.end() && inner->is_object() && !arguments.contains("verdict")) {
    arguments = Json(*inner);
  }
  unwrap_text(arguments, "findings");
}

Result<Json> parse_arguments(const std::string& text) {
  if (trim(text).empty()) return Json::object();
  MIX_TRY(Json parsed, parse_json(text));
  if (parsed.is_null()) return Json::object();
  if (parsed.is_string()) {  // encoded twice
    auto inner = parse_json(parsed.get<std::string>());
    if (inner && inner->is_object()) parsed = *std::move(inner);
  }
  if (!parsed.is_object()) return fail(ErrorCode::protocol, "expected an object", "arguments");
  return parsed;
}

template <class T>
Result<Action> decode_as(Json& arguments) {
  if constexpr (std::is_same_v<T, SubmitPlan>) {
    tidy_plan(arguments);
    ReadNotes notes;
    SubmitPlan submit;
    MIX_TRY(submit.plan, from_json<Plan>(arguments, &notes));
    for (const auto& name : notes.unknown) submit.warnings.push_back("unknown field " + name);
    return Action(std::move(submit));
  } else if constexpr (std::is_same_v<T, SubmitReview>) {
    tidy_review(arguments);
    SubmitReview submit;
    MIX_TRY(submit.review, from_json<Review>(arguments));
    return Action(std::move(submit));
  } else {
    if constexpr (std::is_same_v<T, EditFile>) tidy_edits(arguments);
    if constexpr (std::is_same_v<T, SubmitBrief>) unwrap_text(arguments, "files");
    MIX_TRY(T action, from_json<T>(arguments));
    return Action(std::move(action));
  }
}

template <class T>
std::string schema_text() {
  if constexpr (std::is_same_v<T, SubmitPlan>) {
    return dump_json(schema_of<Plan>());
  } else if constexpr (std::is_same_v<T, SubmitReview>) {
    return dump_json(schema_of<Review>());
  } else {
    return dump_json(schema_of<T>());
  }
}

}  // namespace

std::string action_name(const Action& action) {
  return std::visit([](const auto& one) { return std::string(one.name); }, action);
}

const std::vector<std::string>& action_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    each_action([&](auto tag) { all.emplace_back(decltype(tag)::type::name); });
    return all;
  }();
  return names;
}

bool is_terminal(const std::string& name) {
  return name == Finish::name || name == GiveUp::name || name == SubmitPlan::name ||
         name == SubmitReview::name || name == SubmitBrief::name;
}

Result<Action> decode_action(const std::string& name, const std::string& arguments) {
  if (about().count(name) == 0) return unknown_tool(name);
  auto object = parse_arguments(arguments);
  Result<Action> decoded = fail(ErrorCode::internal, "no decoder", name);
  if (object) {
    each_action([&](auto tag) {
      using T = typename decltype(tag)::type;
      if (name == T::name) decoded = decode_as<T>(*object);
    });
  } else {
    decoded = fail(object.error());
  }
  if (decoded) return decoded;
  Error error = decoded.error();
  error.code = ErrorCode::protocol;
  if (error.where.empty()) error.where = "arguments";
  error.hint = "call " + name + " with " + about().at(name).usage;
  return fail(std::move(error));
}

ToolDef tool_definition(const std::string& name) {
  MIX_CHECK(about().count(name) == 1, "a tool of the closed vocabulary");
  ToolDef def;
  def.name = name;
  def.description = about().at(name).text;
  each_action([&](auto tag) {
    using T = typename decltype(tag)::type;
    if (name == T::name) def.schema = schema_text<T>();
  });
  return def;
}

}  // namespace mixagent

#include "scenario/story.h"

#include "support/table_reader.h"

#include <csignal>
#include <fstream>
#include <sstream>

namespace mixagent {

namespace {

int signal_number(const std::string& name) {
  if (name == "INT") return SIGINT;
  if (name == "TERM") return SIGTERM;
  if (name == "KILL") return SIGKILL;
  return 0;
}

Result<During> read_during(const TomlTable& table) {
  TableReader reader(table, "[[run.during]]");
  During during;
  during.after_calls = static_cast<int>(reader.number("after_calls", 1));
  during.signal = signal_number(reader.text("signal"));
  during.times = static_cast<int>(reader.number("times", 1));
  during.later_ms = reader.number("later_ms");
  during.write = reader.text_map("write");
  MIX_OK(reader.finish());
  return during;
}

Result<EventWant> read_event_want(const TomlTable& table) {
  EventWant want;
  for (const auto& [key, value] : table) {
    const Json json = toml_to_json(value);
    if (key == "type" && json.is_string()) {
      want.type = json.get<std::string>();
    } else if (key == "count" && json.is_number_integer()) {
      want.count = json.get<std::int64_t>();
    } else {
      want.members[key] = json;
    }
  }
  if (want.type.empty()) return fail(ErrorCode::config, "event_where needs a type");
  return want;
}

std::map<std::string, Json> json_map(const TomlTable* table) {
  std::map<std::string, Json> out;
  if (table == nullptr) return out;
  for (const auto& [key, value] : *table) out[key] = toml_to_json(value);
  return out;
}

void read_expectations(TableReader& reader, StoryRun& run) {
  run.exit = static_cast<int>(reader.number("exit"));
  run.stdout_contains = reader.texts("stdout_contains");
  run.stdout_lacks = reader.texts("stdout_lacks");
  run.stderr_contains = reader.texts("stderr_contains");
  run.stderr_lacks = reader.texts("stderr_lacks");
  run.result = json_map(reader.table("result"));
  run.events = reader.texts("events");
  run.no_events = reader.texts("no_events");
  run.files = reader.text_map("files");
  run.file_contains = reader.text_map("file_contains");
  run.file_lacks = reader.text_map("file_lacks");
  run.absent = reader.texts("absent");
  if (reader.has("status")) run.status = reader.text("status");
  run.untouched = reader.flag("untouched");
  run.git_untouched = reader.flag("git_untouched", true);
  if (reader.has("calls")) run.calls = reader.number_map("calls");
  run.max_spent_usd = reader.real("max_spent_usd", -1);
  run.cost = reader.text("cost", "exact");
  run.min_open = static_cast<int>(reader.number("min_open"));
  run.max_open = static_cast<int>(reader.number("max_open", 1000));
  run.stream = reader.flag("stream");
}

Result<StoryRun> read_run(const TomlTable& table) {
  TableReader reader(table, "[[run]]");
  StoryRun run;
  run.args = reader.texts("args");
  run.has_input = reader.has("input");
  run.input = reader.text("input");
  run.cwd = reader.text("cwd");
  run.first = reader.text_map("first");
  run.env = reader.text_map("env");
  run.unset = reader.texts("unset");
  for (const TomlTable* during : reader.tables("during")) {
    MIX_TRY(auto read, read_during(*during));
    run.during.push_back(std::move(read));
  }
  for (const TomlTable* want : reader.tables("event_where")) {
    MIX_TRY(auto read, read_event_want(*want));
    run.event_where.push_back(std::move(read));
  }
  read_expectations(reader, run);
  MIX_OK(reader.finish());
  return run;
}

Result<RequestWant> read_request(const TomlTable& table) {
  TableReader reader(table, "[[request]]");
  RequestWant want;
  want.model = reader.text("model");
  want.match = reader.text("match");
  want.nth = static_cast<int>(reader.number("nth", 1));
  want.contains = reader.texts("contains");
  want.lacks = reader.texts("lacks");
  want.body_contains = reader.texts("body_contains");
  want.body_lacks = reader.texts("body_lacks");
  if (reader.has("tools")) want.tools = reader.texts("tools");
  want.tools_include = reader.texts("tools_include");
  want.tools_lack = reader.texts("tools_lack");
  want.messages = reader.number("messages", -1);
  want.extends_previous = reader.flag("extends_previous");
  if (!table.empty()) want.place = describe(table.begin()->second.place);
  MIX_OK(reader.finish());
  return want;
}

}  // namespace

Result<Story> read_story(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::stringstream text;
  text << in.rdbuf();
  if (!in) return fail(ErrorCode::not_found, "cannot read the story", file.string());
  MIX_TRY(const TomlTable table, parse_toml(text.str(), file.filename().string()));
  TableReader reader(table, "the story");
  Story story;
  story.name = file.stem().string();
  story.about = reader.text("about");
  story.dialects = reader.texts("dialects");
  story.git = reader.flag("git", true);
  story.commit = reader.flag("commit", true);
  story.executable = reader.texts("executable");
  story.files = reader.text_map("files");
  story.dirty = reader.text_map("dirty");
  story.sparse_mb = reader.number_map("sparse_mb");
  story.outside = reader.text_map("outside");
  story.git_config = reader.text_map("git_config");
  story.env = reader.text_map("env");
  story.unset = reader.texts("unset");
  if (const TomlTable* config = reader.table("config")) story.config = *config;
  story.has_config_text = reader.has("config_text");
  story.config_text = reader.text("config_text");
  MIX_TRY(story.replies, read_replies(reader.tables("reply")));
  for (const TomlTable* run : reader.tables("run")) {
    MIX_TRY(auto read, read_run(*run));
    story.runs.push_back(std::move(read));
  }
  for (const TomlTable* request : reader.tables("request")) {
    MIX_TRY(auto read, read_request(*request));
    story.requests.push_back(std::move(read));
  }
  MIX_OK(reader.finish());
  if (story.runs.empty()) return fail(ErrorCode::config, "a story without a [[run]]", story.name);
  return story;
}

Story in_dialect(Story story, const std::string& dialect) {
  const auto api = parse_toml("[providers.local]\napi = \"" + dialect + "\"", "dialects");
  MIX_CHECK(api.has_value(), "a dialect's name is no TOML");
  story.config = merge_toml(std::move(story.config), *api);
  story.name += "." + dialect;
  return story;
}

}  // namespace mixagent

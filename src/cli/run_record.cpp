#include "cli/run_record.h"

#include "base/codec.h"
#include "base/toml.h"
#include "core/codecs.h"

namespace mixagent {

namespace {

struct TextRecord {
  std::string file, text;
  template <class V>
  void fields(V& v) {
    v.may("file", file);
    v.may("text", text);
  }
};
struct FlagRecord {
  std::string flag, key, value;
  template <class V>
  void fields(V& v) {
    v.may("flag", flag);
    v.may("key", key);
    v.may("value", value);
  }
};
struct CheckRecordIn {
  Check check;
  CheckOrigin origin = CheckOrigin::user;
  template <class V>
  void fields(V& v) {
    v.flat(check);
    v.may("origin", origin);
  }
};

struct Document {
  std::optional<TextRecord> user, project;
  bool project_trusted = false, allow_unpriced = false, review = true, deliver = true, ask = false,
       commit = false, has_plan = false;
  std::map<std::string, std::string> env;
  std::map<std::string, TextRecord> agents;
  std::vector<std::string> overrides, seats;
  std::vector<FlagRecord> flags;
  std::string text, repository, focus = ".", patch_file, branch;
  std::vector<CheckRecordIn> checks;
  Plan plan;
  Lane lane = Lane::automatic;
  Verified require = Verified::none;
  int max_steps = 0;

  template <class V>
  void fields(V& v) {
    v.may("user", user);
    v.may("project", project);
    v.may("project_trusted", project_trusted);
    v.may("env", env);
    v.may("agents", agents);
    v.may("overrides", overrides);
    v.may("seats", seats);
    v.may("flags", flags);
    v.may("allow_unpriced", allow_unpriced);
    v.may("review", review);
    v.may("goal", text);
    v.may("repository", repository);
    v.may("focus", focus);
    v.may("checks", checks);
    v.may("has_plan", has_plan);
    v.may("plan", plan);
    v.may("lane", lane);
    v.may("require", require);
    v.may("max_steps", max_steps);
    v.may("deliver", deliver);
    v.may("ask", ask);
    v.may("patch_file", patch_file);
    v.may("branch", branch);
    v.may("commit", commit);
  }
};

std::optional<TextRecord> text_record(const std::optional<ConfigText>& text) {
  if (!text) return {};
  return TextRecord{text->file, text->text};
}
std::optional<ConfigText> config_text(const std::optional<TextRecord>& text) {
  if (!text) return {};
  return ConfigText{text->file, text->text};
}

// -c overrides that name every seat's models as they were.
std::vector<std::string> pinned(const Lineup& lineup) {
  std::vector<std::string> overrides;
  for (const auto& [name, seat] : lineup.seats) {
    if (seat.ladder.empty()) continue;
    if (seat.ladder.size() == 1) {
      overrides.push_back("seats." + name + ".model=" + quote_toml(seat.ladder.front()));
      continue;
    }
    std::string list;
    for (const std::string& model : seat.ladder)
      list += (list.empty() ? "" : ", ") + quote_toml(model);
    overrides.push_back("seats." + name + ".ladder=[" + list + "]");
  }
  return overrides;
}

}  // namespace

std::string encode_record(const RunRecord& record, const Lineup& lineup) {
  Document d;
  d.user = text_record(record.sources.user);
  d.project = text_record(record.sources.project);
  d.project_trusted = record.sources.project_trusted;
  d.allow_unpriced = record.sources.allow_unpriced;
  d.review = record.review;
  for (const auto& [name, value] : record.sources.env) {
    if (name.rfind("MIXAGENT_", 0) == 0) d.env[name] = value;
  }
  for (const auto& [name, text] : record.sources.agents) d.agents[name] = {text.file, text.text};
  d.overrides = record.sources.overrides;
  for (std::string& line : pinned(lineup)) d.overrides.push_back(std::move(line));
  for (const auto& flag : record.sources.flags)
    d.flags.push_back({flag.flag, flag.key, flag.value});
  d.text = record.goal.text;
  d.repository = record.goal.repository.string();
  d.focus = record.goal.focus;
  for (const Check& check : record.goal.checks) d.checks.push_back({check, check.origin});
  d.has_plan = record.goal.plan.has_value();
  if (record.goal.plan) d.plan = *record.goal.plan;
  d.lane = record.goal.lane;
  d.require = record.goal.require;
  d.max_steps = record.goal.max_steps;
  d.deliver = record.goal.deliver;
  d.ask = record.goal.ask_before_apply;
  d.patch_file = record.goal.patch_file;
  d.branch = record.goal.branch;
  d.commit = record.goal.commit;
  return dump_json(to_json(d));
}

Result<RunRecord> decode_record(const std::string& text) {
  MIX_TRY(const Json json, parse_json(text));
  MIX_TRY(const Document d, from_json<Document>(json));
  RunRecord record;
  record.sources.user = config_text(d.user);
  record.sources.project = config_text(d.project);
  record.sources.project_trusted = d.project_trusted;
  record.sources.allow_unpriced = d.allow_unpriced;
  record.sources.env = d.env;
  for (const auto& [name, agent] : d.agents) record.sources.agents[name] = {agent.file, agent.text};
  record.sources.overrides = d.overrides;
  for (const FlagRecord& flag : d.flags)
    record.sources.flags.push_back({flag.flag, flag.key, flag.value});
  record.review = d.review;
  record.goal.text = d.text;
  record.goal.repository = d.repository;
  record.goal.focus = d.focus;
  for (const CheckRecordIn& check : d.checks) {
    record.goal.checks.push_back(check.check);
    record.goal.checks.back().origin = check.origin;
  }
  if (d.has_plan) record.goal.plan = d.plan;
  record.goal.lane = d.lane;
  record.goal.require = d.require;
  record.goal.max_steps = d.max_steps;
  record.goal.deliver = d.deliver;
  record.goal.ask_before_apply = d.ask;
  record.goal.patch_file = d.patch_file;
  record.goal.branch = d.branch;
  record.goal.commit = d.commit;
  return record;
}

}  // namespace mixagent

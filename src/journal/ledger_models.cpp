#include "journal/ledger_models.h"

#include <algorithm>
#include <map>

namespace mixagent {

namespace {

constexpr std::int64_t latest_samples = 60;  // older ones have faded from a calibration
constexpr std::int64_t latest_runs = 50;     // models change behind their names

// Edits belong to the model whose attempt at the step is going on.
std::map<std::string, EditCount> count_edits(const std::vector<Event>& events) {
  std::map<std::string, std::string> model_of_step;
  std::map<std::string, EditCount> counts;
  for (const Event& event : events) {
    if (const auto* started = std::get_if<AttemptStarted>(&event.fact)) {
      model_of_step[started->step] = started->model;
    } else if (const auto* applied = std::get_if<EditApplied>(&event.fact)) {
      const bool by_edit = applied->how == "exact" || applied->how == "tolerant";
      if (by_edit) ++counts[model_of_step[applied->step]].applied;
    } else if (const auto* rejected = std::get_if<EditRejected>(&event.fact)) {
      if (rejected->missed) ++counts[model_of_step[rejected->step]].rejected;
    }
  }
  counts.erase("");
  return counts;
}

}  // namespace

const char* const model_tables = R"(
  DROP TABLE IF EXISTS tokens;
  DROP TABLE IF EXISTS model_tokens;
  DROP TABLE IF EXISTS model_edits;
  CREATE TABLE model_tokens(run TEXT, model TEXT, text INTEGER, tools INTEGER, parts INTEGER,
                            input INTEGER, at INTEGER) STRICT;
  CREATE TABLE model_edits(run TEXT, model TEXT, applied INTEGER, rejected INTEGER, at INTEGER) STRICT;
  CREATE INDEX model_tokens_by_model ON model_tokens(model, at);
  CREATE INDEX model_edits_by_model ON model_edits(model, at);
)";

Result<void> write_model_records(Database& database, const std::string& run,
                                 const std::vector<Event>& events) {
  for (const char* table : {"model_tokens", "model_edits"}) {
    MIX_TRY(auto forget, database.prepare(std::string("DELETE FROM ") + table + " WHERE run = ?"));
    MIX_OK(forget.bind(run).run());
  }
  MIX_TRY(auto add, database.prepare("INSERT INTO model_tokens VALUES(?,?,?,?,?,?,?)"));
  for (const Event& event : events) {
    const auto* done = std::get_if<CallCompleted>(&event.fact);
    if (done == nullptr || !done->usage.reported || done->usage.input <= 0) continue;
    if (done->shape == TokenShape{}) continue;
    add.bind(run).bind(done->model).bind(done->shape.text).bind(done->shape.tools);
    MIX_OK(add.bind(done->shape.parts).bind(done->usage.input).bind(event.at_ms).run());
  }
  MIX_TRY(auto count, database.prepare("INSERT INTO model_edits VALUES(?,?,?,?,?)"));
  for (const auto& [model, edits] : count_edits(events)) {
    count.bind(run).bind(model).bind(edits.applied).bind(edits.rejected);
    MIX_OK(count.bind(events.front().at_ms).run());
  }
  return {};
}

Result<std::vector<TokenSample>> read_token_samples(Database& database, const std::string& model) {
  MIX_TRY(auto query,
          database.prepare("SELECT text, tools, parts, input FROM model_tokens WHERE model = ? "
                           "ORDER BY at DESC, rowid DESC LIMIT ?"));
  query.bind(model).bind(latest_samples);
  std::vector<TokenSample> samples;
  for (;;) {
    MIX_TRY(const bool row, query.step());
    if (!row) break;
    samples.push_back({{query.integer(0), query.integer(1), query.integer(2)}, query.integer(3)});
  }
  std::reverse(samples.begin(), samples.end());
  return samples;
}

Result<EditCount> read_edit_count(Database& database, const std::string& model) {
  MIX_TRY(auto query,
          database.prepare("SELECT sum(applied), sum(rejected) FROM (SELECT applied, rejected FROM "
                           "model_edits WHERE model = ? ORDER BY at DESC LIMIT ?)"));
  query.bind(model).bind(latest_runs);
  MIX_TRY(const bool row, query.step());
  return row ? EditCount{query.integer(0), query.integer(1)} : EditCount{};
}

}  // namespace mixagent

#include "support/reply_script.h"

#include "support/table_reader.h"

namespace mixagent {

namespace {

Result<ScriptCall> read_call(const TomlTable& table) {
  TableReader reader(table, "calls");
  ScriptCall call;
  call.tool = reader.text("tool");
  if (const TomlValue* arguments = reader.value("arguments")) {
    call.arguments =
        arguments->string() != nullptr ? *arguments->string() : dump_json(toml_to_json(*arguments));
  } else {
    call.arguments = "{}";
  }
  MIX_OK(reader.finish());
  return call;
}

Result<ScriptFault> read_fault(const TomlTable& table) {
  TableReader reader(table, "fault");
  ScriptFault fault;
  fault.status = static_cast<int>(reader.number("status"));
  fault.headers = reader.text_map("headers");
  fault.body = reader.text("body");
  if (reader.has("raw")) fault.raw = reader.text("raw");
  fault.cut_after = reader.number("cut_after", -1);
  fault.cut = reader.text("cut");
  fault.end = reader.text("end");
  fault.stall_ms = reader.number("stall_ms");
  MIX_OK(reader.finish());
  return fault;
}

Result<ScriptUsage> read_usage(const TomlTable& table) {
  TableReader reader(table, "usage");
  ScriptUsage usage;
  usage.input = reader.number("input");
  usage.output = reader.number("output");
  usage.cached = reader.number("cached");
  usage.written = reader.number("written");
  MIX_OK(reader.finish());
  return usage;
}

Result<Reply> read_reply(const TomlTable& table) {
  TableReader reader(table, "[[reply]]");
  Reply reply;
  reply.model = reader.text("model");
  reply.match = reader.text("match");
  reply.times = static_cast<int>(reader.number("times", 1));
  reply.optional = reader.flag("optional");
  reply.text = reader.text("text");
  reply.thinking = reader.text("thinking");
  for (const TomlTable* call : reader.tables("calls")) {
    MIX_TRY(auto read, read_call(*call));
    reply.calls.push_back(std::move(read));
  }
  if (const TomlTable* usage = reader.table("usage")) {
    MIX_TRY(reply.usage, read_usage(*usage));
  }
  reply.usage_missing = reader.flag("usage_missing");
  reply.finish = reader.text("finish");
  reply.wait_for_open = static_cast<int>(reader.number("wait_for_open"));
  reply.delay_ms = reader.number("delay_ms");
  if (const TomlTable* fault = reader.table("fault")) {
    MIX_TRY(reply.fault, read_fault(*fault));
  }
  if (!table.empty()) reply.place = describe(table.begin()->second.place);
  MIX_OK(reader.finish());
  return reply;
}

}  // namespace

Result<std::vector<Reply>> read_replies(const std::vector<const TomlTable*>& tables) {
  std::vector<Reply> script;
  for (const TomlTable* table : tables) {
    MIX_TRY(auto reply, read_reply(*table));
    script.push_back(std::move(reply));
  }
  return script;
}

Reply* find_reply(std::vector<Reply>& script, const std::string& model,
                  const std::string& rendered) {
  for (Reply& reply : script) {
    if (reply.times != 0 && reply.used >= reply.times) continue;
    if (!reply.model.empty() && reply.model != model) continue;
    if (rendered.find(reply.match) == std::string::npos) continue;
    ++reply.used;
    return &reply;
  }
  return nullptr;
}

}  // namespace mixagent

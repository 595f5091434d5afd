#include "base/text.h"
#include "cli/config_files.h"
#include "cli/seat_table.h"
#include "config/keys.h"
#include "system/files.h"

#include <algorithm>
#include <ostream>

namespace mixagent {

namespace {

bool wanted(const std::string& name, const std::string& asked) {
  return asked.empty() || name == asked || name.rfind(asked + ".", 0) == 0;
}

// The key that a full name belongs to; null for what is shown but cannot be set.
const Key* key_of(const std::string& name) {
  const auto path = parse_key(name);
  return path ? match_key(*path).key : nullptr;
}

// Values in the order of the table of keys, those of one key by name.
std::vector<Row> value_rows(const LoadedConfig& loaded, const ConfigOptions& options) {
  std::vector<Row> rows;
  for (const Key& key : config_keys()) {
    for (const auto& [name, value] : loaded.values) {
      if (!wanted(name, options.key) || key_of(name) != &key) continue;
      rows.push_back({name, value.value, options.show_origin ? value.origin : key.help});
    }
  }
  return rows;
}

// Keys that have no value: what else could be said.
std::vector<Row> other_rows(const LoadedConfig& loaded, const ConfigOptions& options) {
  std::vector<Row> rows;
  for (const Key& key : config_keys()) {
    const std::string pattern = key.pattern;
    const bool set = std::any_of(loaded.values.begin(), loaded.values.end(),
                                 [&](const auto& value) { return key_of(value.first) == &key; });
    if (set || !wanted(pattern, options.key)) continue;
    std::string help = key.help;
    if (key.trust == Trust::user_only) help += " [not in a project's file]";
    rows.push_back({pattern, describe_shape(key.shape), help});
  }
  return rows;
}

Result<void> list(const ConfigOptions& options, CliContext& context) {
  MIX_TRY(const LoadedConfig loaded, load_for(context, options.config, false));
  const auto values = value_rows(loaded, options);
  const auto others = options.show_origin ? std::vector<Row>{} : other_rows(loaded, options);
  if (values.empty() && others.empty()) {
    const auto path = parse_key(options.key);
    return fail(ErrorCode::usage, "no key begins with \"" + options.key + "\"", "config",
                path ? suggest_key(*path) : std::string());
  }
  const TableLayout layout = table_layout(context);
  const std::string third = options.show_origin ? "From" : "Meaning";
  context.out << render_table({{"Key"}, {"Value", Align::left, true}, {third, Align::left, true}},
                              values, layout);
  if (!others.empty()) {
    context.out << "\n"
                << render_table({{"Further keys"},
                                 {"Takes", Align::left, true},
                                 {"Meaning", Align::left, true}},
                                others, layout);
  }
  return {};
}

Result<void> change_trust(const ConfigOptions& options, CliContext& context) {
  const std::filesystem::path root = find_repository(context.cwd);
  if (root.empty()) {
    return fail(ErrorCode::usage, "this is not a git repository", context.cwd.string(),
                "run `git init` first");
  }
  auto folders = trusted_folders(context.env);
  folders.erase(std::remove(folders.begin(), folders.end(), root.string()), folders.end());
  if (options.trust) folders.push_back(root.string());
  std::sort(folders.begin(), folders.end());
  const auto file = trust_file(context.env);
  MIX_OK(make_directories(file.parent_path()));
  MIX_OK(write_atomically(file, folders.empty() ? "" : join(folders, "\n") + "\n"));
  const std::string name = escape_terminal_line(root.string());
  if (options.trust) {
    context.err << name << " is trusted now: its mixagent.toml may set whatever yours may.\n"
                << "`mixagent config untrust` takes that back.\n";
  } else {
    context.err << name << " is not trusted: its mixagent.toml may only tighten.\n";
  }
  return {};
}

}  // namespace

int cmd_config(const ConfigOptions& options, CliContext& context) {
  const auto done =
      options.trust || options.untrust ? change_trust(options, context) : list(options, context);
  return done ? 0 : report_error(done.error(), context);
}

}  // namespace mixagent

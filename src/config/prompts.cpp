#include "config/prompts.h"

#include "base/embedded.h"
#include "base/template.h"
#include "base/text.h"

#include <algorithm>

namespace mixagent {

namespace {

constexpr std::string_view folder = "prompts/", extension = ".md";

// "prompts/parts/rules.md" -> "parts/rules"; empty for other files.
std::string prompt_name(std::string_view file) {
  if (file.substr(0, folder.size()) != folder) return {};
  return std::string(file.substr(folder.size(), file.size() - folder.size() - extension.size()));
}

bool holds(const std::vector<const char*>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool declared(const PromptSpec& spec, std::string_view name) {
  const bool acts = holds(spec.may, "actions");
  return holds(spec.need, name) || holds(spec.may, name) ||
         (acts && (name == "text_protocol" || name == "whole"));
}

// Every declared value once, empty where it may be, and a flag of the same name that says whether
// it is not.
Result<PromptValues> complete(const PromptSpec& spec, const PromptValues& given) {
  PromptValues values = given;
  for (const char* name : spec.need) {
    if (given.text.count(name) == 0) {
      return fail(ErrorCode::internal, std::string("no value for \"") + name + "\"", spec.name);
    }
  }
  for (const char* name : spec.may) values.text.emplace(name, std::string());
  for (auto& [name, text] : values.text) {
    // The texts bring their own line ends.
    while (!text.empty() && text.back() == '\n') text.pop_back();
    if (!declared(spec, name)) {
      return fail(ErrorCode::internal, "no such variable \"" + name + "\"", spec.name);
    }
    values.flags.emplace(name, !trim(text).empty());
  }
  if (declared(spec, "text_protocol")) {
    values.flags.emplace("text_protocol", values.flags["actions"]);
    values.flags.emplace("whole", false);
  }
  return values;
}

template <class T>
void keep_only(std::map<std::string, T>& values, const std::set<std::string>& names) {
  for (auto it = values.begin(); it != values.end();) {
    it = names.count(it->first) != 0 ? std::next(it) : values.erase(it);
  }
}

}  // namespace

const std::vector<PromptSpec>& prompt_specs() {
  static const std::vector<PromptSpec> specs = {
      {"plan", {}, {"actions"}},
      {"plan_goal", {"goal", "files", "seats"}, {"commands", "checks", "notes", "focus"}},
      {"replan", {"failure"}, {"done"}},
      {"recut", {"title", "instructions", "failure"}, {"dossier"}},
      {"repair", {"faults"}, {}},
      {"work", {}, {"actions"}},
      {"test", {}, {"actions"}},
      {"frontend", {}, {"actions"}},
      {"backend", {}, {"actions"}},
      {"search", {}, {"actions"}},
      {"office", {}, {"actions"}},
      {"step", {"title", "instructions"}, {"files", "checks", "scope", "notes", "dossier"}},
      {"handoff", {}, {"diff", "command", "output", "diagnosis", "findings", "avoid"}},
      {"checks_failed", {"command", "exit", "output"}, {}},
      {"gate", {"problems"}, {}},
      {"no_action", {"tools"}, {}},
      {"review", {}, {"actions"}},
      {"review_step", {"goal", "diff", "checks", "round"}, {"step", "findings", "notes", "gates"}},
      {"revise", {"findings"}, {"coaching"}},
      {"reconcile", {"others", "step", "hunks", "fence"}, {}},
      {"advise", {}, {"actions"}},
      {"scout", {}, {"actions"}},
      {"scout_goal", {"goal", "files"}, {"notes"}},
  };
  return specs;
}

const PromptSpec* find_prompt(std::string_view name) {
  for (const PromptSpec& spec : prompt_specs()) {
    if (spec.name == name) return &spec;
  }
  return nullptr;
}

Result<PromptFiles> PromptFiles::open(const std::map<std::string, ConfigText>& overrides) {
  PromptFiles prompts;
  std::vector<std::string> names;
  for (const EmbeddedFile& file : embedded_files()) {
    const std::string name = prompt_name(file.name);
    if (name.empty()) continue;
    names.push_back(name);
    prompts.texts_[name] = {std::string(file.name), std::string(file.text())};
  }
  for (const auto& [name, text] : overrides) {
    if (prompts.texts_.count(name) == 0) {
      const std::string near = nearest(name, names);
      return fail(ErrorCode::config, "there is no prompt \"" + name + "\" to replace", text.file,
                  near.empty() ? "names: " + join(names, ", ") : "did you mean \"" + near + "\"?");
    }
    prompts.texts_[name] = text;
  }
  for (const PromptSpec& spec : prompt_specs()) MIX_OK(prompts.learn_variables(spec));
  return prompts;
}

Result<std::string> PromptFiles::part(std::string_view name) const {
  const auto found = texts_.find("parts/" + std::string(name));
  if (found == texts_.end()) {
    return fail(ErrorCode::config, "there is no part \"" + std::string(name) + "\"",
                "prompts/parts");
  }
  return found->second.text;
}

Result<void> PromptFiles::learn_variables(const PromptSpec& spec) {
  const auto found = texts_.find(spec.name);
  MIX_CHECK(found != texts_.end(), "a prompt of the table is not embedded");
  const ConfigText& text = found->second;
  const auto parts = [this](std::string_view name) { return part(name); };
  auto used = template_variables(text.text, parts, text.file);
  if (!used) {
    Error error = used.error();
    error.code = ErrorCode::config;
    if (error.where.find(text.file) == std::string::npos) error.where = text.file;
    return fail(std::move(error));
  }
  for (const std::string& name : *used) {
    if (declared(spec, name)) continue;
    std::vector<std::string> known(spec.need.begin(), spec.need.end());
    known.insert(known.end(), spec.may.begin(), spec.may.end());
    return fail(ErrorCode::config,
                "prompt \"" + std::string(spec.name) + "\" has no variable \"" + name + "\"",
                text.file, known.empty() ? "it has none" : "it has: " + join(known, ", "));
  }
  variables_[spec.name] = *std::move(used);
  return {};
}

Result<std::string> PromptFiles::render(std::string_view name, const PromptValues& given) const {
  const PromptSpec* spec = find_prompt(name);
  if (spec == nullptr) {
    return fail(ErrorCode::internal, "no prompt of this name", std::string(name));
  }
  MIX_TRY(PromptValues values, complete(*spec, given));
  // A text of the user's may leave out what ours uses.
  const auto& used = variables_.at(spec->name);
  keep_only(values.text, used);
  keep_only(values.flags, used);
  const ConfigText& text = texts_.at(spec->name);
  const auto parts = [this](std::string_view part_name) { return part(part_name); };
  return render_template(text.text, values, parts, text.file);
}

}  // namespace mixagent

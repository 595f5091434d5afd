#include "config/seats.h"

#include "base/embedded.h"
#include "base/text.h"
#include "base/toml.h"
#include "config/prompts.h"
#include "core/actions.h"

#include <algorithm>
#include <limits>

namespace mixagent {

namespace {

const std::vector<std::string> seat_keys = {"description", "prompt",    "tools",
                                            "terminal",    "max_turns", "max_output",
                                            "temperature", "tier",      "inherits"};

tl::unexpected<Error> wrong(const TomlValue& value, std::string what, std::string hint = {}) {
  return fail(ErrorCode::config, std::move(what), describe(value.place), std::move(hint));
}

std::string did_you_mean(const std::string& word, const std::vector<std::string>& names) {
  const std::string near = nearest(word, names);
  return near.empty() ? "known: " + join(names, ", ") : "did you mean \"" + near + "\"?";
}

Result<void> read_text(const TomlValue& value, std::string& into) {
  if (value.string() == nullptr) return wrong(value, "expected a string");
  into = *value.string();
  return {};
}

template <class Int>
Result<void> read_count(const TomlValue& value, std::int64_t least, std::int64_t most, Int& into) {
  const auto* number = std::get_if<std::int64_t>(&value.value);
  if (number == nullptr || *number < least || *number > most) {
    return wrong(value, "expected a whole number from " + std::to_string(least) + " to " +
                            std::to_string(most));
  }
  into = static_cast<Int>(*number);
  return {};
}

Result<void> read_temperature(const TomlValue& value, std::optional<double>& into) {
  const auto* real = std::get_if<double>(&value.value);
  const auto* whole = std::get_if<std::int64_t>(&value.value);
  if (real == nullptr && whole == nullptr) return wrong(value, "expected a number");
  into = real != nullptr ? *real : static_cast<double>(*whole);
  if (*into < 0 || *into > 2) return wrong(value, "expected a number from 0 to 2");
  return {};
}

Result<void> read_tools(const TomlValue& value, bool terminal, std::vector<std::string>& into) {
  if (value.array() == nullptr) return wrong(value, "expected a list of tools");
  into.clear();
  for (const TomlValue& item : *value.array()) {
    std::string name;
    MIX_OK(read_text(item, name));
    const auto& known = action_names();
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return wrong(value, "there is no tool \"" + name + "\"", did_you_mean(name, known));
    }
    if (is_terminal(name) != terminal) {
      return wrong(value, "\"" + name + "\" belongs into " + (terminal ? "tools" : "terminal"));
    }
    into.push_back(name);
  }
  return {};
}

struct Draft {
  SeatFile file;
  std::vector<std::string> tools, terminal;
};

Result<void> read_key(const std::string& key, const TomlValue& value, Draft& draft) {
  Seat& seat = draft.file.seat;
  if (key == "description") return read_text(value, seat.description);
  if (key == "prompt") {
    MIX_OK(read_text(value, seat.prompt));
    if (find_prompt(seat.prompt) == nullptr) {
      return wrong(value, "there is no prompt \"" + seat.prompt + "\"");
    }
    return {};
  }
  if (key == "tools") return read_tools(value, false, draft.tools);
  if (key == "terminal") return read_tools(value, true, draft.terminal);
  if (key == "max_turns") return read_count(value, 1, 1000, seat.max_turns);
  if (key == "max_output") return read_count(value, 256, 1'000'000, seat.max_output);
  if (key == "temperature") return read_temperature(value, seat.temperature);
  if (key == "tier") return read_count(value, 0, 3, draft.file.tier);
  if (key == "inherits") return read_text(value, draft.file.inherits);
  return wrong(value, "unknown key \"" + key + "\"", did_you_mean(key, seat_keys));
}

Result<void> read_file(const ConfigText& text, Draft& draft) {
  MIX_TRY(const TomlTable table, parse_toml(text.text, text.file));
  for (const auto& [key, value] : table) MIX_OK(read_key(key, value, draft));
  return {};
}

std::string seat_name(std::string_view file) {
  constexpr std::string_view folder = "agents/", extension = ".toml";
  if (file.substr(0, folder.size()) != folder) return {};
  return std::string(file.substr(folder.size(), file.size() - folder.size() - extension.size()));
}

SeatFile finished(Draft draft) {
  draft.file.seat.tools = std::move(draft.tools);
  auto& tools = draft.file.seat.tools;
  tools.insert(tools.end(), draft.terminal.begin(), draft.terminal.end());
  return std::move(draft.file);
}

struct Texts {
  std::string name;
  ConfigText built_in;
  const ConfigText* own = nullptr;
};

Result<void> read_layers(const Texts& texts, Draft& draft) {
  MIX_OK(read_file(texts.built_in, draft));
  if (texts.own != nullptr) MIX_OK(read_file(*texts.own, draft));
  return {};
}

}  // namespace

Result<std::map<std::string, SeatFile>> load_seats(
    const std::map<std::string, ConfigText>& overrides) {
  std::vector<Texts> all;
  std::vector<std::string> names;
  for (const EmbeddedFile& file : embedded_files()) {
    const std::string name = seat_name(file.name);
    if (name.empty()) continue;
    const auto own = overrides.find(name);
    all.push_back({name,
                   {std::string(file.name), std::string(file.text())},
                   own != overrides.end() ? &own->second : nullptr});
    names.push_back(name);
  }
  for (const auto& [name, text] : overrides) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      return fail(ErrorCode::config, "there is no seat \"" + name + "\"", text.file,
                  did_you_mean(name, names));
    }
  }

  // Those that inherit nothing first: the others start as a copy of them.
  std::map<std::string, Draft> drafts;
  std::map<std::string, SeatFile> seats;
  for (const bool inheriting : {false, true}) {
    for (const Texts& texts : all) {
      Draft draft;
      MIX_OK(read_layers(texts, draft));
      if (draft.file.inherits.empty() == inheriting) continue;
      if (inheriting) {
        const auto parent = drafts.find(draft.file.inherits);
        if (parent == drafts.end()) {
          return fail(
              ErrorCode::config,
              "inherits \"" + draft.file.inherits + "\", which is no seat that stands alone",
              texts.own != nullptr ? texts.own->file : texts.built_in.file);
        }
        draft = parent->second;
        draft.file.tier = SeatFile::as_parent;
        MIX_OK(read_layers(texts, draft));
      }
      draft.file.seat.name = texts.name;
      if (!inheriting) drafts[texts.name] = draft;
      seats[texts.name] = finished(std::move(draft));
    }
  }
  return seats;
}

}  // namespace mixagent

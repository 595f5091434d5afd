#pragma once
// Every key of the configuration, once: the table drives reading, `mixagent config` and the
// documentation.

#include "config/seats.h"
#include "config/values.h"

#include "mixagent/config.h"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace mixagent {

// May the project's own file set it, without the user's trust?
enum class Trust {
  anywhere,   // yes
  tighten,    // only to something stricter than what the user has
  user_only,  // no
};

// The configuration while layers are laid over each other.
struct ConfigDraft {
  Config config;
  std::map<std::string, SeatFile> seats;
  std::map<std::string, std::map<std::string, Money>> prices;  // [models.X.price], by part
  std::map<std::string, std::string> given;                    // full key -> where it was last set
};

struct Key {
  using Set = void (*)(ConfigDraft& draft, const std::vector<std::string>& names,
                       const KeyValue& value);

  const char* pattern;  // "seats.*.max_turns"; a star stands for a name
  ValueShape shape;
  const char* initial;  // TOML; empty: none
  const char* help;
  Trust trust;
  Set set;  // `names`: what the stars stand for
};

const std::vector<Key>& config_keys();

using KeyPath = std::vector<std::string>;

struct KeyMatch {
  const Key* key = nullptr;
  std::vector<std::string> names;
};
// `key` is null when no pattern fits.
KeyMatch match_key(const KeyPath& path);
// Is the path the beginning of some key?
bool is_key_table(const KeyPath& path);
// "did you mean \"run_usd\"?", or what there is to choose from.
std::string suggest_key(const KeyPath& path);
// models."a/b".tier
std::string show_key(const KeyPath& path);
// The reverse of show_key; Error usage for an empty part or an open quote.
Result<KeyPath> parse_key(const std::string& text);

}  // namespace mixagent

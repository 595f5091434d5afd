#pragma once
// The place where a story plays: a folder with a home, a configuration and a repository, and
// fingerprints of that repository. Removed when destroyed, unless MIXAGENT_KEEP is set. One thread.

#include "scenario/story.h"
#include "support/model_server.h"

#include <filesystem>
#include <string>
#include <vector>

namespace mixagent {

// Everything a user could miss afterwards: "file a.py" -> mode and bytes, "index", "HEAD",
// "references", "stash".
using Fingerprint = std::map<std::string, std::string>;

class Stage {
 public:
  Stage(const Story& story, int port);
  ~Stage();
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  const std::filesystem::path& root() const { return root_; }
  std::filesystem::path repository() const { return root_ / "repo"; }
  std::filesystem::path state() const { return root_ / "home/.local/state/mixagent"; }
  TextMap environment(const Story& story, const StoryRun& run) const;
  std::string fill(std::string text) const;  // {REPO} and its like
  Json fill(const Json& value) const;        // strings at any depth
  void know(const std::string& word, const std::string& value) { words_[word] = value; }

  Fingerprint fingerprint() const;
  std::string git(const std::vector<std::string>& arguments) const;
  // The events.jsonl that was written last, one object a line; empty when there is none.
  std::vector<Json> newest_journal() const;
  // Files below the folder whose bytes contain this.
  std::vector<std::string> files_with(const std::string& bytes) const;

 private:
  std::filesystem::path root_;
  TextMap words_;
};

// The key that every story's environment holds, and the prices of the standing configuration.
extern const char* const test_key;
std::map<std::string, ServerPrice> standing_prices(const TomlTable& story_config);

std::string slurp(const std::filesystem::path& file);
void spill(const std::filesystem::path& file, const std::string& bytes);

}  // namespace mixagent

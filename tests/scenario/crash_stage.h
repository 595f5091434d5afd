#pragma once
// What simulated and real crashes share: a story's stage and server, the program on it, and the
// journal as evidence. One thread.

#include "base/json.h"
#include "scenario/stage.h"
#include "scenario/story.h"
#include "support/child_process.h"
#include "support/model_server.h"

#include <memory>
#include <string>
#include <vector>

namespace mixagent {

class CrashStage {
 public:
  // A story's commands are played in order; the last one's exit code and files are what every
  // crashed run must reach. Its replies must fit again and again (times = 0).
  CrashStage(const std::string& program, Story story);

  const Story& story() const { return story_; }
  Stage& stage() { return stage_; }
  ModelServer& server() { return server_; }
  int wanted_exit() const { return story_.runs.back().exit; }

  std::unique_ptr<Child> start(const Texts& arguments) const;
  int command(const Texts& arguments) const;  // to its end; -1 when that takes a minute
  // From where to go on after a crash: the story's last command where that is a resume.
  Texts resume() const;
  // Plays the story undisturbed; false, with a message, when it does not end as it says.
  bool play();
  // The repository's files, without what git keeps.
  Fingerprint files() const;

  std::filesystem::path saved(const std::string& name) const;
  std::filesystem::path journal() const;  // empty before there is one
  std::vector<std::string> journal_lines() const;
  double told_usd() const;  // of the last command's result; -1: none

 private:
  ModelServer::Settings settings() const;

  const std::string program_;
  const Story story_;
  ModelServer server_;
  Stage stage_;
};

void put_back(const std::filesystem::path& from, const std::filesystem::path& to);

// Of lines of a journal.
int count_of(const std::vector<std::string>& lines, const std::string& type);
double recorded_usd(const std::vector<std::string>& lines);
// Calls that began and have no end: billed at their reserved worst case.
struct OpenCalls {
  int count = 0;
  double usd = 0;
};
OpenCalls open_calls(const std::vector<std::string>& lines);
// Of the last process alone.
int open_now(const std::vector<std::string>& lines);
// Keys under which something paid or irreversible is recorded twice: it was done again.
std::vector<std::string> done_twice(const std::vector<std::string>& lines);

}  // namespace mixagent

#pragma once
// What must hold after a story's commands. Every unmet expectation is a line; none: the story
// holds.

#include "scenario/stage.h"
#include "scenario/story.h"

#include <string>
#include <vector>

namespace mixagent {

// What one command did, as seen from outside.
struct Outcome {
  int exit = 0;
  bool ended = true;  // false: it had to be killed
  std::string out, err;
  Json result;  // the result object on standard output; null: none
  std::vector<Json> journal;
  Fingerprint before, after;
  std::vector<ServerRequest> requests;      // of this command
  std::vector<ServerRequest> all_requests;  // since the story began
  int most_open = 0;
  std::vector<std::string> left_running;
};

std::vector<std::string> judge(const StoryRun& run, const Outcome& outcome, const Stage& stage);
std::vector<std::string> judge_requests(const std::vector<RequestWant>& wants,
                                        const std::vector<ServerRequest>& requests,
                                        const Stage& stage);

// "steps[0].status" in a document; null when there is no such place.
const Json& json_at(const Json& document, const std::string& path);

}  // namespace mixagent

#pragma once
// The closed vocabulary of tools (PROTOCOLS 1.1): one struct a tool, from which come the strict
// decoder, the JSON Schema that providers get, and the lines of the text protocol. Pure.

#include "mixagent/error.h"
#include "mixagent/fields.h"
#include "mixagent/message.h"
#include "mixagent/plan.h"
#include "mixagent/review.h"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace mixagent {

struct ReadFile {
  static constexpr const char* name = "read_file";
  std::string path;
  int start_line = 0, end_line = 0;  // 1-based; 0: from the start / to the end
  bool operator==(const ReadFile&) const = default;
  template <class V>
  void fields(V& v) {
    v.need("path", path);
    v.may("start_line", start_line);
    v.may("end_line", end_line);
  }
};
struct ListFiles {
  static constexpr const char* name = "list_files";
  std::string path = ".", glob;
  int depth = 0;  // 0: no limit
  bool operator==(const ListFiles&) const = default;
  template <class V>
  void fields(V& v) {
    v.may("path", path);
    v.may("glob", glob);
    v.may("depth", depth);
  }
};
struct Search {
  static constexpr const char* name = "search";
  std::string pattern, path = ".", glob;
  int max_results = 100;
  bool operator==(const Search&) const = default;
  template <class V>
  void fields(V& v) {
    v.need("pattern", pattern);
    v.may("path", path);
    v.may("glob", glob);
    v.may("max_results", max_results);
  }
};
struct Edit {
  std::string search, replace;
  bool all = false;
  int near_line = 0;
  bool operator==(const Edit&) const = default;
  template <class V>
  void fields(V& v) {
    v.need("search", search, "exact text, found once");
    v.need("replace", replace);
    v.may("all", all);
    v.may("near_line", near_line);
  }
};
struct EditFile {
  static constexpr const char* name = "edit_file";
  std::string path;
  std::vector<Edit> edits;
  bool operator==(const EditFile&) const = default;
  template <class V>
  void fields(V& v) {
    v.need("path", path);
    v.need("edits", edits);
  }
};
struct WriteFile {
  static constexpr const char* name = "write_file";
  std::string path, content;
  bool operator==(const WriteFile&) const = default;
  template <class V>
  void fields(V& v) {
    v.need("path", path);
    v.need("content", content);
  }
};
struct RunCommand {
  static constexpr const char* name = "run_command";
  std::string command;
  int timeout_s = 0;  // 0: the default
  bool operator==(const RunCommand&) const = default;
  template <class V>
  void fields(V& v) {
    v.need("command", command);
    v.may("timeout_s", timeout_s);
  }
};
struct AskAdvisor {
  static constexpr const char* name = "ask_advisor";
  std::string question;
  bool operator==(const AskAdvisor&) const = default;
  template <class V>
  void fields(V& v) {
    v.need("question", question);
  }
};
struct Finish {
  static constexpr const char* name = "finish";
  std::string summary;
  std::optional<double> confidence;
  bool operator==(const Finish&) const = default;
  template <class V>
  void fields(V& v) {
    v.need("summary", summary);
    v.may("confidence", confidence);
  }
};
struct GiveUp {
  static constexpr const char* name = "give_up";
  std::string reason;
  bool operator==(const GiveUp&) const = default;
  template <class V>
  void fields(V& v) {
    v.need("reason", reason);
  }
};
struct SubmitPlan {
  static constexpr const char* name = "submit_plan";
  Plan plan;
  std::vector<std::string> warnings;  // unknown fields
  bool operator==(const SubmitPlan&) const = default;
};
struct SubmitReview {
  static constexpr const char* name = "submit_review";
  Review review;
  bool operator==(const SubmitReview&) const = default;
};
struct BriefFile {
  std::string path, why;
  bool operator==(const BriefFile&) const = default;
  template <class V>
  void fields(V& v) {
    v.need("path", path);
    v.may("why", why);
  }
};
struct BriefCommands {
  std::string build, test, lint;
  bool operator==(const BriefCommands&) const = default;
  template <class V>
  void fields(V& v) {
    v.may("build", build);
    v.may("test", test);
    v.may("lint", lint);
  }
};
struct SubmitBrief {
  static constexpr const char* name = "submit_brief";
  std::vector<BriefFile> files;
  BriefCommands commands;
  std::string notes;
  bool operator==(const SubmitBrief&) const = default;
  template <class V>
  void fields(V& v) {
    v.need("files", files);
    v.may("commands", commands);
    v.may("notes", notes);
  }
};

using Action = std::variant<ReadFile, ListFiles, Search, EditFile, WriteFile, RunCommand,
                            AskAdvisor, Finish, GiveUp, SubmitPlan, SubmitReview, SubmitBrief>;

std::string action_name(const Action& action);
const std::vector<std::string>& action_names();
// Does a call of it end the conversation?
bool is_terminal(const std::string& name);

// Error protocol: an unknown tool (with the nearest name) or arguments that do not fit, naming the
// place.
Result<Action> decode_action(const std::string& name, const std::string& arguments);
// Short descriptions: tokens that users pay for on every call.
ToolDef tool_definition(const std::string& name);

}  // namespace mixagent

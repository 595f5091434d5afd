#include "scenario/judge.h"

#include "base/text.h"

#include <algorithm>
#include <cmath>

namespace mixagent {

namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

bool same_value(const Json& want, const Json& have) {
  if (want.is_string()) {
    const auto text = want.get<std::string>();
    if (text == "*") return !have.is_null();
    if (text.empty()) return have.empty() || have == Json("");
    if (text.front() == '!') return have != Json(text.substr(1));
    if (text.front() == '~') {
      const std::string shown = have.is_string() ? have.get<std::string>() : dump_json(have);
      return contains(shown, text.substr(1));
    }
  }
  if (want.is_number() && have.is_number()) {
    return std::abs(want.get<double>() - have.get<double>()) < 1e-9;
  }
  return want == have;
}

// One command's expectations, a method for each kind.
class Judge {
 public:
  Judge(const StoryRun& run, const Outcome& outcome, const Stage& stage)
      : run_(run), outcome_(outcome), stage_(stage) {}

  std::vector<std::string> unmet() {
    exit_and_output();
    result();
    events();
    files();
    git();
    models();
    money();
    if (run_.stream) stream();
    for (const std::string& process : outcome_.left_running) miss("left running: " + process);
    return std::move(unmet_);
  }

 private:
  void miss(std::string text) { unmet_.push_back(std::move(text)); }

  void has(const std::string& what, const std::string& text, const Texts& wants) {
    for (const std::string& want : wants) {
      if (!contains(text, stage_.fill(want))) miss(what + " lacks: " + stage_.fill(want));
    }
  }
  void lacks(const std::string& what, const std::string& text, const Texts& wants) {
    for (const std::string& want : wants) {
      if (contains(text, stage_.fill(want))) miss(what + " contains: " + stage_.fill(want));
    }
  }

  void exit_and_output() {
    if (!outcome_.ended) miss("it did not end and was killed");
    if (outcome_.exit != run_.exit) {
      miss("exit code " + std::to_string(outcome_.exit) + ", expected " +
           std::to_string(run_.exit));
    }
    has("standard output", outcome_.out, run_.stdout_contains);
    lacks("standard output", outcome_.out, run_.stdout_lacks);
    has("standard error", outcome_.err, run_.stderr_contains);
    lacks("standard error", outcome_.err, run_.stderr_lacks);
  }

  void result() {
    if (run_.result.empty()) return;
    if (outcome_.result.is_null()) return miss("no result object on standard output");
    for (const auto& [path, want] : run_.result) {
      const Json& have = json_at(outcome_.result, path);
      if (!same_value(stage_.fill(want), have)) {
        miss("result " + path + " is " + dump_json(have) + ", expected " + dump_json(want));
      }
    }
    if (int_or(outcome_.result, "exit_code", -1) != outcome_.exit) {
      miss("the result's exit_code is not the exit code");
    }
  }

  void events() {
    std::size_t next = 0;
    for (const Json& event : outcome_.journal) {
      const std::string type = string_or(event, "type");
      if (next < run_.events.size() && type == run_.events[next]) ++next;
      if (std::find(run_.no_events.begin(), run_.no_events.end(), type) != run_.no_events.end()) {
        miss("unexpected event " + dump_json(event));
      }
    }
    if (next < run_.events.size())
      miss("event " + run_.events[next] + " did not come, in this order");
    for (const EventWant& want : run_.event_where) event_where(want);
  }

  void event_where(const EventWant& want) {
    std::int64_t count = 0;
    for (const Json& event : outcome_.journal) {
      const bool fits =
          std::all_of(want.members.begin(), want.members.end(), [&](const auto& pair) {
            return same_value(stage_.fill(pair.second), json_at(event, pair.first));
          });
      if (fits && string_or(event, "type") == want.type) ++count;
    }
    if (want.count < 0 ? count > 0 : count == want.count) return;
    std::string shape = want.type;
    for (const auto& [key, value] : want.members) shape += " " + key + "=" + dump_json(value);
    miss(std::to_string(count) + " events " + shape +
         (want.count < 0 ? "" : ", expected " + std::to_string(want.count)));
  }

  void files() {
    for (const auto& [path, want] : run_.files) {
      const std::string have = slurp(stage_.repository() / path);
      if (have != stage_.fill(want)) miss("file " + path + " is:\n" + have + "expected:\n" + want);
    }
    for (const auto& [path, want] : run_.file_contains) {
      has("file " + path, slurp(stage_.repository() / path), {want});
    }
    for (const auto& [path, want] : run_.file_lacks) {
      lacks("file " + path, slurp(stage_.repository() / path), {want});
    }
    for (const std::string& path : run_.absent) {
      if (std::filesystem::exists(stage_.repository() / path)) miss("file " + path + " exists");
    }
  }

  void git() {
    if (run_.status) {
      const std::string status = stage_.git({"status", "--porcelain"});
      if (status != *run_.status) miss("git status is:\n" + status + "expected:\n" + *run_.status);
    }
    for (const auto* side : {&outcome_.before, &outcome_.after}) {
      const auto& other = side == &outcome_.before ? outcome_.after : outcome_.before;
      for (const auto& [name, value] : *side) {
        const bool is_git = name.rfind("git ", 0) == 0;
        if (!run_.untouched && !(run_.git_untouched && is_git)) continue;
        const auto found = other.find(name);
        const bool both = found != other.end();
        if (both && (found->second == value || side == &outcome_.after)) continue;
        miss("touched: " + name + (both ? "" : side == &outcome_.before ? " is gone" : " is new"));
      }
    }
  }

  void models() {
    if (run_.calls) {
      std::map<std::string, std::int64_t> calls;
      for (const ServerRequest& request : outcome_.requests) ++calls[request.model];
      std::map<std::string, std::int64_t> want = *run_.calls;
      std::erase_if(want, [](const auto& entry) { return entry.second == 0; });
      if (calls != want)
        miss("calls " + dump_json(Json(calls)) + ", expected " + dump_json(Json(want)));
    }
    if (outcome_.most_open < run_.min_open) {
      miss("only " + std::to_string(outcome_.most_open) + " requests were open at once");
    }
    if (outcome_.most_open > run_.max_open) {
      miss(std::to_string(outcome_.most_open) + " requests were open at once");
    }
  }

  void money() {
    double spent = 0;
    for (const ServerRequest& request : outcome_.all_requests) spent += request.spent_usd;
    if (run_.max_spent_usd >= 0 && spent > run_.max_spent_usd) {
      miss("spent " + std::to_string(spent) + " USD, more than the cap");
    }
    const Json& told = json_at(outcome_.result, "total_cost_usd");
    if (!told.is_number() || run_.cost == "any") return;
    const double off = told.get<double>() - spent;
    if (run_.cost == "least" ? off < -1e-9 : std::abs(off) > 1e-9) {
      miss("total_cost_usd is " + dump_json(told) + ", the server counted " +
           std::to_string(spent));
    }
  }

  void stream() {
    const auto lines = split_lines(outcome_.out);
    std::vector<Json> objects;
    for (const std::string& line : lines) {
      const auto json = parse_json(line);
      if (!json || !json->is_object()) return miss("no JSON object on standard output: " + line);
      objects.push_back(*json);
    }
    if (objects.empty() || string_or(objects.back(), "type") != "result") {
      return miss("the last line of standard output is not the result");
    }
    objects.pop_back();
    if (objects != outcome_.journal) {
      miss("the lines before the result are not those of the journal (" +
           std::to_string(objects.size()) + " and " + std::to_string(outcome_.journal.size()) +
           ")");
    }
  }

  const StoryRun& run_;
  const Outcome& outcome_;
  const Stage& stage_;
  std::vector<std::string> unmet_;
};

bool begins_with(const std::vector<std::string>& whole, const std::vector<std::string>& start) {
  return start.size() < whole.size() && std::equal(start.begin(), start.end(), whole.begin());
}

}  // namespace

const Json& json_at(const Json& document, const std::string& path) {
  static const Json nothing;
  const Json* at = &document;
  for (std::string part : split(replace_all(path, "[", ".["), '.')) {
    if (part.empty()) continue;
    if (part.front() == '[') {
      const auto index = static_cast<std::size_t>(std::stoul(part.substr(1)));
      if (!at->is_array() || index >= at->size()) return nothing;
      at = &(*at)[index];
      continue;
    }
    // A name with a dot in it ("cost_by_model.a.b") is not looked for: the models of the stories
    // have none.
    at = &member(*at, part);
  }
  return *at;
}

std::vector<std::string> judge(const StoryRun& run, const Outcome& outcome, const Stage& stage) {
  return Judge(run, outcome, stage).unmet();
}

std::vector<std::string> judge_requests(const std::vector<RequestWant>& wants,
                                        const std::vector<ServerRequest>& requests,
                                        const Stage& stage) {
  std::vector<std::string> unmet;
  for (const RequestWant& want : wants) {
    std::vector<const ServerRequest*> fitting;
    for (const ServerRequest& request : requests) {
      const bool of_model = want.model.empty() || request.model == want.model;
      if (of_model && contains(request.rendered, stage.fill(want.match)))
        fitting.push_back(&request);
    }
    const int at = want.nth > 0 ? want.nth - 1 : static_cast<int>(fitting.size()) + want.nth;
    const auto miss = [&](const std::string& text) { unmet.push_back(want.place + ": " + text); };
    if (at < 0 || at >= static_cast<int>(fitting.size())) {
      miss("only " + std::to_string(fitting.size()) + " such requests to " + want.model);
      continue;
    }
    const ServerRequest& request = *fitting[static_cast<std::size_t>(at)];
    for (const std::string& part : want.contains) {
      if (!contains(request.rendered, stage.fill(part))) {
        miss("the request lacks '" + stage.fill(part) + "':\n" +
             clip_middle(request.rendered, 8000));
      }
    }
    for (const std::string& part : want.lacks) {
      if (contains(request.rendered, stage.fill(part)))
        miss("the request contains: " + stage.fill(part));
    }
    for (const std::string& part : want.body_contains) {
      if (!contains(request.body, stage.fill(part))) {
        miss("the body lacks '" + stage.fill(part) + "':\n" + clip_middle(request.body, 8000));
      }
    }
    for (const std::string& part : want.body_lacks) {
      if (contains(request.body, stage.fill(part))) miss("the body contains: " + stage.fill(part));
    }
    if (want.tools && request.tools != *want.tools) miss("tools are " + join(request.tools, " "));
    const auto offered = [&](const std::string& tool) {
      return std::find(request.tools.begin(), request.tools.end(), tool) != request.tools.end();
    };
    for (const std::string& tool : want.tools_include) {
      if (!offered(tool)) miss("tool not offered: " + tool);
    }
    for (const std::string& tool : want.tools_lack) {
      if (offered(tool)) miss("tool offered: " + tool);
    }
    if (want.messages >= 0 && want.messages != static_cast<std::int64_t>(request.messages.size())) {
      miss(std::to_string(request.messages.size()) + " messages");
    }
    if (want.extends_previous &&
        (at == 0 ||
         !begins_with(request.messages, fitting[static_cast<std::size_t>(at) - 1]->messages))) {
      miss("its messages do not go on from those of the request before");
    }
  }
  return unmet;
}

}  // namespace mixagent

#include "core/test_notes.h"

#include "base/json.h"
#include "base/text.h"

#include <array>
#include <charconv>
#include <optional>
#include <set>
#include <vector>

namespace mixagent {

namespace {

constexpr std::size_t longest_name = 500;  // bytes

int weight(TestStatus status) {
  switch (status) {
    case TestStatus::skipped:
      return 0;
    case TestStatus::passed:
      return 1;
    case TestStatus::flaky:
      return 2;
    case TestStatus::failed:
      return 3;
    case TestStatus::error:
      return 4;
  }
  return 4;
}

// Without colours and other terminal sequences, and without a CR at the end.
std::string plain(std::string_view line) {
  std::string out;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] != '\x1b') {
      out += line[i];
      continue;
    }
    if (i + 1 < line.size() && line[i + 1] == '[') {
      i += 2;
      while (i < line.size() && (line[i] < '@' || line[i] > '~')) ++i;
    }
  }
  while (!out.empty() && (out.back() == '\r' || out.back() == ' ')) out.pop_back();
  return out;
}

// Calls `take` with each line, as it lies there.
template <class F>
void each_line(std::string_view text, const TestNotes& notes, F take) {
  while (!text.empty() && !notes.full()) {
    const auto end = text.find('\n');
    take(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

std::optional<int> number_at(std::string_view text) {
  int value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  return read.ec == std::errc() ? std::optional<int>(value) : std::nullopt;
}

}  // namespace

void TestNotes::add(std::string_view name, TestStatus status) {
  if (full()) return;
  const std::string key = clip(repair_utf8(trim(name)), longest_name);
  const auto [found, fresh] = tests_.emplace(key.empty() ? "(unnamed)" : key, status);
  if (!fresh && weight(status) > weight(found->second)) found->second = status;
}

// "ok 3 - adds", "not ok 4 - subtracts # TODO later"; deeper levels are indented and named after
// their "# Subtest: NAME". A plan that promises more than came is an error of its own.
void read_tap(std::string_view text, TestNotes& notes) {
  std::vector<std::pair<std::size_t, std::string>> above;  // indentation, name of the subtest
  std::optional<int> planned;
  int seen = 0;
  each_line(text, notes, [&](std::string_view raw) {
    const std::string line = plain(raw);
    const auto indent = line.find_first_not_of(' ');
    if (indent == std::string::npos) return;
    std::string_view rest = std::string_view(line).substr(indent);
    while (!above.empty() && above.back().first > indent) above.pop_back();
    if (rest.starts_with("# Subtest: ")) {
      while (!above.empty() && above.back().first >= indent) above.pop_back();
      above.emplace_back(indent, rest.substr(11));
      return;
    }
    if (rest.starts_with("Bail out!")) return notes.add("Bail out!", TestStatus::error);
    if (indent == 0 && rest.starts_with("1..")) {
      planned = number_at(rest.substr(3));
      return;
    }
    const bool ok = rest.starts_with("ok ") || rest == "ok";
    if (!ok && !rest.starts_with("not ok ") && rest != "not ok") return;
    seen += indent == 0 ? 1 : 0;
    rest.remove_prefix(ok ? 2 : 6);
    rest = trim(rest);
    std::size_t digits = 0;
    while (digits < rest.size() && rest[digits] >= '0' && rest[digits] <= '9') ++digits;
    const std::string number(rest.substr(0, digits));
    rest = trim(rest.substr(digits));
    if (rest.starts_with("-")) rest = trim(rest.substr(1));
    const auto hash = rest.find(" # ");
    const std::string directive =
        lower(hash == std::string_view::npos ? (rest.starts_with("# ") ? rest.substr(2) : "")
                                             : rest.substr(hash + 3));
    std::string name;
    for (const auto& [depth, title] : above) {
      if (depth < indent) name += title + " > ";
    }
    const bool excused = directive.starts_with("skip") || directive.starts_with("todo");
    const auto own = rest.starts_with("# ") ? std::string_view()
                                            : trim(rest.substr(0, excused ? hash : rest.size()));
    name += own.empty() ? "test " + number : std::string(own);
    notes.add(name, excused ? TestStatus::skipped : ok ? TestStatus::passed : TestStatus::failed);
  });
  if (planned && seen < *planned) {
    notes.add(std::to_string(*planned - seen) + " planned tests that did not run",
              TestStatus::error);
  }
}

// One JSON object a line; what is none (build output) is not a verdict.
void read_go_json(std::string_view text, TestNotes& notes) {
  std::set<std::string> running, guilty;  // tests without an end; packages with a failed test
  std::set<std::string> failed_packages;
  each_line(text, notes, [&](std::string_view raw) {
    const auto line = trim(raw);
    if (!line.starts_with("{")) return;
    const auto json = parse_json(line);
    if (!json || !json->is_object()) return;
    const std::string action = string_or(*json, "Action");
    const std::string package = string_or(*json, "Package");
    const std::string test = string_or(*json, "Test");
    if (test.empty()) {
      if (action == "fail") failed_packages.insert(package);
      return;
    }
    const std::string name = package + "." + test;
    if (action == "run") {
      if (running.size() < 100'000) running.insert(name);
      return;
    }
    if (action != "pass" && action != "fail" && action != "skip") return;
    running.erase(name);
    if (action == "fail") guilty.insert(package);
    notes.add(name, action == "pass"   ? TestStatus::passed
                    : action == "fail" ? TestStatus::failed
                                       : TestStatus::skipped);
  });
  for (const std::string& name : running)
    notes.add(name, TestStatus::failed);  // a panic, a timeout
  for (const std::string& package : failed_packages) {
    const bool explained = guilty.count(package) != 0 ||
                           (running.lower_bound(package + ".") != running.end() &&
                            (*running.lower_bound(package + ".")).starts_with(package + "."));
    if (!explained) notes.add(package, TestStatus::error);
  }
}

std::string go_output(std::string_view text) {
  std::string out;
  each_line(text, TestNotes{}, [&](std::string_view raw) {
    const Result<Json> json =
        trim(raw).starts_with("{") ? parse_json(trim(raw)) : Result<Json>(fail(Error{}));
    if (json && json->is_object()) {
      out += string_or(*json, "Output");
    } else {
      out += std::string(raw) + "\n";
    }
  });
  return out;
}

// "FAILED tests/a.py::test_x - reason" of the summary (-rA), "tests/a.py::test_x PASSED [ 50%]" of
// -v.
void read_pytest(std::string_view text, TestNotes& notes) {
  static constexpr std::array<std::pair<std::string_view, TestStatus>, 6> words = {
      {{"PASSED", TestStatus::passed},
       {"FAILED", TestStatus::failed},
       {"ERROR", TestStatus::error},
       {"XFAIL", TestStatus::skipped},
       {"XPASS", TestStatus::passed},
       {"SKIPPED", TestStatus::skipped}}};
  each_line(text, notes, [&](std::string_view raw) {
    const std::string line = plain(raw);
    for (const auto& [word, status] : words) {
      if (line.starts_with(std::string(word) + " ")) {
        std::string_view name = std::string_view(line).substr(word.size() + 1);
        if (name.starts_with("[")) return;  // "SKIPPED [1] tests/a.py:3: reason" names no test
        const auto dash = name.find(" - ");
        name = name.substr(0, dash);
        if (name.find(".py") != std::string_view::npos) notes.add(name, status);
        return;
      }
      const std::string tail = " " + std::string(word);
      const auto at = line.rfind(tail);
      if (at == std::string::npos || at == 0) continue;
      const auto after = trim(std::string_view(line).substr(at + tail.size()));
      const auto name = std::string_view(line).substr(0, at);
      const bool alone = after.empty() || after.front() == '[' || after.front() == '(';
      if (alone && name.find("::") != std::string_view::npos &&
          name.substr(0, name.find("::")).find(' ') == std::string_view::npos) {
        notes.add(name, status);
        return;
      }
    }
  });
}

// "  2/12 Test  #2: parse_numbers ....***Failed    0.01 sec"
void read_ctest(std::string_view text, TestNotes& notes) {
  each_line(text, notes, [&](std::string_view raw) {
    const std::string line = plain(raw);
    const auto mark = line.find("Test ");
    if (mark == std::string::npos || line.find('/') > mark) return;
    const auto number = line.find('#', mark);
    const auto colon = line.find(": ", mark);
    const auto dots = line.rfind("..");
    if (number == std::string::npos || colon == std::string::npos || dots == std::string::npos ||
        number > colon || dots < colon)
      return;
    std::string_view name = std::string_view(line).substr(colon + 2, dots - colon - 2);
    while (!name.empty() && name.back() == '.') name.remove_suffix(1);
    const auto verdict = trim(std::string_view(line).substr(dots + 2));
    notes.add(name,
              verdict.starts_with("Passed") ? TestStatus::passed
              : verdict.starts_with("***Skipped") || verdict.starts_with("***Not Run (Disabled)")
                  ? TestStatus::skipped
              : verdict.starts_with("***Not Run") ? TestStatus::error
                                                  : TestStatus::failed);
  });
}

}  // namespace mixagent

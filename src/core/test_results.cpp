#include "core/test_results.h"

#include "base/text.h"
#include "core/junit.h"
#include "core/test_notes.h"

#include <array>
#include <utility>

namespace mixagent {

namespace {

constexpr std::size_t most_bytes = 32'000'000;

bool holds(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// Words of compilers, interpreters and collectors that never reached a test.
constexpr std::array<std::string_view, 14> never_ran = {"syntaxerror",
                                                        "syntax error",
                                                        "indentationerror",
                                                        "error collecting",
                                                        "errors during collection",
                                                        "importerror while importing",
                                                        "modulenotfounderror",
                                                        "cannot find module",
                                                        "[build failed]",
                                                        "[setup failed]",
                                                        "could not compile",
                                                        "compilation failed",
                                                        "unresolved import",
                                                        "no such file or directory"};

}  // namespace

std::string results_path(const std::string& format) {
  constexpr std::string_view head = "junit:";
  return format.starts_with(head) ? format.substr(head.size()) : std::string();
}

TestStatuses read_test_results(const std::string& format, std::string_view text) {
  text = text.substr(0, most_bytes);
  TestNotes notes;
  if (format.starts_with("junit:")) {
    read_junit(text, notes);
  } else if (format == "tap") {
    read_tap(text, notes);
  } else if (format == "go-json") {
    read_go_json(text, notes);
  } else if (format == "pytest") {
    read_pytest(text, notes);
  } else if (format == "ctest") {
    read_ctest(text, notes);
  }
  return notes.take();
}

std::string readable_output(const std::string& format, const std::string& printed) {
  return format == "go-json" ? go_output(printed) : printed;
}

std::vector<std::string> encode_tests(const TestStatuses& tests) {
  std::vector<std::string> lines;
  lines.reserve(tests.size());
  for (const auto& [name, status] : tests) {
    lines.push_back(std::string(enum_name(status)) + " " + name);
  }
  return lines;
}

TestStatuses decode_tests(const std::vector<std::string>& lines) {
  TestStatuses tests;
  for (const std::string& line : lines) {
    const auto space = line.find(' ');
    if (space == std::string::npos) continue;
    const auto names = enum_names(TestStatus{});
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (names[i] == std::string_view(line).substr(0, space))
        tests[line.substr(space + 1)] = static_cast<TestStatus>(i);
    }
  }
  return tests;
}

std::string why_no_test_failure(int exit_code, std::string_view output, const TestStatuses& fresh) {
  bool error = false;
  for (const auto& [name, status] : fresh) {
    if (status == TestStatus::failed) return "";
    error = error || status == TestStatus::error;
  }
  if (error)
    return "the new tests could not be collected or set up; they must fail by an assertion";
  if (exit_code == 126 || exit_code == 127) return "the test command could not be run";
  if (exit_code == 124 || exit_code >= 128)
    return "the tests were killed or timed out; they must fail by an assertion";
  const std::string text = lower(output);
  for (const auto words : never_ran) {
    if (!holds(text, words)) continue;
    return "the tests did not run (\"" + std::string(words) +
           "\"); they must fail by an assertion, not by a syntax, import or build error";
  }
  return "";
}

}  // namespace mixagent

#pragma once
// Verdicts of single tests, out of what a runner wrote: JUnit XML, TAP, `go test -json`, pytest,
// ctest. Pure and total: reads hostile bytes in linear time and bounded memory, expands no
// entities, never fails; what it cannot read it leaves out.

#include "mixagent/result.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace mixagent {

using TestStatuses = std::map<std::string, TestStatus>;

// `format` as in Check::results. Of a test that is told of twice, the worse verdict counts.
TestStatuses read_test_results(const std::string& format, std::string_view text);

// "junit:PATH": the file that the runner writes; empty: its printed output is the report.
std::string results_path(const std::string& format);

// The printed output as a person would have seen it: out of the JSON lines of `go test -json`.
std::string readable_output(const std::string& format, const std::string& printed);

// For the record of an effect: "failed tests/a.py::test_x".
std::vector<std::string> encode_tests(const TestStatuses& tests);
TestStatuses decode_tests(const std::vector<std::string>& lines);

// Says a new test itself that the behaviour is missing, or could it not even run? Why it does not
// count as a failing test; empty when it does. `fresh` are the tests that failed and did not
// before; without results the output must tell.
std::string why_no_test_failure(int exit_code, std::string_view output, const TestStatuses& fresh);

}  // namespace mixagent

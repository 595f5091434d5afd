#pragma once
// What readers of runners' reports write into, and the readers of printed ones. Internal to
// test_results.

#include "mixagent/result.h"

#include <map>
#include <string>
#include <string_view>

namespace mixagent {

// Collects verdicts within bounds; of two for one test the worse counts.
class TestNotes {
 public:
  void add(std::string_view name, TestStatus status);
  bool full() const { return tests_.size() >= most_tests; }
  std::map<std::string, TestStatus> take() { return std::move(tests_); }
  const std::map<std::string, TestStatus>& tests() const { return tests_; }

 private:
  static constexpr std::size_t most_tests = 100'000;
  std::map<std::string, TestStatus> tests_;
};

void read_tap(std::string_view text, TestNotes& notes);
void read_go_json(std::string_view text, TestNotes& notes);
std::string go_output(std::string_view text);
void read_pytest(std::string_view text, TestNotes& notes);
void read_ctest(std::string_view text, TestNotes& notes);

}  // namespace mixagent

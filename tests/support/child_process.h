#pragma once
// A program under test: started with exactly this environment, its output in files, killed with its
// owner's patience. Children that lose their parent become this process's own, so that nothing left
// running escapes. One thread, but for `signal`.

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace mixagent {

struct ChildSpec {
  std::vector<std::string> argv;  // argv[0] is a path
  std::filesystem::path cwd;
  std::map<std::string, std::string> env;
  std::filesystem::path input, output, errors;  // input empty: /dev/null
};

class Child {
 public:
  // Aborts the test program when it cannot be started.
  explicit Child(const ChildSpec& spec);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const { return pid_; }
  void signal(int number) const;
  // The exit status (128+n when killed by signal n); empty: still running.
  std::optional<int> wait(std::chrono::milliseconds patience);

 private:
  pid_t pid_ = -1;
  std::optional<int> status_;
};

// From now on orphans come to this process.
void adopt_orphans();
// Waits for every child to end, then names and kills what is still there. Empty: nothing was left.
std::vector<std::string> left_running(std::chrono::milliseconds patience);

}  // namespace mixagent

#pragma once
// Time and memory of a map over a synthetic tree.

#include <chrono>
#include <cstddef>
#include <string>

namespace mixagent {

class Stopwatch {
 public:
  double ms() const {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start_)
        .count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// Makes a tree of that many source files, maps it cold, warm, and after ten changed files.
int bench_speed(std::size_t files, const std::string& folder);

}  // namespace mixagent

#include "base/log.h"

#include <doctest/doctest.h>

#include <cstdio>
#include <string>
#include <unistd.h>

using namespace mixagent;

namespace {

// What `act` writes to standard error.
template <class Act>
std::string standard_error_of(Act act) {
  std::FILE* file = std::tmpfile();
  REQUIRE(file != nullptr);
  std::fflush(stderr);
  const int kept = dup(2);
  REQUIRE(dup2(fileno(file), 2) == 2);
  act();
  std::fflush(stderr);
  REQUIRE(dup2(kept, 2) == 2);
  close(kept);
  std::rewind(file);
  std::string written;
  for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) written += static_cast<char>(c);
  std::fclose(file);
  return written;
}

std::string written_at(int verbosity) {
  return standard_error_of([&] {
    log_open(verbosity);
    log_debug("a \x1b[31mdebug\nline {}");
    log_trace("a trace line");
    log_open(0);
  });
}

}  // namespace

TEST_CASE("the log is off unless asked for, and its lines cannot change the terminal") {
  CHECK(written_at(0).empty());

  const std::string debug = written_at(1);
  CHECK(debug.find("a \\x1b[31mdebug\\nline {}\n") != std::string::npos);
  CHECK(debug.find("trace") == std::string::npos);

  const std::string trace = written_at(2);
  CHECK(trace.find("debug") != std::string::npos);
  CHECK(trace.find("a trace line\n") != std::string::npos);
}

TEST_CASE("a log line is not a body") {
  const std::string line = standard_error_of([] {
    log_open(1);
    log_debug(std::string(100'000, 'x'));
    log_open(0);
  });
  CHECK(line.size() < 2'100);
  CHECK(line.find("...\n") != std::string::npos);
}

#pragma once
// Real folders and real git repositories for tests, below the system's temporary folder, removed at
// the end.

#include "mixagent/error.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace mixagent {

class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

void write_test_file(const std::filesystem::path& path, std::string_view bytes);
std::string read_test_file(const std::filesystem::path& path);  // "<missing>" when it is not there
// Runs a program and throws when it fails: for setting up. Returns its standard output.
std::string run_test_program(const std::vector<std::string>& argv,
                             const std::filesystem::path& cwd);
// Every file, link and folder below with its bytes and mode, as text: for "nothing has changed".
// .git included.
std::string listing_of(const std::filesystem::path& folder);

class TempRepo {
 public:
  TempRepo();  // `git init`, no commit
  const std::filesystem::path& root() const { return root_; }
  void write(const std::string& path, std::string_view bytes) {
    write_test_file(root_ / path, bytes);
  }
  std::string read(const std::string& path) const { return read_test_file(root_ / path); }
  void commit_all();
  std::string git(std::vector<std::string> arguments) const;

 private:
  TempDir dir_;
  std::filesystem::path root_;
};

}  // namespace mixagent

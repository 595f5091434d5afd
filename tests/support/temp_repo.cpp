#include "support/temp_repo.h"

#include "base/digest.h"
#include "system/beneath.h"
#include "system/files.h"
#include "system/process_posix.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <sys/stat.h>

namespace mixagent {

namespace fs = std::filesystem;

TempDir::TempDir() {
  std::string name = (fs::temp_directory_path() / "mixagent-test-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make " + name);
  path_ = fs::canonical(name);
}

TempDir::~TempDir() {
  (void)remove_tree(path_);
}

void write_test_file(const fs::path& path, std::string_view bytes) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

std::string read_test_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return "<missing>";
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string run_test_program(const std::vector<std::string>& argv, const fs::path& cwd) {
  ProcessesPosix processes;
  Command command;
  command.argv = argv;
  command.cwd = cwd;
  command.env = {{"PATH", std::getenv("PATH")},         {"HOME", "/nonexistent"},
                 {"GIT_CONFIG_NOSYSTEM", "1"},          {"GIT_AUTHOR_NAME", "A"},
                 {"GIT_AUTHOR_EMAIL", "a@localhost"},   {"GIT_COMMITTER_NAME", "A"},
                 {"GIT_COMMITTER_EMAIL", "a@localhost"}};
  const auto exit = processes.run(command, {});
  if (!exit) throw std::runtime_error(describe(exit.error()));
  if (exit->code != 0) throw std::runtime_error(argv[0] + " failed: " + exit->out + exit->err);
  return exit->out;
}

std::string listing_of(const fs::path& folder) {
  std::string text;
  std::vector<fs::path> paths;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  for (const auto& path : paths) {
    struct stat status {};
    ::lstat(path.c_str(), &status);
    text += fs::relative(path, folder).string() + " " + std::to_string(status.st_mode);
    if (S_ISREG(status.st_mode)) text += " " + sha256_hex(read_test_file(path));
    if (S_ISLNK(status.st_mode)) text += " -> " + fs::read_symlink(path).string();
    text += "\n";
  }
  return text;
}

TempRepo::TempRepo() : root_(dir_.path() / "repo") {
  fs::create_directories(root_);
  git({"init", "-q", "-b", "main"});
}

void TempRepo::commit_all() {
  git({"add", "-A"});
  git({"commit", "-q", "--allow-empty", "-m", "state"});
}

std::string TempRepo::git(std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), "git");
  return run_test_program(arguments, root_);
}

}  // namespace mixagent

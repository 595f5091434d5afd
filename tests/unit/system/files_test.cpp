#include "system/files.h"

#include "support/temp_repo.h"
#include "system/beneath.h"
#include "system/change_at.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mixagent {
namespace {

namespace fs = std::filesystem;

template <class T>
T value_of(Result<T> result) {
  REQUIRE_MESSAGE(result, describe(result.error()));
  return *std::move(result);
}

template <class T>
std::string code_of(const Result<T>& result) {
  return result ? "ok" : to_string(result.error().code);
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

using Names = std::vector<std::string>;

TEST_CASE("errors name the path, what the system said, and a remedy") {
  for (const int number : {ENOSPC, EDQUOT, EROFS, EACCES, EMFILE}) {
    const auto error = io_error(number, "cannot write", "/some/where");
    CHECK(error.code == ErrorCode::io);
    CHECK(error.where == "/some/where");
    CHECK_FALSE(error.hint.empty());
  }
  CHECK(io_error(ENOENT, "cannot open", "/x").code == ErrorCode::not_found);
  CHECK(io_error(ENOENT, "cannot open", "/x").what == "cannot open: No such file or directory");
}

TEST_CASE("whole files: replaced atomically, nothing left beside them") {
  TempDir dir;
  const auto file = dir.path() / "file";
  for (const auto& bytes :
       {std::string(), std::string("one"), std::string("\0two", 4), std::string(300'000, 'x')}) {
    REQUIRE(write_atomically(file, bytes));
    CHECK(value_of(read_file(file)) == bytes);
    REQUIRE(write_quickly(file, bytes, 0640));
    CHECK(value_of(read_file(file)) == bytes);
  }
  CHECK(names_in(dir.path()) == Names{"file"});
  CHECK((fs::status(file).permissions() & fs::perms::mask) == fs::perms(0640));
  CHECK(code_of(read_file(dir.path() / "missing")) == "not_found");
  CHECK(code_of(read_file(file, 10)) == "io");
  CHECK(code_of(write_atomically(dir.path() / "no/such/folder", "x")) == "not_found");
  fs::create_directory(dir.path() / "folder");
  CHECK(code_of(write_atomically(dir.path() / "folder", "x")) == "io");
  CHECK(names_in(dir.path()) == Names{"file", "folder"});
}

TEST_CASE("a file that grows as it is read is read to its end, from /proc too") {
  CHECK(value_of(read_file("/proc/self/status")).find("VmPeak") != std::string::npos);
}

TEST_CASE("folders are made with the given mode, files in the way are named") {
  TempDir dir;
  REQUIRE(make_directories(dir.path() / "a/b/c"));
  REQUIRE(make_directories(dir.path() / "a/b/c"));
  CHECK((fs::status(dir.path() / "a/b").permissions() & fs::perms::mask) == fs::perms(0700));
  write_test_file(dir.path() / "file", "");
  CHECK(code_of(make_directories(dir.path() / "file")) == "io");
  CHECK(code_of(make_directories(dir.path() / "file/x")) == "io");
}

TEST_CASE("trees are removed whatever their modes, depth and links") {
  TempDir dir;
  write_test_file(dir.path() / "kept/precious", "p");
  const auto tree = dir.path() / "tree";
  write_test_file(tree / "locked/inner/file", "x");
  fs::create_symlink(dir.path() / "kept", tree / "link");
  fs::create_symlink(dir.path() / "kept", dir.path() / "link");
  REQUIRE(::mkfifo((tree / "fifo").c_str(), 0600) == 0);
  fs::permissions(tree / "locked/inner", fs::perms(0000));
  fs::permissions(tree / "locked", fs::perms(0500));
  // Deeper than PATH_MAX and than any stack or table of descriptors.
  auto at = Fd(::open(tree.c_str(), O_RDONLY | O_DIRECTORY));
  for (int i = 0; i < 3000; ++i) {
    REQUIRE(::mkdirat(at.get(), "deeper", 0700) == 0);
    at = Fd(::openat(at.get(), "deeper", O_RDONLY | O_DIRECTORY));
  }
  REQUIRE(create_at(at.get(), "bottom", 0600));
  at.reset();
  REQUIRE(remove_tree(tree));
  REQUIRE(remove_tree(dir.path() / "link"));
  REQUIRE(remove_tree(dir.path() / "missing"));
  REQUIRE(remove_tree(dir.path() / "no/such/parent"));
  CHECK(names_in(dir.path()) == Names{"kept"});
  CHECK(read_test_file(dir.path() / "kept/precious") == "p");
}

TEST_CASE("half a record never stays between whole ones") {
  TempDir dir;
  auto file = value_of(AppendFile::open(dir.path() / "log"));
  REQUIRE(file.append("one\n"));
  // The disk is full after 6 bytes.
  struct rlimit before {};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small = {6, before.rlim_max};
  ::signal(SIGXFSZ, SIG_IGN);
  ::setrlimit(RLIMIT_FSIZE, &small);
  const auto full = file.append("two\n");
  ::setrlimit(RLIMIT_FSIZE, &before);
  ::signal(SIGXFSZ, SIG_DFL);
  CHECK(code_of(full) == "io");
  CHECK(read_test_file(dir.path() / "log") == "one\n");
  REQUIRE(file.append("three\n"));
  CHECK(read_test_file(dir.path() / "log") == "one\nthree\n");
  CHECK(file.size() == 10);
}

TEST_CASE("locks") {
  TempDir dir;
  const auto path = dir.path() / "lock";
  {
    const auto held = value_of(FileLock::try_take(path));
    CHECK(held.has_value());
    CHECK_FALSE(value_of(FileLock::try_take(path)).has_value());
    CHECK(lock_holder(path) == std::to_string(::getpid()));
  }
  CHECK(value_of(FileLock::try_take(path)).has_value());
}

TEST_CASE("nothing below a folder leads out of it") {
  TempDir dir;
  write_test_file(dir.path() / "outside", "secret");
  const auto root = dir.path() / "root";
  write_test_file(root / "in/file", "f");
  fs::create_symlink("in", root / "link");
  fs::create_symlink("../outside", root / "up");
  fs::create_symlink("/etc/passwd", root / "abs");
  fs::create_symlink("/proc/self/root", root / "magic");
  REQUIRE(::mkfifo((root / "fifo").c_str(), 0600) == 0);
  const Fd folder = value_of(open_directory(root));
  const auto opened = [&](const char* path, Links links) {
    return code_of(open_beneath(folder.get(), path, Access::read, links));
  };
  CHECK(opened("in/file", Links::refuse) == "ok");
  CHECK(opened("link/file", Links::follow_inside) == "ok");
  CHECK(opened("link/file", Links::refuse) == "denied");
  CHECK(opened("link", Links::refuse) == "denied");
  CHECK(opened("fifo", Links::refuse) == "ok");  // and does not block
  CHECK(opened("missing", Links::refuse) == "not_found");
  for (const char* path :
       {"up", "abs", "magic/etc/passwd", "../outside", "in/../../outside", "/etc/passwd"}) {
    CAPTURE(path);
    CHECK(opened(path, Links::follow_inside) == "denied");
    CHECK(opened(path, Links::refuse) == "denied");
  }
  CHECK(code_of(make_directories_beneath(folder.get(), "a/b", 0755)) == "ok");
  CHECK(code_of(make_directories_beneath(folder.get(), "link/b", 0755)) != "ok");
  CHECK(code_of(make_directories_beneath(folder.get(), "a/../../b", 0755)) == "denied");
  CHECK_FALSE(fs::exists(root / "in/b"));
  CHECK_FALSE(fs::exists(dir.path() / "b"));
}

TEST_CASE("what its owner made unreadable can be opened, a link is never followed") {
  TempDir dir;
  write_test_file(dir.path() / "file", "f");
  write_test_file(dir.path() / "folder/x", "x");
  fs::create_symlink("file", dir.path() / "link");
  fs::permissions(dir.path() / "file", fs::perms(0000));
  fs::permissions(dir.path() / "folder", fs::perms(0000));
  const Fd folder = value_of(open_directory(dir.path()));
  CHECK(value_of(read_all(value_of(open_stubborn(folder.get(), "file", Access::read)).get(),
                          "file")) == "f");
  CHECK(value_of(
            entries_of(value_of(open_stubborn(folder.get(), "folder", Access::folder)).get(), ""))
            .size() == 1);
  CHECK(code_of(open_stubborn(folder.get(), "link", Access::read)) == "denied");
}

TEST_CASE("stat tells a change from none") {
  TempDir dir;
  write_test_file(dir.path() / "a", "1");
  const Fd folder = value_of(open_directory(dir.path()));
  const auto before = value_of(stat_at(folder.get(), "a"));
  CHECK(value_of(stat_at(folder.get(), "a")) == before);
  CHECK(before->kind == FileKind::regular);
  CHECK(before->size == 1);
  fs::permissions(dir.path() / "a", fs::perms(0700));
  CHECK(value_of(stat_at(folder.get(), "a")) != before);
  CHECK_FALSE(value_of(stat_at(folder.get(), "missing")).has_value());
  CHECK(value_of(stat_at(folder.get(), "."))->kind == FileKind::directory);
}

TEST_CASE("bytes are copied whole, and the copy is a file of its own") {
  TempDir dir;
  for (const std::size_t size : {0u, 1u, 16384u, 16385u, 3'000'000u}) {
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 31);
    write_test_file(dir.path() / "from", bytes);
    const Fd folder = value_of(open_directory(dir.path()));
    const Fd from = value_of(open_for_reading(dir.path() / "from"));
    const Fd to = value_of(create_at(folder.get(), "to", 0600));
    REQUIRE(copy_bytes(from.get(), to.get(), "to"));
    CHECK(read_test_file(dir.path() / "to") == bytes);
    write_test_file(dir.path() / "to", "changed");
    CHECK(read_test_file(dir.path() / "from") == bytes);
    REQUIRE(remove_file_at(folder.get(), "to"));
  }
}

}  // namespace
}  // namespace mixagent

#include "unit/workspace/fixture.h"

#include <fcntl.h>
#include <fstream>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace mixagent {
namespace {

TEST_CASE("what a workspace must not hand over is refused with a reason, the rest is taken") {
  WorkspaceFixture f;
  f.repo.write("keep.txt", "k");
  f.repo.write("pipe.txt", "was a file");
  f.repo.write("dir/a", "a");
  f.repo.write("dir/b", "b");
  fs::create_symlink("/usr/share", f.repo.root() / "own-link");
  const auto base = f.snapshot();
  auto copy = f.copy(base.tree);
  const auto at = copy->directory();

  write_test_file(at / "new.txt", "new");
  write_test_file(at / ".GIT/config", "[core]\n\tfsmonitor = touch /tmp/x\n");
  write_test_file(at / "sub/.git/hooks/pre-commit", "x");
  write_test_file(at / "sub/fine", "y");
  write_test_file(at / "git~1", "x");
  write_test_file(at / "bad\nname", "x");
  write_test_file(at / "bad\xffname", "x");
  fs::create_symlink("/etc/passwd", at / "abs");
  fs::create_symlink("../../outside", at / "leaves");
  fs::create_symlink("new.txt", at / "inside");
  fs::create_symlink(".git/config", at / "into-git");
  fs::remove_all(at / "dir");
  fs::create_symlink("..", at / "dir");
  fs::remove(at / "pipe.txt");
  REQUIRE(::mkfifo((at / "pipe.txt").c_str(), 0644) == 0);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto name = (at / "s").string();
  if (name.size() < sizeof address.sun_path) {
    std::copy(name.begin(), name.end(), address.sun_path);
    REQUIRE(::bind(fd, static_cast<sockaddr*>(static_cast<void*>(&address)), sizeof address) == 0);
  }
  ::close(fd);
  std::ofstream(at / "huge").close();
  fs::resize_file(at / "huge", (std::uintmax_t{64} << 20) + 1);
  write_test_file(at / ".git/hooks/post-checkout", "the throw-away one is nobody's business");

  const auto collected = value_of(copy->collect());
  CHECK(texts_of(collected.refusals) ==
        Paths{".GIT: inside .git", "abs: absolute symlink",
              "bad\nname: control character in the name", "bad\xffname: name is not valid UTF-8",
              "dir: symlink that leaves the repository", "git~1: inside .git",
              "huge: larger than 64 MB", "into-git: symlink into .git",
              "leaves: symlink that leaves the repository",
              "pipe.txt: neither file nor folder nor symlink",
              "s: neither file nor folder nor symlink", "sub/.git: inside .git"});
  // A refusal is not a deletion: what stood there before stays.
  CHECK(paths_of(collected.change) == Paths{"A inside", "A new.txt", "A sub/fine"});
  CHECK(collected.tree.at("dir/a") == base.tree.at("dir/a"));
}

TEST_CASE("modes, unreadable files and folders, hard links") {
  WorkspaceFixture f;
  f.repo.write("plain", "1");
  f.repo.write("script", "2");
  auto copy = f.copy(f.snapshot().tree);
  const auto at = copy->directory();
  fs::permissions(at / "plain", fs::perms(04755));
  fs::permissions(at / "script", fs::perms(0000));
  write_test_file(at / "locked/inner", "3");
  fs::permissions(at / "locked", fs::perms(0000));
  fs::create_hard_link(at / "plain", at / "hard");
  const auto collected = value_of(copy->collect());
  CHECK(collected.refusals.empty());
  CHECK(paths_of(collected.change) == Paths{"A hard", "A locked/inner", "M plain"});
  CHECK(collected.tree.at("plain").mode == FileMode::executable);
  CHECK(collected.tree.at("script").mode == FileMode::regular);
}

TEST_CASE("every edit is seen: same size, same instant, times set back, replaced by rename") {
  WorkspaceFixture f;
  for (int i = 0; i < 30; ++i) f.repo.write("f" + std::to_string(i), "aaaa");
  auto copy = f.copy(f.snapshot().tree);
  const auto at = copy->directory();
  write_test_file(at / "f0", "bbbb");
  CHECK(paths_of(value_of(copy->collect()).change) == Paths{"M f0"});
  for (int round = 0; round < 30; ++round) {
    const std::string bytes = round % 2 == 0 ? "cccc" : "dddd";
    struct stat before {};
    REQUIRE(::stat((at / "f3").c_str(), &before) == 0);
    write_test_file(at / "f3", bytes);
    const timespec times[2] = {before.st_atim, before.st_mtim};
    REQUIRE(::utimensat(AT_FDCWD, (at / "f3").c_str(), times, 0) == 0);
    const auto collected = value_of(copy->collect());
    REQUIRE(value_of(f.spaces().bytes(collected.tree.at("f3").blob)) == bytes);
  }
  write_test_file(at / "other", "eeee");
  fs::rename(at / "other", at / "f5");
  CHECK(paths_of(value_of(copy->collect()).change) == Paths{"M f0", "M f3", "M f5"});
  write_test_file(at / "f5", "aaaa");
  CHECK(paths_of(value_of(copy->collect()).change) == Paths{"M f0", "M f3"});
}

TEST_CASE(
    "ignored files stay behind unless the base holds them; the base's rules count, not the "
    "model's") {
  WorkspaceFixture f;
  f.repo.write(".gitignore", "*.log\nout/\n");
  f.repo.write("tracked.log", "t");
  f.repo.write("out/tracked", "t");
  f.repo.git({"add", "-f", "."});
  f.repo.git({"commit", "-qm", "x"});
  auto copy = f.copy(f.snapshot().tree);
  const auto at = copy->directory();
  write_test_file(at / "x.log", "1");
  write_test_file(at / "out/y", "2");
  write_test_file(at / "tracked.log", "changed");
  write_test_file(at / "out/tracked", "changed");
  write_test_file(at / ".gitignore", "");
  const auto collected = value_of(copy->collect());
  CHECK(paths_of(collected.change) == Paths{"M .gitignore", "M out/tracked", "M tracked.log"});
  CHECK(value_of(copy->list()) == Paths{".gitignore", "out/tracked", "tracked.log"});
}

TEST_CASE("a flood is refused as a whole, and very deep folders are not followed") {
  WorkspaceFixture f;
  f.repo.write("a", "1");
  f.repo.write("z", "2");
  const auto base = f.snapshot();
  auto copy = f.copy(base.tree);
  auto deep = copy->directory();
  for (int i = 0; i < 150; ++i) deep /= "d";
  fs::create_directories(deep);
  const auto nested = value_of(copy->collect());
  REQUIRE(nested.refusals.size() == 1);
  CHECK(nested.refusals[0].why == "folders nested more than 128 deep");
  CHECK(nested.change.empty());

  fs::create_directories(copy->directory() / "flood");
  for (int i = 0; i < 20'001; ++i)
    std::ofstream(copy->directory() / "flood" / std::to_string(i)) << i;
  const auto flooded = value_of(copy->collect());
  CHECK(flooded.refusals.front() == Refusal{".", "more than 20,000 changed files"});
  CHECK(flooded.change.empty());
  CHECK(flooded.tree == base.tree);
  must(copy->reset(base.tree));
  CHECK(value_of(copy->collect()).refusals.empty());
}

}  // namespace
}  // namespace mixagent

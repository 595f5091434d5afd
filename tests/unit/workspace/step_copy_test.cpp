#include "unit/workspace/fixture.h"

#include <sys/stat.h>
#include <unistd.h>

namespace mixagent {
namespace {

TEST_CASE("tools reach files inside and nothing else") {
  WorkspaceFixture f;
  f.repo.write("src/a.py", "a");
  fs::create_symlink("src/a.py", f.repo.root() / "link");
  auto copy = f.copy(f.snapshot().tree);
  const auto at = copy->directory();
  fs::create_symlink("/etc", at / "etc");
  fs::create_symlink("../../..", at / "up");
  REQUIRE(::mkfifo((at / "fifo").c_str(), 0644) == 0);

  CHECK(value_of(copy->read("link")) == "a");
  must(copy->write("link", "through the link"));
  CHECK(value_of(copy->read("src/a.py")) == "through the link");
  must(copy->write("new/deep/file", "n"));
  CHECK(value_of(copy->read("new/deep/file")) == "n");

  for (const char* path : {"/etc/passwd", "../x", "etc/passwd", "up/x", ".git/config", ".GIT/x",
                           "src", "fifo", ".", ""}) {
    CAPTURE(path);
    CHECK(code_of(copy->read(path)) == "denied");
    const auto written = code_of(copy->write(path, "x"));
    CHECK_MESSAGE(written != "ok", written);
  }
  CHECK(code_of(copy->read("missing")) == "not_found");
  CHECK(code_of(copy->read("src/a.py/x")) != "ok");
  CHECK(code_of(copy->remove("missing")) == "not_found");
  CHECK(code_of(copy->remove("src")) == "denied");
  CHECK(code_of(copy->remove("etc/hostname")) == "denied");
  must(copy->remove("link"));
  CHECK(value_of(copy->read("src/a.py")) == "through the link");
}

TEST_CASE("copies are independent files and go away") {
  WorkspaceFixture f;
  f.repo.write("a", std::string(100'000, 'a'));
  f.repo.write("run", "x");
  fs::permissions(f.repo.root() / "run", fs::perms(0755));
  const auto base = f.snapshot();
  auto one = f.copy(base.tree), two = f.copy(base.tree);
  const auto place = one->directory();
  must(one->write("a", "changed"));
  CHECK(value_of(two->read("a")) == std::string(100'000, 'a'));
  CHECK(f.repo.read("a") == std::string(100'000, 'a'));
  CHECK(fs::hard_link_count(place / "run") == 1);
  CHECK((fs::status(place / "run").permissions() & fs::perms::mask) == fs::perms(0755));
  CHECK((fs::status(place / "a").permissions() & fs::perms::mask) == fs::perms(0644));
  fs::create_directories(place / "locked/inner");
  fs::permissions(place / "locked", fs::perms(0000));
  one.reset();
  two.reset();
  f.workspaces.reset();
  CHECK_FALSE(fs::exists(f.options.work));
  CHECK(fs::exists(f.options.work.parent_path()));
}

TEST_CASE("a copy that was used is used again, and nothing of its past shows") {
  WorkspaceFixture f;
  f.repo.write(".gitignore", "*.o\n");
  f.repo.write("a", "1");
  f.repo.write("dir/b", "2");
  f.repo.commit_all();
  const auto base = f.snapshot();
  auto fresh = f.copy(base.tree);
  const auto expected = listing_of(fresh->directory());
  auto used = f.copy(base.tree);
  const auto place = used->directory();
  must(used->write("a", "X"));
  must(used->write("new", "made by the first user"));
  const auto changed = value_of(used->collect()).tree;
  must(used->write("dir/b", "after the last collection"));
  write_test_file(place / "poison.o", "x");
  write_test_file(place / ".git/hooks/pre-commit", "x");
  fs::permissions(place / "dir", fs::perms(0000));
  fs::permissions(place, fs::perms(0500));
  used.reset();

  auto again = f.copy(base.tree);
  CHECK(again->directory() == place);
  CHECK(listing_of(place) == expected);
  CHECK(value_of(again->collect()).change.empty());
  again.reset();
  again = f.copy(changed);
  CHECK(again->directory() == place);
  CHECK(value_of(again->collect()).tree == changed);
  CHECK(value_of(again->collect()).change.empty());  // against the tree it was opened with now
}

TEST_CASE("files keep the user's times, so that what was built before counts as built") {
  WorkspaceFixture f;
  f.repo.write("old", "1");
  f.repo.write("edited", "2");
  const auto long_ago = fs::file_time_type::clock::now() - std::chrono::hours(48);
  fs::last_write_time(f.repo.root() / "old", long_ago);
  fs::last_write_time(f.repo.root() / "edited", long_ago);
  ::usleep(30'000);  // until the times are settled
  const auto base = f.snapshot();
  auto copy = f.copy(base.tree);
  const auto time_of = [](const fs::path& path) { return fs::last_write_time(path); };
  CHECK((time_of(copy->directory() / "old") == time_of(f.repo.root() / "old")));
  must(copy->write("edited", "3"));
  const auto changed = value_of(copy->collect()).tree;
  auto other = f.copy(changed);
  CHECK((time_of(other->directory() / "edited") > long_ago + std::chrono::hours(47)));
}

TEST_CASE(
    "git works in a copy on the user's history, and holds nothing of the user's configuration") {
  WorkspaceFixture f;
  f.repo.write("a", "1\n");
  f.repo.commit_all();
  f.repo.git({"remote", "add", "origin", "https://user:token@example.invalid/x"});
  f.repo.git({"config", "alias.x", "!touch /tmp/x"});
  f.repo.write("a", "2\n");
  auto copy = f.copy(f.snapshot().tree);
  const auto git = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "git");
    return run_test_program(arguments, copy->directory());
  };
  CHECK(git({"status", "--short"}) == " M a\n");
  CHECK(git({"log", "--format=%s"}) == "state\n");
  CHECK(git({"rev-parse", "--abbrev-ref", "HEAD"}) == "main\n");
  CHECK(git({"show", "HEAD:a"}) == "1\n");
  git({"commit", "-qam", "work"});
  CHECK(git({"status", "--short"}).empty());
  CHECK(git({"remote"}).empty());
  CHECK(listing_of(copy->directory() / ".git").find("hooks") == std::string::npos);
  CHECK(read_test_file(copy->directory() / ".git/config").find("token") == std::string::npos);
  CHECK(f.repo.git({"log", "--format=%s"}) == "state\n");
}

TEST_CASE("reset makes the copy equal to a tree, whatever is in it") {
  WorkspaceFixture f;
  f.repo.write(".gitignore", "*.o\n");
  f.repo.write("a", "1");
  f.repo.write("dir/b", "2");
  fs::create_symlink("a", f.repo.root() / "l");
  const auto base = f.snapshot();
  auto copy = f.copy(base.tree);
  const auto at = copy->directory();
  const auto fresh = listing_of(at);
  must(copy->write("a", "changed"));
  must(copy->write("c", "new"));
  const auto wanted = value_of(copy->collect()).tree;

  write_test_file(at / "x.o", "ignored");
  write_test_file(at / "d/e/f", "junk");
  write_test_file(at / ".git/hooks/pre-commit", "hostile");
  fs::remove_all(at / "dir");
  write_test_file(at / "dir", "a file now");
  fs::remove(at / "l");
  fs::create_symlink("/etc", at / "l");
  fs::permissions(at / "a", fs::perms(0777));
  must(copy->reset(wanted));
  const auto again = value_of(copy->collect());
  CHECK(again.tree == wanted);
  CHECK(paths_of(again.change) == Paths{"M a", "A c"});
  CHECK(value_of(copy->list()) == Paths{".gitignore", "a", "c", "dir/b", "l"});
  CHECK_FALSE(fs::exists(at / "x.o"));
  CHECK_FALSE(fs::exists(at / ".git/hooks"));

  must(copy->reset(base.tree));
  CHECK(listing_of(at) == fresh);
  CHECK(value_of(copy->collect()).change.empty());
}

TEST_CASE("ignored folders are carried when small, named when not, and are no part of the change") {
  WorkspaceFixture f;
  f.options.carry = {"node_modules", "target"};
  f.repo.write(".gitignore", "node_modules/\ntarget/\n");
  f.repo.write("app/index.js", "x");
  f.repo.write("node_modules/m/index.js", "m");
  fs::create_directories(f.repo.root() / "node_modules/.bin");
  fs::create_symlink("../m/index.js", f.repo.root() / "node_modules/.bin/m");
  f.repo.write("app/target/out", "t");
  SUBCASE("small") {
    const auto base = f.snapshot();
    CHECK(base.left_out.empty());
    auto copy = f.copy(base.tree);
    const auto at = copy->directory();
    CHECK(read_test_file(at / "node_modules/.bin/m") == "m");
    CHECK(read_test_file(at / "app/target/out") == "t");
    CHECK(fs::last_write_time(at / "app/target/out") ==
          fs::last_write_time(f.repo.root() / "app/target/out"));
    write_test_file(at / "node_modules/m/index.js", "poisoned");
    CHECK(value_of(copy->collect()).change.empty());
    CHECK(value_of(copy->list()) == Paths{".gitignore", "app/index.js"});
    must(copy->reset(base.tree));
    CHECK(read_test_file(at / "node_modules/m/index.js") == "m");
    CHECK(f.repo.read("node_modules/m/index.js") == "m");
  }
  SUBCASE("too large") {
    f.options.carry_limit_bytes = 1;
    const auto base = f.snapshot();
    CHECK(base.left_out == Paths{"app/target (carried folders are more than 1 B)"});
    CHECK_FALSE(fs::exists(f.copy(base.tree)->directory() / "app/target"));
  }
}

TEST_CASE("what killed runs left is swept, what others use is not") {
  WorkspaceFixture f;
  const auto beside = f.options.work.parent_path();
  write_test_file(beside / "dead/.lock", "1\n");
  write_test_file(beside / "dead/1/file", "x");
  write_test_file(beside / "stranger/file", "x");
  auto others = f.options;
  others.work = beside / "alive";
  auto alive = value_of(make_workspaces(others, f.processes));
  f.spaces();
  CHECK_FALSE(fs::exists(beside / "dead"));
  CHECK(fs::exists(beside / "stranger/file"));
  CHECK(fs::exists(beside / "alive"));
  CHECK(code_of(make_workspaces(f.options, f.processes)) == "usage");
}

TEST_CASE("copies belong to whom they are given to") {
  WorkspaceFixture f;
  if (::geteuid() != 0) {
    MESSAGE("SKIPPED: only root can give files away");
    return;
  }
  f.options.owner = Owner{65534, 65534};
  f.repo.write("dir/a", "1");
  fs::create_symlink("dir/a", f.repo.root() / "l");
  auto copy = f.copy(f.snapshot().tree);
  must(copy->write("made/b", "2"));
  for (const char* path :
       {"", "dir", "dir/a", "l", "made", "made/b", ".git", ".git/HEAD", ".git/refs/heads"}) {
    struct stat status {};
    CAPTURE(path);
    REQUIRE(::lstat((copy->directory() / path).c_str(), &status) == 0);
    CHECK(status.st_uid == 65534);
  }
}

}  // namespace
}  // namespace mixagent

#include "unit/workspace/fixture.h"

#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

namespace mixagent {
namespace {

Change reverse(Change change) {
  for (auto& file : change.files) std::swap(file.before, file.after);
  return change;
}

TEST_CASE("every kind of change goes in, and comes out again exactly") {
  WorkspaceFixture f;
  f.repo.write("edit", "1");
  f.repo.write("delete/only", "2");
  f.repo.write("mode", "3");
  f.repo.write("tofolder", "4");
  f.repo.write("tofile/x", "5");
  f.repo.write("tofile/deep/y", "6");
  f.repo.write("tolink", "7");
  fs::create_symlink("edit", f.repo.root() / "link");
  f.repo.commit_all();
  const auto base = f.snapshot();
  auto copy = f.copy(base.tree);
  const auto at = copy->directory();
  write_test_file(at / "edit", "one");
  fs::remove_all(at / "delete");
  fs::permissions(at / "mode", fs::perms(0755));
  fs::remove(at / "tofolder");
  write_test_file(at / "tofolder/a/b", "8");
  fs::remove_all(at / "tofile");
  write_test_file(at / "tofile", "9");
  fs::remove(at / "tolink");
  fs::create_symlink("edit", at / "tolink");
  fs::remove(at / "link");
  fs::create_symlink("mode", at / "link");
  const auto collected = value_of(copy->collect());
  const auto before = listing_of(f.repo.root());

  CHECK(f.deliver(collected.change).conflicts.empty());
  CHECK(f.snapshot().tree == collected.tree);
  CHECK_FALSE(fs::exists(f.repo.root() / "delete"));
  CHECK(listing_of(f.repo.root()).find(".mixagent-") == std::string::npos);
  // Again: all is done already.
  CHECK(f.deliver(collected.change).files.size() == collected.change.files.size());
  CHECK(f.snapshot().tree == collected.tree);

  CHECK(f.deliver(reverse(collected.change)).conflicts.empty());
  CHECK(listing_of(f.repo.root()) == before);
}

TEST_CASE("a conflict writes nothing at all") {
  WorkspaceFixture f;
  f.repo.write("a", "1");
  f.repo.write("b", "2");
  f.repo.write("c", "3");
  f.repo.write("d/e", "4");
  const auto base = f.snapshot();
  Change change;
  change.files = {f.file_change("a", base.tree, "one"), f.file_change("b", base.tree, "two"),
                  f.file_change("c", base.tree, "three"), f.file_change("d/e", base.tree, "four"),
                  f.file_change("new", base.tree, "five")};
  std::string conflict;
  SUBCASE("edited") {
    f.repo.write("b", "X");
    conflict = "b";
  }
  SUBCASE("deleted") {
    fs::remove(f.repo.root() / "b");
    conflict = "b";
  }
  SUBCASE("mode changed") {
    fs::permissions(f.repo.root() / "b", fs::perms(0755));
    conflict = "b";
  }
  SUBCASE("created by the user too") {
    f.repo.write("new", "mine");
    conflict = "new";
  }
  SUBCASE("a folder there now") {
    f.repo.write("new/x", "mine");
    conflict = "new";
  }
  SUBCASE("replaced by a link to the same bytes") {
    fs::rename(f.repo.root() / "b", f.repo.root() / "b2");
    fs::create_symlink("b2", f.repo.root() / "b");
    conflict = "b";
  }
  SUBCASE("folder replaced by a link to an equal folder") {
    fs::rename(f.repo.root() / "d", f.repo.root() / "d2");
    fs::create_symlink("d2", f.repo.root() / "d");
    conflict = "d/e";
  }
  const auto before = listing_of(f.repo.root());
  bool asked = false;
  const auto delivery = value_of(f.spaces().deliver(change, [&]() -> Result<void> {
    asked = true;
    return {};
  }));
  CHECK(delivery.conflicts == Paths{conflict});
  CHECK(delivery.files.empty());
  CHECK_FALSE(asked);
  CHECK(listing_of(f.repo.root()) == before);
}

TEST_CASE("a user who saves between the check and the switch loses nothing") {
  WorkspaceFixture f;
  f.repo.write("a", "1");
  f.repo.write("b", "2");
  const auto base = f.snapshot();
  Change change;
  change.files = {f.file_change("a", base.tree, "one"), f.file_change("b", base.tree, "two"),
                  f.file_change("c", base.tree, "three")};
  const auto delivery = value_of(f.spaces().deliver(change, [&]() -> Result<void> {
    f.repo.write("b", "saved just now");
    return {};
  }));
  CHECK(delivery.conflicts == Paths{"b"});
  CHECK(f.repo.read("a") == "1");
  CHECK(f.repo.read("b") == "saved just now");
  CHECK(f.repo.read("c") == "<missing>");
  CHECK(listing_of(f.repo.root()).find(".mixagent-") == std::string::npos);
}

TEST_CASE("when the record cannot be written nothing is") {
  WorkspaceFixture f;
  f.repo.write("a", "1");
  const auto base = f.snapshot();
  const auto before = listing_of(f.repo.root());
  Change change;
  change.files = {f.file_change("a", base.tree, "one"), f.file_change("x/y", base.tree, "two")};
  const auto refused = f.spaces().deliver(
      change, []() -> Result<void> { return fail(ErrorCode::io, "no space left", "journal"); });
  CHECK(code_of(refused) == "io");
  CHECK(listing_of(f.repo.root()) == before);
}

TEST_CASE("permissions, owner and bytes of the user's files are kept") {
  WorkspaceFixture f;
  f.repo.write("private", "1");
  f.repo.write("crlf", "a\r\nb\r\n");
  fs::permissions(f.repo.root() / "private", fs::perms(0600));
  if (::geteuid() == 0) REQUIRE(::chown((f.repo.root() / "private").c_str(), 1234, 1234) == 0);
  const auto base = f.snapshot();
  Change change;
  change.files = {f.file_change("crlf", base.tree, "a\r\nc\r\n"),
                  f.file_change("private", base.tree, "2", FileMode::executable)};
  f.deliver(change);
  struct stat status {};
  REQUIRE(::stat((f.repo.root() / "private").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0700);
  if (::geteuid() == 0) CHECK(status.st_uid == 1234);
  CHECK(f.repo.read("crlf") == "a\r\nc\r\n");
}

TEST_CASE("a delivery that was cut off is finished by delivering again") {
  WorkspaceFixture f;
  f.repo.write("a", "1");
  f.repo.write("b", "2");
  f.repo.write("gone", "3");
  const auto base = f.snapshot();
  Change change;
  FileChange removal;
  removal.path = "gone";
  removal.before = base.tree.at("gone");
  change.files = {f.file_change("a", base.tree, "one"), f.file_change("b", base.tree, "two"),
                  removal};
  // As if killed after the first rename, with the displaced bytes still beside it.
  f.repo.write("a", "one");
  f.repo.write(".mixagent-0123456789abcdef.tmp", "two");
  CHECK(f.deliver(change).conflicts.empty());
  CHECK(f.repo.read("a") == "one");
  CHECK(f.repo.read("b") == "two");
  CHECK(f.repo.read("gone") == "<missing>");
  // Strangers' leftovers are no part of any snapshot.
  CHECK(paths_of(f.snapshot().tree) == Paths{"a", "b"});
}

TEST_CASE("a folder that cannot be written is an error that changes nothing") {
  if (::geteuid() == 0) {
    MESSAGE("SKIPPED: root may write everywhere");
    return;
  }
  WorkspaceFixture f;
  f.repo.write("ro/a", "1");
  f.repo.write("b", "2");
  const auto base = f.snapshot();
  Change change;
  change.files = {f.file_change("b", base.tree, "two"), f.file_change("ro/a", base.tree, "one")};
  fs::permissions(f.repo.root() / "ro", fs::perms(0555));
  const auto before = listing_of(f.repo.root());
  const auto refused = f.spaces().deliver(change, [] { return Result<void>(); });
  CHECK(code_of(refused) == "io");
  CHECK(refused.error().what.find("ermission") != std::string::npos);
  CHECK(listing_of(f.repo.root()) == before);
  fs::permissions(f.repo.root() / "ro", fs::perms(0755));
}

TEST_CASE("the diff is one that git applies") {
  WorkspaceFixture f;
  f.repo.write("edit me", "1\n2\n3\n");
  f.repo.write("delete", "x\n");
  f.repo.write("run", "x\n");
  f.repo.write("no newline", "x");
  f.repo.write("link", "file");
  f.repo.commit_all();
  const auto base = f.snapshot();
  auto copy = f.copy(base.tree);
  const auto at = copy->directory();
  write_test_file(at / "edit me", "1\ntwo\n3\n");
  fs::remove(at / "delete");
  fs::permissions(at / "run", fs::perms(0755));
  write_test_file(at / "no newline", "y");
  write_test_file(at / "new/quote\"d", "n\n");
  write_test_file(at / "empty", "");
  fs::remove(at / "link");
  fs::create_symlink("run", at / "link");
  const auto collected = value_of(copy->collect());
  const auto patch = f.folders.path() / "patch";
  write_test_file(patch, value_of(f.spaces().diff(collected.change)));
  f.repo.git({"apply", patch.string()});
  CHECK(f.snapshot().tree == collected.tree);

  must(copy->write("bin", std::string("\0\x01", 2)));
  const auto text = value_of(f.spaces().diff(value_of(copy->collect()).change));
  CHECK(text.find("Binary files /dev/null and b/bin differ\n") != std::string::npos);
}

}  // namespace
}  // namespace mixagent

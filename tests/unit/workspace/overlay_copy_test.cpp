// Overlays looked at from outside: what a command left in the upper folder is put there by hand.

#include "fixture.h"
#include "system/change_at.h"
#include "system/files.h"
#include "system/overlay_files.h"

#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

using namespace mixagent;

namespace {

struct OverlayFixture : WorkspaceFixture {
  OverlayFixture() {
    options.overlays = true;
    options.carry = {"node_modules"};
    options.live_from_bytes = 1000;
    repo.write("kept.txt", "kept\n");
    repo.write("gone.txt", "gone\n");
    repo.write("folder/a.txt", "a\n");
    repo.write("folder/b.txt", "b\n");
    repo.write(".gitignore", "*.log\nnode_modules\n");
    repo.commit_all();
  }
  static fs::path upper(const Workspace& workspace) {
    return workspace.overlays()[0].scratch / "upper";
  }
  static void put(const fs::path& path, const std::string& text) {
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  static void hide(const fs::path& path) {
    fs::create_directories(path.parent_path());
    const Fd folder = value_of(open_directory(path.parent_path()));
    must(make_whiteout_at(folder.get(), path.filename().string()));
  }
};

TEST_CASE_FIXTURE(OverlayFixture, "a workspace costs nothing until something is written") {
  const auto one = copy(snapshot().tree);
  CHECK(fs::is_empty(upper(*one)));
  CHECK(fs::is_empty(one->directory()));
  CHECK(value_of(one->list()) ==
        Paths{".gitignore", "folder/a.txt", "folder/b.txt", "gone.txt", "kept.txt"});
  CHECK(value_of(one->read("folder/a.txt")) == "a\n");
  CHECK(value_of(one->collect()).change.empty());
}

TEST_CASE_FIXTURE(OverlayFixture, "what tools write, remove and read is seen and collected") {
  const auto one = copy(snapshot().tree);
  must(one->write("folder/a.txt", "A\n"));
  must(one->write("new/deep/file.txt", "new\n"));
  must(one->remove("gone.txt"));
  CHECK(code_of(one->read("gone.txt")) == "not_found");
  CHECK(code_of(one->remove("gone.txt")) == "not_found");
  CHECK(code_of(one->read("folder")) == "denied");
  CHECK(code_of(one->write("../out", "x")) == "denied");
  CHECK(code_of(one->write("kept.txt/below", "x")) == "denied");
  CHECK(value_of(one->read("folder/a.txt")) == "A\n");
  CHECK(paths_of(value_of(one->collect()).change) ==
        Paths{"M folder/a.txt", "D gone.txt", "A new/deep/file.txt"});
  must(one->write("gone.txt", "back\n"));
  CHECK(value_of(one->read("gone.txt")) == "back\n");
  const auto two = copy(snapshot().tree);
  CHECK(value_of(two->read("folder/a.txt")) == "a\n");  // nothing of the first
}

TEST_CASE_FIXTURE(OverlayFixture,
                  "what commands leave: whiteouts, replaced folders, ignored files") {
  const auto one = copy(snapshot().tree);
  hide(upper(*one) / "gone.txt");
  put(upper(*one) / "folder/c.txt", "c\n");
  must(make_opaque(value_of(open_directory(upper(*one) / "folder")).get(), "folder"));
  put(upper(*one) / "debug.log", "ignored\n");
  CHECK(code_of(one->read("folder/a.txt")) == "not_found");
  CHECK(value_of(one->list()) == Paths{".gitignore", "folder/c.txt", "kept.txt"});
  CHECK(paths_of(value_of(one->collect()).change) ==
        Paths{"D folder/a.txt", "D folder/b.txt", "A folder/c.txt", "D gone.txt"});
}

TEST_CASE_FIXTURE(OverlayFixture, "a file in a folder's place, and the other way round") {
  const auto one = copy(snapshot().tree);
  put(upper(*one) / "folder", "now a file\n");
  fs::create_directories(upper(*one) / "kept.txt");
  put(upper(*one) / "kept.txt/inner", "x\n");
  CHECK(code_of(one->read("folder/a.txt")) == "not_found");
  CHECK(value_of(one->read("kept.txt/inner")) == "x\n");
  const auto collected = value_of(one->collect());
  CHECK(paths_of(collected.change) ==
        Paths{"A folder", "D folder/a.txt", "D folder/b.txt", "D kept.txt", "A kept.txt/inner"});
  // And a workspace that begins with that tree holds it.
  const auto two = copy(collected.tree);
  CHECK(value_of(two->list()) == Paths{".gitignore", "folder", "gone.txt", "kept.txt/inner"});
  CHECK(value_of(two->collect()).change.empty());
  must(two->reset(snapshot().tree));
  CHECK(value_of(two->read("folder/b.txt")) == "b\n");
}

TEST_CASE_FIXTURE(OverlayFixture, "links are followed by name and never out") {
  const auto one = copy(snapshot().tree);
  const auto link = [&](const char* target, const char* name) {
    fs::create_symlink(target, upper(*one) / name);
  };
  link("kept.txt", "inside");
  link("folder", "to_folder");
  link("/etc/passwd", "absolute");
  link("../../outside", "up");
  link("loop", "loop");
  link(".git", "to_git");
  CHECK(value_of(one->read("inside")) == "kept\n");
  CHECK(value_of(one->read("to_folder/a.txt")) == "a\n");
  for (const char* name : {"absolute", "up", "loop"}) CHECK(code_of(one->read(name)) == "denied");
  CHECK(code_of(one->write("up", "x")) == "denied");
  CHECK(code_of(one->write("to_git/hooks/x", "x")) == "denied");
  must(one->write("to_folder/more/c.txt", "c\n"));
  CHECK(value_of(one->read("folder/more/c.txt")) == "c\n");
  must(one->write("to_folder/a.txt", "through\n"));
  CHECK(value_of(one->read("folder/a.txt")) == "through\n");
}

TEST_CASE_FIXTURE(OverlayFixture, "large ignored folders are shown live, and watched") {
  repo.write("node_modules/lib/index.js", std::string(2000, 'x'));
  const auto one = copy(snapshot().tree);
  REQUIRE(one->overlays().size() == 2);
  CHECK(one->overlays()[1].at == "node_modules");
  CHECK(one->overlays()[1].lower == repo.root() / "node_modules");
  CHECK(value_of(one->read("node_modules/lib/index.js")).size() == 2000);
  must(one->write("node_modules/lib/index.js", "mine\n"));
  CHECK(value_of(one->read("node_modules/lib/index.js")) == "mine\n");
  CHECK(value_of(one->collect()).change.empty());
  CHECK(spaces().disturbed().empty());
  repo.write("node_modules/lib/index.js", "changed by the user\n");
  CHECK(spaces().disturbed() == Paths{"node_modules"});
}

TEST_CASE_FIXTURE(OverlayFixture, "copies on demand hold what overlays would show") {
  repo.write("node_modules/lib/index.js", std::string(2000, 'x'));
  const auto tree = snapshot().tree;
  CHECK(spaces().use_copies(true));
  CHECK_FALSE(spaces().use_copies(true));
  const auto one = copy(tree);
  CHECK(one->overlays().empty());
  CHECK(fs::file_size(one->directory() / "node_modules/lib/index.js") == 2000);
}

// Of the base's files: what is in them, and the inode, which shows whether they were written again.
struct BaseFile {
  std::string text;
  ino_t inode = 0;
};
BaseFile base_file(const Workspace& workspace, const std::string& path) {
  const auto file = workspace.overlays()[0].lower / path;
  struct stat status {};
  if (::lstat(file.c_str(), &status) != 0) return {};
  return {value_of(read_file(file)), status.st_ino};
}

TEST_CASE_FIXTURE(OverlayFixture, "the next run finds the base of the last one, and mends it") {
  options.live_from_bytes = 1 << 20;  // carried by copying
  repo.write("node_modules/lib.js", "lib\n");
  ::usleep(20'000);  // files changed in the kernel's present tick are not believed
  auto one = copy(snapshot().tree);
  ::usleep(20'000);
  must(one->write("kept.txt", "a command's\n"));  // never into the base
  const auto kept = base_file(*one, "kept.txt"), other = base_file(*one, "folder/a.txt"),
             lib = base_file(*one, "node_modules/lib.js");
  one.reset();
  reopen();
  repo.write("folder/a.txt", "changed\n");
  fs::remove(repo.root() / "gone.txt");
  one = copy(snapshot().tree);
  CHECK(base_file(*one, "kept.txt").inode == kept.inode);
  CHECK(base_file(*one, "kept.txt").text == "kept\n");
  CHECK(base_file(*one, "folder/a.txt").text == "changed\n");
  CHECK(base_file(*one, "folder/a.txt").inode != other.inode);
  CHECK(base_file(*one, "gone.txt").inode == 0);
  CHECK(base_file(*one, "node_modules/lib.js").inode == lib.inode);
  CHECK(value_of(one->collect()).change.empty());
  one.reset();
  reopen();
  repo.write("node_modules/lib.js", "more\n");
  one = copy(snapshot().tree);
  CHECK(base_file(*one, "node_modules/lib.js").text == "more\n");
}

TEST_CASE_FIXTURE(OverlayFixture, "what was changed in a base between runs is written anew") {
  ::usleep(20'000);
  auto one = copy(snapshot().tree);
  ::usleep(20'000);
  one.reset();
  workspaces.reset();
  const auto files = options.cache / "base/files";
  fs::remove(files / "kept.txt");
  put(files / "kept.txt", "KEPT\n");  // of the same length
  put(files / "strange.txt", "x\n");
  fs::permissions(files / "gone.txt", fs::perms::owner_all);
  one = copy(snapshot().tree);
  CHECK(base_file(*one, "kept.txt").text == "kept\n");
  CHECK(base_file(*one, "strange.txt").inode == 0);
  CHECK(fs::status(one->overlays()[0].lower / "gone.txt").permissions() == fs::perms{0644});
}

TEST_CASE_FIXTURE(OverlayFixture, "files of another user are not taken into a base") {
  if (!is_root()) {
    MESSAGE("SKIPPED: only root can give files away");
    return;
  }
  const auto tree = snapshot().tree;
  const auto files = options.cache / "base/files";
  must(make_directories(files));
  put(options.cache / "single", "x\n");
  const Fd folder = value_of(open_directory(options.cache));
  CHECK(share_file_at(options.cache / "single", folder.get(), "second"));
  put(options.cache / "foreign", "x\n");
  for (const auto& path : {files, options.cache / "foreign"})
    REQUIRE(chown(path.c_str(), 47110, 47110) == 0);
  CHECK_FALSE(share_file_at(options.cache / "foreign", folder.get(), "third"));
  const auto one = copy(tree);
  struct stat status {};
  REQUIRE(stat(one->overlays()[0].lower.c_str(), &status) == 0);
  CHECK(status.st_uid == geteuid());
  CHECK(base_file(*one, "kept.txt").text == "kept\n");
}

TEST_CASE_FIXTURE(OverlayFixture, "runs side by side have a base each, and one of them is kept") {
  ::usleep(20'000);
  auto one = copy(snapshot().tree);
  auto beside = options;
  beside.work = options.work.parent_path() / "beside";
  auto second = value_of(make_workspaces(beside, processes));
  auto two = value_of(second->open(value_of(second->snapshot()).tree));
  CHECK(two->overlays()[0].lower != one->overlays()[0].lower);
  CHECK(base_file(*two, "kept.txt").text == "kept\n");
  CHECK(base_file(*two, "kept.txt").inode != base_file(*one, "kept.txt").inode);
  two.reset();
  second.reset();
  one.reset();
  workspaces.reset();
  CHECK(value_of(read_file(options.cache / "base/files/kept.txt")) == "kept\n");
  CHECK(fs::is_empty(options.work.parent_path()));
}

TEST_CASE_FIXTURE(OverlayFixture, "files with the same bytes have their own modes and times") {
  repo.write("folder/twin.txt", "a\n");
  fs::permissions(repo.root() / "folder/twin.txt", fs::perms{0755});
  const auto one = copy(snapshot().tree);
  const auto mode = [&](const char* path) {
    return fs::status(one->overlays()[0].lower / path).permissions();
  };
  CHECK(mode("folder/a.txt") == fs::perms{0644});
  CHECK(mode("folder/twin.txt") == fs::perms{0755});
}

}  // namespace

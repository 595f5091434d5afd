#include "unit/workspace/fixture.h"

namespace mixagent {
namespace {

TEST_CASE("a snapshot holds the tree as it stands and touches nothing") {
  WorkspaceFixture f;
  f.repo.write("a b/quote'\"\\x", "1");
  f.repo.write("-dash", "2");
  f.repo.write("ünï", "3");
  f.repo.write("tab\there", "4");
  f.repo.write("crlf.txt", "one\r\ntwo\r\n");
  f.repo.write("bin", std::string("\0\xff\x01", 3));
  f.repo.write("gone.txt", "deleted below");
  f.repo.write("kind/file", "becomes a link");
  f.repo.write("empty", "");
  f.repo.write(".gitignore", "ignored/\n*.env\n.env*\n");
  f.repo.write(".gitattributes", "*.txt text eol=lf\n");
  f.repo.write("run", "x");
  fs::permissions(f.repo.root() / "run", fs::perms(0700));
  fs::create_symlink("a b/quote'\"\\x", f.repo.root() / "link");
  f.repo.commit_all();
  fs::remove(f.repo.root() / "gone.txt");
  fs::remove_all(f.repo.root() / "kind");
  fs::create_symlink("a b", f.repo.root() / "kind");
  f.repo.write("untracked", "5");
  f.repo.write("ignored/x", "6");
  f.repo.write(".env.local", "KEY=secret");
  f.repo.write("crlf.txt", "one\r\nchanged\r\n");
  f.repo.write(
      "bad\xff"
      "name",
      "7");

  const auto before = listing_of(f.repo.root());
  const auto taken = f.snapshot();
  CHECK(listing_of(f.repo.root()) == before);

  CHECK(paths_of(taken.tree) == Paths{"-dash", ".gitattributes", ".gitignore", "a b/quote'\"\\x",
                                      "bin", "crlf.txt", "empty", "kind", "link", "run",
                                      "tab\there", "untracked", "ünï"});
  CHECK(taken.left_out == Paths{"bad\uFFFDname (the name is not valid UTF-8)"});
  CHECK(value_of(f.spaces().bytes(taken.tree.at("crlf.txt").blob)) == "one\r\nchanged\r\n");
  CHECK(value_of(f.spaces().bytes(taken.tree.at("link").blob)) == "a b/quote'\"\\x");
  CHECK(taken.tree.at("link").mode == FileMode::symlink);
  CHECK(taken.tree.at("kind").mode == FileMode::symlink);
  CHECK(taken.tree.at("run").mode == FileMode::executable);
  CHECK(taken.tree.at("bin").mode == FileMode::regular);
  CHECK(value_of(f.spaces().tree(taken.id)) == taken.tree);
}

TEST_CASE("a repository without commits works, no repository is a usage error") {
  WorkspaceFixture f;
  CHECK(f.snapshot().tree.empty());
  f.repo.write("first", "1");
  CHECK(paths_of(f.snapshot().tree) == Paths{"first"});
  CHECK(paths_of(value_of(f.copy(f.snapshot().tree)->collect()).tree) == Paths{"first"});

  fs::remove_all(f.repo.root() / ".git");
  const auto refused = f.spaces().snapshot();
  CHECK(code_of(refused) == "usage");
  CHECK(refused.error().hint.find("git init") != std::string::npos);
}

TEST_CASE("large untracked files are left out and named, large tracked ones come along") {
  WorkspaceFixture f;
  const std::string large(51 << 20, 'x');
  f.repo.write("tracked.bin", large);
  f.repo.commit_all();
  f.repo.write("dump.sql", large);
  const auto taken = f.snapshot();
  CHECK(paths_of(taken.tree) == Paths{"tracked.bin"});
  REQUIRE(taken.left_out.size() == 1);
  CHECK(taken.left_out[0].substr(0, 10) == "dump.sql (");
}

TEST_CASE("files of submodules and of repositories inside are ordinary files") {
  WorkspaceFixture f;
  TempRepo library;
  library.write("lib.c", "int x;");
  library.commit_all();
  f.repo.write("main.c", "m");
  f.repo.git({"-c", "protocol.file.allow=always", "submodule", "--quiet", "add",
              library.root().string(), "vendor/lib"});
  f.repo.commit_all();
  run_test_program({"git", "init", "-q", "inner"}, f.repo.root());
  f.repo.write("inner/.gitignore", "*.o\n");
  f.repo.write("inner/i.c", "i");
  f.repo.write("inner/i.o", "o");
  f.repo.write("vendor/lib/new.c", "n");
  CHECK(paths_of(f.snapshot().tree) == Paths{".gitmodules", "inner/.gitignore", "inner/i.c",
                                             "main.c", "vendor/lib/lib.c", "vendor/lib/new.c"});
}

TEST_CASE("a second snapshot sees every edit, also of the same size within the same instant") {
  WorkspaceFixture f;
  for (int i = 0; i < 50; ++i) f.repo.write("f" + std::to_string(i), "aaaa");
  auto last = f.snapshot();
  for (int round = 0; round < 20; ++round) {
    f.repo.write("f7", round % 2 == 0 ? "bbbb" : "cccc");
    const auto now = round % 3 == 0 ? value_of(f.reopen().snapshot()) : f.snapshot();
    REQUIRE(value_of(f.spaces().bytes(now.tree.at("f7").blob)) ==
            (round % 2 == 0 ? "bbbb" : "cccc"));
    CHECK(now.id != last.id);
    last = now;
  }
}

TEST_CASE("a cache that lost bytes, or was damaged, is filled again") {
  WorkspaceFixture f;
  f.repo.write("a", "aaa");
  f.repo.write("b", "bbb");
  const auto first = f.snapshot();
  const auto blob = first.tree.at("a").blob.text;
  const auto stored = f.options.cache / "store/blobs" / blob.substr(0, 2) / blob;
  SUBCASE("missing") {
    fs::remove(stored);
  }
  SUBCASE("truncated by a power cut") {
    fs::resize_file(stored, 0);
  }
  SUBCASE("damaged index") {
    write_test_file(f.options.cache / "stat-cache", "mixagent stat cache 1\nnonsense");
  }
  const auto again = value_of(f.reopen().snapshot());
  CHECK(again.id == first.id);
  CHECK(value_of(f.spaces().bytes(again.tree.at("a").blob)) == "aaa");
  CHECK(value_of(f.copy(again.tree)->read("a")) == "aaa");
}

TEST_CASE("the caller's git environment and the repository's own configuration start nothing") {
  WorkspaceFixture f;
  f.repo.write("a", "1");
  f.repo.commit_all();
  const auto marker = f.folders.path() / "ran";
  const auto program = f.folders.path() / "program";
  write_test_file(program, "#!/bin/sh\ntouch " + marker.string() + "\n");
  fs::permissions(program, fs::perms(0755));
  for (const char* key : {"core.fsmonitor", "core.askPass", "diff.external", "core.sshCommand",
                          "filter.x.clean", "core.pager", "core.editor"}) {
    f.repo.git({"config", key, program.string()});
  }
  f.repo.write(".git/hooks/post-index-change", "#!/bin/sh\ntouch " + marker.string() + "\n");
  fs::permissions(f.repo.root() / ".git/hooks/post-index-change", fs::perms(0755));
  f.repo.write(".git/info/attributes", "* filter=x\n");
  ::setenv("GIT_DIR", "/nonexistent", 1);
  ::setenv("GIT_WORK_TREE", "/nonexistent", 1);
  const auto taken = f.spaces().snapshot();
  const auto opened =
      taken ? f.spaces().open(taken->tree) : Result<std::unique_ptr<Workspace>>(nullptr);
  ::unsetenv("GIT_DIR");
  ::unsetenv("GIT_WORK_TREE");
  REQUIRE(taken);
  REQUIRE(opened);
  CHECK(paths_of(taken->tree) == Paths{"a"});
  CHECK_FALSE(fs::exists(marker));
}

}  // namespace
}  // namespace mixagent

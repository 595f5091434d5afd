#include "unit/workspace/fixture.h"

namespace mixagent {
namespace {

// Files as "path" -> "bytes"; "*" in front of the bytes: executable, "@": link.
using Files = std::map<std::string, std::string>;

Tree tree_of(Workspaces& spaces, const Files& files) {
  Tree tree;
  for (const auto& [path, text] : files) {
    TreeEntry entry;
    auto bytes = text;
    if (bytes[0] == '*' || bytes[0] == '@') {
      entry.mode = bytes[0] == '*' ? FileMode::executable : FileMode::symlink;
      bytes.erase(0, 1);
    }
    entry.blob = value_of(spaces.put(bytes));
    entry.size = static_cast<std::int64_t>(bytes.size());
    tree[path] = entry;
  }
  return tree;
}

Files files_of(Workspaces& spaces, const Tree& tree) {
  Files files;
  for (const auto& [path, entry] : tree) {
    const char* mark = entry.mode == FileMode::executable ? "*"
                       : entry.mode == FileMode::symlink  ? "@"
                                                          : "";
    files[path] = mark + value_of(spaces.bytes(entry.blob));
  }
  return files;
}

TEST_CASE("three-way merges") {
  struct Case {
    const char* about;
    Files base, ours, theirs, merged;
    Paths conflicts;
  };
  const std::string lines = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
  const std::string top = "one\n2\n3\n4\n5\n6\n7\n8\n9\n",
                    bottom = "1\n2\n3\n4\n5\n6\n7\n8\nnine\n";
  const Case cases[] = {
      {"different files",
       {{"a", "1"}, {"b", "1"}},
       {{"a", "2"}, {"b", "1"}},
       {{"a", "1"}, {"b", "2"}},
       {{"a", "2"}, {"b", "2"}},
       {}},
      {"same change", {{"a", "1"}}, {{"a", "2"}}, {{"a", "2"}}, {{"a", "2"}}, {}},
      {"same file, other lines",
       {{"a", lines}},
       {{"a", top}},
       {{"a", bottom}},
       {{"a", "one\n2\n3\n4\n5\n6\n7\n8\nnine\n"}},
       {}},
      {"same lines", {{"a", "1\n"}}, {{"a", "2\n"}}, {{"a", "3\n"}}, {}, {"a"}},
      {"created and deleted", {{"a", "1"}}, {{"a", "1"}, {"n", "x"}}, {}, {{"n", "x"}}, {}},
      {"deleted and changed", {{"a", "1"}}, {}, {{"a", "2"}}, {}, {"a"}},
      {"both created the same", {}, {{"a", "1"}}, {{"a", "1"}}, {{"a", "1"}}, {}},
      {"both created differently", {}, {{"a", "1\n"}}, {{"a", "2\n"}}, {}, {"a"}},
      {"mode and text", {{"a", "1\n"}}, {{"a", "*1\n"}}, {{"a", "2\n"}}, {{"a", "*2\n"}}, {}},
      {"text and mode", {{"a", "1\n"}}, {{"a", "2\n"}}, {{"a", "*1\n"}}, {{"a", "*2\n"}}, {}},
      {"links", {{"a", "@x"}}, {{"a", "@y"}}, {{"a", "@z"}}, {}, {"a"}},
      {"binary",
       {{"a", std::string("\0a", 2)}},
       {{"a", std::string("\0b", 2)}},
       {{"a", std::string("\0c", 2)}},
       {},
       {"a"}},
      {"a file where the other has a folder",
       {},
       {{"a", "1"}},
       {{"a/b", "2"}},
       {{"a", "1"}, {"a/b", "2"}},
       {"a"}},
  };
  WorkspaceFixture f;
  auto& spaces = f.spaces();
  for (const auto& c : cases) {
    CAPTURE(c.about);
    const auto merge = value_of(
        spaces.merge(tree_of(spaces, c.base), tree_of(spaces, c.ours), tree_of(spaces, c.theirs)));
    CHECK(merge.conflicts == c.conflicts);
    CHECK(files_of(spaces, merge.tree) == c.merged);
    if (merge.conflicts.empty()) CHECK(value_of(spaces.tree(tree_id(merge.tree))) == merge.tree);
  }
}

TEST_CASE("what a run made lies in its own folder and is enough to go on from") {
  WorkspaceFixture f;
  f.options.keep = f.folders.path() / "run/store";
  f.repo.write("a", "user's\n");
  const auto base = f.snapshot();
  auto copy = f.copy(base.tree);
  must(copy->write("b", "made by the run\n"));
  const auto collected = value_of(copy->collect());
  value_of(f.spaces().keep(collected.tree));
  copy.reset();
  // Elsewhere: an empty cache, the same sources, the run's own folder.
  f.workspaces.reset();
  f.options.cache = f.folders.path() / "other-cache";
  f.snapshot();
  const auto tree = value_of(f.spaces().tree(collected.id));
  CHECK(tree == collected.tree);
  CHECK(value_of(f.copy(tree)->read("b")) == "made by the run\n");
  CHECK_FALSE(fs::exists(f.options.keep / "blobs" / base.tree.at("a").blob.text.substr(0, 2) /
                         base.tree.at("a").blob.text));
}

}  // namespace
}  // namespace mixagent

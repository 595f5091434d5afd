#include "context/map.h"

#include "base/text.h"
#include "context/context.h"
#include "files.h"
#include "support/temp_repo.h"
#include "system/files.h"
#include "system/process_posix.h"

#include <doctest/doctest.h>

#include <cstdlib>

using namespace mixagent;

namespace {

// A service whose parts use each other's names.
FilesInMemory service() {
  FilesInMemory files;
  files.add("store/pages.py",
            "class PageStore:\n    def load_page(self, key):\n        return key\n");
  files.add("api/routes.py",
            "from store.pages import PageStore\n\ndef show(key):\n"
            "    return PageStore().load_page(key)\n");
  files.add("api/admin.py", "def purge_everything():\n    pass\n");
  files.add("util/clock.py", "def now_ms():\n    return 0\n");
  files.add("tests/test_pages.py", "from store.pages import PageStore\n# load page load page\n");
  files.add("vendor/pages.py", "def load_page(): pass\n# load page load page load page\n");
  files.add("package-lock.json", "load page load page load page\n");
  return files;
}

std::vector<Definition> python(const std::vector<std::string>& names) {
  std::vector<Definition> definitions;
  std::uint32_t line = 1;
  for (const std::string& name : names) {
    definitions.push_back({name, "function", "", "(key)", line, line + 1});
    line += 2;
  }
  return definitions;
}

// The index as ctags would make it, without ctags.
Index index_of(const FilesInMemory& files,
               const std::map<std::string, std::vector<Definition>>& definitions,
               FactsCache& cache) {
  for (const auto& [path, list] : definitions) {
    const TreeEntry& entry = files.tree.at(path);
    cache.add(entry.blob, pack_facts(files.bytes.at(entry.blob.text), list));
  }
  return build_index(files.tree, files.reader(), cache, {});
}

std::vector<std::string> paths_of(const std::vector<RankedFile>& files, std::size_t count) {
  std::vector<std::string> paths;
  for (std::size_t i = 0; i < count && i < files.size(); ++i) paths.push_back(files[i].path);
  return paths;
}

std::size_t place_of(const std::vector<RankedFile>& files, const std::string& path) {
  std::size_t place = 0;
  while (place < files.size() && files[place].path != path) ++place;
  return place;
}

using Paths = std::vector<std::string>;

}  // namespace

TEST_CASE("packed facts say what the file said") {
  const std::vector<Definition> definitions = {{"load_page", "method", "Store", "(key)", 2, 3},
                                               {"Store", "class", "", "", 1, 0}};
  const std::string text = "class Store:\n  def load_page(key): 0x1f\n  # pages, loading\n";
  const auto packed = pack_facts(text, definitions);
  FactsView facts;
  REQUIRE(read_facts(packed, facts));
  CHECK(facts.text);
  CHECK(facts.lines == 3);
  CHECK(facts.term(hash_of("pag")).count == (1U << 16U) + 2);  // page, pages; in one name
  CHECK(facts.term(hash_of("load")).count == (1U << 16U) + 2);
  CHECK(facts.term(hash_of("nothing")).count == 0);
  CHECK(std::binary_search(facts.names.begin(), facts.names.end(), hash_of("load_page")));
  CHECK_FALSE(std::binary_search(facts.names.begin(), facts.names.end(), hash_of("x1f")));
  CHECK(facts.defined.size() == 2);
  CHECK(unpack_definitions(facts) == definitions);

  REQUIRE(read_facts(pack_facts(std::string("\0binary", 7), {}), facts));
  CHECK_FALSE(facts.text);
  // Whatever words are read as facts, nothing outside of them is touched.
  for (std::size_t cut = 0; cut < packed.size(); ++cut) {
    std::vector<std::uint32_t> torn(packed.begin(), packed.begin() + static_cast<long>(cut));
    if (read_facts(torn, facts)) (void)unpack_definitions(facts);
    torn = packed;
    torn[cut] ^= 0xffff'ffff;
    if (read_facts(torn, facts)) (void)unpack_definitions(facts);
  }
}

TEST_CASE("facts are kept between runs, and what does not read back is found again") {
  const TempDir folder;
  const FilesInMemory files = service();
  const auto read_now = [&](std::uint32_t variant) {
    FactsCache cache(folder.path() / "map", variant);
    const Index index = build_index(files.tree, files.reader(), cache, {});
    cache.save();
    return index.read_now;
  };
  CHECK(read_now(0) == 7);
  CHECK(read_now(0) == 0);
  FilesInMemory more = files;
  more.add("api/routes.py", "def show(): pass\n");
  {
    FactsCache cache(folder.path() / "map", 0);
    CHECK(build_index(more.tree, more.reader(), cache, {}).read_now == 1);
  }
  CHECK(read_now(1) == 7);  // found another way
  CHECK(read_now(1) == 0);
  const auto file = folder.path() / "map" / "facts-recent";
  std::string bytes = *read_file(file);
  for (const std::size_t at :
       {std::size_t{0}, std::size_t{9}, bytes.size() / 2, bytes.size() - 1}) {
    std::string broken = bytes;
    broken[at] = static_cast<char>(broken[at] ^ 1);
    REQUIRE(write_quickly(file, broken));
    CHECK(read_now(1) == 7);
    REQUIRE(write_quickly(file, bytes.substr(0, at)));
    CHECK(read_now(1) == 7);
  }
}

TEST_CASE("definitions, users and copies: sources before tests, vendored and generated files") {
  const FilesInMemory files = service();
  FactsCache cache({}, 0);
  const Index index = index_of(files,
                               {{"store/pages.py", python({"PageStore", "load_page"})},
                                {"api/routes.py", python({"show"})},
                                {"api/admin.py", python({"purge_everything"})},
                                {"util/clock.py", python({"now_ms"})}},
                               cache);
  const auto ranked = rank_files(index, {}, "load page twice");
  CHECK(paths_of(ranked, 2) == Paths{"store/pages.py", "api/routes.py"});
  CHECK(place_of(ranked, "package-lock.json") > place_of(ranked, "tests/test_pages.py"));
  CHECK(place_of(ranked, "vendor/pages.py") > place_of(ranked, "api/routes.py"));
  // The user of a name is led to from its definition though it holds no word of the goal.
  CHECK(ranked[0].signals.links > 0);
  CHECK(rank_files(index, {}, "purge_everything").front().path == "api/admin.py");
  CHECK(rank_files(index, {}, "load page in vendor/pages.py").front().path == "vendor/pages.py");
}

TEST_CASE("past commits speak for what they changed") {
  const FilesInMemory files = service();
  FactsCache cache({}, 0);
  const Index index = index_of(files, {}, cache);
  const std::vector<PastCommit> history = {
      {"Correct timezone drift", {"util/clock.py", "api/admin.py"}},
      {"Rename things", {"store/pages.py", "gone.py"}},
      {"Handle timezone of servers", {"util/clock.py"}},
  };
  const auto ranked = rank_files(index, history, "timezones are wrong");
  CHECK(paths_of(ranked, 2) == Paths{"util/clock.py", "api/admin.py"});
  CHECK(reasons_for(ranked[0]).find("changed for such goals before") != std::string::npos);
  CHECK(rank_files(index, {}, "timezones are wrong").front().score == 0);
}

TEST_CASE("commits are read from the log") {
  const auto commits = parse_history(
      "\x01"
      "First\n\napi/a.py\nb.py\n\x01"
      "Empty\n\x01"
      "Odd name\n\n\"q\\303.py\"\nc d.py\n");
  REQUIRE(commits.size() == 2);
  CHECK(commits[0].subject == "First");
  CHECK(commits[0].files == Paths{"api/a.py", "b.py"});
  CHECK(commits[1].files == Paths{"c d.py"});
}

TEST_CASE("the map shows files with what they define, within its budget") {
  const FilesInMemory files = service();
  FactsCache cache({}, 0);
  const Index index = index_of(files,
                               {{"store/pages.py",
                                 {{"PageStore", "class", "", "", 1, 3},
                                  {"load_page", "member", "PageStore", "(self, key)", 2, 3}}}},
                               cache);
  const auto ranked = rank_files(index, {}, "load page twice");
  const RepoMap map = map_files(index, ranked, "load page twice", 1'000);
  CHECK(map.text.rfind("store/pages.py (3 lines)\n"
                       "  1-3 class PageStore\n"
                       "  2-3 member PageStore.load_page(self, key)\n",
                       0) == 0);
  for (const std::int64_t budget : {0, 10, 40, 100, 500}) {
    CAPTURE(budget);
    CHECK(estimate_tokens(map_files(index, ranked, "load page", budget).text) <= budget);
  }
}

TEST_CASE("what ctags wrote is read, and nothing else") {
  const std::string tag = R"({"_type": "tag", "name": ")";
  const auto found = parse_ctags(
      R"({"_type": "program", "name": "Universal Ctags"})"
      "\n" +
          tag + R"(A", "path": "b1.py", "line": 1, "kind": "class", "end": 4})" + "\n" + tag +
          R"(f", "path": "b1.py", "line": 2, "kind": "member", "scope": "A", )" +
          R"x("signature": "(x\ty)"})x" + "\n" + tag + R"(g", "path": "b7.py", "line": 2})" + "\n" +
          tag + R"(h", "path": "/etc/passwd", "line": 2})" + "\n" + tag + "torn\n",
      2);
  CHECK(found == std::vector<std::vector<Definition>>{
                     {}, {{"A", "class", "", "", 1, 4}, {"f", "member", "A", "(x y)", 2, 0}}});
}

TEST_CASE("with ctags here, real definitions are found whatever the names are") {
  const char* path = std::getenv("PATH");
  ProcessesPosix processes;
  const auto found = definitions_of(
      {{"a \"b\n.py", "def one(x):\n  pass\n"}, {"../../x.go", "package x\nfunc Two() {}\n"}},
      processes, path == nullptr ? "/usr/bin" : path);
  if (!found) {
    MESSAGE("SKIPPED: no universal-ctags with an interactive sandbox here");
    return;
  }
  REQUIRE(found->size() == 2);
  REQUIRE((*found)[0].size() == 1);
  CHECK((*found)[0][0].name == "one");
  CHECK((*found)[0][0].signature == "(x)");
  REQUIRE_FALSE((*found)[1].empty());
  CHECK((*found)[1].back().name == "Two");
}

#include "context/context.h"

#include "base/text.h"
#include "context/excerpt.h"
#include "context/pack.h"
#include "context/rank.h"
#include "files.h"

#include <doctest/doctest.h>

using namespace mixagent;

namespace {

std::string lines(int count, const std::string& text) {
  std::string all;
  for (int i = 1; i <= count; ++i) all += text + " " + std::to_string(i) + "\n";
  return all;
}

FilesInMemory shop() {
  FilesInMemory files;
  files.add("README.md", "A shop. It has pagination nowhere.\n");
  files.add("api/list.py", "def list_orders(limit):\n    return orders[:limit]\n");
  files.add("api/auth.py", "def login(user):\n    return user\n");
  files.add("web/cart.js", "export function addToCart(item) { }\n");
  files.add("tests/test_list.py", "from api.list import list_orders\n");
  files.add("package-lock.json", lines(200, "list_orders pagination order"));
  files.add("logo.png", std::string("\x89PNG\0\0", 6));
  return files;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

std::vector<RankedFile> rank(const FilesInMemory& files, const std::string& goal,
                             const std::vector<PastCommit>& history = {}) {
  FactsCache cache({}, 0);
  return rank_files(build_index(files.tree, files.reader(), cache, {}), history, goal);
}

}  // namespace

TEST_CASE("the files that the goal is about come first") {
  const FilesInMemory files = shop();
  struct Case {
    const char *goal, *first;
  };
  const std::vector<Case> cases = {
      {"add pagination to list_orders", "api/list.py"}, {"users cannot login", "api/auth.py"},
      {"the cart loses items", "web/cart.js"},          {"fix test_list.py", "tests/test_list.py"},
      {"describe the shop in README.md", "README.md"},
  };
  for (const Case& test : cases) {
    CAPTURE(test.goal);
    const auto ranked = rank(files, test.goal);
    CHECK(ranked.size() == files.tree.size());
    CHECK(ranked.front().path == test.first);
    CHECK(ranked.front().score > 0);
  }
  // Nothing matches: the order is that of the paths, and nothing claims to match.
  const auto none = rank(files, "zzz");
  CHECK(none.front().path == "README.md");
  CHECK(none.front().score == 0);
}

TEST_CASE("a planner sees the tree and the matching files, within its budget") {
  const FilesInMemory files = shop();
  const CuratedContext context;
  const std::string text =
      context.planner_context(files.tree, files.reader(), "paginate list_orders", 2'000);
  CHECK(text.find("7 files:\n") == 0);
  CHECK(text.find("api/: auth.py list.py\n") != std::string::npos);
  CHECK(text.find("## api/list.py (2 lines)\n```\ndef list_orders(limit):") != std::string::npos);
  CHECK(text.find("PNG\0") == std::string::npos);
  for (const std::int64_t budget : {50, 200, 500, 1'000, 5'000}) {
    CAPTURE(budget);
    const auto cut =
        context.planner_context(files.tree, files.reader(), "paginate list_orders", budget);
    CHECK(estimate_tokens(cut) <= budget + 30);  // the heading and the count of what is missing
  }
  CHECK(context.planner_context({}, files.reader(), "x", 100) ==
        "The repository holds no files yet.\n");
}

TEST_CASE("a large tree is cut with counts") {
  FilesInMemory files;
  for (int folder = 0; folder < 40; ++folder) {
    for (int i = 0; i < 50; ++i) {
      files.add("pkg" + std::to_string(folder) + "/sub/file" + std::to_string(i) + ".go",
                "package x\n");
    }
  }
  files.add("main.go", "package main\n");
  const auto ranked = rank(files, "pkg7 things");
  const std::string tree = pack_tree(ranked, 400);
  CHECK(estimate_tokens(tree) <= 430);
  CHECK(tree.find("pkg7/sub/: file0.go") != std::string::npos);
  CHECK(tree.find("folders with ") != std::string::npos);
  // Every file is either shown or counted.
  std::size_t shown = count(tree, ".go"), hidden = 0;
  for (auto at = tree.find(" (+"); at != std::string::npos; at = tree.find(" (+", at + 1)) {
    hidden += std::stoul(tree.substr(at + 3));
  }
  const auto at = tree.find("folders with ");
  const std::string rest = replace_all(tree.substr(at + 13), ",", "");
  CHECK(shown + hidden + std::stoul(rest) == files.tree.size());
}

TEST_CASE("of a large file the telling lines are shown, with their numbers") {
  std::string text = lines(300, "    x = 1  # filler");
  text += "def paginate(items):\n    return items\n";
  text += lines(300, "    y = 2  # filler");
  const Excerpt excerpt = excerpt_of(text, "paginate the list", 100);
  CHECK(excerpt.text.find("301\tdef paginate(items):\n") != std::string::npos);
  CHECK(excerpt.text.find("...\n") == 0);
  CHECK(estimate_tokens(excerpt.text) <= 100);
  CHECK(excerpt_of(text, "nothing of it", 100).lines == 1);  // the definition alone
}

TEST_CASE("a worker gets its files whole, or their heads, and is told what is whole") {
  FilesInMemory files = shop();
  files.add("big.py", lines(1'000, "value"));
  files.add("notes.md", "```\ncode\n```\n");
  files.add("link", "api/list.py", FileMode::symlink);
  const CuratedContext context;
  const auto show = [&](const std::vector<std::string>& paths, std::int64_t budget) {
    return context.worker_files(files.tree, files.reader(), paths, "", budget);
  };

  WorkerFiles shown = show({"api/list.py", "api/new.py"}, 1'000);
  CHECK(shown.text ==
        "## api/list.py\n```\ndef list_orders(limit):\n    return orders[:limit]\n```\n");
  CHECK(shown.whole == std::vector<std::string>{"api/list.py"});

  shown = show({"api/*.py", "api/list.py"}, 1'000);
  CHECK(shown.whole == std::vector<std::string>{"api/auth.py", "api/list.py"});

  shown = show({"big.py", "api/list.py"}, 1'000);
  CHECK(shown.whole == std::vector<std::string>{"api/list.py"});
  CHECK(shown.text.find("## big.py (parts of 1,000 lines; read_file shows more)\n```\n1|value") ==
        0);
  CHECK(estimate_tokens(shown.text) <= 1'000);

  shown = show({"logo.png", "link"}, 1'000);
  CHECK(shown.whole.empty());
  CHECK(shown.text == "## logo.png (binary, 6 B)\n## link (link, 11 B)\n");

  // A fence in the file does not end the fence around it.
  CHECK(show({"notes.md"}, 1'000).text == "## notes.md\n````\n```\ncode\n```\n````\n");
  CHECK(show({"api/list.py"}, 5).text == "Not shown, use read_file: api/list.py (2 lines)\n");
}

TEST_CASE("notes come from the root down, one file a folder") {
  FilesInMemory files;
  files.add("AGENTS.md", "Root rules.\n");
  files.add("CLAUDE.md", "Not this one.\n");
  files.add("api/CLAUDE.md", "Api rules.\n");
  files.add("api/v1/GEMINI.md", "V1 rules.\n");
  files.add("web/AGENTS.md", "Web rules.\n");
  files.add("empty/AGENTS.md", "  \n");
  const CuratedContext context;
  const auto notes = [&](const std::vector<std::string>& paths) {
    return context.notes_for(files.tree, files.reader(), paths);
  };
  const std::string root = "From AGENTS.md:\nRoot rules.\n",
                    api = "\nFrom api/CLAUDE.md:\nApi rules.\n",
                    v1 = "\nFrom api/v1/GEMINI.md:\nV1 rules.\n",
                    web = "\nFrom web/AGENTS.md:\nWeb rules.\n";
  CHECK(notes({}) == root);
  CHECK(notes({"api/list.py"}) == root + api);
  CHECK(notes({"api/v1/x.py"}) == root + api + v1);
  CHECK(notes({"api"}) == root + api);
  CHECK(notes({"api/*.py", "web/**"}) == root + api + web);
  CHECK(notes({"*/v1/x.py", "empty/x"}) == root);
  files.add("AGENTS.md", "Rule.\n" + lines(5'000, "filler"));
  CHECK(notes({}).size() < 17'000);
  CHECK(notes({}).find("left out") != std::string::npos);
  CHECK(CuratedContext().notes_for({}, files.reader(), {"a/b"}).empty());
}

TEST_CASE("what cannot be read is left out, not fatal") {
  FilesInMemory files = shop();
  files.bytes.clear();
  const CuratedContext context;
  const std::string text = context.planner_context(files.tree, files.reader(), "api list", 1'000);
  CHECK(text.find("api/: auth.py list.py") != std::string::npos);
  CHECK(text.find("```") == std::string::npos);
  CHECK(context.notes_for(files.tree, files.reader(), {}).empty());
  CHECK(context.worker_files(files.tree, files.reader(), {"api/list.py"}, "", 1'000).whole.empty());
}

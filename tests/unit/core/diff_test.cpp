#include "core/diff.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

namespace mixagent {
namespace {

using Lines = std::vector<std::string>;

std::string text_of(const Lines& lines, bool final_newline = true) {
  std::string out;
  for (const auto& line : lines) out += line + "\n";
  if (!final_newline && !out.empty()) out.pop_back();
  return out;
}

Lines raw_lines(const std::string& text) {
  Lines lines;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    const auto next = end == std::string::npos ? text.size() : end + 1;
    lines.push_back(text.substr(at, next - at));
    at = next;
  }
  return lines;
}

// A patch tool of the strict kind: positions and context must fit exactly.
std::string apply_unified(const std::string& before, const std::string& diff) {
  const Lines old_lines = raw_lines(before);
  const Lines patch = raw_lines(diff);
  std::string out;
  std::size_t at = 0;
  for (std::size_t i = 2; i < patch.size();) {
    REQUIRE(patch[i].rfind("@@ -", 0) == 0);
    char* rest = nullptr;
    auto start = static_cast<std::size_t>(std::strtoul(patch[i].c_str() + 4, &rest, 10));
    const std::size_t count = *rest == ',' ? std::strtoul(rest + 1, nullptr, 10) : 1;
    if (count > 0) --start;
    for (; at < start; ++at) out += old_lines[at];
    std::size_t used = 0;
    for (++i; i < patch.size() && patch[i][0] != '@'; ++i) {
      std::string line = patch[i].substr(1);
      if (i + 1 < patch.size() && patch[i + 1][0] == '\\') line.pop_back();
      if (patch[i][0] == '+') out += line;
      if (patch[i][0] == ' ') out += line;
      if (patch[i][0] == ' ' || patch[i][0] == '-') {
        REQUIRE(at < old_lines.size());
        REQUIRE(old_lines[at] == line);
        ++at;
        ++used;
      }
    }
    REQUIRE(used == count);
  }
  for (; at < old_lines.size(); ++at) out += old_lines[at];
  return out;
}

Lines random_lines(std::mt19937& random, int size, int alphabet) {
  Lines lines;
  for (int i = 0; i < size; ++i)
    lines.push_back(std::string(
        1, static_cast<char>('a' + static_cast<int>(random() % static_cast<unsigned>(alphabet)))));
  return lines;
}

Lines mutated(std::mt19937& random, Lines lines, int edits) {
  for (int i = 0; i < edits; ++i) {
    const auto at = static_cast<std::ptrdiff_t>(random() % (lines.size() + 1));
    const auto kind = random() % 3;
    if (kind == 0 || at == static_cast<std::ptrdiff_t>(lines.size())) {
      lines.insert(lines.begin() + at, "new" + std::to_string(random() % 5));
    } else if (kind == 1) {
      lines.erase(lines.begin() + at);
    } else {
      lines[static_cast<std::size_t>(at)] = "changed" + std::to_string(random() % 5);
    }
  }
  return lines;
}

// Length of the shortest edit script, by the textbook table.
std::size_t least_edits(const Lines& a, const Lines& b) {
  std::vector<std::vector<std::size_t>> table(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        table[i][j] = i + j;
      } else if (a[i - 1] == b[j - 1]) {
        table[i][j] = table[i - 1][j - 1];
      } else {
        table[i][j] = 1 + std::min(table[i - 1][j], table[i][j - 1]);
      }
    }
  }
  return table[a.size()][b.size()];
}

std::size_t edits_in(const std::string& diff) {
  const Lines patch = raw_lines(diff);
  std::size_t edits = 0;
  for (std::size_t i = 2; i < patch.size(); ++i) edits += patch[i][0] == '+' || patch[i][0] == '-';
  return edits;
}

TEST_CASE("unified diff of known texts") {
  const std::string ten = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n";
  CHECK(unified_diff("a\n", "a\n", "f", false, false) == "");
  CHECK(unified_diff(ten, "1\n2\n3\n4\nfive\n6\n7\n8\n9\n10\n", "src/n.txt", false, false) ==
        "--- a/src/n.txt\n+++ b/src/n.txt\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
  CHECK(unified_diff("", "x\ny\n", "new file", true, false) ==
        "--- /dev/null\n+++ b/new file\t\n@@ -0,0 +1,2 @@\n+x\n+y\n");
  CHECK(unified_diff("x\n", "", "f", false, true) == "--- a/f\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n");
  CHECK(unified_diff("x", "x\n", "f", false, false) ==
        "--- a/f\n+++ b/f\n@@ -1 +1 @@\n-x\n\\ No newline at end of file\n+x\n");
  CHECK(unified_diff(ten, "0\n" + ten + "11\n", "f", false, false) ==
        "--- a/f\n+++ b/f\n@@ -1,3 +1,4 @@\n+0\n 1\n 2\n 3\n@@ -8,3 +9,4 @@\n 8\n 9\n 10\n+11\n");
  CHECK(unified_diff("a", std::string("\0b", 2), "f", false, false) ==
        "Binary files a/f and b/f differ\n");
  CHECK(unified_diff("a\n", "b\n", "od\"d\n", false, false).rfind("--- \"a/od\\\"d\\n\"\n", 0) ==
        0);
}

TEST_CASE("applying the hunks gives the other side, by the shortest script") {
  std::mt19937 random(20261);
  for (int round = 0; round < 3000; ++round) {
    const auto a =
        random_lines(random, static_cast<int>(random() % 30), 2 + static_cast<int>(random() % 6));
    const auto b = random() % 2 == 0 ? mutated(random, a, static_cast<int>(random() % 6))
                                     : random_lines(random, static_cast<int>(random() % 30), 3);
    const auto before = text_of(a, random() % 4 != 0);
    const auto after = text_of(b, random() % 4 != 0);
    const auto diff = unified_diff(before, after, "f", false, false);
    CAPTURE(before);
    CAPTURE(after);
    CAPTURE(diff);
    REQUIRE(apply_unified(before, diff) == after);
    if (!diff.empty()) REQUIRE(edits_in(diff) == least_edits(raw_lines(before), raw_lines(after)));
  }
}

TEST_CASE("very different files become one hunk, and still apply") {
  Lines a;
  Lines b;
  for (int i = 0; i < 3000; ++i) {
    a.push_back("old " + std::to_string(i));
    b.push_back(i % 10 == 0 ? a.back() : "new " + std::to_string(i));
  }
  const auto diff = unified_diff(text_of(a), text_of(b), "f", false, false);
  CHECK(apply_unified(text_of(a), diff) == text_of(b));
  CHECK(edits_in(diff) == 2 * 2999);  // the equal first line is trimmed
}

TEST_CASE("added lines are numbered on the new side") {
  CHECK(added_lines("a\nb\nc\n", "a\nx\nb\nc\ny\n") == std::set<int>{2, 5});
  CHECK(added_lines("a\nb\n", "a\n").empty());
  CHECK(added_lines("", "a\nb\n") == std::set<int>{1, 2});
  CHECK(added_lines("a\nb\n", "a\nB\n") == std::set<int>{2});
}

TEST_CASE("three-way merge of known texts") {
  const std::string base = "1\n2\n3\n4\n5\n";
  struct Case {
    const char* name;
    std::string ours, theirs, text;
    bool conflict;
  };
  const std::vector<Case> cases = {
      {"both the base", base, base, base, false},
      {"only ours", "1\ntwo\n3\n4\n5\n", base, "1\ntwo\n3\n4\n5\n", false},
      {"only theirs", base, "1\n2\n3\n4\n5\n6\n", "1\n2\n3\n4\n5\n6\n", false},
      {"apart", "one\n2\n3\n4\n5\n", "1\n2\n3\n4\nfive\n", "one\n2\n3\n4\nfive\n", false},
      {"the same twice", "1\nx\n3\n4\n5\n", "1\nx\n3\n4\n5\n", "1\nx\n3\n4\n5\n", false},
      {"the same and more", "1\nx\n3\n4\n5\n", "1\nx\n3\n4\nfive\n", "1\nx\n3\n4\nfive\n", false},
      {"one line, two ways", "1\nx\n3\n4\n5\n", "1\ny\n3\n4\n5\n",
       "1\n<<<<<<< ours\nx\n=======\ny\n>>>>>>> theirs\n3\n4\n5\n", true},
      {"neighbours touch", "1\nx\n3\n4\n5\n", "1\n2\ny\n4\n5\n",
       "1\n<<<<<<< ours\nx\n3\n=======\n2\ny\n>>>>>>> theirs\n4\n5\n", true},
      {"inserted at one place", "1\n2\na\n3\n4\n5\n", "1\n2\nb\n3\n4\n5\n",
       "1\n2\n<<<<<<< ours\na\n=======\nb\n>>>>>>> theirs\n3\n4\n5\n", true},
      {"deleted and changed", "1\n3\n4\n5\n", "1\nzwei\n3\n4\n5\n",
       "1\n<<<<<<< ours\n=======\nzwei\n>>>>>>> theirs\n3\n4\n5\n", true},
      {"no final newline", "1\n2\n3\n4\nfive", "1\n2\n3\n4\nFIVE",
       "1\n2\n3\n4\n<<<<<<< ours\nfive\n=======\nFIVE\n>>>>>>> theirs\n", true},
  };
  for (const auto& one : cases) {
    INFO(std::string(one.name));
    const auto merge = merge_three_way(base, one.ours, one.theirs);
    CHECK(merge.text == one.text);
    CHECK(merge.hunks.empty() != one.conflict);
    const auto mirrored = merge_three_way(base, one.theirs, one.ours);
    CHECK(mirrored.hunks.empty() != one.conflict);
    if (!one.conflict) CHECK(mirrored.text == one.text);
  }
}

TEST_CASE("a merge of disjoint edits has no conflict and contains both") {
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    Lines base;
    const int blocks = 2 + static_cast<int>(random() % 8);
    Lines ours;
    Lines theirs;
    Lines both;
    for (int block = 0; block < blocks; ++block) {
      const std::string line = "line " + std::to_string(block);
      const auto who = random() % 3;   // nobody, ours, theirs
      const auto kind = random() % 3;  // change, delete, insert before
      Lines edited = {line};
      if (kind == 0) edited = {"edit " + std::to_string(random() % 1000)};
      if (kind == 1) edited = {};
      if (kind == 2) edited = {"more " + std::to_string(random() % 1000), line};
      const Lines same = {line};
      const std::string fence = "keep " + std::to_string(block);
      const auto put = [&](Lines& to, const Lines& lines) {
        to.insert(to.end(), lines.begin(), lines.end());
        to.push_back(fence);
      };
      put(base, same);
      put(ours, who == 1 ? edited : same);
      put(theirs, who == 2 ? edited : same);
      put(both, who == 0 ? same : edited);
    }
    const auto merge = merge_three_way(text_of(base), text_of(ours), text_of(theirs));
    REQUIRE(merge.hunks.empty());
    REQUIRE(merge.text == text_of(both));
  }
}

TEST_CASE("a merge of random sides never invents or loses a line outside of conflicts") {
  std::mt19937 random(99);
  for (int round = 0; round < 2000; ++round) {
    const auto base = random_lines(random, static_cast<int>(random() % 20), 4);
    const auto ours = text_of(mutated(random, base, static_cast<int>(random() % 4)));
    const auto theirs = text_of(mutated(random, base, static_cast<int>(random() % 4)));
    const auto b = text_of(base);
    const auto merge = merge_three_way(b, ours, theirs);
    REQUIRE(merge_three_way(b, ours, ours).text == ours);
    REQUIRE(merge_three_way(b, ours, b).text == ours);
    REQUIRE(merge_three_way(b, b, theirs).text == theirs);
    if (!merge.hunks.empty()) continue;
    const auto added = added_lines(b, merge.text);
    const auto lines = raw_lines(merge.text);
    for (const int line : added) {
      const auto& text = lines[static_cast<std::size_t>(line - 1)];
      REQUIRE((ours.find(text) != std::string::npos || theirs.find(text) != std::string::npos));
    }
    REQUIRE(merge_three_way(b, theirs, ours).text == merge.text);
  }
}

TEST_CASE("binary is told by a NUL near the start") {
  CHECK(looks_binary(std::string("a\0b", 3)));
  CHECK_FALSE(looks_binary("a\nb\xff"));
  CHECK_FALSE(looks_binary(""));
}

}  // namespace
}  // namespace mixagent

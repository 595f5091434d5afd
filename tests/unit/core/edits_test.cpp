#include "core/edits.h"

#include "base/text.h"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

namespace mixagent {
namespace {

Edit edit(const std::string& search, const std::string& replace) {
  return {search, replace, false, 0};
}
Edit near(const std::string& search, const std::string& replace, int line) {
  return {search, replace, false, line};
}
Edit every(const std::string& search, const std::string& replace) {
  return {search, replace, true, 0};
}

const std::string py =
    "def first(items):\n"      // 1
    "    if not items:\n"      // 2
    "        return None\n"    // 3
    "    return items[0]\n"    // 4
    "\n"                       // 5
    "def last(items):\n"       // 6
    "    if not items:\n"      // 7
    "        return None\n"    // 8
    "    return items[-1]\n";  // 9

TEST_CASE("edits that apply") {
  struct Case {
    const char* name;
    std::string text;
    std::vector<Edit> edits;
    std::string result, message;
    bool tolerant;
  };
  const std::vector<Case> cases = {
      {"exact", "a\nb\nc\n", {edit("b", "B")}, "a\nB\nc\n", "applied at line 2", false},
      {"inside a line",
       "x = foo(1)\n",
       {edit("foo", "bar")},
       "x = bar(1)\n",
       "applied at line 1",
       false},
      {"several lines",
       "a\nb\nc\n",
       {edit("a\nb\n", "1\n2\n3\n")},
       "1\n2\n3\nc\n",
       "applied at lines 1-3",
       false},
      {"deletion", "a\nb\nc\n", {edit("b\n", "")}, "a\nc\n", "applied at line 2", false},
      {"all",
       "x\nx y x\n",
       {every("x", "z")},
       "z\nz y z\n",
       "applied at 3 places, the first at line 1",
       false},
      {"all, the replacement holds the search",
       "aa\n",
       {every("a", "aa")},
       "aaaa\n",
       "applied at 2 places, the first at line 1",
       false},
      {"near_line",
       py,
       {near("        return None\n", "        return 0\n", 8)},
       replace_all(py, "return None\n    return items[-1]", "return 0\n    return items[-1]"),
       "applied at line 8",
       false},
      {"near_line, in between but nearer",
       py,
       {near("    if not items:\n", "    if items is None:\n", 4)},
       replace_all(py, "first(items):\n    if not items:", "first(items):\n    if items is None:"),
       "applied at line 2",
       false},
      {"later edits see earlier ones",
       "a\n",
       {edit("a", "b"), edit("b", "c")},
       "c\n",
       "edit 1: applied at line 1\nedit 2: applied at line 1",
       false},
      {"near_line counts as the file was read",
       py,
       {edit("def first(items):\n", "import os\n\n\ndef first(items):\n"),
        near("        return None\n", "        return 0\n", 8)},
       "import os\n\n\n" +
           replace_all(py, "return None\n    return items[-1]", "return 0\n    return items[-1]"),
       "edit 1: applied at lines 1-4\nedit 2: applied at line 11",
       false},
      {"CRLF is kept",
       "a\r\nb\r\nc\r\n",
       {edit("a\nb\n", "1\n2\n3\n")},
       "1\r\n2\r\n3\r\nc\r\n",
       "applied at lines 1-3",
       false},
      {"CRLF in the edit of an LF file",
       "a\nb\n",
       {edit("a\r\nb\r\n", "1\r\n")},
       "1\n",
       "applied at line 1",
       false},
      {"a mixed file keeps its ends",
       "a\r\nb\nc\r\n",
       {edit("b", "B")},
       "a\r\nB\nc\r\n",
       "applied at line 2",
       false},
      {"Latin-1 is kept",
       "caf\xe9 = 1\nna\xefve = 2\n",
       {edit("caf\xc3\xa9 = 1", "caf\xc3\xa9 = 3 # \xc3\xbc")},
       "caf\xe9 = 3 # \xfc\nna\xefve = 2\n",
       "applied at line 1",
       false},
      {"UTF-8 with one damaged byte is no Latin-1",
       "caf\xc3\xa9 \xc3\xbc = 1\n\xff = 2\n",
       {edit("caf\xc3\xa9", "th\xc3\xa9")},
       "th\xc3\xa9 \xc3\xbc = 1\n\xff = 2\n",
       "applied at line 1",
       false},
      {"BOM is kept",
       "\xef\xbb\xbf"
       "a\nb\n",
       {edit("a\n", "A\n")},
       "\xef\xbb\xbf"
       "A\nb\n",
       "applied at line 1",
       false},
      {"no final newline", "a\nb", {edit("b", "B")}, "a\nB", "applied at line 2", false},
      {"no final newline, whole lines",
       "a\nb",
       {edit("b\n", "B\nC\n")},
       "a\nB\nC",
       "applied at lines 2-3",
       false},
      {"an empty file", "", {edit("", "x\n")}, "x\n", "written into the empty file", false},
      {"trailing white space",
       "a  \nb\t\nc\n",
       {edit("a\nb\n", "A\nb\n")},
       "A\nb\nc\n",
       "applied at lines 1-2; white space differed: check it",
       true},
      {"deeper in the file",
       "class A:\n    def f(self):\n        return 1\n",
       {edit("def f(self):\n    return 1\n",
             "def f(self):\n    if x:\n        return 2\n    return 1\n")},
       "class A:\n    def f(self):\n        if x:\n            return 2\n        return 1\n",
       "applied at lines 2-5; white space differed, the replacement was re-indented: check it",
       true},
      {"shallower in the file",
       "def f():\n    return 1\n",
       {edit("        def f():\n            return 1\n",
             "        def f():\n            return 2\n")},
       "def f():\n    return 2\n",
       "applied at lines 1-2; white space differed, the replacement was re-indented: check it",
       true},
      {"tabs for spaces",
       "if (x) {\n\tfoo();\n\t\tbar();\n}\n",
       {edit("    foo();\n        bar();\n", "    foo();\n        bar();\n            baz();\n")},
       "if (x) {\n\tfoo();\n\t\tbar();\n\t\t\tbaz();\n}\n",
       "applied at lines 2-4; white space differed, the replacement was re-indented: check it",
       true},
      {"half the width",
       "if x:\n  foo()\n  while y:\n    bar()\n",
       {edit("    foo()\n    while y:\n        bar()\n",
             "    foo()\n    while z:\n        bar()\n")},
       "if x:\n  foo()\n  while z:\n    bar()\n",
       "applied at lines 2-4; white space differed, the replacement was re-indented: check it",
       true},
      {"spaces inside a line",
       "x  =  1\n",
       {edit("x = 1\n", "x = 2\n")},
       "x = 2\n",
       "applied at line 1; white space differed: check it",
       true},
      {"tolerant in a CRLF file",
       "\ta\r\n\tb\r\n",
       {edit("a\nb\n", "a\nc\n")},
       "\ta\r\n\tc\r\n",
       "applied at lines 1-2; white space differed, the replacement was re-indented: check it",
       true},
      {"tolerant in a mixed file",
       "a\r\nb\r\nc\nd\n",
       {edit("a\nb\n", "A\nB\n")},
       "A\r\nB\r\nc\nd\n",
       "applied at lines 1-2; white space differed: check it",
       true},
      {"tolerant deletion",
       "a\n  b\nc\n",
       {edit("b \n", "")},
       "a\nc\n",
       "applied at line 2; white space differed: check it",
       true},
  };
  for (const auto& one : cases) {
    INFO(std::string(one.name));
    const auto outcome = apply_edits(one.text, one.edits, true);
    INFO(outcome.message);
    CHECK(outcome.ok);
    CHECK(outcome.text == one.result);
    CHECK(outcome.message == one.message);
    CHECK(outcome.changed);
    CHECK(outcome.tolerant == one.tolerant);
    const auto strict = apply_edits(one.text, one.edits, false);
    CHECK(strict.ok == !one.tolerant);
    if (strict.ok) CHECK(strict.text == one.result);
  }
}

TEST_CASE("edits that are already there are a success") {
  struct Case {
    const char* name;
    std::string text;
    std::vector<Edit> edits;
    std::string message;
  };
  const std::vector<Case> cases = {
      {"replaced before", "a\nB\nc\n", {edit("b", "B")}, "already there at line 2"},
      {"several lines",
       "one\ntwo\nthree\n",
       {edit("2\n", "two\nthree\n")},
       "already there at lines 2-3"},
      {"all", "z\nz\n", {every("x", "z")}, "already there at line 1"},
      {"no final newline", "a\nB", {edit("b\n", "B\n")}, "already there at line 2"},
      {"white space only",
       "if x:\n    foo()\n",
       {edit("if x:\n  foo()\n", "if x:\n    foo()\n")},
       "already there at lines 1-2"},
      {"inserted after a line that still stands",
       "import a\nimport b\n",
       {edit("import a\n", "import a\nimport b\n")},
       "already there at lines 1-2"},
      {"inserted before a line that still stands",
       "import a\nimport b\nx\n",
       {edit("import b", "import a\nimport b")},
       "already there at lines 1-2"},
      {"twice in one call",
       "a\nB\n",
       {edit("b", "B"), edit("b", "B")},
       "edit 1: already there at line 2\nedit 2: already there at line 2"},
  };
  for (const auto& one : cases) {
    INFO(std::string(one.name));
    const auto outcome = apply_edits(one.text, one.edits, true);
    INFO(outcome.message);
    CHECK(outcome.ok);
    CHECK(outcome.text == one.text);
    CHECK(outcome.message == one.message);
    CHECK_FALSE(outcome.changed);
    CHECK_FALSE(outcome.tolerant);
  }
}

TEST_CASE("an edit made twice changes the file once") {
  const std::vector<Edit> edits = {
      edit("    return items[0]\n", "    head = items[0]\n    return head\n"),
      edit("def last(items):\n", "@cache\ndef last(items):\n"),
      edit("items[-1]", "items[len(items) - 1]")};
  const auto once = apply_edits(py, edits, false);
  REQUIRE(once.ok);
  const auto twice = apply_edits(once.text, edits, false);
  INFO(twice.message);
  CHECK(twice.ok);
  CHECK(twice.text == once.text);
  CHECK_FALSE(twice.changed);
}

TEST_CASE("edits that are refused say why, and change nothing") {
  struct Case {
    const char* name;
    std::string text;
    std::vector<Edit> edits;
    bool read;
    std::string message;
  };
  const std::vector<Case> cases = {
      {"no edits", "a\n", {}, true, "no edits given; pass edits: [{search, replace}]"},
      {"beyond Latin-1",
       "caf\xe9 = 1\n",
       {edit("1", "\xe2\x82\xac")},
       true,
       "the file is Latin-1, and a replacement holds characters that Latin-1 lacks; keep to those "
       "of Latin-1, or escape them as the language does"},
      {"typographic quotes",
       "print(\"a\")\nx = 2\n",
       {edit("print(\xe2\x80\x9c"
             "a\xe2\x80\x9d)\n",
             "print(1)\n")},
       true,
       "search text not found. Nearest:\n1| print(\"a\")\nline 1: your search has "
       "`print(\xe2\x80\x9c"
       "a\xe2\x80\x9d)`"},
      {"empty search",
       "a\n",
       {edit("", "b")},
       true,
       "search is empty, and the file is not; give the lines to replace, or use write_file for the "
       "whole file"},
      {"the same text",
       "a\n",
       {edit("a", "a")},
       true,
       "search and replace are the same text, so nothing would change; put the new text into "
       "replace"},
      {"several places",
       py,
       {edit("        return None\n", "        return 0\n")},
       true,
       "search text stands 2 times, lines 3, 8; add lines around it, or set near_line or all:\n"
       "3|         return None\n8|         return None"},
      {"overlapping places",
       "aaa\n",
       {edit("aa", "b")},
       true,
       "search text stands 2 times, lines 1, 1; add lines around it, or set near_line or all:\n1| "
       "aaa\n1| aaa"},
      {"near_line in the middle",
       "x\nm\nx\n",
       {near("x", "y", 2)},
       true,
       "search text stands 2 times, lines 1, 3; near_line 2 does not tell which is meant; add "
       "lines around it:\n"
       "1| x\n3| x"},
      {"near_line could be before or after the first edit",
       "x\n1\n2\n3\n4\n5\nx\n",
       {edit("1\n", "1\na\nb\nc\nd\ne\n"), near("x", "y", 4)},
       true,
       "edit 2: search text stands 2 times, lines 1, 12; near_line 4 does not tell which is meant "
       "after the "
       "edits before it; add lines around it:\n1| x\n12| x\nNone of the edits was applied."},
      {"nothing like it",
       "alpha\nbeta\n",
       {edit("zzz(qqq)", "y")},
       true,
       "search text not found; read the file again"},
      {"nearly",
       "def total(items):\n    return sum(items)\n\nx = 1\n",
       {edit("def total(item):\n    return sum(items)\n", "y\n")},
       true,
       "search text not found. Nearest:\n1| def total(items):\n2|     return sum(items)\n"
       "line 1: your search has `def total(item):`"},
      {"line numbers in it",
       "alpha = 1\nbeta = 2\n",
       {edit("1| alpha = 1\n2| beta = 2", "y")},
       true,
       "search text not found; it holds line numbers, which are not part of the file. Nearest:\n"
       "1| alpha = 1\n2| beta = 2\nline 1: your search has `1| alpha = 1`\nline 2: your search has "
       "`2| beta = 2`"},
      {"white space, not read",
       "  a = 1\n",
       {edit("a = 1 \n", "b\n")},
       false,
       "matches line 1 only up to white space; read the file first, or copy the lines exactly:\n1| "
       "  a = 1"},
      {"white space, two places",
       "  a\n\ta\n",
       {edit("    a\n", "b\n")},
       true,
       "no exact match; up to white space it stands at lines 1, 2; copy the lines exactly as they "
       "are"},
      {"changes white space only",
       "  a b\n",
       {edit("a  b\n", "a   b\n")},
       true,
       "matches line 1 only up to white space, and the edit changes nothing else; copy the lines "
       "exactly:\n"
       "1|   a b"},
      {"width cannot be told",
       "if x:\n  foo()\n",
       {edit("    foo()\n", "    if y:\n        foo()\n")},
       true,
       "matches line 2 only up to white space, and its indentation does not carry over; copy the "
       "lines "
       "exactly:\n2|   foo()"},
      {"uneven indentation",
       "\ta\n  b\n",
       {edit("a\nb\n", "a\nc\n")},
       true,
       "matches lines 1-2 only up to white space, and its indentation does not carry over; copy "
       "the lines "
       "exactly:\n1| \ta\n2|   b"},
      {"all needs an exact match",
       "  aa bb\n",
       {every("aa  bb\n", "c\n")},
       true,
       "search text not found. Nearest:\n1|   aa bb\nline 1: your search has `aa  bb`"},
      {"one of two",
       "a\nb\n",
       {edit("a", "A"), edit("zzzz", "y")},
       true,
       "edit 2: search text not found; read the file again\nNone of the edits was applied."},
      {"spoilt by the edit before",
       "alpha\nbeta\n",
       {edit("alpha", "gamma"), edit("alpha\nbeta", "delta")},
       true,
       "edit 2: search text not found; an edit before it in this call has changed that place. "
       "Nearest:\n"
       "1| gamma\n2| beta\nline 1: your search has `alpha`\nNone of the edits was applied."},
      {"deleting what is gone",
       "alpha\n",
       {edit("zzzz\n", "")},
       true,
       "search text not found; read the file again"},
      {"the replacement stands elsewhere, the search nearly here",
       "def f(x):\n    return compute(x, 1)\n\ndef g():\n    return None\n",
       {edit("    return compute(x, 2)\n", "    return None\n")},
       true,
       "search text not found. Nearest:\n2|     return compute(x, 1)\n"
       "line 2: your search has `    return compute(x, 2)`"},
      {"the replacement stands inside a word",
       "rebar()\n",
       {edit("foo", "bar")},
       true,
       "search text not found; read the file again"},
      {"the replacement stands in two places",
       "bar\nbar\n",
       {edit("foo", "bar")},
       true,
       "search text not found; read the file again"},
      {"a blank search",
       "a\n\n\n\nb\n",
       {edit("\n\n", "\n")},
       true,
       "search text stands 3 times, lines 1, 2, 3; add lines around it, or set near_line or "
       "all:\n1| a\n2| \n3| "},
  };
  for (const auto& one : cases) {
    INFO(std::string(one.name));
    const auto outcome = apply_edits(one.text, one.edits, one.read);
    CHECK_FALSE(outcome.ok);
    CHECK(outcome.message == one.message);
    CHECK(outcome.text.empty());
    CHECK_FALSE(outcome.changed);
    CHECK_FALSE(outcome.tolerant);
  }
}

TEST_CASE("edits of all places that multiply the file are refused before they fill the memory") {
  std::vector<Edit> edits(60);
  for (Edit& edit : edits) {
    edit.search = "a";
    edit.replace = "aa";
    edit.all = true;
  }
  const EditOutcome outcome = apply_edits("a\n", edits, false);
  CHECK_FALSE(outcome.ok);
  CHECK(outcome.message.find("too much for one edit; make search longer") != std::string::npos);
}

TEST_CASE("messages stay short for long files and lines") {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "same " + std::string(300, 'x') + "\n";
  const auto outcome = apply_edits(text, {edit("same", "other")}, true);
  CHECK_FALSE(outcome.ok);
  CHECK(outcome.message.size() < 3000);
}

// ---- properties ----

std::string random_text(std::mt19937& random, int lines) {
  static const std::vector<std::string> words = {
      "a", "b", "return x", "  b", "    if y:", "}", "", "\tb", "foo(a,  b)"};
  std::string text;
  for (int i = 0; i < lines; ++i) text += words[random() % words.size()] + "\n";
  return text;
}

std::size_t occurrences(const std::string& text, const std::string& piece) {
  std::size_t count = 0;
  for (auto at = text.find(piece); at != std::string::npos; at = text.find(piece, at + 1)) ++count;
  return count;
}

TEST_CASE("an exact edit changes its one place and nothing else") {
  std::mt19937 random(4242);
  int applied = 0;
  int refused = 0;
  for (int round = 0; round < 20000; ++round) {
    const std::string text = random_text(random, 1 + static_cast<int>(random() % 12));
    const std::size_t from = random() % text.size();
    const std::size_t length = 1 + random() % (text.size() - from);
    const std::string search = text.substr(from, length);
    const std::string replace =
        "new" + std::to_string(random() % 10) + (random() % 2 == 0 ? "\n" : "");
    const auto outcome = apply_edits(text, {edit(search, replace)}, random() % 2 == 0);
    CAPTURE(text);
    CAPTURE(search);
    if (occurrences(text, search) == 1) {
      REQUIRE(outcome.ok);
      REQUIRE(outcome.text == text.substr(0, from) + replace + text.substr(from + length));
      ++applied;
    } else {
      REQUIRE_FALSE(outcome.ok);
      ++refused;
    }
  }
  CHECK(applied > 2000);
  CHECK(refused > 2000);
}

// White space taken away, the result of a tolerant edit is the file with the one place replaced.
std::string bare(const std::string& text) {
  std::string out;
  for (const auto& line : split_lines(text)) {
    for (const char c : line) {
      if (c != ' ' && c != '\t') out += c;
    }
    out += '\n';
  }
  return out;
}

TEST_CASE("a tolerant edit changes the one place that is like its search") {
  std::mt19937 random(777);
  int applied = 0;
  for (int round = 0; round < 20000; ++round) {
    const std::string text = random_text(random, 2 + static_cast<int>(random() % 10));
    auto lines = split_lines(text);
    const std::size_t from = random() % lines.size();
    const std::size_t count = 1 + random() % std::min<std::size_t>(3, lines.size() - from);
    std::string search;
    for (std::size_t i = from; i < from + count; ++i) {
      static const std::vector<std::string> indents = {"", " ", "    ", "\t"};
      search += indents[random() % indents.size()] + std::string(trim(lines[i])) +
                (random() % 3 == 0 ? "  " : "") + "\n";
    }
    const auto outcome = apply_edits(text, {edit(search, "replacement\n")}, true);
    if (!outcome.ok || !outcome.tolerant) continue;
    ++applied;
    CAPTURE(text);
    CAPTURE(search);
    const std::string piece = "\n" + bare(search);
    const std::string whole = "\n" + bare(text);
    std::size_t at = whole.find(piece);
    REQUIRE(at != std::string::npos);
    REQUIRE(whole.find(piece, at + 1) == std::string::npos);
    REQUIRE("\n" + bare(outcome.text) ==
            whole.substr(0, at) + "\nreplacement\n" + whole.substr(at + piece.size()));
  }
  CHECK(applied > 500);
}

TEST_CASE("arbitrary edits never touch a line outside of a place that holds the search") {
  std::mt19937 random(31337);
  for (int round = 0; round < 20000; ++round) {
    const std::string text = random_text(random, 1 + static_cast<int>(random() % 8));
    Edit one =
        edit(random_text(random, 1 + static_cast<int>(random() % 2)), random_text(random, 1));
    one.all = random() % 5 == 0;
    if (random() % 4 == 0) one.near_line = 1 + static_cast<int>(random() % 8);
    const auto outcome = apply_edits(text, {one}, true);
    if (!outcome.ok || !outcome.changed) {
      if (outcome.ok) REQUIRE(outcome.text == text);
      continue;
    }
    const auto before = split_lines(text);
    const auto after = split_lines(outcome.text);
    std::size_t head = 0;
    while (head < before.size() && head < after.size() && before[head] == after[head]) ++head;
    std::size_t tail = 0;
    while (tail + head < before.size() && tail + head < after.size() &&
           before[before.size() - 1 - tail] == after[after.size() - 1 - tail]) {
      ++tail;
    }
    std::string changed;
    for (std::size_t i = 0; i < before.size(); ++i) changed += before[i] + "\n";
    CAPTURE(text);
    CAPTURE(one.search);
    CAPTURE(one.replace);
    CAPTURE(outcome.text);
    REQUIRE(bare(text).find(bare(one.search)) != std::string::npos);
    if (!one.all) REQUIRE(before.size() - head - tail <= split_lines(one.search).size());
  }
}

TEST_CASE("line ends, mark and end of the file survive any edit") {
  std::mt19937 random(55);
  for (int round = 0; round < 3000; ++round) {
    const std::string plain = random_text(random, 3 + static_cast<int>(random() % 6));
    const std::vector<Edit> edits = {edit(random_text(random, 1), "fresh\n")};
    const auto expected = apply_edits(plain, edits, true);
    const auto crlf = apply_edits("\xef\xbb\xbf" + replace_all(plain, "\n", "\r\n"), edits, true);
    REQUIRE(crlf.ok == expected.ok);
    REQUIRE(crlf.message == expected.message);
    if (expected.ok)
      REQUIRE(crlf.text == "\xef\xbb\xbf" + replace_all(expected.text, "\n", "\r\n"));
  }
}

}  // namespace
}  // namespace mixagent

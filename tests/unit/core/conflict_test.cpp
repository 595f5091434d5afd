#include "core/conflict.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace mixagent {
namespace {

std::vector<ConflictFile> two_hunks() {
  const std::string base = "head\na\nb\nc\nd\ne\nf\ng\nh\ni\nlast\n";
  const std::string ours = "head\nA\nb\nc\nd\ne\nf\ng\nh\nI\nlast\n";
  const std::string theirs = "head\nx\ny\nb\nc\nd\nE\nf\ng\nh\nz\nlast\n";
  return {{"a.txt", merge_three_way(base, ours, theirs)}};
}

TEST_CASE("conflicts are shown with both sides, what was before, and some lines around") {
  CHECK(show_conflicts(two_hunks()) ==
        "Hunk 1, a.txt\n```\nhead\n<<<<<<< here\nA\n||||||| before\na\n=======\nx\ny\n"
        ">>>>>>> this step\nb\nc\nd\nE\nf\ng\n```\n"
        "\n"
        "Hunk 2, a.txt\n```\nc\nd\nE\nf\ng\nh\n<<<<<<< here\nI\n||||||| before\ni\n=======\nz\n"
        ">>>>>>> this step\nlast\n```\n");
  const ConflictFile ticks{"b.md", merge_three_way("a\n", "```\n", "````\n")};
  CHECK(show_conflicts({ticks}).find("\n`````\n<<<<<<< here\n```\n") != std::string::npos);
}

TEST_CASE("an answer replaces the hunks and nothing else, or is refused") {
  const std::string good = "```hunk 1\nA\nx\n```\nand\n```hunk 2\nI z\n```\n";
  const std::string whole = "head\nA\nx\nb\nc\nd\nE\nf\ng\nh\nI z\nlast\n";
  struct Case {
    const char* name;
    std::string answer, fault;
  };
  const std::vector<Case> cases = {
      {"both answered", good, ""},
      {"in another order", "```hunk 2\nI z\n```\n```hunk 1\nA\nx\n```\n", ""},
      {"with talk and other fences around", "Sure.\n```\ncode\n```\n" + good, ""},
      {"nothing", "I cannot say.", "hunk 1 is not answered"},
      {"one missing", "```hunk 1\nA\n```\n", "hunk 2 is not answered"},
      {"twice", good + "```hunk 1\nA\n```\n", "hunk 1 is answered twice"},
      {"a hunk too many", good + "```hunk 3\nA\n```\n", "it answers a hunk that does not exist"},
      {"a marker", "```hunk 1\n<<<<<<< here\nA\n```\n```hunk 2\nI\n```\n",
       "hunk 1: it still holds a conflict marker"},
      {"the middle marker", "```hunk 1\nA\n=======\nx\n```\n```hunk 2\nI\n```\n",
       "hunk 1: it still holds a conflict marker"},
      {"both sides dropped", "```hunk 1\nA\n```\n```hunk 2\n\n```\n",
       "hunk 2: it drops both sides"},
      {"cut off", "```hunk 1\nA\n```\n```hunk 2\nI\n", "hunk 2 has no end"},
      {"no number", "```hunk one\nA\n```\n", "hunk 1 is not answered"},
  };
  for (const Case& one : cases) {
    INFO(std::string(one.name));
    const Resolved resolved = resolve_conflicts(two_hunks(), one.answer);
    CHECK(resolved.fault == one.fault);
    CHECK(resolved.texts ==
          (one.fault.empty() ? std::vector<std::string>{whole} : std::vector<std::string>{}));
  }
}

TEST_CASE("line ends and lines that only look like markers are kept") {
  const std::vector<ConflictFile> dos = {
      {"a.txt", merge_three_way("a\r\nb\r\n", "A\r\nb\r\n", "x\r\nb\r\n")}};
  CHECK(resolve_conflicts(dos, "```hunk 1\nA x\n```\n").texts ==
        std::vector<std::string>{"A x\r\nb\r\n"});
  const std::vector<ConflictFile> heading = {
      {"a.rst", merge_three_way("One\n===\n", "Two\n=======\n", "Three\n===\n")}};
  CHECK(resolve_conflicts(heading, "```hunk 1\nTwo and three\n=======\n```\n").fault == "");
}

TEST_CASE("removed or new lines have the line ends of the other side") {
  const std::vector<ConflictFile> removed = {
      {"a.txt", merge_three_way("a\r\nb\r\n", "b\r\n", "x\r\nb\r\n")}};
  CHECK(resolve_conflicts(removed, "```hunk 1\nx\n```\n").texts ==
        std::vector<std::string>{"x\r\nb\r\n"});
  const std::vector<ConflictFile> to_unix = {{"a.txt", merge_three_way("a\r\n", "A\n", "x\r\n")}};
  CHECK(resolve_conflicts(to_unix, "```hunk 1\nA x\n```\n").texts ==
        std::vector<std::string>{"A x\n"});
}

TEST_CASE("an answer's fence is longer than those in the conflicting lines") {
  const std::vector<ConflictFile> ticks = {
      {"b.md", merge_three_way("a\n", "b\n```\nB\n", "c\n```\nC\n")}};
  CHECK(answer_fence(ticks) == "````");
  CHECK(answer_fence(two_hunks()) == "```");
  CHECK(resolve_conflicts(ticks, "````hunk 1\nb c\n```\nB C\n````\n").texts ==
        std::vector<std::string>{"b c\n```\nB C\n"});
  CHECK(resolve_conflicts(ticks, "```hunk 1\nb c\n```\nB C\n```\n").fault ==
        "hunk 1: its fence is not longer than those inside");
}

TEST_CASE("a side that only removes may be answered by nothing") {
  const std::vector<ConflictFile> gone = {{"a.txt", merge_three_way("a\nb\n", "b\n", "A\nb\n")}};
  CHECK(resolve_conflicts(gone, "```hunk 1\n```\n").texts == std::vector<std::string>{"b\n"});
}

}  // namespace
}  // namespace mixagent

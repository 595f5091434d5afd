#include "core/test_results.h"

#include "base/text.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace mixagent {
namespace {

constexpr auto passed = TestStatus::passed;
constexpr auto failed = TestStatus::failed;
constexpr auto error = TestStatus::error;
constexpr auto skipped = TestStatus::skipped;

struct Case {
  std::string name;
  const char* format;
  std::string text;
  TestStatuses expected;
};

TEST_CASE("what runners write, test by test") {
  const std::vector<Case> cases = {
      {"pytest's junit",
       "junit:/tmp/r.xml",
       R"X(<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests"><testsuite name="pytest" errors="0" failures="1" skipped="1" tests="3" time="0.051" hostname="host">
<testcase classname="tests.test_list" name="test_first" time="0.001" />
<testcase classname="tests.test_list" name="test_page[a-1]" time="0.001"><failure message="assert 1 == 2&#10; +  where 1 = f()">def test_page(): &lt;testcase name="no"&gt;
E   assert 1 == 2</failure></testcase>
<testcase classname="tests.test_list" name="test_db"><skipped type="pytest.skip" message="no db">x</skipped></testcase>
</testsuite></testsuites>)X",
       {{"tests.test_list::test_first", passed},
        {"tests.test_list::test_page[a-1]", failed},
        {"tests.test_list::test_db", skipped}}},
      {"a collection error",
       "junit:r.xml",
       R"(<testsuite tests="1" errors="1"><testcase classname="" name="tests.test_x" time="0.000"><error message="collection failure">ImportError</error></testcase></testsuite>)",
       {{"tests.test_x", error}}},
      {"surefire, jest, googletest",
       "junit:r.xml",
       R"(<testsuite><properties><property name="a" value="b>c"/></properties><testcase name="adds" classname="org.x.CalcTest" time="0.01"/>
<testcase classname="sum adds" name='sum "adds"'><failure type="x"/></testcase>
<testcase name="Off" status="notrun" classname="Suite"/><testcase name="Ran" status="run" file="a.cc"/></testsuite>)",
       {{"org.x.CalcTest::adds", passed},
        {"sum adds::sum \"adds\"", failed},
        {"Suite::Off", skipped},
        {"a.cc::Ran", passed}}},
      {"printed output in CDATA is no test",
       "junit:r.xml",
       "<testsuite><testcase name=\"a\"><system-out><![CDATA[<testcase name=\"evil\"/>"
       "<failure/>]]></system-out></testcase><!-- <testcase name=\"b\"/> --></testsuite>",
       {{"a", passed}}},
      {"an error stays one",
       "junit:r.xml",
       "<testcase name=\"a\"><error/><failure/></testcase><testcase name=\"b\"><failure/>"
       "<skipped/></testcase>",
       {{"a", error}, {"b", failed}}},
      {"of two verdicts the worse",
       "junit:r.xml",
       "<testcase name=\"a\"><failure/></testcase><testcase name=\"a\"/>",
       {{"a", failed}}},
      {"a document type is not read",
       "junit:r.xml",
       "<testcase name=\"a\"/><!DOCTYPE x [<!ENTITY a \"b\">]><testcase name=\"&a;\"/>",
       {{"a", passed}}},
      {"unknown entities stay as they are",
       "junit:r.xml",
       "<testcase name=\"&lol; &#x41;&#66;&#0; &amp\"/>",
       {{"&lol; AB  &amp", passed}}},
      {"cut in a test",
       "junit:r.xml",
       "<testsuite><testcase name=\"a\"><system-out>half",
       {{"a", error}}},
      {"cut in a tag", "junit:r.xml", "<testcase name=\"a\"/><testcase name=\"b", {{"a", passed}}},
      {"no XML at all", "junit:r.xml", "segmentation fault", {}},

      {"TAP",
       "tap",
       "TAP version 13\n1..4\nok 1 - adds\nnot ok 2 - subtracts\n  ---\n  message: x\n  ...\n"
       "ok 3 # SKIP no network\nnot ok 4 - later # TODO not done\n",
       {{"adds", passed}, {"subtracts", failed}, {"test 3", skipped}, {"later", skipped}}},
      {"node's nested TAP",
       "tap",
       "TAP version 13\n# Subtest: math\n    # Subtest: adds\n    ok 1 - adds\n"
       "    # Subtest: adds # of two\n    not ok 2 - adds # of two\n    1..2\nnot ok 1 - math\n"
       "1..1\n",
       {{"math > adds", passed}, {"math > adds # of two", failed}, {"math", failed}}},
      {"a plan that is not kept",
       "tap",
       "1..3\nok 1 - a\nok 2 - b\n",
       {{"a", passed}, {"b", passed}, {"1 planned tests that did not run", error}}},
      {"bailed out",
       "tap",
       "ok 1 - a\nBail out! no database\n",
       {{"a", passed}, {"Bail out!", error}}},
      {"prose is no TAP", "tap", "okay then\nnot okay\nok\n", {{"test", passed}}},

      {"go test -json",
       "go-json",
       R"({"Action":"start","Package":"x/calc"}
{"Action":"run","Package":"x/calc","Test":"TestAdd"}
{"Action":"output","Package":"x/calc","Test":"TestAdd","Output":"--- FAIL: TestAdd\n"}
{"Action":"fail","Package":"x/calc","Test":"TestAdd","Elapsed":0}
{"Action":"run","Package":"x/calc","Test":"TestSub/neg"}
{"Action":"pass","Package":"x/calc","Test":"TestSub/neg"}
{"Action":"skip","Package":"x/calc","Test":"TestDb"}
{"Action":"fail","Package":"x/calc","Elapsed":0.1}
)",
       {{"x/calc.TestAdd", failed}, {"x/calc.TestSub/neg", passed}, {"x/calc.TestDb", skipped}}},
      {"a package that does not build",
       "go-json",
       "# x/calc\n./calc.go:3:1: syntax error\n"
       R"({"Action":"output","Package":"x/calc","Output":"FAIL\tx/calc [build failed]\n"}
{"Action":"fail","Package":"x/calc"}
)",
       {{"x/calc", error}}},
      {"a panic leaves a test without an end",
       "go-json",
       R"({"Action":"run","Package":"p","Test":"TestA"}
{"Action":"fail","Package":"p"}
{not json}
)",
       {{"p.TestA", failed}}},

      {"pytest -rA",
       "pytest",
       "..F [100%]\n=== short test summary info ===\nPASSED tests/test_a.py::test_ok\n"
       "\x1b[31mFAILED\x1b[0m tests/test_a.py::test_bad[x y] - assert 1 == 2\n"
       "ERROR tests/test_b.py - ImportError: no\nSKIPPED [1] tests/test_a.py:9: why\n"
       "XFAIL tests/test_a.py::test_later - known\n1 failed, 1 passed in 0.1s\n",
       {{"tests/test_a.py::test_ok", passed},
        {"tests/test_a.py::test_bad[x y]", failed},
        {"tests/test_b.py", error},
        {"tests/test_a.py::test_later", skipped}}},
      {"pytest -v",
       "pytest",
       "tests/test_a.py::test_ok PASSED      [ 33%]\ntests/test_a.py::T::test_p[a b] FAILED [ "
       "66%]\n"
       "tests/test_a.py::test_s SKIPPED (no db) [100%]\r\nthis test PASSED\n"
       "say a::b PASSED it\n",
       {{"tests/test_a.py::test_ok", passed},
        {"tests/test_a.py::T::test_p[a b]", failed},
        {"tests/test_a.py::test_s", skipped}}},

      {"ctest",
       "ctest",
       "Test project /tmp/b\n    Start 1: base\n1/5 Test #1: base .............   Passed    0.01 "
       "sec\n"
       " 2/5 Test  #2: net ..............***Failed    0.10 sec\n"
       "3/5 Test #3: a..b ...***Timeout   1.50 sec\n4/5 Test #4: gone .......***Not Run   0.00 "
       "sec\n"
       "5/5 Test #5: off ......***Not Run (Disabled)   0.00 sec\n",
       {{"base", passed}, {"net", failed}, {"a..b", failed}, {"gone", error}, {"off", skipped}}},
      {"an unknown format", "subunit", "ok 1 - a\n", {}},
  };
  for (const Case& test : cases) {
    CAPTURE(test.name);
    const TestStatuses read = read_test_results(test.format, test.text);
    INFO(join(encode_tests(read), "\n"));
    CHECK(encode_tests(read) == encode_tests(test.expected));
    CHECK(decode_tests(encode_tests(read)) == read);
  }
}

TEST_CASE("hostile reports cost bounded work") {
  std::string deep;
  for (int i = 0; i < 200'000; ++i) deep += "<testsuite>";
  CHECK(read_test_results("junit:r", deep).empty());
  CHECK(read_test_results("junit:r", std::string(3'000'000, '<')).empty());
  CHECK(read_test_results("junit:r", "<testcase name=\"" + std::string(2'000'000, 'x')).empty());
  std::string many;
  for (int i = 0; i < 150'000; ++i)
    many += "ok " + std::to_string(i) + " - t" + std::to_string(i) + "\n";
  CHECK(read_test_results("tap", many).size() == 100'000);
  const auto named = read_test_results("tap", "ok 1 - " + std::string(5'000, 'n') + "\xff\n");
  REQUIRE(named.size() == 1);
  CHECK(named.begin()->first.size() <= 503);
}

TEST_CASE("a new test must fail as a test") {
  struct Row {
    int exit_code;
    const char* output;
    TestStatuses fresh;
    bool counts;
  };
  const std::vector<Row> rows = {
      {1, "assert 1 == 2", {}, true},
      {1, "SyntaxError: invalid syntax", {}, false},
      {2, "ERROR collecting tests/test_a.py", {}, false},
      {2, "bash: line 3: syntax error near unexpected token `)'", {}, false},
      {1, "FAIL x [build failed]", {}, false},
      {127, "bash: tset: command not found", {}, false},
      {124, "", {}, false},
      {139, "", {}, false},
      {1, "SyntaxError in the text of a failing test", {{"t", failed}}, true},
      {1, "", {{"t", error}}, false},
      {1, "", {{"t", error}, {"u", failed}}, true},
  };
  for (const Row& row : rows) {
    CAPTURE(row.output);
    CHECK(why_no_test_failure(row.exit_code, row.output, row.fresh).empty() == row.counts);
  }
}

TEST_CASE("where a report is found") {
  CHECK(results_path("junit:/tmp/r.xml") == "/tmp/r.xml");
  CHECK(results_path("tap").empty());
}

}  // namespace
}  // namespace mixagent

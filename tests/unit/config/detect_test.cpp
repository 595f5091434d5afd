#include "config/detect.h"

#include "base/text.h"

#include <doctest/doctest.h>

#include <map>
#include <set>

using namespace mixagent;

namespace {

using Files = std::map<std::string, std::string>;
using Commands = std::vector<std::string>;

const std::set<std::string> everything = {
    "npm",    "pnpm",   "yarn",  "bun", "python3", "pytest", "cargo",    "go",
    "cmake",  "make",   "mix",   "mvn", "gradle",  "java",   "composer", "vendor/bin/phpunit",
    "dotnet", "bundle", "swift", "deno"};

Detected detected(const Files& files, const std::set<std::string>& programs = everything) {
  RepositoryFiles repository;
  for (const auto& [path, text] : files) repository.paths.push_back(path);
  repository.read = [&files](const std::string& path) -> std::optional<std::string> {
    const auto found = files.find(path);
    if (found == files.end()) return std::nullopt;
    return found->second;
  };
  repository.has_program = [&programs](const std::string& name) {
    return programs.count(name) != 0;
  };
  return detect_commands(repository);
}

Commands commands(const Detected& found) {
  Commands all;
  for (const Check& check : found.checks) {
    CHECK(check.origin == CheckOrigin::detected);
    all.push_back(check.command);
  }
  return all;
}

const std::string npm_test = R"({"scripts": {"test": "jest"}, "dependencies": {"x": "1"}})";
const std::string unittest = "import unittest\nclass T(unittest.TestCase): pass\n";
const std::string pytest = "def test_x():\n    assert True\n";

}  // namespace

TEST_CASE("the files of a repository tell its test commands") {
  struct Case {
    const char* name;
    Files files;
    Commands expected;
  };
  const std::vector<Case> cases = {
      {"npm", {{"package.json", npm_test}, {"package-lock.json", "{}"}}, {"npm test"}},
      {"pnpm", {{"package.json", npm_test}, {"pnpm-lock.yaml", ""}}, {"pnpm test"}},
      {"yarn", {{"package.json", npm_test}, {"yarn.lock", ""}}, {"yarn test"}},
      {"the default script is none",
       {{"package.json",
         R"({"scripts": {"test": "echo \"Error: no test specified\" && exit 1"}})"}},
       {}},
      {"no scripts", {{"package.json", "{}"}}, {}},
      {"broken manifest", {{"package.json", "{"}}, {}},
      {"pytest by configuration",
       {{"pyproject.toml", "[tool.pytest.ini_options]\n"}},
       {"python3 -m pytest -q --junitxml=/tmp/mixagent-pytest.xml"}},
      {"pytest by its tests",
       {{"tests/test_a.py", pytest}},
       {"python3 -m pytest -q --junitxml=/tmp/mixagent-pytest.xml"}},
      {"unittest in a folder",
       {{"tests/test_a.py", unittest}},
       {"python3 -m unittest discover -s tests"}},
      {"unittest in a package",
       {{"tests/__init__.py", ""}, {"tests/test_a.py", unittest}},
       {"python3 -m unittest discover -s tests -t ."}},
      {"unittest at the root",
       {{"calc.py", ""}, {"test_calc.py", unittest}},
       {"python3 -m unittest"}},
      {"mixed tests",
       {{"tests/test_a.py", unittest}, {"tests/test_b.py", pytest}},
       {"python3 -m pytest -q --junitxml=/tmp/mixagent-pytest.xml"}},
      {"rust", {{"Cargo.toml", "[package]"}}, {"cargo test"}},
      {"go", {{"go.mod", "module x"}}, {"go test -json ./..."}},
      {"maven", {{"pom.xml", ""}}, {"mvn -q test"}},
      {"gradle wrapper", {{"build.gradle", ""}, {"gradlew", ""}}, {"./gradlew test"}},
      {"composer", {{"composer.json", R"({"scripts": {"test": ["phpunit"]}})"}}, {"composer test"}},
      {"phpunit", {{"composer.json", "{}"}, {"phpunit.xml", ""}}, {"vendor/bin/phpunit"}},
      {"elixir", {{"mix.exs", ""}}, {"mix test"}},
      {"make", {{"Makefile", "all:\n\ttrue\ntest: all\n\t./t\n"}}, {"make test"}},
      {"make check", {{"Makefile", "check:\n\t./t\n"}}, {"make check"}},
      {"no such target", {{"Makefile", "test:=1\ntests:\n\ttrue\n"}}, {}},
      {"a language before make",
       {{"Makefile", "test:\n\tgo test\n"}, {"go.mod", ""}},
       {"go test -json ./..."}},
      {"script", {{"test.sh", "exit 0"}}, {"bash test.sh"}},
      {"two languages",
       {{"package.json", npm_test}, {"go.mod", ""}},
       {"npm test", "go test -json ./..."}},
      {"nothing", {{"README.md", ""}}, {}},
  };
  for (const Case& test : cases) {
    CAPTURE(test.name);
    CHECK(commands(detected(test.files)) == test.expected);
  }
  const auto cmake = commands(detected({{"CMakeLists.txt", "enable_testing()\n"}}));
  REQUIRE(cmake.size() == 1);
  CHECK(cmake[0].find("ctest --test-dir /tmp/") != std::string::npos);
  CHECK(commands(detected({{"CMakeLists.txt", "project(x)\n"}})).empty());
}

TEST_CASE("where a runner can report test by test, the check says how to read it") {
  const auto results = [](const Files& files) { return detected(files).checks.at(0).results; };
  CHECK(results({{"go.mod", ""}}) == "go-json");
  CHECK(results({{"pytest.ini", ""}}) == "junit:/tmp/mixagent-pytest.xml");
  CHECK(results({{"CMakeLists.txt", "enable_testing()\n"}}) == "ctest");
  CHECK(results({{"Cargo.toml", ""}}).empty());
}

TEST_CASE("a runner that is not there is named, not guessed") {
  const Detected rust = detected({{"Cargo.toml", ""}}, {});
  CHECK(rust.checks.empty());
  CHECK(rust.missing == std::vector<std::string>{"Cargo.toml, but no cargo"});
  const Detected python = detected({{"tests/test_a.py", pytest}}, {"python3"});
  CHECK(python.checks.empty());
  CHECK(python.missing == std::vector<std::string>{"tests for pytest, but no pytest"});
  CHECK(commands(detected({{"tests/test_a.py", unittest}}, {"python3"})) ==
        Commands{"python3 -m unittest discover -s tests"});
  CHECK(commands(detected({{"tests/test_a.py", pytest}}, {"python3", ".venv/bin/pytest"})) ==
        Commands{".venv/bin/python -m pytest -q --junitxml=/tmp/mixagent-pytest.xml"});
}

TEST_CASE("setup is suggested where dependencies are not installed") {
  const Files files = {{"package.json", npm_test}, {"package-lock.json", "{}"}};
  const Detected fresh = detected(files);
  CHECK(fresh.setup == Commands{"npm ci"});
  CHECK(fresh.setup_inputs == Commands{"package.json", "package-lock.json"});
  CHECK(detected(files, {"npm", "node_modules/.bin"}).setup.empty());
  CHECK(detected({{"package.json", R"({"scripts": {"test": "node t.js"}})"}}).setup.empty());
}

#include "config/detect.h"

#include "base/json.h"
#include "base/text.h"

#include <algorithm>

namespace mixagent {

namespace {

constexpr std::size_t most_test_files = 20;  // that are read to tell the runner

// One look at the repository. Each runner has a function; it adds what it is sure of.
class Look {
 public:
  explicit Look(const RepositoryFiles& files) : files_(files) {}

  Detected take() {
    node();
    python();
    rust();
    go();
    cmake();
    php();
    jvm();
    others();
    if (found_.checks.empty()) make();
    if (found_.checks.empty()) script();
    return std::move(found_);
  }

 private:
  bool has(const std::string& path) const {
    return std::binary_search(files_.paths.begin(), files_.paths.end(), path);
  }
  std::string read(const std::string& path) const {
    return has(path) ? files_.read(path).value_or("") : std::string();
  }
  bool root_has(std::string_view extension) const {
    return std::any_of(files_.paths.begin(), files_.paths.end(), [&](const std::string& path) {
      return path.find('/') == std::string::npos && path.ends_with(extension);
    });
  }
  bool any_below(std::string_view folder) const {
    return std::any_of(files_.paths.begin(), files_.paths.end(),
                       [&](const std::string& path) { return path.starts_with(folder); });
  }

  void add(const std::string& command, const std::string& results = {}) {
    Check check;
    check.command = command;
    check.results = results;
    check.origin = CheckOrigin::detected;
    found_.checks.push_back(std::move(check));
  }

  // Adds the command when the program is there, else says what is missing.
  bool add_with(const std::string& program, const std::string& command, const std::string& because,
                const std::string& results = {}) {
    if (!files_.has_program(program)) {
      found_.missing.push_back(because + ", but no " + program);
      return false;
    }
    add(command, results);
    return true;
  }

  std::string script_of(const std::string& manifest, std::string_view name) const {
    const auto json = parse_json(read(manifest));
    if (!json) return {};
    const Json& entry = member(member(*json, "scripts"), name);
    if (entry.is_string()) return entry.get<std::string>();
    return entry.is_array() && !entry.empty() ? "list" : std::string();
  }

  void node() {
    const std::string test = script_of("package.json", "test");
    if (test.empty() || test.find("no test specified") != std::string::npos) return;
    struct Manager {
      const char *lock, *program, *test, *setup;
    };
    static constexpr Manager managers[] = {
        {"pnpm-lock.yaml", "pnpm", "pnpm test", "pnpm install --frozen-lockfile"},
        {"yarn.lock", "yarn", "yarn test", "yarn install --frozen-lockfile"},
        {"bun.lock", "bun", "bun run test", "bun install --frozen-lockfile"},
        {"bun.lockb", "bun", "bun run test", "bun install --frozen-lockfile"},
        {"package-lock.json", "npm", "npm test", "npm ci"},
        {"package.json", "npm", "npm test", "npm install"},
    };
    for (const Manager& manager : managers) {
      if (!has(manager.lock)) continue;
      if (add_with(manager.program, manager.test, "package.json has a test script")) {
        suggest_setup(manager.setup, manager.lock);
      }
      return;
    }
  }

  void suggest_setup(const std::string& command, const std::string& lock) {
    if (files_.has_program("node_modules/.bin") ||
        read("package.json").find("ependencies") == std::string::npos) {
      return;  // installed, or nothing to install
    }
    found_.setup.push_back(command);
    found_.setup_inputs.emplace_back("package.json");
    if (lock != "package.json") found_.setup_inputs.push_back(lock);
  }

  struct PythonTests {
    bool any = false, unittest = true;  // all that were read use unittest
    bool in_root = false;
    std::string folder;  // "tests" or "test"
  };

  PythonTests python_tests() const {
    PythonTests tests;
    std::size_t looked = 0;
    for (const std::string& path : files_.paths) {
      const auto slash = path.rfind('/');
      const std::string file = slash == std::string::npos ? path : path.substr(slash + 1);
      const bool test =
          file.ends_with(".py") && (file.starts_with("test_") || file.ends_with("_test.py"));
      if (!test) continue;
      tests.any = true;
      tests.in_root = tests.in_root || slash == std::string::npos;
      for (const char* folder : {"tests", "test"}) {
        if (tests.folder.empty() && path.starts_with(std::string(folder) + "/"))
          tests.folder = folder;
      }
      if (++looked > most_test_files) continue;
      const std::string text = read(path);
      const bool pytest = text.find("import pytest") != std::string::npos;
      tests.unittest = tests.unittest && !pytest && text.find("unittest") != std::string::npos;
    }
    return tests;
  }

  bool configures_pytest() const {
    return has("pytest.ini") || has("conftest.py") || has("tests/conftest.py") ||
           read("pyproject.toml").find("[tool.pytest") != std::string::npos ||
           read("setup.cfg").find("[tool:pytest]") != std::string::npos ||
           read("tox.ini").find("[pytest]") != std::string::npos;
  }

  void python() {
    const PythonTests tests = python_tests();
    const bool configured = configures_pytest();
    if (!tests.any && !configured) return;
    const char* environment = files_.has_program(".venv/bin/pytest")  ? ".venv/bin/"
                              : files_.has_program("venv/bin/pytest") ? "venv/bin/"
                                                                      : "";
    const bool pytest = *environment != '\0' || files_.has_program("pytest");
    if (pytest && (configured || !tests.unittest)) {
      add((*environment != '\0' ? std::string(environment) + "python" : "python3") +
              " -m pytest -q --junitxml=/tmp/mixagent-pytest.xml",
          "junit:/tmp/mixagent-pytest.xml");
      return;
    }
    if (!tests.any || !tests.unittest) {
      found_.missing.emplace_back("tests for pytest, but no pytest");
      return;
    }
    const std::string unittest = "python3 -m unittest";
    const std::string because = "tests for unittest";
    if (tests.folder.empty()) {
      if (tests.in_root) add_with("python3", unittest, because);
      return;
    }
    const bool package = has(tests.folder + "/__init__.py");
    add_with("python3", unittest + " discover -s " + tests.folder + (package ? " -t ." : ""),
             because);
  }

  void rust() {
    if (has("Cargo.toml")) add_with("cargo", "cargo test", "Cargo.toml");
  }

  void go() {
    if (has("go.mod")) add_with("go", "go test -json ./...", "go.mod", "go-json");
  }

  void cmake() {
    const std::string text = read("CMakeLists.txt");
    const bool tests = text.find("enable_testing") != std::string::npos ||
                       text.find("include(CTest)") != std::string::npos;
    if (!tests) return;
    // Outside of the tree: a build folder of the user's keeps its own settings.
    add_with("cmake",
             "cmake -S . -B /tmp/mixagent-build && cmake --build /tmp/mixagent-build -j && "
             "ctest --test-dir /tmp/mixagent-build --output-on-failure",
             "CMakeLists.txt with tests", "ctest");
  }

  void php() {
    if (!script_of("composer.json", "test").empty()) {
      add_with("composer", "composer test", "composer.json has a test script");
    } else if (has("phpunit.xml") || has("phpunit.xml.dist")) {
      add_with("vendor/bin/phpunit", "vendor/bin/phpunit", "phpunit.xml");
    }
  }

  void jvm() {
    if (has("build.gradle") || has("build.gradle.kts")) {
      if (has("gradlew"))
        add_with("java", "./gradlew test", "gradlew");
      else
        add_with("gradle", "gradle test", "build.gradle");
    }
    if (has("pom.xml")) {
      if (has("mvnw"))
        add_with("java", "./mvnw -q test", "mvnw");
      else
        add_with("mvn", "mvn -q test", "pom.xml");
    }
  }

  void others() {
    if (has("mix.exs")) add_with("mix", "mix test", "mix.exs");
    if (root_has(".sln") || root_has(".csproj"))
      add_with("dotnet", "dotnet test", "a .NET project");
    if (has("Gemfile") && any_below("spec/")) add_with("bundle", "bundle exec rspec", "specs");
    if (has("deno.json") && files_.has_program("deno")) add("deno test");
    if (has("Package.swift")) add_with("swift", "swift test", "Package.swift");
  }

  void make() {
    for (const char* name : {"GNUmakefile", "makefile", "Makefile"}) {
      for (const std::string& line : split_lines(read(name))) {
        for (const char* target : {"test", "check"}) {
          const std::string head = std::string(target) + ":";
          const bool rule = line.starts_with(head) && !line.starts_with(head + "=");
          if (rule && add_with("make", std::string("make ") + target, name)) return;
        }
      }
    }
  }

  void script() {
    for (const char* name :
         {"test.sh", "run_tests.sh", "scripts/test.sh", "scripts/test", "tests/run.sh"}) {
      if (has(name)) {
        add(std::string("bash ") + name);
        return;
      }
    }
  }

  const RepositoryFiles& files_;
  Detected found_;
};

}  // namespace

Detected detect_commands(const RepositoryFiles& files) {
  return Look(files).take();
}

}  // namespace mixagent

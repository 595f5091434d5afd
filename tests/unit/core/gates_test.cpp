#include "core/gates.h"

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

namespace mixagent {
namespace {

using Strings = std::vector<std::string>;

// A change told by texts: "" before means created, "" after means deleted.
struct TextChange {
  std::string path, before, after;
};

struct World {
  std::map<std::string, std::string> blobs;
  Change change;
  Step step;
  Strings protect;
  std::vector<Refusal> refusals;
  std::vector<Step> beside = {};

  void add(const TextChange& one) {
    const auto entry = [&](const std::string& text) -> std::optional<TreeEntry> {
      if (text.empty()) return std::nullopt;
      blobs[text] = text;
      return TreeEntry{BlobId{text}, FileMode::regular, static_cast<std::int64_t>(text.size())};
    };
    change.files.push_back({one.path, entry(one.before), entry(one.after)});
  }

  std::vector<GateFailure> run() const {
    const auto bytes = [this](const BlobId& id) -> Result<std::string> {
      const auto found = blobs.find(id.text);
      if (found == blobs.end()) return fail(ErrorCode::not_found, "no such blob", id.text);
      return found->second;
    };
    return run_gates({change, refusals, step, protect, bytes, beside});
  }

  Strings told() const {
    Strings out;
    for (const auto& failure : run()) {
      out.push_back(failure.gate + (failure.hard ? " hard " : " soft ") + failure.path);
    }
    return out;
  }
};

World world_of(const std::vector<TextChange>& changes) {
  World world;
  world.step.id = "s1";
  for (const auto& one : changes) world.add(one);
  return world;
}

TEST_CASE("a file of a step at work beside this one stays as it is") {
  World world = world_of({{"a.py", "x", "y"}, {"b.py", "x", "y"}, {"c.py", "x", "y"}});
  world.step.files.write = {"a.py"};
  Step other, anything;
  other.id = "s2";
  other.files.write = {"b.py", "a.py"};
  anything.id = "s3";  // without files of its own it owns none
  world.beside = {anything, other};
  CHECK(world.told() == Strings{"owned hard b.py", "scope soft c.py"});
  world.beside.clear();
  CHECK(world.told() == Strings{"scope soft b.py", "scope soft c.py"});
}

TEST_CASE("an empty patch fails, but not of a step that need not change anything") {
  World world = world_of({});
  CHECK(world.told() == Strings{"empty hard "});
  world.step.action = StepAction::command;
  CHECK(world.told().empty());
  world.step.action = StepAction::research;
  CHECK(world.told().empty());
}

TEST_CASE("refusals of the collection are hard") {
  World world = world_of({{"a.py", "a\n", "b\n"}});
  world.refusals = {{"link", "absolute symlink"}};
  const auto failures = world.run();
  REQUIRE(failures.size() == 1);
  CHECK(failures[0].gate == "refused");
  CHECK(failures[0].hard);
  CHECK(failures[0].path == "link");
  CHECK(failures[0].why ==
        "link: cannot be taken out of the workspace (absolute symlink); remove it");
}

TEST_CASE("protected paths need to be named by the step") {
  struct Case {
    const char* name;
    Strings protect, write;
    std::string path;
    Strings told;
  };
  const std::string golden = "tests/golden/a.txt";
  const std::vector<Case> cases = {
      {"not protected", {"tests/golden/**"}, {}, "src/a.py", {}},
      {"protected", {"tests/golden/**"}, {}, golden, {"protected hard " + golden}},
      {"named itself", {"tests/golden/**"}, {golden}, golden, {}},
      {"named by a glob inside", {"tests/golden/**"}, {"tests/golden/*.txt"}, golden, {}},
      {"a wide glob does not name it",
       {"tests/golden/**"},
       {"tests/**"},
       golden,
       {"protected hard " + golden}},
      {"everything does not name it",
       {"tests/golden/**"},
       {"**"},
       golden,
       {"protected hard " + golden}},
      {"a folder above does not name it",
       {"tests/golden/**"},
       {"tests"},
       golden,
       {"protected hard " + golden}},
      {"a protection without a folder",
       {"**/*.lock"},
       {"src/**"},
       "src/a.lock",
       {"protected hard src/a.lock"}},
      {"the same, named", {"**/*.lock"}, {"src/a.lock"}, "src/a.lock", {}},
      {"protected and out of scope is one failure",
       {"tests/golden/**"},
       {"src/a.py"},
       golden,
       {"protected hard " + golden}},
  };
  for (const auto& one : cases) {
    INFO(std::string(one.name));
    World world = world_of({{one.path, "a\n", "b\n"}});
    world.protect = one.protect;
    world.step.files.write = one.write;
    CHECK(world.told() == one.told);
  }
  World deleted = world_of({{golden, "a\n", ""}});
  deleted.protect = {"tests/golden/**"};
  CHECK(deleted.told() == Strings{"protected hard " + golden});
}

TEST_CASE("writing outside of the step's files is soft") {
  World world = world_of({{"a.py", "a\n", "b\n"}, {"b.py", "", "b\n"}, {"c.py", "c\n", ""}});
  world.step.files.write = {"a.py"};
  CHECK(world.told() == Strings{"scope soft b.py", "scope soft c.py"});
  world.step.files.create = {"*.py"};
  CHECK(world.told().empty());
}

TEST_CASE("added lines are looked at") {
  const std::string key = "sk-proj-9fK2mQ7xT4vB8nR1cW6yZ3";
  const std::string aws = "AKIA7QX2M9KD4TRB8VNC";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"<<<<<<< HEAD", "conflict-markers"},
      {">>>>>>> theirs", "conflict-markers"},
      {"<<<<<<< SEARCH", "conflict-markers"},
      {">>>>>>>", "conflict-markers"},
      {"=======", ""},
      {"    x <<<<<<< 3", ""},
      {"<<<<<<<<<<<<", ""},
      {"# rest of the file unchanged", "placeholder"},
      {"// ... existing code ...", "placeholder"},
      {"  // unchanged", "placeholder"},
      {"/* ... rest of the implementation ... */", "placeholder"},
      {"<!-- remaining code stays the same -->", "placeholder"},
      {"# ... (rest of the code remains the same)", "placeholder"},
      {"-- rest unchanged", "placeholder"},
      {"// code omitted for brevity", "placeholder"},
      {"# \xe2\x80\xa6 existing code \xe2\x80\xa6", "placeholder"},
      {"{/* existing code here */}", "placeholder"},
      {"// Returns the list unchanged.", ""},
      {"# Skip the rest of the file.", ""},
      {"# the existing code path handles this", ""},
      {"    ...", ""},
      {"rest of the file unchanged", ""},
      {"# TODO: more", ""},
      {"// Other code depends on this", ""},
      {"print('... existing code ...')", ""},
      {"API_KEY = '" + key + "'", "secret"},
      {"aws = \"" + aws + "\"", "secret"},
      {"-----BEGIN RSA PRIVATE KEY-----", "secret"},
      {"-----BEGIN PRIVATE KEY-----", "secret"},
      {"-----BEGIN PUBLIC KEY-----", ""},
      {"token = 'ghp_a8Fk29sLq0PzXv7Rt4Ym1Nc6Wb3Ed5Uh0Jg2'", "secret"},
      {"slack = 'xoxb-2384729384-AbCdEf93kQz'", "secret"},
      {"key = 'sk-your-key-goes-here-1234567890'", ""},
      {"key = 'AKIAIOSFODNN7EXAMPLE'", ""},
      {"key = 'sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxx'", ""},
      {"key = 'sk-aaaaaaaaaaaaaaaaaaaaaaaaaaaa'", ""},
      {"risk-assessment-of-the-long-quarterly-report", ""},
      {"task-9fK2mQ7xT4vB8nR1cW6yZ3aaaa", ""},
  };
  for (const auto& [line, gate] : cases) {
    CAPTURE(line);
    const World world = world_of({{"a.txt", "one\ntwo\n", "one\n" + line + "\ntwo\n"}});
    const auto failures = world.run();
    REQUIRE(failures.size() == (gate.empty() ? 0u : 1u));
    if (gate.empty()) continue;
    CHECK(failures[0].gate == gate);
    CHECK(failures[0].hard == (gate == "conflict-markers"));
    CHECK(failures[0].why.rfind("a.txt: line 2 ", 0) == 0);
    CHECK(failures[0].why.find(key) == std::string::npos);
    // What stood there before is nobody's fault.
    CHECK(
        world_of({{"a.txt", "one\n" + line + "\n", "one\n" + line + "\nthree\n"}}).told().empty());
  }
}

TEST_CASE("one note a gate and file is enough") {
  const std::string line = "# ... existing code ...\n";
  const World world =
      world_of({{"a.py", "", line + "x\n" + line + "<<<<<<< a\n>>>>>>> b\n"}, {"b.py", "", line}});
  CHECK(world.told() ==
        Strings{"placeholder soft a.py", "conflict-markers hard a.py", "placeholder soft b.py"});
}

TEST_CASE("binary files, links and unreadable blobs pass the text gates") {
  World world = world_of({{"a.bin", "", std::string("\0<<<<<<< x\n", 11)}});
  CHECK(world.told().empty());
  World link = world_of({{"l", "", "<<<<<<< x"}});
  link.change.files[0].after->mode = FileMode::symlink;
  CHECK(link.told().empty());
  World lost = world_of({{"a", "", "<<<<<<< x"}});
  lost.blobs.clear();
  CHECK(lost.told().empty());
}

TEST_CASE("files that run by themselves") {
  for (const char* path : {"package.json",
                           "web/package.json",
                           "Makefile",
                           "sub/CMakeLists.txt",
                           "conftest.py",
                           "tests/conftest.py",
                           "setup.py",
                           "build.rs",
                           "crates/x/build.rs",
                           ".github/workflows/ci.yml",
                           ".gitlab-ci.yml",
                           ".vscode/tasks.json",
                           ".idea/runConfigurations/a.xml",
                           ".claude/settings.json",
                           ".codex/config.toml",
                           ".cursor/mcp.json",
                           ".mcp.json",
                           ".devcontainer/devcontainer.json",
                           ".envrc",
                           ".husky/pre-commit",
                           ".githooks/pre-commit",
                           ".pre-commit-config.yaml",
                           ".npmrc",
                           ".gitattributes",
                           ".gitmodules",
                           "mixagent.toml",
                           "web/vite.config.ts",
                           "cmake/find.cmake",
                           "Dockerfile",
                           ".cargo/config.toml",
                           "pyproject.toml"}) {
    CAPTURE(path);
    CHECK(runs_by_itself(path));
  }
  for (const char* path :
       {"src/a.py", "README.md", "package.json.md", "docs/Makefile.txt", "github/x.yml",
        "src/mixagent.toml", "src/.gitlab-ci.yml", "my.github/x", "config.js", ".gitignore"}) {
    CAPTURE(path);
    CHECK_FALSE(runs_by_itself(path));
  }
}

}  // namespace
}  // namespace mixagent

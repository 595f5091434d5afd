#include "core/gates.h"

#include "base/glob.h"
#include "base/text.h"
#include "core/diff.h"
#include "core/plan_rules.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string_view>

namespace mixagent {

namespace {

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// ---- conflict markers ----

bool is_conflict_marker(std::string_view line) {
  if (!line.starts_with("<<<<<<<") && !line.starts_with(">>>>>>>")) return false;
  return line.size() == 7 || line[7] == ' ' || line[7] == '\r';
}

// ---- placeholders ----

// The text of a comment line without its marks; nothing when the line is no comment.
std::optional<std::string> comment_text(std::string_view line) {
  line = trim(line);
  bool comment = false;
  for (const std::string_view mark : {"<!--", "{/*", "//", "/*", "#", "--", ";", "%", "*"}) {
    if (!line.starts_with(mark)) continue;
    line.remove_prefix(mark.size());
    comment = true;
    break;
  }
  if (!comment) return std::nullopt;
  for (const std::string_view mark : {"-->", "*/}", "*/"}) {
    if (line.size() >= mark.size() && line.substr(line.size() - mark.size()) == mark) {
      line.remove_suffix(mark.size());
    }
  }
  while (!line.empty() && (line.front() == '/' || line.front() == '#')) line.remove_prefix(1);
  return lower(trim(line));
}

// Cuts dots, brackets and the like from both ends; tells whether an ellipsis was among them.
bool strip_ellipsis(std::string& text) {
  bool ellipsis = contains(text, "...") || contains(text, "\xe2\x80\xa6");
  text = replace_all(replace_all(std::move(text), "\xe2\x80\xa6", " "), "...", " ");
  const auto rim = [](char c) { return contains(" \t.-[]()<>{}:", std::string_view(&c, 1)); };
  while (!text.empty() && rim(text.front())) text.erase(0, 1);
  while (!text.empty() && rim(text.back())) text.pop_back();
  return ellipsis;
}

// "# rest of the file unchanged" is one; "# skip the rest of the file" and "# returns it unchanged"
// are not.
bool is_placeholder(std::string_view line) {
  auto text = comment_text(line);
  if (!text) return false;
  const bool ellipsis = strip_ellipsis(*text);
  constexpr std::array<std::string_view, 12> whole = {
      "unchanged",     "rest unchanged", "no changes",   "same as before",
      "as before",     "existing code",  "rest of code", "rest of the code",
      "previous code", "original code",  "code omitted", "rest of file"};
  if (std::find(whole.begin(), whole.end(), *text) != whole.end()) return true;
  constexpr std::array<std::string_view, 13> parts = {"rest of the",
                                                      "rest of your",
                                                      "rest of code",
                                                      "rest of file",
                                                      "remaining code",
                                                      "existing code",
                                                      "remaining file",
                                                      "other code",
                                                      "previous code",
                                                      "original code",
                                                      "omitted",
                                                      "code unchanged",
                                                      "existing implementation"};
  const bool part = std::any_of(parts.begin(), parts.end(),
                                [&](std::string_view one) { return contains(*text, one); });
  constexpr std::array<std::string_view, 8> tails = {"unchanged", "the same",   "same as",
                                                     "as before", "remains",    "goes here",
                                                     "code here", "for brevity"};
  const bool tail = std::any_of(tails.begin(), tails.end(),
                                [&](std::string_view one) { return contains(*text, one); });
  return (part && (ellipsis || tail)) || (ellipsis && tail);
}

// ---- secrets ----

bool is_token_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

double entropy_bits(std::string_view text) {
  std::array<int, 256> counts{};
  for (const char c : text) ++counts[static_cast<unsigned char>(c)];
  double bits = 0;
  for (const int count : counts) {
    if (count == 0) continue;
    const double share = count / static_cast<double>(text.size());
    bits -= share * std::log2(share);
  }
  return bits;
}

struct KeyShape {
  std::string_view prefix;
  std::size_t least;  // characters after the prefix
  const char* what;
};

constexpr std::array<KeyShape, 16> key_shapes = {{
    {"sk-ant-", 20, "an API key"},
    {"sk-", 20, "an API key"},
    {"sk_live_", 16, "a payment key"},
    {"rk_live_", 16, "a payment key"},
    {"ghp_", 30, "a GitHub token"},
    {"gho_", 30, "a GitHub token"},
    {"ghs_", 30, "a GitHub token"},
    {"github_pat_", 30, "a GitHub token"},
    {"glpat-", 18, "a GitLab token"},
    {"AKIA", 16, "an AWS key"},
    {"ASIA", 16, "an AWS key"},
    {"AIza", 30, "a Google key"},
    {"xoxb-", 20, "a Slack token"},
    {"xoxp-", 20, "a Slack token"},
    {"hf_", 30, "a Hugging Face token"},
    {"npm_", 30, "an npm token"},
}};

// What a secret-like string in the line looks like; nullptr when there is none.
const char* secret_in(std::string_view line) {
  if (contains(line, "-----BEGIN ") && contains(line, "PRIVATE KEY")) return "a private key";
  for (const auto& shape : key_shapes) {
    for (auto at = line.find(shape.prefix); at != std::string_view::npos;
         at = line.find(shape.prefix, at + 1)) {
      if (at > 0 && is_token_char(line[at - 1])) continue;
      const auto rest = line.substr(at + shape.prefix.size());
      const auto end = std::find_if_not(rest.begin(), rest.end(), is_token_char);
      const auto token = rest.substr(0, static_cast<std::size_t>(end - rest.begin()));
      const std::string low = lower(token);
      const bool sample = contains(low, "example") || contains(low, "xxxx") ||
                          contains(low, "your") || contains(low, "placeholder");
      if (token.size() >= shape.least && !sample && entropy_bits(token) >= 3.0) return shape.what;
    }
  }
  return nullptr;
}

// ---- protection ----

std::string_view literal_head(std::string_view pattern) {
  const auto wild = pattern.find_first_of("*?[");
  if (wild == std::string_view::npos) return pattern;
  const auto slash = pattern.substr(0, wild).rfind('/');
  return slash == std::string_view::npos ? std::string_view() : pattern.substr(0, slash + 1);
}

// By its own path, or by a pattern that starts inside the protected folder: "**" or "tests/**" do
// not name "tests/golden/a.txt" that "tests/golden/**" protects.
bool step_names(const Step& step, const std::string& path, std::string_view protection) {
  const auto head = literal_head(protection);
  const auto names = [&](const std::string& pattern) {
    if (pattern == path) return true;
    return !head.empty() && literal_head(pattern).starts_with(head) && glob_match(pattern, path);
  };
  return std::any_of(step.files.write.begin(), step.files.write.end(), names) ||
         std::any_of(step.files.create.begin(), step.files.create.end(), names);
}

class Gates {
 public:
  explicit Gates(const GateInput& input) : input_(input) {}

  std::vector<GateFailure> run() {
    check_empty();
    for (const auto& refusal : input_.refusals) {
      add("refused", refusal.path, true,
          "cannot be taken out of the workspace (" + refusal.why + "); remove it");
    }
    for (const auto& file : input_.change.files) {
      const bool guarded = check_protected(file.path) || check_test_only(file.path);
      if (!guarded) check_scope(file.path);
      if (file.after && file.after->mode != FileMode::symlink) check_added_text(file);
    }
    return std::move(failures_);
  }

 private:
  void add(const char* gate, const std::string& path, bool hard, const std::string& why) {
    failures_.push_back({gate, path.empty() ? why : path + ": " + why, path, hard});
  }

  void check_empty() {
    const auto action = input_.step.action;
    if (!input_.change.empty() || action == StepAction::command || action == StepAction::research)
      return;
    add("empty", "", true, "nothing was changed; make the change, or give_up with the reason");
  }

  bool check_protected(const std::string& path) {
    for (const auto& protection : input_.protect) {
      if (!glob_match(protection, path) || step_names(input_.step, path, protection)) continue;
      add("protected", path, true,
          "is protected by '" + protection +
              "' and the step does not name it; take the change back");
      return true;
    }
    return false;
  }

  // Else a test step could do the work that its test is to ask for.
  bool check_test_only(const std::string& path) {
    const auto& files = input_.step.files;
    if (input_.step.action != StepAction::test || judges_others(path)) return false;
    if (any_glob_matches(files.write, path) || any_glob_matches(files.create, path)) return false;
    add("tests", path, true, "is no test file; this step writes tests only, take the change back");
    return true;
  }

  void check_scope(const std::string& path) {
    if (in_scope(input_.step, path)) return;
    for (const Step& other : input_.beside) {
      if ((other.files.write.empty() && other.files.create.empty()) || !in_scope(other, path))
        continue;
      add("owned", path, true,
          "belongs to the step '" + other.id +
              "', which is done apart from this one; take the change back");
      return;
    }
    add("scope", path, false,
        "is outside of the step's files; take the change back unless the step needs it");
  }

  void check_added_text(const FileChange& file) {
    const auto after = input_.bytes(file.after->blob);
    if (!after || looks_binary(*after)) return;
    std::string before;
    if (file.before && file.before->mode != FileMode::symlink) {
      if (auto bytes = input_.bytes(file.before->blob); bytes && !looks_binary(*bytes))
        before = *std::move(bytes);
    }
    const auto lines = split_lines(*after);
    bool marker = false;
    bool placeholder = false;
    bool secret = false;
    for (const int number : added_lines(before, *after)) {
      const auto& line = lines[static_cast<std::size_t>(number - 1)];
      const std::string at = "line " + std::to_string(number) + " ";
      if (!marker && is_conflict_marker(line)) {
        marker = true;
        add("conflict-markers", file.path, true, at + "is a conflict marker; resolve it");
      }
      if (!placeholder && is_placeholder(line)) {
        placeholder = true;
        add("placeholder", file.path, false,
            at + "stands for code that was left out (`" + clip(trim(line), 80) +
                "`); write it out");
      }
      if (const char* what = secret ? nullptr : secret_in(line)) {
        secret = true;
        add("secret", file.path, false,
            at + "looks like " + what +
                "; keep secrets out of files, read them from the environment");
      }
    }
  }

  const GateInput& input_;
  std::vector<GateFailure> failures_;
};

}  // namespace

std::vector<GateFailure> run_gates(const GateInput& input) {
  return Gates(input).run();
}

bool is_test_file(const std::string& path) {
  const std::string name = lower(path);
  static constexpr std::array<std::string_view, 8> signs = {
      "test/", "tests/", "spec/", "specs/", "__tests__/", "_test.", "test_", "_spec."};
  return std::any_of(signs.begin(), signs.end(),
                     [&](std::string_view sign) { return contains(name, sign); }) ||
         contains(name, ".test.") || contains(name, ".spec.") || contains(path, "Test.") ||
         contains(path, "Tests.");
}

bool judges_others(const std::string& path) {
  static constexpr std::array<std::string_view, 5> folders = {
      "__snapshots__/", "golden/", "goldens/", "snapshots/", "fixtures/"};
  static constexpr std::array<std::string_view, 9> names = {
      "conftest.py",    "pytest.ini",    "tox.ini",     ".mocharc", "jest.config",
      "vitest.config.", "karma.conf.js", "phpunit.xml", ".rspec"};
  const std::string all = lower(path);
  const auto slash = all.rfind('/');
  const std::string_view own =
      slash == std::string::npos ? std::string_view(all) : std::string_view(all).substr(slash + 1);
  return is_test_file(path) || contains(own, ".snap") || contains(own, ".golden") ||
         contains(own, ".approved.") ||
         std::any_of(folders.begin(), folders.end(),
                     [&](std::string_view one) { return contains(all, one); }) ||
         std::any_of(names.begin(), names.end(),
                     [&](std::string_view one) { return own.starts_with(one); });
}

bool names_checker(const std::string& command, const std::string& path) {
  const auto word = [&](std::string_view wanted) {
    constexpr std::string_view rim = " \t'\"();|&<>=";
    for (auto at = command.find(wanted); at != std::string::npos;
         at = command.find(wanted, at + 1)) {
      const bool dotted = at >= 2 && command.compare(at - 2, 2, "./") == 0;
      const std::size_t start = dotted ? at - 2 : at;
      const auto end = at + wanted.size();
      const bool begins = start == 0 || contains(rim, std::string_view(&command[start - 1], 1));
      const bool ends = end == command.size() || contains(rim, std::string_view(&command[end], 1));
      if (begins && ends) return true;
    }
    return false;
  };
  // A script that checks, by its name; any other may as well be what is checked.
  constexpr std::array<std::string_view, 5> checkers = {"test", "check", "verif", "spec", "lint"};
  const std::string own = lower(path);
  const bool checker = std::any_of(checkers.begin(), checkers.end(),
                                   [&](std::string_view one) { return contains(own, one); });
  if (checker && word(path)) return true;
  if (path == "Makefile" || path == "makefile" || path == "GNUmakefile") return word("make");
  if (path == "package.json")
    return word("npm") || word("pnpm") || word("yarn") || word("bun") || word("node");
  return false;
}

bool runs_by_itself(const std::string& path) {
  // Anywhere in the tree, by the file's own name.
  constexpr std::array<std::string_view, 47> names = {"package.json",     ".npmrc",
                                                      ".yarnrc",          ".yarnrc.yml",
                                                      ".pnpmfile.cjs",    "Makefile",
                                                      "makefile",         "GNUmakefile",
                                                      "CMakeLists.txt",   "CMakePresets.json",
                                                      "meson.build",      "BUILD",
                                                      "BUILD.bazel",      "WORKSPACE",
                                                      "build.rs",         "build.gradle",
                                                      "build.gradle.kts", "settings.gradle",
                                                      "gradlew",          "pom.xml",
                                                      "Rakefile",         "Gemfile",
                                                      "Justfile",         "justfile",
                                                      "Taskfile.yml",     "Vagrantfile",
                                                      "Dockerfile",       "docker-compose.yml",
                                                      "compose.yaml",     "Jenkinsfile",
                                                      "conftest.py",      "setup.py",
                                                      "setup.cfg",        "pyproject.toml",
                                                      "tox.ini",          "noxfile.py",
                                                      "sitecustomize.py", "usercustomize.py",
                                                      ".envrc",           ".gitattributes",
                                                      ".gitmodules",      ".gitconfig",
                                                      ".mcp.json",        ".pre-commit-config.yaml",
                                                      ".lldbinit",        ".gdbinit",
                                                      "configure"};
  // Folders that editors, hooks, agents and CI read, wherever they stand.
  constexpr std::array<std::string_view, 20> folders = {
      ".github",   ".gitlab", ".circleci", ".buildkite",    ".azure-pipelines",
      ".vscode",   ".idea",   ".zed",      ".claude",       ".codex",
      ".cursor",   ".gemini", ".windsurf", ".devcontainer", ".husky",
      ".githooks", ".hooks",  ".cargo",    ".mvn",          ".direnv"};
  // At the root only.
  constexpr std::array<std::string_view, 8> root_files = {
      ".gitlab-ci.yml", ".travis.yml", "azure-pipelines.yml", "bitbucket-pipelines.yml",
      "appveyor.yml",   ".drone.yml",  ".cirrus.yml",         "mixagent.toml"};
  constexpr std::array<std::string_view, 11> endings = {
      ".pth",        ".cmake",      ".mk",     ".gradle",  ".config.js", ".config.ts",
      ".config.mjs", ".config.cjs", ".csproj", ".vcxproj", ".targets"};
  const auto parts = split(path, '/');
  const std::string& name = parts.back();
  const auto among = [](const auto& list, std::string_view one) {
    return std::find(list.begin(), list.end(), one) != list.end();
  };
  if (among(names, name)) return true;
  if (parts.size() == 1 && among(root_files, name)) return true;
  if (std::any_of(endings.begin(), endings.end(),
                  [&](std::string_view ending) { return name.ends_with(ending); }))
    return true;
  return std::any_of(parts.begin(), parts.end() - 1,
                     [&](const std::string& part) { return among(folders, part); });
}

}  // namespace mixagent

#include "scenario/stage.h"

#include "base/text.h"
#include "support/child_process.h"
#include "support/table_reader.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace mixagent {

namespace fs = std::filesystem;

const char* const test_key = "sk-test-5f2c9a17b3e84d60";

namespace {

constexpr const char* standing_config = R"(
[providers.local]
api = "openai-chat"
base_url = "http://127.0.0.1:{PORT}/v1"
api_key_env = "TEST_KEY"

[models.planner-model]
provider = "local"
tier = 3
family = "alpha"
price = { input = 5.00, output = 25.00 }
[models.worker-small]
provider = "local"
tier = 1
family = "beta"
price = { input = 0.20, output = 0.80 }
[models.worker-medium]
provider = "local"
tier = 2
family = "gamma"
price = { input = 1.00, output = 4.00 }
[models.worker-large]
provider = "local"
tier = 3
family = "delta"
price = { input = 3.00, output = 15.00 }
[models.reviewer-model]
provider = "local"
tier = 3
family = "epsilon"
price = { input = 2.00, output = 10.00 }

[seats.planner]
model = "planner-model"
[seats.worker]
ladder = ["worker-small", "worker-medium", "worker-large"]
[seats.reviewer]
model = "reviewer-model"
)";

TomlTable effective_config(const TomlTable& story_config) {
  const auto standing = parse_toml(standing_config, "standing configuration");
  MIX_CHECK(standing.has_value(), "the standing configuration is no TOML");
  return merge_toml(*standing, story_config);
}

fs::path make_root() {
  std::string name = (fs::temp_directory_path() / "mixagent-story-XXXXXX").string();
  MIX_CHECK(mkdtemp(name.data()) != nullptr, "no temporary folder");
  return fs::canonical(name);
}

std::string mode_of(const fs::path& file) {
  const auto status = fs::symlink_status(file);
  return std::to_string(static_cast<unsigned>(status.permissions())) +
         (fs::is_symlink(status) ? " link " : " ");
}

}  // namespace

std::string slurp(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream bytes;
  bytes << in.rdbuf();  // a file of /proc whose process just ended sets a flag here and throws
                        // elsewhere
  return bytes.str();
}

void spill(const fs::path& file, const std::string& bytes) {
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << bytes;
}

std::map<std::string, ServerPrice> standing_prices(const TomlTable& story_config) {
  std::map<std::string, ServerPrice> prices;
  const TomlTable config = effective_config(story_config);
  for (const auto& [name, model] : *config.at("models").table()) {
    TableReader reader(*model.table(), "model");
    const TomlTable* price = reader.table("price");
    if (price == nullptr) continue;
    TableReader figures(*price, "price");
    ServerPrice& entry = prices[reader.text("id", name)];
    entry.input = figures.real("input");
    entry.output = figures.real("output");
    entry.cached = figures.real("cached_input", entry.input);
    entry.written = figures.real("cache_write", entry.input);
  }
  return prices;
}

Stage::Stage(const Story& story, int port) : root_(make_root()) {
  words_ = {{"{ROOT}", root_.string()},
            {"{REPO}", repository().string()},
            {"{HOME}", (root_ / "home").string()},
            {"{PORT}", std::to_string(port)},
            {"{CLOSED_PORT}", "1"},
            {"{KEY}", test_key}};
  fs::create_directories(repository());
  spill(root_ / "home/.gitconfig",
        "[user]\nname = A User\nemail = user@localhost\n[init]\ndefaultBranch = main\n");
  const std::string config =
      story.has_config_text ? story.config_text : dump_toml(effective_config(story.config));
  spill(root_ / "home/.config/mixagent/config.toml", fill(config));
  for (const auto& [path, text] : story.files) spill(repository() / path, fill(text));
  for (const std::string& path : story.executable) {
    fs::permissions(repository() / path, fs::perms(0755));
  }
  if (story.git) git({"init", "-q"});
  if (story.git && story.commit) {
    git({"add", "-A"});
    git({"commit", "-q", "-m", "start"});
  }
  for (const auto& [path, text] : story.dirty) spill(repository() / path, fill(text));
  for (const auto& [path, mb] : story.sparse_mb) {
    spill(repository() / path, "");
    fs::resize_file(repository() / path, static_cast<std::uintmax_t>(mb) << 20);
  }
  for (const auto& [key, value] : story.git_config) git({"config", key, fill(value)});
  for (const auto& [path, text] : story.outside) spill(root_ / path, fill(text));
}

Stage::~Stage() {
  if (std::getenv("MIXAGENT_KEEP") != nullptr) {
    std::fprintf(stderr, "kept: %s\n", root_.c_str());
    return;
  }
  std::error_code ignored;
  fs::remove_all(root_, ignored);
}

TextMap Stage::environment(const Story& story, const StoryRun& run) const {
  const fs::path home = root_ / "home";
  TextMap env = {{"PATH", std::getenv("PATH")},
                 {"HOME", home.string()},
                 {"XDG_CONFIG_HOME", (home / ".config").string()},
                 {"XDG_STATE_HOME", (home / ".local/state").string()},
                 {"XDG_CACHE_HOME", (home / ".cache").string()},
                 {"LANG", "C.UTF-8"},
                 {"TEST_KEY", test_key}};
  for (const char* sanitizer : {"ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"}) {
    if (const char* value = std::getenv(sanitizer)) env[sanitizer] = value;
  }
  for (const auto* more : {&story.env, &run.env}) {
    for (const auto& [name, value] : *more) env[name] = fill(value);
  }
  for (const auto* less : {&story.unset, &run.unset}) {
    for (const std::string& name : *less) env.erase(name);
  }
  return env;
}

std::string Stage::fill(std::string text) const {
  for (const auto& [word, value] : words_) text = replace_all(std::move(text), word, value);
  return text;
}

Json Stage::fill(const Json& value) const {
  if (value.is_string()) return Json(fill(value.get<std::string>()));
  Json filled = value;
  if (value.is_structured()) {
    for (Json& item : filled) item = fill(item);
  }
  return filled;
}

std::string Stage::git(const std::vector<std::string>& arguments) const {
  ChildSpec spec;
  spec.argv = {"/usr/bin/git", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"};
  spec.argv.insert(spec.argv.end(), arguments.begin(), arguments.end());
  spec.cwd = repository();
  spec.env = {{"PATH", std::getenv("PATH")},
              {"HOME", (root_ / "home").string()},
              {"GIT_OPTIONAL_LOCKS", "0"},
              {"LC_ALL", "C"}};
  spec.output = root_ / "git.out";
  spec.errors = root_ / "git.err";
  Child child(spec);
  child.wait(std::chrono::seconds(20));
  return slurp(spec.output);
}

Fingerprint Stage::fingerprint() const {
  Fingerprint print;
  for (auto it = fs::recursive_directory_iterator(repository()); it != fs::end(it); ++it) {
    const std::string path = fs::relative(it->path(), repository()).string();
    if (path == ".git") {
      it.disable_recursion_pending();
    } else if (it->is_symlink()) {
      print["file " + path] = "link " + fs::read_symlink(it->path()).string();
    } else if (it->is_regular_file()) {
      print["file " + path] = mode_of(it->path()) + slurp(it->path());
    } else {
      print["file " + path] = "folder";
    }
  }
  if (!fs::exists(repository() / ".git")) return print;
  print["git index"] = slurp(repository() / ".git/index");
  print["git HEAD"] = slurp(repository() / ".git/HEAD");
  print["git configuration"] = slurp(repository() / ".git/config");
  print["git references"] = git({"for-each-ref"});
  print["git stash"] = git({"stash", "list"});
  print["git worktrees"] = git({"worktree", "list"});
  return print;
}

std::vector<Json> Stage::newest_journal() const {
  std::error_code ignored;
  // By time of writing: the ids of two runs within a second have no order.
  fs::path newest;
  fs::file_time_type newest_time{};
  for (const auto& entry : fs::recursive_directory_iterator(root_, ignored)) {
    if (entry.path().filename() != "events.jsonl") continue;
    const auto time = fs::last_write_time(entry.path(), ignored);
    if (newest.empty() || time > newest_time) {
      newest = entry.path();
      newest_time = time;
    }
  }
  std::vector<Json> events;
  for (const std::string& line : split_lines(slurp(newest))) {
    auto json = parse_json(line);
    events.push_back(json ? *json : Json(line));
  }
  return events;
}

std::vector<std::string> Stage::files_with(const std::string& bytes) const {
  std::vector<std::string> found;
  std::error_code ignored;
  for (const auto& entry : fs::recursive_directory_iterator(root_, ignored)) {
    if (!entry.is_regular_file(ignored) || entry.is_symlink(ignored)) continue;
    if (slurp(entry.path()).find(bytes) != std::string::npos) {
      found.push_back(fs::relative(entry.path(), root_).string());
    }
  }
  return found;
}

}  // namespace mixagent

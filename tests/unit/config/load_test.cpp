#include "config/load.h"

#include "base/text.h"
#include "config/keys.h"

#include <doctest/doctest.h>

using namespace mixagent;

namespace {

using Env = std::map<std::string, std::string>;

ConfigSources sources(const std::string& user = {}, const std::string& project = {}) {
  ConfigSources made;
  if (!user.empty()) made.user = ConfigText{"/u/config.toml", user};
  if (!project.empty()) made.project = ConfigText{"mixagent.toml", project};
  return made;
}

LoadedConfig loaded(const ConfigSources& from) {
  auto config = load_config(from, false);
  REQUIRE_MESSAGE(config, (config ? "" : describe(config.error())));
  return *std::move(config);
}

Error refused(const ConfigSources& from) {
  const auto config = load_config(from, false);
  REQUIRE(!config);
  return config.error();
}

}  // namespace

TEST_CASE("the built-in layer says what the struct's defaults say") {
  const Config config = loaded(sources()).config;
  const Config plain;
  CHECK(config.budget.run == parse_usd("2").value());
  CHECK(config.budget.step == parse_usd("0.5").value());
  CHECK(config.budget.day == parse_usd("20").value());
  CHECK(!config.budget.month);
  CHECK(config.budget.escalation_reserve == doctest::Approx(plain.budget.escalation_reserve));
  CHECK(config.sandbox.isolation == plain.sandbox.isolation);
  CHECK(config.sandbox.network == plain.sandbox.network);
  CHECK(config.sandbox.memory_mb == plain.sandbox.memory_mb);
  CHECK(config.sandbox.disk_mb == plain.sandbox.disk_mb);
  CHECK(config.sandbox.processes == plain.sandbox.processes);
  CHECK(config.sandbox.timeout_s == plain.sandbox.timeout_s);
  CHECK(config.verify.check_jobs == plain.verify.check_jobs);
  CHECK(config.review.accept_score == doctest::Approx(plain.review.accept_score));
  CHECK(config.review.rounds == plain.review.rounds);
  CHECK(config.review.enabled == plain.review.enabled);
  CHECK(config.run.jobs == plain.run.jobs);
  CHECK(config.run.lane == plain.run.lane);
  CHECK(config.run.max_plan_steps == plain.run.max_plan_steps);
  CHECK(config.planner_allow_code == plain.planner_allow_code);
}

TEST_CASE("each layer lies over the one below, and every value knows where it is from") {
  ConfigSources from = sources("[run]\njobs = 2\n");
  struct Step {
    int jobs;
    const char* origin;
  };
  const auto is = [&](const Step& step) {
    const LoadedConfig config = loaded(from);
    CHECK(config.config.run.jobs == step.jobs);
    CHECK(config.values.at("run.jobs").value == std::to_string(step.jobs));
    CHECK(config.values.at("run.jobs").origin == step.origin);
  };
  is({2, "/u/config.toml:2:1"});
  from.project = ConfigText{"mixagent.toml", "run.jobs = 3\n"};
  is({3, "mixagent.toml:1:5"});
  from.env["MIXAGENT_RUN__JOBS"] = "4";
  is({4, "MIXAGENT_RUN__JOBS"});
  from.overrides = {"run.jobs=5"};
  is({5, "-c"});
  from.flags = {{"--jobs", "run.jobs", "6"}};
  is({6, "--jobs"});
  CHECK(loaded(from).values.at("run.lane").origin == "built in");
}

TEST_CASE("unknown keys are named with their place and the nearest, in every layer") {
  struct Case {
    ConfigSources from;
    const char *where, *what, *hint;
  };
  std::vector<Case> cases = {
      {sources("[budget]\nrun_us = 1\n"), "/u/config.toml:2:1", "unknown key \"budget.run_us\"",
       "did you mean \"budget.run_usd\"?"},
      {sources({}, "\n[bugdet]\nrun_usd = 1\n"), "mixagent.toml:3:1",
       "unknown key \"bugdet.run_usd\"", "did you mean \"budget\"?"},
      {sources("run_usd = 1\n"), "/u/config.toml:1:1", "unknown key \"run_usd\"",
       "did you mean \"budget.run_usd\"?"},
      {sources("[seats.wroker]\nmodel = \"x\"\n"), "/u/config.toml:2:1",
       "unknown key \"seats.wroker.model\": there is no \"wroker\"", "did you mean \"worker\"?"},
      {sources("[seats.worker]\nladders = []\n"), "/u/config.toml:2:1",
       "unknown key \"seats.worker.ladders\"", "did you mean \"seats.worker.ladder\"?"},
      {sources("[models.\"a/b\"]\nteir = 1\n"), "/u/config.toml:2:1",
       "unknown key \"models.\"a/b\".teir\"", "did you mean \"models.\"a/b\".tier\"?"},
      {sources("[run.jobs]\nmax = 1\n"), "/u/config.toml:2:1", "unknown key \"run.jobs.max\"",
       "\"run.jobs\" is no table"},
      {sources("budget = 5\n"), "/u/config.toml:1:1", "budget: expected a table of keys",
       "write it as [budget]"},
      {sources("[review.accept_score]\ncodes = 0.5\n"), "/u/config.toml:2:1",
       "unknown key \"review.accept_score.codes\": there is no \"codes\"",
       "did you mean \"code\"?"},
  };
  Case environment{sources(), "MIXAGENT_BUDGET_RUN_USD", "unknown key \"budget_run_usd\"",
                   "did you mean MIXAGENT_BUDGET__RUN_USD?"};
  environment.from.env["MIXAGENT_BUDGET_RUN_USD"] = "1";
  cases.push_back(environment);
  Case override_{sources(), "-c", "unknown key \"run.job\"", "did you mean \"run.jobs\"?"};
  override_.from.overrides = {"run.job=1"};
  cases.push_back(override_);
  for (const Case& test : cases) {
    CAPTURE(test.what);
    const Error error = refused(test.from);
    CHECK(error.code == ErrorCode::config);
    CHECK(error.where == test.where);
    CHECK(error.what == test.what);
    CHECK(error.hint == test.hint);
  }
}

TEST_CASE("variables of the tests are no keys") {
  ConfigSources from = sources();
  from.env = {{"MIXAGENT_DATA", "/x"}, {"MIXAGENT_TEST_FOO", "1"}, {"MIXAGENT", "x"}};
  CHECK(loaded(from).config.run.jobs == 4);
}

TEST_CASE("wrong values are refused with what was expected") {
  struct Case {
    const char *text, *what;
  };
  const std::vector<Case> cases = {
      {"run.jobs = \"many\"", "run.jobs: expected a whole number 1..1024"},
      {"run.jobs = 0", "run.jobs: expected a whole number 1..1024"},
      {"run.jobs = 2.5", "run.jobs: expected a whole number 1..1024"},
      {"run.lane = \"sole\"", "run.lane: expected one of auto, solo, plan"},
      {"budget.run_usd = -1", "budget.run_usd: expected an amount of USD from 0 on, or \"none\""},
      {"budget.run_usd = \"lots\"", "budget.run_usd: expected an amount of USD, or \"none\""},
      {"budget.escalation_reserve = 1.5",
       "budget.escalation_reserve: expected a number from 0 to 0.9"},
      {"verify.setup = \"npm ci\"", "verify.setup: expected a list of strings"},
      {"verify.setup = [1]", "verify.setup: expected a list of strings"},
      {"verify.checks = [\"\"]",
       "verify.checks: expected a command, or { command = \"...\", results = \"...\", timeout_s = "
       "600 }"},
      {"verify.checks = [{command = \"x\", results = \"xml\"}]",
       "verify.checks: expected results = junit:PATH, tap, go-json, pytest or ctest"},
      {"verify.refuse_flagged = 1", "verify.refuse_flagged: expected true or false"},
      {"review.accept_score = 2",
       "review.accept_score: expected a number from 0 to 1, or \"adaptive\""},
      {"providers.x.base_url = 1", "providers.x.base_url: expected a string"},
  };
  for (const Case& test : cases) {
    CAPTURE(test.text);
    const Error error = refused(sources(test.text));
    CHECK(error.code == ErrorCode::config);
    CHECK(error.what == test.what);
    CHECK(error.where.rfind("/u/config.toml:1:", 0) == 0);
  }
  const Error syntax = refused(sources("[run\njobs = 1"));
  CHECK(syntax.code == ErrorCode::config);
  CHECK(describe(syntax).find("/u/config.toml:1:") != std::string::npos);
}

TEST_CASE("values of all shapes arrive") {
  const LoadedConfig all = loaded(sources(R"(
[budget]
run_usd = 0.27
day_usd = "none"
seats = { planner = 0.1 }
[verify]
checks = ["npm test", { command = "pytest", results = "junit:/tmp/r.xml", timeout_s = 30 }]
protect = ["golden/**"]
[review]
accept_score = { code = 0.8, docs = 0.5 }
rounds = 3
[sandbox]
network = "proxy"
cache = { "~/.cargo" = "private" }
[models."my/model"]
provider = "box"
tier = 2
price = { input = 0.27, output = 1.10, cached_input = 0.07 }
[providers.box]
api = "openai-chat"
base_url = "http://127.0.0.1:8080/v1"
hedge_after_ms = 900
)"));
  const Config& config = all.config;
  CHECK(config.budget.run->pico == 270'000'000'000);
  CHECK(!config.budget.day);
  CHECK(config.budget.seats.at("planner") == parse_usd("0.1").value());
  Check plain;
  plain.command = "npm test";
  plain.origin = CheckOrigin::user;
  const Check junit{"pytest", 30, "junit:/tmp/r.xml", CheckOrigin::user};
  CHECK(config.verify.checks == std::vector<Check>{plain, junit});
  CHECK(config.verify.protect == std::vector<std::string>{"golden/**"});
  CHECK(config.review.accept_by_action ==
        std::map<std::string, double>{{"code", 0.8}, {"docs", 0.5}});
  CHECK(config.review.rounds == 3);
  CHECK(config.lineup.seat("reviewer")->rounds == 3);
  CHECK(config.sandbox.network == NetworkMode::proxy);
  CHECK(config.sandbox.cache.at("~/.cargo") == "private");
  const Model& model = config.lineup.models.at("my/model");
  CHECK(model.tier == 2);
  CHECK(model.id == "my/model");
  CHECK(model.family == "my");
  CHECK(model.window == 128'000);
  CHECK(model.max_output == 8'192);
  REQUIRE(model.price);
  CHECK(model.price->input.pico == 270'000);
  CHECK(model.price->output.pico == 1'100'000);
  CHECK(model.price->cached_input.pico == 70'000);
  CHECK(model.price->cache_write.pico == 270'000);
  CHECK(config.lineup.providers.at("box").hedge_after_ms == 900);
  CHECK(all.values.at("verify.checks").value ==
        "[\"npm test\", { command = \"pytest\", results = \"junit:/tmp/r.xml\", timeout_s = 30 }]");
  CHECK(all.values.at("budget.run_usd").value == "0.27");
}

TEST_CASE("the command line is read as TOML, and as text where text belongs") {
  ConfigSources from = sources();
  from.overrides = {"run.lane=solo",
                    "verify.checks=npm test",
                    "verify.setup=[\"a\", \"b\"]",
                    "models.\"x/y\".id=5",
                    "models.\"x/y\".provider=openai",
                    "review.accept_score=adaptive",
                    "providers.p={ base_url = \"https://p/v1\" }"};
  const Config config = loaded(from).config;
  CHECK(config.run.lane == Lane::solo);
  CHECK(config.verify.checks.size() == 1);
  CHECK(config.verify.setup == std::vector<std::string>{"a", "b"});
  CHECK(config.lineup.models.at("x/y").id == "5");
  CHECK(config.review.adaptive);
  CHECK(config.lineup.providers.at("p").base_url == "https://p/v1");
  for (const char* wrong : {"run.jobs", "=1", "run..jobs=1", "models.\"x=1"}) {
    CAPTURE(wrong);
    from.overrides = {wrong};
    CHECK(refused(from).code == ErrorCode::usage);
  }
}

TEST_CASE("a project may tighten but not loosen") {
  struct Case {
    const char* project;
    bool allowed;
  };
  const std::vector<Case> cases = {
      {"budget.run_usd = 1.5", true},
      {"budget.run_usd = 2.5", false},
      {"budget.run_usd = \"none\"", false},
      {"budget.month_usd = 5", true},
      {"budget.seats.worker = 1", true},
      {"sandbox.isolation = \"full\"", true},
      {"sandbox.isolation = \"reduced\"", false},
      {"sandbox.isolation = \"none\"", false},
      {"sandbox.network = \"host\"", false},
      {"sandbox.carry = [\"target\"]", true},
      {"sandbox.carry = [\".git\"]", false},
      {"sandbox.read_only = []", true},
      {"sandbox.read_only = [\"~/.cargo\"]", true},
      {"sandbox.read_only = [\"/etc\"]", false},
      {"sandbox.writable = [\"/tmp/x\"]", false},
      {"sandbox.env_pass = [\"HOME\"]", false},
      {"sandbox.unix_sockets = [\"/run/x\"]", false},
      {"sandbox.allow_hosts = [\"evil.example\"]", false},
      {"sandbox.cache = { \"~/.npm\" = \"rw\" }", false},
      {"providers.openai.base_url = \"https://evil.example/v1\"", false},
      {"providers.openai.api_key_env = \"HOME\"", false},
      {"providers.openai.api_key_cmd = \"cat /etc/passwd\"", false},
      {"providers.x = { api = \"replay\", base_url = \"s.toml\" }", false},
      {"models.\"openai/gpt-5.5\".price.input = 0.001", false},
      {"models.\"openai/gpt-5.5\".tier = 2", true},
      {"seats.worker.ladder = [\"openai/gpt-5.5\"]", true},
      {"verify.checks = [\"make test\"]", true},
      {"run.jobs = 16", true},
  };
  for (const Case& test : cases) {
    CAPTURE(test.project);
    ConfigSources from = sources("sandbox.read_only = [\"~/.cargo\"]\n", test.project);
    const auto config = load_config(from, false);
    CHECK(config.has_value() == test.allowed);
    if (!config) {
      CHECK(config.error().code == ErrorCode::config);
      CHECK(config.error().where.rfind("mixagent.toml:1:", 0) == 0);
      CHECK(config.error().hint.find("mixagent config trust") != std::string::npos);
    }
    from.project_trusted = true;
    CHECK(load_config(from, false).has_value());
    // What a project may not say, its user may.
    CHECK(load_config(sources(test.project), false).has_value());
  }
}

TEST_CASE("settings of the worker go to the seats that start from it") {
  const Config config = loaded(sources("[seats.worker]\nmax_turns = 9\ncheck_retries = 3\n"
                                       "[seats.tester]\nmax_turns = 5\n"))
                            .config;
  CHECK(config.lineup.seats.at("worker").max_turns == 9);
  CHECK(config.lineup.seats.at("backend").max_turns == 9);
  CHECK(config.lineup.seats.at("tester").max_turns == 5);
  CHECK(config.lineup.seats.at("tester").check_retries == 3);
  CHECK(config.lineup.seats.at("planner").max_turns == 12);
}

TEST_CASE("keys round through text") {
  for (const KeyPath& path : {KeyPath{"a", "b"}, KeyPath{"models", "x/y.z", "tier"}}) {
    CHECK(parse_key(show_key(path)).value() == path);
  }
  CHECK(parse_key("a.'b.c'.d").value() == KeyPath{"a", "b.c", "d"});
}

TEST_CASE("every key has a help, and a default that its own shape takes") {
  std::set<std::string> seen;
  for (const Key& key : config_keys()) {
    CAPTURE(key.pattern);
    CHECK(seen.insert(key.pattern).second);
    CHECK(std::string(key.help).size() > 5);
    CHECK(!describe_shape(key.shape).empty());
    if (*key.initial == '\0') continue;
    CHECK(read_value(key.shape, parse_toml_value(key.initial, {}), false).has_value());
  }
}

TEST_CASE("no key of the sandbox is a project's to loosen") {
  std::map<std::string, Trust> trust;
  for (const Key& key : config_keys())
    if (std::string(key.pattern).rfind("sandbox.", 0) == 0) trust[key.pattern] = key.trust;
  // Limits say what a repository's own checks need; nothing of the user's is in reach through them.
  CHECK(trust == std::map<std::string, Trust>{{"sandbox.isolation", Trust::tighten},
                                              {"sandbox.network", Trust::tighten},
                                              {"sandbox.allow_hosts", Trust::tighten},
                                              {"sandbox.read_only", Trust::tighten},
                                              {"sandbox.writable", Trust::tighten},
                                              {"sandbox.env_pass", Trust::tighten},
                                              {"sandbox.unix_sockets", Trust::tighten},
                                              {"sandbox.carry", Trust::tighten},
                                              {"sandbox.cache.*", Trust::user_only},
                                              {"sandbox.memory_mb", Trust::anywhere},
                                              {"sandbox.disk_mb", Trust::anywhere},
                                              {"sandbox.processes", Trust::anywhere},
                                              {"sandbox.timeout_s", Trust::anywhere}});
}

#include "cli/commands.h"
#include "cli/config_files.h"
#include "support/scripted_models.h"
#include "support/temp_repo.h"
#include "system/process_posix.h"

#include <doctest/doctest.h>

#include <sstream>

using namespace mixagent;

namespace {

// A repository, a home without anything of the machine's, and what the commands print.
struct Place {
  TempRepo repo;
  TempDir home;
  std::ostringstream out, err;
  CliContext context{out, err, {}, repo.root()};

  Place() {
    const std::string folder = home.path().string();
    context.env = {{"PATH", "/usr/local/bin:/usr/bin:/bin"},
                   {"HOME", folder},
                   {"XDG_CONFIG_HOME", folder + "/config"},
                   {"XDG_STATE_HOME", folder + "/state"}};
  }
  bool printed(const std::string& text) const {
    return (out.str() + err.str()).find(text) != std::string::npos;
  }
  void forget() {
    out.str("");
    err.str("");
  }
  void user_config(const std::string& text) {
    write_test_file(home.path() / "config/mixagent/config.toml", text);
  }
};

const std::string unittest =
    "import unittest\nclass T(unittest.TestCase):\n    def test_x(self): pass\n";

}  // namespace

TEST_CASE("init writes a file that reads back, once") {
  Place place;
  place.repo.write("tests/test_x.py", unittest);
  CHECK(cmd_init({}, place.context) == 0);
  const std::string text = place.repo.read("mixagent.toml");
  CHECK(text.find("checks = [\"python3 -m unittest discover -s tests\"]") != std::string::npos);
  CHECK(place.printed("keys:   none"));
  const auto loaded = load_for(place.context, {}, false);
  REQUIRE(loaded);
  CHECK(loaded->config.verify.checks.size() == 1);
  CHECK(loaded->values.at("verify.checks").origin.rfind("mixagent.toml:", 0) == 0);

  CHECK(cmd_init({}, place.context) == 2);
  CHECK(place.printed("--force"));
  place.repo.write("mixagent.toml", "broken [");
  InitOptions again;
  again.force = true;
  CHECK(cmd_init(again, place.context) == 0);
  CHECK(place.repo.read("mixagent.toml") == text);
}

TEST_CASE("every commented line of what init writes is a valid one") {
  Place place;
  place.context.env["OPENAI_API_KEY"] = "sk-0123456789abcdef";
  place.repo.write("package.json", R"({"scripts": {"test": "x"}, "dependencies": {"a": "1"}})");
  REQUIRE(cmd_init({}, place.context) == 0);
  std::string text = place.repo.read("mixagent.toml");
  CHECK(text.find("sk-0123") == std::string::npos);
  std::string uncommented;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const bool setting =
        line.rfind("# ", 0) == 0 && (line.find(" = ") != std::string::npos || line[2] == '[');
    uncommented += (setting ? line.substr(2) : line) + "\n";
  }
  CHECK(uncommented != text);
  place.repo.write("mixagent.toml", uncommented);
  const auto loaded = load_for(place.context, {}, true);
  CHECK_MESSAGE(loaded, (loaded ? "" : describe(loaded.error())));
}

TEST_CASE("outside of a repository init and trust say what to do") {
  Place place;
  place.context.cwd = place.home.path();
  CHECK(cmd_init({}, place.context) == 2);
  ConfigOptions trust;
  trust.trust = true;
  CHECK(cmd_config(trust, place.context) == 2);
  CHECK(place.printed("git init"));
}

TEST_CASE("trust belongs to one folder and can be taken back") {
  Place place;
  place.repo.write("mixagent.toml", "[budget]\nrun_usd = 50\n");
  CHECK(cmd_config({}, place.context) == 2);
  CHECK(place.printed("mixagent.toml:2:1"));
  ConfigOptions trust;
  trust.trust = true;
  CHECK(cmd_config(trust, place.context) == 0);
  CHECK(trusted_folders(place.context.env) == std::vector<std::string>{place.repo.root().string()});
  CHECK(cmd_config({}, place.context) == 0);
  trust.trust = false;
  trust.untrust = true;
  CHECK(cmd_config(trust, place.context) == 0);
  CHECK(trusted_folders(place.context.env).empty());
  CHECK(cmd_config({}, place.context) == 2);
}

TEST_CASE("config lists values with their origins, and further keys") {
  Place place;
  place.user_config("[run]\njobs = 3\n");
  ConfigOptions options;
  options.show_origin = true;
  options.config.overrides = {"run.lane=solo"};
  REQUIRE(cmd_config(options, place.context) == 0);
  for (const char* part : {"config.toml:2:1", "\"solo\"", "-c", "built in"})
    CHECK(place.printed(part));
  place.forget();
  options = {};
  options.key = "providers";
  REQUIRE(cmd_config(options, place.context) == 0);
  CHECK(place.printed("providers.*.base_url"));
  CHECK(!place.printed("budget"));
  options.key = "bugdet";
  CHECK(cmd_config(options, place.context) == 2);
  CHECK(place.printed("did you mean \"budget\"?"));
}

TEST_CASE("models lists those with a key, all on demand") {
  Place place;
  place.context.env["DEEPSEEK_API_KEY"] = "k-0123456789";
  REQUIRE(cmd_models({}, place.context) == 0);
  CHECK(place.printed("deepseek/deepseek-v4-pro"));
  CHECK(!place.printed("anthropic/claude-opus-5"));
  CHECK(!place.printed("k-0123456789"));
  ModelsOptions all;
  all.all = true;
  all.filter = "OPUS";
  place.forget();
  REQUIRE(cmd_models(all, place.context) == 0);
  CHECK(place.printed("anthropic/claude-opus-5"));
  CHECK(!place.printed("deepseek/"));
  all.filter = "nothing-like-it";
  CHECK(cmd_models(all, place.context) == 2);
}

TEST_CASE("models shows what providers list, keeps it for a day, and shows its age without them") {
  Place place;
  place.context.env["XDG_CACHE_HOME"] = place.home.path().string() + "/cache";
  place.context.env["DEEPSEEK_API_KEY"] = "k-0123456789";
  int asked = 0;
  bool reachable = true;
  ModelsOptions options;
  options.fetch = [&](const Provider& provider) -> Result<std::vector<ListedModel>> {
    CHECK(provider.name == "deepseek");
    ++asked;
    if (!reachable) return fail(ErrorCode::network, "nobody there", "deepseek");
    return std::vector<ListedModel>{{"deepseek-v4-pro", {}, 0, 0},
                                    {"deepseek-next", {}, 777'000, 0}};
  };
  REQUIRE(cmd_models(options, place.context) == 0);
  CHECK(asked == 1);
  CHECK(place.printed("not listed"));  // deepseek-v4-flash
  CHECK(place.printed("1 more are served"));
  place.forget();
  options.all = true;
  options.filter = "deepseek-next";
  REQUIRE(cmd_models(options, place.context) == 0);
  CHECK(asked == 1);  // from the cache
  CHECK(place.printed("777,000"));

  place.forget();
  reachable = false;
  options.refresh = true;
  REQUIRE(cmd_models(options, place.context) == 0);
  CHECK(asked == 2);
  CHECK(place.printed("could not be asked"));
  CHECK(place.printed("list of "));
  CHECK(place.printed("777,000"));

  place.forget();
  options.refresh = false;
  options.offline = true;
  options.fetch = nullptr;
  REQUIRE(cmd_models(options, place.context) == 0);
  CHECK(place.printed("list of "));
}

TEST_CASE("models --drift tells a model that counts differently now") {
  Place place;
  ModelsOptions options;
  options.drift = true;
  options.samples = []() -> Result<TokenSamples> {
    TokenSamples samples;
    for (int i = 0; i < 30; ++i) {
      samples["turned"].push_back({{1'000, 0, 2}, i < 20 ? 1'000 : 1'350});
      samples["steady"].push_back({{1'000 + 25 * i, 0, 2}, 1'200 + 30 * i});
    }
    samples["new"] = {{{1'000, 0, 2}, 1'000}};
    return samples;
  };
  REQUIRE(cmd_models(options, place.context) == 0);
  CHECK(place.printed("+35.0 %"));
  CHECK(place.printed("counts differently now"));
  CHECK(place.printed("steady"));
  CHECK(place.printed("too few calls yet"));
}

TEST_CASE("seats shows the ladder, the seats that follow it and those that are off") {
  Place place;
  place.context.env["OPENAI_API_KEY"] = "k-0123456789";
  SeatsOptions options;
  options.config.seats = {"reviewer=openai/gpt-5.5"};
  REQUIRE(cmd_seats(options, place.context) == 0);
  for (const char* part :
       {"openai/gpt-5.6-luna", "openai/gpt-5.5", "as worker", "- off", "own family"}) {
    CAPTURE(part);
    CHECK(place.printed(part));
  }
}

TEST_CASE("doctor calls each model once and says what fails") {
  Place place;
  place.context.env["OPENAI_API_KEY"] = "k-0123456789";
  ProcessesPosix processes;
  DoctorOptions options;
  options.processes = &processes;
  int calls = 0;
  Error refusal;
  refusal.code = ErrorCode::auth;
  refusal.what = "the key was refused";
  options.connect = [&](const Config&) {
    ScriptedReply fine;
    fine.forever = true;
    fine.reply = reply_text("OK");
    fine.before = [&](const ChatRequest&) { ++calls; };
    ScriptedReply refused = fine;
    refused.model = "openai/gpt-5.6-sol";
    refused.error = refusal;
    return std::make_unique<ScriptedModels>(std::vector<ScriptedReply>{refused, fine});
  };
  CHECK(cmd_doctor(options, place.context) == 7);
  CHECK(calls == 3);  // luna, terra, sol: once each, however many seats they have
  CHECK(place.printed("FAIL  planner: openai/gpt-5.6-sol (openai; 5.00 in, 30.00 out): "));
  CHECK(place.printed("ok    worker 1: openai/gpt-5.6-luna (openai; 0.200 in, 1.20 out) "));
  CHECK(place.printed("3 calls, $"));

  place.forget();
  options.offline = true;
  CHECK(cmd_doctor(options, place.context) == 0);
  CHECK(calls == 3);
  CHECK(place.printed("All is well"));

  place.forget();
  options.config.overrides = {"budget.step_usd=0.001"};
  CHECK(cmd_doctor(options, place.context) == 1);
  CHECK(place.printed("can never be paid"));

  place.forget();
  place.context.env.erase("OPENAI_API_KEY");
  CHECK(cmd_doctor(options, place.context) == 7);
  CHECK(place.printed("OPENAI_API_KEY is not set"));
}

#include "config/lineup.h"

#include "base/text.h"
#include "config/catalog.h"
#include "config/load.h"
#include "config/models.h"

#include <doctest/doctest.h>

#include <set>

using namespace mixagent;

namespace {

using Ladders = std::map<std::string, std::vector<std::string>>;

ConfigSources with_keys(const std::vector<std::string>& variables, const std::string& user = {}) {
  ConfigSources from;
  for (const std::string& variable : variables) from.env[variable] = "secret";
  if (!user.empty()) from.user = ConfigText{"/u/config.toml", user};
  return from;
}

LoadedConfig loaded(const ConfigSources& from) {
  auto config = load_config(from);
  REQUIRE_MESSAGE(config, (config ? "" : describe(config.error())));
  return *std::move(config);
}

Ladders main_seats(const LoadedConfig& loaded) {
  Ladders seats;
  for (const char* name : {"planner", "worker", "reviewer"}) {
    seats[name] = loaded.config.lineup.seats.at(name).ladder;
  }
  return seats;
}

bool has_note(const LoadedConfig& config, const std::string& part) {
  for (const std::string& note : config.notes) {
    if (note.find(part) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("the catalogue holds together") {
  std::set<std::string> names;
  std::set<std::string> providers;
  for (const Provider& provider : catalog_providers()) providers.insert(provider.name);
  int tiers[4] = {};
  for (const CatalogModel& row : catalog_models()) {
    CAPTURE(row.name);
    CHECK(names.insert(row.name).second);
    CHECK(providers.count(row.provider) == 1);
    CHECK(std::string(row.name).find('/') != std::string::npos);
    REQUIRE(row.tier >= 1);
    REQUIRE(row.tier <= 3);
    ++tiers[row.tier];
    CHECK(row.window >= 100'000);
    CHECK(row.max_output >= 8'000);
    CHECK(row.input > 0);
    CHECK(row.output >= row.input);
    CHECK(row.cached <= row.input);
    CHECK((row.written == 0 || row.written >= row.input));
    const Model model = model_from(row, row.provider);
    CHECK(model.price->input.pico > 0);
    CHECK(model.price->cached_input <= model.price->input);
    if (std::string(row.provider) == "openrouter") CHECK(std::string(row.openrouter) != "");
  }
  CHECK(tiers[1] > 10);
  CHECK(tiers[2] > 10);
  CHECK(tiers[3] > 5);
  for (const char* named : {"anthropic/claude-opus-4.8", "openai/gpt-5.5", "openai/gpt-5.4",
                            "deepseek/deepseek-v4-pro", "google/gemini-3-flash"}) {
    CHECK(find_catalog_model(named) != nullptr);
  }
  CHECK(model_from(*find_catalog_model("anthropic/claude-opus-4.8"), "anthropic").id ==
        "claude-opus-4-8");
  CHECK(model_from(*find_catalog_model("anthropic/claude-opus-4.8"), "openrouter").id ==
        "anthropic/claude-opus-4.8");
}

TEST_CASE("providers speak their own dialect, where they live and elsewhere") {
  const auto dialect_of = [](const std::string& name, const std::string& user = {}) {
    const auto config = loaded(with_keys({"OPENAI_API_KEY"}, user));
    return std::string(enum_name(config.config.lineup.providers.at(name).dialect));
  };
  CHECK(dialect_of("anthropic") == "anthropic-messages");
  CHECK(dialect_of("google") == "gemini");
  CHECK(dialect_of("openai") == "openai-responses");
  CHECK(dialect_of("mistral") == "openai-chat");
  const std::string moved = "[providers.openai]\nbase_url = \"http://127.0.0.1:1/v1\"\n";
  CHECK(dialect_of("openai", moved) == "openai-chat");
  CHECK(dialect_of("openai", moved + "api = \"openai-responses\"\n") == "openai-responses");
}

TEST_CASE("seats that nobody configured take what the keys can reach") {
  const Ladders anthropic = main_seats(loaded(with_keys({"ANTHROPIC_API_KEY"})));
  CHECK(anthropic == Ladders{{"planner", {"anthropic/claude-opus-5"}},
                             {"worker",
                              {"anthropic/claude-haiku-4.5", "anthropic/claude-sonnet-5",
                               "anthropic/claude-opus-5"}},
                             {"reviewer", {"anthropic/claude-sonnet-5"}}});
  const Ladders two = main_seats(loaded(with_keys({"ANTHROPIC_API_KEY", "OPENAI_API_KEY"})));
  CHECK(two == Ladders{{"planner", {"anthropic/claude-opus-5"}},
                       {"worker",
                        {"openai/gpt-5.6-luna", "anthropic/claude-sonnet-5", "openai/gpt-5.6-sol"}},
                       {"reviewer", {"anthropic/claude-sonnet-5"}}});
  const Ladders deepseek = main_seats(loaded(with_keys({"DEEPSEEK_API_KEY"})));
  CHECK(deepseek == Ladders{{"planner", {"deepseek/deepseek-v4-pro"}},
                            {"worker", {"deepseek/deepseek-v4-pro"}},
                            {"reviewer", {"deepseek/deepseek-v4-pro"}}});
}

TEST_CASE("direct before OpenRouter, but another family before the same") {
  const LoadedConfig config = loaded(with_keys({"ANTHROPIC_API_KEY", "OPENROUTER_API_KEY"}));
  const Lineup& lineup = config.config.lineup;
  CHECK(lineup.seats.at("planner").ladder == std::vector<std::string>{"anthropic/claude-opus-5"});
  CHECK(lineup.models.at("anthropic/claude-opus-5").provider == "anthropic");
  CHECK(lineup.models.at("openai/gpt-5.5").provider == "openrouter");
  CHECK(lineup.models.at("openai/gpt-5.5").id == "openai/gpt-5.5");
  CHECK(lineup.models.at("google/gemini-3-flash").id == "google/gemini-3-flash-preview");
  const std::string worker = lineup.seats.at("worker").ladder.front();
  const std::string reviewer = lineup.seats.at("reviewer").ladder.front();
  CHECK(worker == "anthropic/claude-haiku-4.5");
  CHECK(lineup.models.at(reviewer).family != "anthropic");
  CHECK(!has_note(config, "own family"));
}

TEST_CASE("one family only is said, and every choice too") {
  const LoadedConfig config = loaded(with_keys({"ANTHROPIC_API_KEY"}));
  CHECK(has_note(config, "reviews run in the worker's own family (anthropic)"));
  CHECK(has_note(config,
                 "seats: planner anthropic/claude-opus-5; worker anthropic/claude-haiku-4.5 > "));
}

TEST_CASE("seats that start from the worker sit with its models; others are off") {
  const Lineup lineup = loaded(with_keys({"OPENAI_API_KEY"})).config.lineup;
  const auto worker = lineup.seats.at("worker").ladder;
  for (const char* name : {"tester", "frontend", "backend", "office"}) {
    CHECK(lineup.seats.at(name).ladder == worker);
  }
  for (const char* name : {"advisor", "scout", "search"})
    CHECK(lineup.seats.at(name).ladder.empty());
}

TEST_CASE("without any key the variables are listed") {
  const auto config = load_config(with_keys({}));
  REQUIRE(!config);
  CHECK(config.error().code == ErrorCode::auth);
  for (const char* name :
       {"ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY", "DEEPSEEK_API_KEY", "XAI_API_KEY",
        "OPENROUTER_API_KEY", "MISTRAL_API_KEY", "GROQ_API_KEY"}) {
    CHECK(config.error().hint.find(name) != std::string::npos);
  }
  ConfigSources blank = with_keys({});
  blank.env["OPENAI_API_KEY"] = "  ";
  CHECK(load_config(blank).error().code == ErrorCode::auth);
  CHECK(load_config(with_keys({}), false).has_value());
}

TEST_CASE("replay, loopback and key-less providers need no key") {
  for (const char* provider :
       {"api = \"replay\"\nbase_url = \"story.toml\"\n",
        "base_url = \"http://localhost:8080/v1\"\n", "base_url = \"http://[::1]:9/v1\"\n",
        "base_url = \"https://gateway.example/v1\"\n"}) {
    CAPTURE(provider);
    ConfigSources from =
        with_keys({}, std::string("[providers.p]\n") + provider + "[models.m]\nprovider = \"p\"\n");
    from.allow_unpriced = true;
    const LoadedConfig config = loaded(from);
    CHECK(main_seats(config) ==
          Ladders{{"planner", {"m"}}, {"worker", {"m"}}, {"reviewer", {"m"}}});
  }
}

TEST_CASE("a variable that is named is needed, on this machine too") {
  ConfigSources from =
      with_keys({},
                "[providers.p]\nbase_url = \"http://127.0.0.1:9/v1\"\n"
                "api_key_env = \"NO_SUCH\"\n[models.m]\nprovider = \"p\"\n"
                "[seats.planner]\nmodel = \"m\"\n[seats.worker]\nladder = [\"m\"]\n");
  const auto config = load_config(from);
  REQUIRE_FALSE(config.has_value());
  CHECK(config.error().code == ErrorCode::auth);
  CHECK(describe(config.error()).find("NO_SUCH") != std::string::npos);
}

TEST_CASE("configured seats: names, ladders, overrides") {
  ConfigSources from = with_keys({"ANTHROPIC_API_KEY", "OPENAI_API_KEY"},
                                 "[seats.worker]\nladder = [\"gpt-5.4\", \"claude-opus-4-8\"]\n"
                                 "[seats.advisor]\nmodel = \"openai/gpt-5.5\"\n");
  LoadedConfig config = loaded(from);
  CHECK(config.config.lineup.seats.at("worker").ladder ==
        std::vector<std::string>{"openai/gpt-5.4", "anthropic/claude-opus-4.8"});
  CHECK(config.config.lineup.seats.at("tester").ladder ==
        config.config.lineup.seats.at("worker").ladder);
  CHECK(config.config.lineup.seats.at("advisor").ladder ==
        std::vector<std::string>{"openai/gpt-5.5"});
  CHECK(config.config.lineup.seats.at("reviewer").ladder ==
        std::vector<std::string>{"anthropic/claude-sonnet-5"});

  from.seats = {"worker=anthropic/claude-haiku-4.5"};
  config = loaded(from);
  CHECK(config.config.lineup.seats.at("worker").ladder ==
        std::vector<std::string>{"anthropic/claude-haiku-4.5"});
  CHECK(config.values.at("seats.worker.model").origin == "--seat");

  from.seats = {"wroker=x"};
  CHECK(load_config(from).error().code == ErrorCode::usage);
  from.seats = {"worker"};
  CHECK(load_config(from).error().code == ErrorCode::usage);
  from.seats = {"worker=anthropic/claude-haiku-4.6"};
  const Error error = load_config(from).error();
  CHECK(error.where == "--seat");
  CHECK(error.hint.find("did you mean \"anthropic/claude-haiku-4.5\"?") == 0);
}

TEST_CASE("rungs without a key are left out; a seat without any is an error of keys") {
  ConfigSources from =
      with_keys({"OPENAI_API_KEY"},
                "[seats.worker]\nladder = [\"deepseek/deepseek-v4-pro\", \"openai/gpt-5.4\"]\n");
  const LoadedConfig config = loaded(from);
  CHECK(config.config.lineup.seats.at("worker").ladder ==
        std::vector<std::string>{"openai/gpt-5.4"});
  CHECK(has_note(config, "deepseek/deepseek-v4-pro needs DEEPSEEK_API_KEY"));

  from.user->text = "[seats.planner]\nmodel = \"anthropic/claude-opus-4.8\"\n";
  Error error = load_config(from).error();
  CHECK(error.code == ErrorCode::auth);
  CHECK(error.what.find("ANTHROPIC_API_KEY") != std::string::npos);

  from.user->text += "fallback = [\"openai/gpt-5.5\"]\n";
  CHECK(loaded(from).config.lineup.seats.at("planner").ladder ==
        std::vector<std::string>{"openai/gpt-5.5"});

  // A reviewer is worth having, but not worth failing for.
  from.user->text = "[seats.reviewer]\nmodel = \"anthropic/claude-opus-4.8\"\n";
  CHECK(loaded(from).config.lineup.seats.at("reviewer").ladder.front().rfind("openai/", 0) == 0);
}

TEST_CASE("an unpriced model is refused under a cap") {
  const std::string user =
      "[providers.p]\nbase_url = \"https://p.example/v1\"\n[models.m]\nprovider = \"p\"\n";
  ConfigSources from = with_keys({}, user);
  const Error error = load_config(from).error();
  CHECK(error.code == ErrorCode::usage);
  CHECK(error.what.find("\"m\" has no price") != std::string::npos);
  from.allow_unpriced = true;
  CHECK(load_config(from).has_value());
  from.allow_unpriced = false;
  from.user->text =
      user + "[budget]\nrun_usd = \"none\"\nstep_usd = \"none\"\nday_usd = \"none\"\n";
  CHECK(load_config(from).has_value());
  from.user->text = user + "price = { input = 1, output = 2 }\n";
  CHECK(loaded(from).config.lineup.models.at("m").price->output.pico == 2'000'000);
  from.user->text = user + "price = { input = 1 }\n";
  CHECK(load_config(from).error().what == "a price needs both input and output");
}

TEST_CASE("models and providers that do not fit together") {
  struct Case {
    const char *user, *what, *hint;
  };
  const std::vector<Case> cases = {
      {"[models.m]\ntier = 1\n", "model \"m\" is not in the catalogue and names no provider",
       "add provider = \"...\""},
      {"[models.\"openai/gpt-5.6\"]\ntier = 1\n",
       "model \"openai/gpt-5.6\" is not in the catalogue and names no provider", "did you mean"},
      {"[models.m]\nprovider = \"opnai\"\n", "there is no provider \"opnai\"",
       "did you mean \"openai\"?"},
      {"[providers.p]\napi = \"openai-chat\"\n", "provider \"p\" has no base_url", "add base_url"},
      {"[providers.p]\nbase_url = \"p.example/v1\"\n", "\"p.example/v1\" is no http address",
       "write it as"},
      {"[providers.p]\nbase_url = \"http://p.example/v1\"\n",
       "plain http to another machine would show the key to others", "use https"},
      {"[providers.p]\nbase_url = \"http://127.0.0.1.evil.example/v1\"\n",
       "plain http to another machine would show the key to others", "use https"},
      {"[providers.p]\nbase_url = \"http://127.0.0.1:80@evil.example/v1\"\n",
       "plain http to another machine would show the key to others", "use https"},
  };
  for (const Case& test : cases) {
    CAPTURE(test.user);
    const auto config = load_config(with_keys({"OPENAI_API_KEY"}, test.user));
    REQUIRE(!config);
    CHECK(config.error().code == ErrorCode::config);
    CHECK(config.error().what == test.what);
    CHECK(config.error().hint.find(test.hint) == 0);
  }
}

TEST_CASE("the catalogue's rows give way to the user's word") {
  const Lineup lineup = loaded(with_keys({"OPENROUTER_API_KEY", "DEEPSEEK_API_KEY"}, R"(
[models."deepseek/deepseek-v4-pro"]
provider = "openrouter"
tier = 2
price = { input = 0.5 }
[providers.openai]
base_url = "http://127.0.0.1:1/v1"
)"))
                            .config.lineup;
  const Model& model = lineup.models.at("deepseek/deepseek-v4-pro");
  CHECK(model.provider == "openrouter");
  CHECK(model.id == "deepseek/deepseek-v4-pro");
  CHECK(model.tier == 2);
  CHECK(model.price->input.pico == 500'000);
  CHECK(model.price->cached_input.pico == 500'000);
  CHECK(model.price->output.pico == 870'000);
  // A loopback provider of a known model keeps the known price.
  CHECK(lineup.models.at("openai/gpt-5.5").provider == "openai");
  CHECK(lineup.models.at("openai/gpt-5.5").price->input.pico == 5'000'000);
}

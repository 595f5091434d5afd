#include "config/api_keys.h"

#include <doctest/doctest.h>

using namespace mixagent;

namespace {

class ScriptedProcess final : public Processes {
 public:
  Exit exit;
  Command seen;
  Result<Exit> run(const Command& command, const Cancel&) override {
    seen = command;
    return exit;
  }
};

Provider provider(const std::string& variable, const std::string& command = {}) {
  Provider made;
  made.name = "p";
  made.base_url = "https://p.example/v1";
  made.api_key_env = variable;
  made.api_key_cmd = command;
  return made;
}

}  // namespace

TEST_CASE("a key comes from its variable, else from its command") {
  ScriptedProcess processes;
  const Environment env = {{"P_KEY", " k-123 \n"}, {"BLANK", " "}, {"PATH", "/bin"}};
  CHECK(key_for(provider("P_KEY", "pass"), env, processes, {}).value() == "k-123");
  CHECK(processes.seen.argv.empty());

  processes.exit.out = "k-456\nsecond line\n";
  CHECK(key_for(provider("BLANK", "pass show p"), env, processes, {}).value() == "k-456");
  CHECK(processes.seen.argv == std::vector<std::string>{"/bin/sh", "-c", "pass show p"});

  CHECK(key_for(provider(""), env, processes, {}).value().empty());
  Provider replay = provider("NONE");
  replay.dialect = Dialect::replay;
  CHECK(key_for(replay, env, processes, {}).value().empty());
}

TEST_CASE("a missing key is an error that says what to do") {
  ScriptedProcess processes;
  Error error = key_for(provider("NONE"), {}, processes, {}).error();
  CHECK(error.code == ErrorCode::auth);
  CHECK(error.what == "NONE is not set");
  processes.exit.code = 3;
  error = key_for(provider("NONE", "pass"), {}, processes, {}).error();
  CHECK(error.code == ErrorCode::auth);
  CHECK(error.where == "providers.p.api_key_cmd");
  processes.exit.code = 0;
  CHECK(key_for(provider("NONE", "pass"), {}, processes, {}).error().what ==
        "the command printed nothing");
}

TEST_CASE("secrets are what variables are named like, and what providers name") {
  Lineup lineup;
  lineup.providers["p"] = provider("PLAIN_NAME");
  const Environment env = {{"PLAIN_NAME", "provider-secret-1"},
                           {"GITHUB_TOKEN", "ghp_0123456789abcdef"},
                           {"DB_PASSWORD", "short"},
                           {"SSH_AUTH_SOCK", "/run/user/1000/agent.1"},
                           {"HOME", "/home/somebody-else"},
                           {"EMPTY_KEY", ""}};
  CHECK(known_secrets(env, lineup) ==
        std::vector<std::string>{"ghp_0123456789abcdef", "provider-secret-1"});
}

#include "journal/run_index.h"

#include "support/fake_clock.h"
#include "support/temp_repo.h"
#include "system/folders.h"

#include <doctest/doctest.h>

namespace mixagent {
namespace {

TEST_CASE("folders follow the environment, and need no USER") {
  CHECK(state_folder({{"XDG_STATE_HOME", "/s"}, {"HOME", "/h"}}) == "/s/mixagent");
  CHECK(state_folder({{"HOME", "/h"}}) == "/h/.local/state/mixagent");
  CHECK(cache_folder({{"HOME", "/h"}, {"XDG_CACHE_HOME", "relative"}}) == "/h/.cache/mixagent");
  CHECK(config_folder({{"HOME", "/h"}, {"XDG_CONFIG_HOME", ""}}) == "/h/.config/mixagent");
  CHECK(state_folder({}) == "/.local/state/mixagent");
}

TEST_CASE("two repositories of the same name do not share a folder") {
  const auto one = repository_name("/work/one/shop"), two = repository_name("/work/two/shop");
  CHECK(one.substr(0, 5) == "shop-");
  CHECK(one != two);
  CHECK(repository_name("/work/one/shop/") == one);
  CHECK(repository_name("/w/my shop\n").find_first_of(" \n/") == std::string::npos);
  CHECK(repository_name("/").size() > 8);
  CHECK(repository_name("/w/..hidden").front() != '.');
}

TEST_CASE("run ids name their time and sort by it") {
  FakeClock clock;
  FakeRandom random({7, 123'456});
  const auto first = new_run_id(clock, random);
  CHECK(first.text.size() == std::string("20261124-151200-k3f9").size());
  CHECK(first.text[8] == '-');
  CHECK(first != new_run_id(clock, random));
}

TEST_CASE("runs are found by a unique beginning") {
  TempDir dir;
  const auto runs = runs_folder(dir.path(), "/work/shop");
  const auto name_found = [&](const char* name) {
    const auto found = find_run(runs, name);
    return found ? found->id.text : std::string(to_string(found.error().code));
  };
  CHECK(name_found("") == "not_found");
  for (const char* id : {"20260101-000000-aaaa", "20260102-000000-bbbb", "20260102-000001-cccc"}) {
    write_test_file(runs / id / "events.jsonl", "");
  }
  write_test_file(runs / "20260109-000000-dddd" / "lock", "");
  CHECK(list_runs(runs).size() == 3);
  CHECK(name_found("") == "20260102-000001-cccc");
  CHECK(name_found("20260101") == "20260101-000000-aaaa");
  CHECK(name_found("20260102-000000-bbbb") == "20260102-000000-bbbb");
  CHECK(name_found("20260102") == "usage");
  CHECK(name_found("2027") == "not_found");
  CHECK(name_found("20260109") == "not_found");
  write_test_file(runs_folder(dir.path(), "/work/other") / "20260103-000000-eeee/events.jsonl", "");
  const auto all = list_all_runs(dir.path());
  REQUIRE(all.size() == 4);
  CHECK(all.front().id.text == "20260103-000000-eeee");
}

}  // namespace
}  // namespace mixagent

#include "journal/journal_file.h"

#include "base/digest.h"
#include "support/fake_clock.h"
#include "support/temp_repo.h"

#include <doctest/doctest.h>

#include <csignal>
#include <fstream>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace mixagent {
namespace {

namespace fs = std::filesystem;

template <class T>
T value_of(Result<T> result) {
  REQUIRE_MESSAGE(result, describe(result.error()));
  return *std::move(result);
}

template <class T>
std::string code_of(const Result<T>& result) {
  return result ? "ok" : to_string(result.error().code);
}

struct RunFixture {
  TempDir dir;
  FakeClock clock;
  fs::path run = dir.path() / "state/shop/runs/r1";
  std::vector<Secret> secrets = {{"OPENAI_API_KEY", "sk-0123456789abcdef"}, {"SHORT", "short"}};

  std::unique_ptr<JournalFile> create() {
    return value_of(create_journal(run, RunId{"r1"}, clock, secrets));
  }
  std::unique_ptr<JournalFile> open() { return value_of(open_journal(run, clock, secrets)); }
  std::string lines() const { return read_test_file(run / "events.jsonl"); }
};

NoteAdded note(std::string text) {
  return {std::move(text), ""};
}

std::vector<std::string> notes_of(const std::vector<Event>& events) {
  std::vector<std::string> notes;
  for (const auto& event : events) {
    if (const auto* added = std::get_if<NoteAdded>(&event.fact)) notes.push_back(added->text);
  }
  return notes;
}

void record_call(Journal& journal, const std::string& key, const std::string& hash,
                 const std::string& reply) {
  CallStarted started;
  started.key = key;
  started.hash = hash;
  value_of(journal.append(started));
  CallCompleted completed;
  completed.key = key;
  completed.reply = value_of(journal.put(reply)).text;
  value_of(journal.append(completed));
}

TEST_CASE("facts are on disk, numbered, before anyone sees them") {
  RunFixture f;
  auto journal = f.create();
  std::vector<std::int64_t> seen;
  journal->listen([&](const Event& event) {
    CHECK(f.lines().find("\"seq\":" + std::to_string(event.seq) + ",") != std::string::npos);
    seen.push_back(event.seq);
  });
  value_of(journal->append(note("one")));
  value_of(journal->append(note("two")));
  CHECK(seen == std::vector<std::int64_t>{1, 2});
  REQUIRE(journal->sync());
  journal.reset();

  CHECK(notes_of(value_of(read_journal(f.run))) == std::vector<std::string>{"one", "two"});
  auto again = f.open();
  CHECK(again->run() == RunId{"r1"});
  CHECK(value_of(again->append(note("three"))).seq == 3);
  CHECK(notes_of(again->events()) == std::vector<std::string>{"one", "two", "three"});
}

TEST_CASE("nobody else reads the run directory") {
  RunFixture f;
  auto journal = f.create();
  value_of(journal->append(note("x")));
  const auto blob = value_of(journal->put("body"));
  const auto mode = [](const fs::path& path) {
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    return status.st_mode & 0777;
  };
  CHECK(mode(f.run) == 0700);
  CHECK(mode(f.run / "events.jsonl") == 0600);
  CHECK(mode(f.run / "lock") == 0600);
  CHECK(mode(f.run / "blobs") == 0700);
  CHECK(mode(f.run / "blobs" / blob.text.substr(0, 2) / blob.text) == 0600);
}

TEST_CASE("threads append without gaps, and listeners hear the order of the file") {
  RunFixture f;
  auto journal = f.create();
  std::vector<std::int64_t> heard;
  journal->listen([&](const Event& event) { heard.push_back(event.seq); });
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        if (!journal->append(note(std::to_string(t)))) return;
        if (i % 10 == 0) (void)journal->put(std::to_string(i));
        if (i % 25 == 0) (void)journal->sync();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  journal.reset();
  const auto events = value_of(read_journal(f.run));
  REQUIRE(events.size() == 200);
  for (std::size_t i = 0; i < events.size(); ++i) {
    CHECK(events[i].seq == static_cast<std::int64_t>(i) + 1);
    CHECK(heard[i] == events[i].seq);
  }
}

TEST_CASE("a second process is told who works on the run; reading is always possible") {
  RunFixture f;
  auto journal = f.create();
  value_of(journal->append(note("x")));
  const pid_t child = ::fork();
  if (child == 0) {
    const auto refused = open_journal(f.run, f.clock, {});
    const bool told = !refused && refused.error().code == ErrorCode::usage &&
                      refused.error().what.find(std::to_string(::getppid())) != std::string::npos;
    ::_exit(told && read_journal(f.run) ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(status == 0);
}

TEST_CASE("a killed writer loses nothing that was appended") {
  RunFixture f;
  const pid_t child = ::fork();
  if (child == 0) {
    auto journal = create_journal(f.run, RunId{"r1"}, f.clock, {});
    if (!journal) ::_exit(1);
    record_call(**journal, "a", "h", "paid for");
    ::raise(SIGKILL);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  REQUIRE(WIFSIGNALED(status));
  CHECK(value_of(f.open()->recorded("a", "h")) == "paid for");
}

TEST_CASE("a torn last line is dropped, other damage names its line") {
  RunFixture f;
  {
    auto journal = f.create();
    for (const char* text : {"one", "two", "three"}) value_of(journal->append(note(text)));
  }
  const auto whole = f.lines();
  const auto second = whole.find('\n') + 1, third = whole.find('\n', second) + 1;
  SUBCASE("torn") {
    for (const auto& torn :
         {whole + "{\"seq\":4,\"ts\"", whole + std::string(300, '\0'), whole + "x"}) {
      write_test_file(f.run / "events.jsonl", torn);
      CHECK(notes_of(value_of(read_journal(f.run))).size() == 3);
      CHECK(value_of(f.open()->append(note("four"))).seq == 4);
      CHECK(notes_of(value_of(read_journal(f.run))) ==
            std::vector<std::string>{"one", "two", "three", "four"});
    }
  }
  SUBCASE("damaged") {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {whole.substr(0, second) + "garbage\n" + whole.substr(third), "line 2 "},
        {whole.substr(0, second) + whole.substr(third), "line 2 "},
        {whole + whole.substr(third), "line 4 "},
        {"\n" + whole, "line 1 "},
        {whole.substr(0, third) + "{\"seq\":3}\n", "line 3 "},
    };
    for (const auto& [text, place] : cases) {
      write_test_file(f.run / "events.jsonl", text);
      const auto opened = open_journal(f.run, f.clock, {});
      CHECK(code_of(opened) == "corrupt");
      CHECK(opened.error().what.find(place) == 0);
      CHECK(code_of(read_journal(f.run)) == "corrupt");
      CHECK(f.lines() == text);
    }
  }
  SUBCASE("nothing whole") {
    write_test_file(f.run / "events.jsonl", "{\"seq\":1");
    CHECK(code_of(open_journal(f.run, f.clock, {})) == "not_found");
  }
  SUBCASE("another run's line") {
    auto other = whole;
    other.replace(other.rfind("\"r1\""), 4, "\"r2\"");
    write_test_file(f.run / "events.jsonl", other);
    CHECK(code_of(read_journal(f.run)) == "corrupt");
  }
}

TEST_CASE("unknown facts of a newer version are kept") {
  RunFixture f;
  { value_of(f.create()->append(note("one"))); }
  auto line = f.lines();
  line.replace(line.find("note.added"), 10, "note.added.v9");
  line.replace(line.find("\"seq\":1"), 7, "\"seq\":2");
  write_test_file(f.run / "events.jsonl", f.lines() + line);
  CHECK(f.open()->events().size() == 2);
}

TEST_CASE("there is no run, or there is one already") {
  RunFixture f;
  CHECK(code_of(open_journal(f.run, f.clock, {})) == "not_found");
  CHECK(code_of(read_journal(f.run)) == "not_found");
  { value_of(f.create()->append(note("one"))); }
  CHECK(code_of(create_journal(f.run, RunId{"r2"}, f.clock, {})) == "usage");
}

TEST_CASE("recorded results: same key and hash, another hash, none yet") {
  RunFixture f;
  auto journal = f.create();
  record_call(*journal, "plan/1", "h1", "the plan");
  int runs = 0;
  const auto effect = [&]() -> Result<std::string> {
    return std::string("value ") + std::to_string(++runs);
  };
  CHECK(value_of(journal->once("check/1", "h2", effect)) == "value 1");
  CallStarted open;
  open.key = "open";
  open.hash = "h3";
  value_of(journal->append(open));
  for (int round = 0; round < 2; ++round) {
    CHECK(value_of(journal->recorded("plan/1", "h1")) == "the plan");
    CHECK(value_of(journal->once("check/1", "h2", effect)) == "value 1");
    CHECK_FALSE(value_of(journal->recorded("open", "h3")).has_value());
    CHECK_FALSE(value_of(journal->recorded("other", "h1")).has_value());
    CHECK(code_of(journal->recorded("plan/1", "hX")) == "corrupt");
    CHECK(code_of(journal->once("check/1", "hX", effect)) == "corrupt");
    journal.reset();
    journal = f.open();
  }
  CHECK(runs == 1);
  CHECK(code_of(journal->once("fails", "h", []() -> Result<std::string> {
          return fail(ErrorCode::io, "no");
        })) == "io");
  CHECK_FALSE(value_of(journal->recorded("fails", "h")).has_value());
}

TEST_CASE("a recorded result whose body is gone or changed is an error, never another answer") {
  RunFixture f;
  auto journal = f.create();
  record_call(*journal, "a", "h", "answer");
  const auto id = sha256_hex("answer");
  const auto body = f.run / "blobs" / id.substr(0, 2) / id;
  SUBCASE("gone") {
    fs::remove(body);
  }
  SUBCASE("changed") {
    write_test_file(body, "answez");
  }
  CHECK(code_of(journal->recorded("a", "h")) == "corrupt");
}

TEST_CASE("secrets never reach the disk, come back, and cannot be forged") {
  RunFixture f;
  auto journal = f.create();
  const std::string secret = "sk-0123456789abcdef";
  const std::string body =
      "key=" + secret + " short [[secret:OPENAI_API_KEY]] [[secret:]] [[secret:X]] " + secret;
  const auto id = value_of(journal->put(body));
  CHECK(value_of(journal->get(id)) == body);
  std::string heard;
  journal->listen([&](const Event& event) {
    if (const auto* added = std::get_if<NoteAdded>(&event.fact)) heard = added->text;
  });
  const auto event = value_of(journal->append(note("uses " + secret)));
  CHECK(std::get<NoteAdded>(event.fact).text == "uses [[secret:OPENAI_API_KEY]]");
  CHECK(heard == "uses [[secret:OPENAI_API_KEY]]");
  record_call(*journal, "k", "h", body);
  CHECK(value_of(journal->recorded("k", "h")) == body);
  journal.reset();
  for (const auto& entry : fs::recursive_directory_iterator(f.run)) {
    if (entry.is_regular_file())
      CHECK(read_test_file(entry.path()).find(secret) == std::string::npos);
  }
  // On a machine without the key the placeholder stays, and what only looked like one does not
  // become one.
  f.secrets.clear();
  CHECK(value_of(f.open()->get(id)) ==
        "key=[[secret:OPENAI_API_KEY]] short [[secret:OPENAI_API_KEY]] [[secret:]] "
        "[[secret:X]] [[secret:OPENAI_API_KEY]]");
}

TEST_CASE("secrets that overlap or need escapes in JSON") {
  RunFixture f;
  f.secrets = {
      {"A", "0123456789ab"}, {"LONG", "0123456789abcdef"}, {"QUOTED", "with\"quote\\and\nline"}};
  auto journal = f.create();
  for (const std::string body :
       {"0123456789abcdef0123456789ab0123456789a", "with\"quote\\and\nline"}) {
    CHECK(value_of(journal->get(value_of(journal->put(body)))) == body);
    value_of(journal->append(note(body)));
  }
  CHECK(f.lines().find("0123456789ab\"") == std::string::npos);
  CHECK(notes_of(journal->events()) ==
        std::vector<std::string>{"[[secret:LONG]][[secret:A]]0123456789a", "[[secret:QUOTED]]"});
}

}  // namespace
}  // namespace mixagent

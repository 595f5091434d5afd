// A small orchestration with all that makes a real one hard to replay: steps on threads, paid
// calls, commands that rewrite files, integration in an order that only timing decides. Run once
// whole; then again from every prefix that a kill could have left. What must hold: the same final
// tree, nothing paid twice, the recorded order kept.

#include "base/digest.h"
#include "journal/journal_file.h"
#include "support/fake_clock.h"
#include "support/temp_repo.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <thread>

namespace mixagent {
namespace {

namespace fs = std::filesystem;
using Files = std::map<std::string, std::string>;

std::string text_of(const Files& files) {
  std::string text;
  for (const auto& [path, bytes] : files) text += path + "=" + bytes + "\n";
  return text;
}

// The world: every effect that was really carried out, and a random pace.
struct World {
  std::mutex mutex;
  std::vector<std::string> calls, commands;
  unsigned pace = 1;

  void happened(std::vector<std::string>& list, const std::string& key) {
    const std::lock_guard lock(mutex);
    list.push_back(key);
    pace = pace * 1664525 + 1013904223;
    if (pace >> 31 != 0) std::this_thread::yield();
  }
};

struct Died {};  // the journal refused: the process ends here

template <class T>
T must(Result<T> result) {
  if (!result) throw Died{};
  return *std::move(result);
}

// One paid call, as the engine makes it. The request holds what the model would see.
std::string ask(Journal& journal, World& world, const std::string& key,
                const std::string& request) {
  const auto hash = sha256_hex(request);
  if (auto before = must(journal.recorded(key, hash))) return *before;
  CallStarted started;
  started.key = key;
  started.hash = hash;
  must(journal.append(started));
  world.happened(world.calls, key);
  CallCompleted completed;
  completed.key = key;
  completed.reply = must(journal.put("<" + key + ":" + hash.substr(0, 6) + ">")).text;
  must(journal.append(completed));
  return must(journal.get(BlobId{completed.reply}));
}

// A command that rewrites a file. Its recorded value is what it did to the tree, not only what it
// printed.
void format(Journal& journal, World& world, const std::string& key, const std::string& path,
            Files& tree) {
  const auto delta =
      must(journal.once(key, sha256_hex(text_of(tree)), [&]() -> Result<std::string> {
        world.happened(world.commands, key);
        return "formatted(" + tree[path] + ")";
      }));
  tree[path] = delta;
}

class Orchestration {
 public:
  Orchestration(Journal& journal, World& world) : journal_(journal), world_(world) {}

  Files run() {
    read_what_was_decided();
    std::vector<std::thread> threads;
    for (const char* step : {"s1", "s2", "s3"}) {
      threads.emplace_back([this, step] {
        try {
          carry_out(step);
        } catch (const Died&) {
          const std::lock_guard lock(mutex_);
          died_ = true;
          turn_.notify_all();
        }
      });
    }
    for (auto& thread : threads) thread.join();
    if (died_) throw Died{};
    return head_;
  }
  std::vector<std::string> order() const { return order_; }

 private:
  // On what each step began, and in which order changes were taken: timing decided it once and must
  // not decide again.
  void read_what_was_decided() {
    for (const auto& event : journal_.events()) {
      if (const auto* started = std::get_if<StepStarted>(&event.fact))
        bases_[started->step] = BlobId{started->base};
      if (const auto* taken = std::get_if<ChangeIntegrated>(&event.fact))
        recorded_order_.push_back(taken->step);
    }
  }

  Files base_of(const std::string& step) {
    const std::lock_guard lock(mutex_);
    if (const auto found = bases_.find(step); found != bases_.end())
      return parse(must(journal_.get(found->second)));
    StepStarted started;
    started.step = step;
    started.base = must(journal_.put(text_of(head_))).text;
    must(journal_.append(started));
    return head_;
  }

  void carry_out(const std::string& step) {
    Files tree = base_of(step);
    const auto path = step + ".txt";
    tree[path] = ask(journal_, world_, step + "/a1/c1", "base " + text_of(tree));
    format(journal_, world_, step + "/a1/cmd1", path, tree);
    tree[path] += ask(journal_, world_, step + "/a1/c2", text_of(tree));
    tree["shared"] += step;
    integrate(step, tree[path]);
  }

  void integrate(const std::string& step, const std::string& bytes) {
    std::unique_lock lock(mutex_);
    turn_.wait(lock, [&] { return died_ || is_next(step); });
    if (died_) throw Died{};
    const bool recorded = order_.size() < recorded_order_.size();
    head_[step + ".txt"] = bytes;
    head_["shared"] += step;
    order_.push_back(step);
    if (!recorded) {
      ChangeIntegrated taken;
      taken.step = step;
      taken.tree = sha256_hex(text_of(head_));
      must(journal_.append(taken));
    }
    turn_.notify_all();
  }

  // While the recorded order lasts it rules; after it, first come first served.
  bool is_next(const std::string& step) const {
    if (order_.size() < recorded_order_.size()) return recorded_order_[order_.size()] == step;
    return true;
  }

  static Files parse(const std::string& text) {
    Files files;
    std::size_t begin = 0;
    for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n', begin)) {
      const auto line = text.substr(begin, end - begin);
      files[line.substr(0, line.find('='))] = line.substr(line.find('=') + 1);
      begin = end + 1;
    }
    return files;
  }

  Journal& journal_;
  World& world_;
  std::map<std::string, BlobId> bases_;
  std::vector<std::string> recorded_order_;
  std::mutex mutex_;  // below
  std::condition_variable turn_;
  Files head_ = {{"shared", ""}};
  std::vector<std::string> order_;
  bool died_ = false;
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = text.find('\n', begin) + 1;
    lines.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return lines;
}

std::set<std::string> completed_in(const std::vector<Event>& events) {
  std::set<std::string> keys;
  for (const auto& event : events) {
    if (const auto* call = std::get_if<CallCompleted>(&event.fact)) keys.insert(call->key);
    if (const auto* effect = std::get_if<EffectCompleted>(&event.fact)) keys.insert(effect->key);
  }
  return keys;
}

bool starts_with(const std::vector<std::string>& whole, const std::vector<std::string>& start) {
  return whole.size() >= start.size() && std::equal(start.begin(), start.end(), whole.begin());
}

std::vector<std::string> order_in(const std::vector<Event>& events) {
  std::vector<std::string> order;
  for (const auto& event : events) {
    if (const auto* taken = std::get_if<ChangeIntegrated>(&event.fact))
      order.push_back(taken->step);
  }
  return order;
}

TEST_CASE("from every prefix of its journal a run comes to its end without paying twice") {
  TempDir dir;
  FakeClock clock;
  RunStarted begin;
  begin.goal = "experiment";

  const auto first = dir.path() / "first";
  World first_world;
  Files whole;
  {
    auto journal = create_journal(first, RunId{"r"}, clock, {});
    REQUIRE(journal);
    REQUIRE((*journal)->append(begin));
    whole = Orchestration(**journal, first_world).run();
  }
  CHECK(first_world.calls.size() == 6);
  CHECK(first_world.commands.size() == 3);
  const auto lines = lines_of(read_test_file(first / "events.jsonl"));
  REQUIRE(lines.size() == 1 + 3 + 6 * 2 + 3 + 3);

  std::string prefix;
  for (std::size_t kept = 1; kept <= lines.size(); ++kept) {
    prefix += lines[kept - 1];
    const auto& next = kept < lines.size() ? lines[kept] : std::string();
    for (const auto& torn : {std::string(), next.substr(0, next.size() / 2),
                             next.substr(0, next.empty() ? 0 : next.size() - 1)}) {
      CAPTURE(kept);
      CAPTURE(torn.size());
      const auto again = dir.path() / "again";
      fs::remove_all(again);
      fs::create_directories(again);
      fs::copy(first / "blobs", again / "blobs", fs::copy_options::recursive);
      write_test_file(again / "events.jsonl", prefix + torn);

      World world;
      world.pace = static_cast<unsigned>(kept * 7919 + torn.size());
      auto journal = open_journal(again, clock, {});
      REQUIRE_MESSAGE(journal, describe(journal.error()));
      const auto before = (*journal)->events();
      REQUIRE(before.size() == kept);
      Orchestration second(**journal, world);
      const auto tree = second.run();

      // What a step makes follows from its recorded base alone; the whole tree also from the
      // recorded order.
      for (const auto& event : before) {
        const auto* started = std::get_if<StepStarted>(&event.fact);
        if (started != nullptr)
          CHECK(tree.at(started->step + ".txt") == whole.at(started->step + ".txt"));
      }
      if (order_in(before).size() == 3) CHECK(tree == whole);
      // Nothing that was recorded happens again, and each thing happens once in all.
      auto done = completed_in(before);
      for (const auto* list : {&world.calls, &world.commands}) {
        for (const auto& key : *list) CHECK_MESSAGE(done.insert(key).second, key);
      }
      CHECK(done.size() == 9);
      CHECK(starts_with(second.order(), order_in(before)));
      CHECK(order_in((*journal)->events()) == second.order());
      std::string in_order;
      for (const auto& step : second.order()) in_order += step;
      CHECK(tree.at("shared") == in_order);

      // And what came out is itself replayed without any effect at all.
      World idle;
      CHECK(Orchestration(**journal, idle).run() == tree);
      CHECK(idle.calls.empty());
      CHECK(idle.commands.empty());
    }
  }
}

}  // namespace
}  // namespace mixagent

#pragma once
// The `replay` provider: answers from a hand-written scenario (provider/scenario.h) or from the
// directory of a recorded run (events.jsonl and blobs/), as Provider::base_url says. Makes no
// connection and needs no key. Thread-safe.
//
// A scenario's `error` goes through the same rules as a real one: what is transient is told to the
// observer and asked again (the next matching reply answers), without the wait. A recorded run
// answers by the call's key, so it serves the same run again, step by step.

#include "provider/scenario.h"

#include "mixagent/chat_model.h"
#include "mixagent/clock.h"
#include "mixagent/model.h"

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace mixagent {

// Puts back what a recording hides behind placeholders: the secrets that this process knows.
using RestoreText = std::function<std::string(std::string_view)>;

// The replies of a recorded run, by CallLabels::key.
class Recording {
 public:
  // Error not_found or corrupt, naming the file.
  static Result<Recording> open(const std::string& run_dir);
  // `restore` may be empty.
  Result<ChatReply> reply(const std::string& key, const RestoreText& restore) const;
  std::size_t size() const { return blobs_.size(); }

 private:
  std::string run_dir_;
  std::map<std::string, std::string> blobs_;
};

class ReplayModels final : public ChatModels {
 public:
  // Both must outlive it. Sources are read at the first call that needs them.
  explicit ReplayModels(const Lineup& lineup, Clock& clock, RestoreText restore = {})
      : lineup_(lineup), clock_(clock), restore_(std::move(restore)) {}

  Result<ChatReply> ask(const ChatRequest& request, CallObserver& observer,
                        const Cancel& cancel) override;

 private:
  struct Source {
    std::unique_ptr<Scenario> scenario;
    std::unique_ptr<Recording> recording;
  };
  Result<Source*> source_of(const Provider& provider);
  Result<ChatReply> ask_scenario(Scenario& scenario, const ChatRequest& request,
                                 const Origin& origin, CallObserver& observer,
                                 const Cancel& cancel);

  const Lineup& lineup_;
  Clock& clock_;
  const RestoreText restore_;
  std::mutex mutex_;
  std::map<std::string, Source> sources_;  // by base_url
};

}  // namespace mixagent

#pragma once
// What people see while a run goes on. The engine tells Progress, which may be lost; facts come
// from the journal.

#include <optional>
#include <string>
#include <string_view>

namespace mixagent {

class Console {
 public:
  virtual ~Console() = default;
  // Weather, not facts: "step s1: reading", "412 tokens". Never blocks; may be dropped.
  // Thread-safe.
  virtual void progress(const std::string& step, std::string_view text) = 0;
  // Asks a person. Empty when standard input or standard error is no terminal: the caller must have
  // an answer then.
  virtual std::optional<std::string> ask(std::string_view question) = 0;
  virtual bool interactive() const = 0;
};

}  // namespace mixagent

#pragma once
// Servers that are almost of a dialect refuse single parameters. What a request can do without is
// left out from then on.

#include "mixagent/error.h"

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

namespace mixagent {

// The parameter of this body that a bad_request names and that may go; "" when there is none. Pure.
std::string refused_parameter(const Error& error, std::string_view body);
// The body without it; of the two names for the largest output, the other one is taken. Pure.
std::string without_parameter(const std::string& body, const std::string& name);

// What was refused so far, by model. Thread-safe.
class RefusedParameters {
 public:
  // False when nothing is left to try: both names of one thing were refused.
  bool add(const std::string& model, const std::string& name);
  std::string strip(const std::string& model, std::string body);

 private:
  std::mutex mutex_;
  std::map<std::string, std::set<std::string>> names_;
};

}  // namespace mixagent

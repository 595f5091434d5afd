#pragma once
// Notices a conversation that goes in circles: the same call with the same result, three times,
// while the tree stays as it is.

#include <map>
#include <string>

namespace mixagent {

class Stuck {
 public:
  // True at the third identical pair since the tree last changed.
  bool repeats(const std::string& call, const std::string& result, bool tree_changed) {
    if (tree_changed) seen_.clear();
    return ++seen_[call + '\0' + result] >= 3;
  }

 private:
  std::map<std::string, int> seen_;
};

}  // namespace mixagent

#pragma once
// Words of a goal and of code, made comparable: lower case, identifiers taken apart, plurals cut.

#include <string>
#include <string_view>
#include <vector>

namespace mixagent {

// "parse_HTTPHeaders v2" -> parse, http, header, v2. Parts of one letter are left out.
std::vector<std::string> words_of(std::string_view text);

struct GoalWords {
  std::vector<std::string> words;  // without common ones, each once, in order
  std::vector<std::string>
      identifiers;  // written like code ("list_pages", "PageSize", "api/list.py"), as written
};
GoalWords goal_words(std::string_view goal);

}  // namespace mixagent

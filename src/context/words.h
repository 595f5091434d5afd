#pragma once
// Words of a goal and of code, made comparable: lower case, identifiers taken apart, endings cut.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace mixagent {

// "parse_HTTPHeaders v2" -> pars, http, header, v2. Parts of one letter are left out.
void each_word(std::string_view text, const std::function<void(const std::string&)>& use);
std::vector<std::string> words_of(std::string_view text);

struct GoalWords {
  std::vector<std::string> words;  // without common ones, each once, in order
  std::vector<std::string>
      identifiers;  // written like code ("list_pages", "PageSize", "api/list.py"), as written
  std::vector<std::string> names;  // every word that could be a whole name in code, as written
};
// Bytes that people write: valid UTF-8 without NUL.
bool is_text(std::string_view bytes);

GoalWords goal_words(std::string_view goal);

}  // namespace mixagent

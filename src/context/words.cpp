#include "context/words.h"

#include "base/text.h"

#include <algorithm>
#include <set>

namespace mixagent {

namespace {

constexpr std::size_t longest_word = 64;  // bytes; longer ones are data

bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_alnum(char c) {
  // Letters beyond ASCII belong to words too.
  return is_upper(c) || is_lower(c) || is_digit(c) || (static_cast<unsigned char>(c) & 0x80U) != 0;
}

bool is_vowel(char c) {
  return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u' || c == 'y';
}

bool cut_end(std::string& word, std::string_view end, std::size_t least) {
  if (word.size() < end.size() + least) return false;
  if (word.compare(word.size() - end.size(), end.size(), end) != 0) return false;
  word.resize(word.size() - end.size());
  return true;
}

// Light on purpose: forms of one word meet, different words rarely do.
void stem(std::string& word) {
  if (cut_end(word, "ies", 2)) {
    word += 'y';
  } else if (word.size() > 3 && word.back() == 's' && word[word.size() - 2] != 's' &&
             word[word.size() - 2] != 'u') {
    word.pop_back();
  }
  if (cut_end(word, "ing", 3) || cut_end(word, "ed", 3)) {
    const auto size = word.size();
    const bool doubled = word[size - 1] == word[size - 2] && !is_vowel(word[size - 1]);
    if (doubled && word[size - 1] != 'l' && word[size - 1] != 's') word.pop_back();
  }
  cut_end(word, "e", 3);
}

std::set<std::string> stemmed(const std::set<std::string>& words) {
  std::set<std::string> stems;
  for (std::string word : words) {
    stem(word);
    stems.insert(std::move(word));
  }
  return stems;
}

bool common(const std::string& word) {
  static const std::set<std::string> words = stemmed(
      {"the",    "and",       "for",     "with",   "that",    "this",    "from",  "into",   "when",
       "then",   "than",      "not",     "are",    "was",     "should",  "must",  "can",    "will",
       "all",    "any",       "add",     "fix",    "make",    "use",     "using", "change", "new",
       "it",     "to",        "of",      "in",     "on",      "is",      "be",    "an",     "as",
       "at",     "by",        "or",      "if",     "so",      "we",      "you",   "our",    "out",
       "up",     "no",        "do",      "doe",    "have",    "has",     "its",   "there",  "where",
       "which",  "what",      "how",     "also",   "instead", "current", "code",  "file",   "work",
       "please", "implement", "support", "update", "each",    "but",     "only"});
  return words.count(word) != 0;
}

bool looks_like_code(std::string_view token) {
  if (token.size() < 3) return false;
  if (token.find_first_of("_/") != std::string_view::npos ||
      token.find("::") != std::string_view::npos) {
    return true;
  }
  const auto dot = token.find('.');
  if (dot != std::string_view::npos && dot + 1 < token.size()) return true;
  for (std::size_t i = 1; i < token.size(); ++i) {
    if (is_lower(token[i - 1]) && is_upper(token[i])) return true;
  }
  return false;
}

// "the `add_js` flag" -> the, add_js, flag; without common words.
std::vector<std::string> plain_names(std::string_view goal) {
  std::vector<std::string> names;
  std::string name;
  const auto flush = [&] {
    std::string stemmed_name = lower(name);
    stem(stemmed_name);
    if (name.size() >= 3 && !is_digit(name.front()) && !common(stemmed_name)) names.push_back(name);
    name.clear();
  };
  for (const char c : goal) {
    if (is_alnum(c) || c == '_') {
      name += c;
    } else {
      flush();
    }
  }
  flush();
  return names;
}

void add_once(std::vector<std::string>& list, std::string item) {
  if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(std::move(item));
}

}  // namespace

void each_word(std::string_view text, const std::function<void(const std::string&)>& use) {
  std::string word;
  std::size_t begin = 0;
  const auto flush = [&](std::size_t end) {
    if (end < begin + 2 || end > begin + longest_word) return;
    word.assign(text.substr(begin, end - begin));
    for (char& c : word) c = is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
    stem(word);
    use(word);
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (!is_alnum(c)) {
      flush(i);
      begin = i + 1;
      continue;
    }
    if (i == begin) continue;
    const char before = text[i - 1];
    const bool hump = is_upper(c) && (is_lower(before) || is_digit(before));
    // The last capital of a row begins the next word: HTTPHeader.
    const bool row_ends =
        is_upper(before) && is_upper(c) && i + 1 < text.size() && is_lower(text[i + 1]);
    if (hump || row_ends) {
      flush(i);
      begin = i;
    }
  }
  flush(text.size());
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  each_word(text, [&](const std::string& word) { words.push_back(word); });
  return words;
}

bool is_text(std::string_view bytes) {
  return bytes.find('\0') == std::string_view::npos && valid_utf8(bytes);
}

GoalWords goal_words(std::string_view goal) {
  GoalWords found;
  std::string token;
  const auto flush = [&] {
    while (!token.empty() && (token.back() == '.' || token.back() == ':' || token.back() == '-')) {
      token.pop_back();
    }
    if (looks_like_code(token)) add_once(found.identifiers, token);
    token.clear();
  };
  for (const char c : goal) {
    const bool inside = is_alnum(c) || c == '_' || c == '/' || c == '.' || c == ':' || c == '-';
    if (inside) {
      token += c;
    } else {
      flush();
    }
  }
  flush();
  for (const std::string& name : plain_names(goal)) add_once(found.names, name);
  for (std::string& word : words_of(goal)) {
    if (!common(word)) add_once(found.words, std::move(word));
  }
  return found;
}

}  // namespace mixagent

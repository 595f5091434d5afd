#include "context/words.h"

#include "base/text.h"

#include <algorithm>
#include <set>

namespace mixagent {

namespace {

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

std::string stem(std::string word) {
  const auto size = word.size();
  const bool plural =
      size > 3 && word.back() == 's' && word[size - 2] != 's' && word[size - 2] != 'u';
  if (plural) word.pop_back();
  return word;
}

bool common(const std::string& word) {
  static const std::set<std::string> words = {
      "the",    "and",       "for",     "with",   "that",    "this",    "from",  "into",   "when",
      "then",   "than",      "not",     "are",    "was",     "should",  "must",  "can",    "will",
      "all",    "any",       "add",     "fix",    "make",    "use",     "using", "change", "new",
      "it",     "to",        "of",      "in",     "on",      "is",      "be",    "an",     "as",
      "at",     "by",        "or",      "if",     "so",      "we",      "you",   "our",    "out",
      "up",     "no",        "do",      "doe",    "have",    "has",     "its",   "there",  "where",
      "which",  "what",      "how",     "also",   "instead", "current", "code",  "file",   "work",
      "please", "implement", "support", "update", "each",    "but",     "only"};
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

void add_once(std::vector<std::string>& list, std::string item) {
  if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(std::move(item));
}

}  // namespace

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  std::size_t begin = 0;
  const auto flush = [&](std::size_t end) {
    if (end >= begin + 2) words.push_back(stem(lower(text.substr(begin, end - begin))));
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
  return words;
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
  for (std::string& word : words_of(goal)) {
    if (!common(word)) add_once(found.words, std::move(word));
  }
  return found;
}

}  // namespace mixagent

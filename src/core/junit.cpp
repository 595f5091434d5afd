#include "core/junit.h"

#include "base/text.h"

#include <array>
#include <optional>
#include <string>
#include <utility>

namespace mixagent {

namespace {

constexpr std::size_t longest_attribute = 2'000;  // bytes that are kept
constexpr std::size_t longest_tag = 200'000;      // a failure's message may stand in one

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

void append_utf8(std::string& out, unsigned long code) {
  if (code < 0x20 || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) {
    out += ' ';
  } else if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | (code >> 6));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | (code >> 12));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (code >> 18));
    out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

// "#10", "#xA": the code, or nothing.
std::optional<unsigned long> character_reference(std::string_view name) {
  if (name.size() < 2 || name.size() > 9 || name[0] != '#') return std::nullopt;
  const bool hex = name[1] == 'x';
  unsigned long code = 0;
  for (const char c : name.substr(hex ? 2 : 1)) {
    const int digit = c >= '0' && c <= '9'          ? c - '0'
                      : hex && c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : hex && c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                    : -1;
    if (digit < 0) return std::nullopt;
    code = code * (hex ? 16 : 10) + static_cast<unsigned long>(digit);
  }
  return code;
}

std::string decoded(std::string_view raw) {
  static constexpr std::array<std::pair<std::string_view, char>, 5> named = {
      {{"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}}};
  std::string out;
  for (std::size_t i = 0; i < raw.size() && out.size() < longest_attribute; ++i) {
    const auto end = raw[i] == '&' ? raw.substr(i, 12).find(';') : std::string_view::npos;
    if (end == std::string_view::npos) {
      out += is_space(raw[i]) ? ' ' : raw[i];
      continue;
    }
    const auto name = raw.substr(i + 1, end - 1);
    bool known = false;
    for (const auto& [word, c] : named) {
      if (name == word) {
        out += c;
        known = true;
      }
    }
    if (const auto code = known ? std::nullopt : character_reference(name)) {
      append_utf8(out, *code);
      known = true;
    }
    if (!known) out += raw.substr(i, end + 1);
    i += end;
  }
  return out;
}

// The inside of <...>: name, attributes, whether it closes itself.
struct Tag {
  std::string_view name, attributes;
  bool closing = false, empty = false;

  std::string attribute(std::string_view wanted) const {
    std::size_t at = 0;
    while (at < attributes.size()) {
      while (at < attributes.size() && is_space(attributes[at])) ++at;
      const auto equals = attributes.find('=', at);
      if (equals == std::string_view::npos) return "";
      const auto key = trim(attributes.substr(at, equals - at));
      const auto open = attributes.find_first_of("\"'", equals);
      if (open == std::string_view::npos) return "";
      const auto close = attributes.find(attributes[open], open + 1);
      if (close == std::string_view::npos) return "";
      if (key == wanted) return decoded(attributes.substr(open + 1, close - open - 1));
      at = close + 1;
    }
    return "";
  }
};

class Scanner {
 public:
  Scanner(std::string_view text, TestNotes& notes) : text_(text), notes_(notes) {}

  void run() {
    while (!notes_.full()) {
      const auto tag = next();
      if (!tag) break;
      take(*tag);
    }
    if (open_) notes_.add(name_, TestStatus::error);  // the document ends in the middle of it
  }

 private:
  bool skip(std::string_view begin, std::string_view end) {
    if (text_.substr(at_, begin.size()) != begin) return false;
    const auto found = text_.find(end, at_ + begin.size());
    at_ = found == std::string_view::npos ? text_.size() : found + end.size();
    return true;
  }

  // The '>' that ends a tag; one inside of an attribute's quotes does not.
  std::size_t end_of_tag() const {
    char quote = 0;
    for (std::size_t i = at_ + 1; i < text_.size() && i - at_ < longest_tag; ++i) {
      if (quote != 0) {
        if (text_[i] == quote) quote = 0;
      } else if (text_[i] == '"' || text_[i] == '\'') {
        quote = text_[i];
      } else if (text_[i] == '>') {
        return i;
      }
    }
    return std::string_view::npos;
  }

  std::optional<Tag> next() {
    while (true) {
      at_ = text_.find('<', at_);
      if (at_ == std::string_view::npos) return std::nullopt;
      if (skip("<!--", "-->") || skip("<![CDATA[", "]]>") || skip("<?", "?>")) continue;
      if (text_.substr(at_, 2) == "<!") return std::nullopt;  // a document type: not ours to read
      const auto end = end_of_tag();
      if (end == std::string_view::npos) return std::nullopt;
      Tag tag;
      std::string_view inside = text_.substr(at_ + 1, end - at_ - 1);
      at_ = end + 1;
      tag.closing = !inside.empty() && inside.front() == '/';
      if (tag.closing) inside.remove_prefix(1);
      tag.empty = !inside.empty() && inside.back() == '/';
      if (tag.empty) inside.remove_suffix(1);
      std::size_t name = 0;
      while (name < inside.size() && !is_space(inside[name])) ++name;
      tag.name = inside.substr(0, name);
      tag.attributes = inside.substr(name);
      return tag;
    }
  }

  void take(const Tag& tag) {
    if (tag.name == "testcase") {
      if (open_) notes_.add(name_, status_);
      open_ = !tag.closing;
      if (!open_) return;
      const std::string group = tag.attribute("classname");
      const std::string file = group.empty() ? tag.attribute("file") : group;
      name_ = (file.empty() ? "" : file + "::") + tag.attribute("name");
      const std::string status = tag.attribute("status");
      status_ = status == "notrun" || status == "disabled" ? TestStatus::skipped
                : status == "fail" || status == "failed"   ? TestStatus::failed
                                                           : TestStatus::passed;
      if (!tag.empty) return;
      notes_.add(name_, status_);
      open_ = false;
    } else if (open_ && !tag.closing) {
      if (tag.name == "failure" && status_ != TestStatus::error) status_ = TestStatus::failed;
      if (tag.name == "error") status_ = TestStatus::error;
      if (tag.name == "skipped" && status_ == TestStatus::passed) status_ = TestStatus::skipped;
    }
  }

  std::string_view text_;
  TestNotes& notes_;
  std::size_t at_ = 0;
  bool open_ = false;
  std::string name_;
  TestStatus status_ = TestStatus::passed;
};

}  // namespace

void read_junit(std::string_view text, TestNotes& notes) {
  Scanner(text, notes).run();
}

}  // namespace mixagent

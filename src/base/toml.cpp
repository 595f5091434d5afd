#include "base/toml.h"

#include "base/text.h"

#include <fmt/format.h>

#include <toml++/toml.h>

namespace mixagent {
namespace {

// Where in the text a line and a column (both from 1, columns in characters) stand.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {
    starts_.push_back(0);
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\n') starts_.push_back(i + 1);
    }
  }

  std::string_view between(const toml::source_region& region) const {
    const std::size_t begin = at(region.begin);
    const std::size_t end = at(region.end);
    return begin <= end ? text_.substr(begin, end - begin) : std::string_view();
  }

 private:
  std::size_t at(const toml::source_position& position) const {
    if (position.line == 0 || position.line > starts_.size()) return text_.size();
    std::size_t at = starts_[position.line - 1];
    for (auto column = position.column; column > 1 && at < text_.size(); --column) {
      ++at;
      while (at < text_.size() && (static_cast<unsigned char>(text_[at]) & 0xC0) == 0x80) ++at;
    }
    return at;
  }

  std::string_view text_;
  std::vector<std::size_t> starts_;
};

struct Reading {
  const std::string& file;
  Lines lines;

  TomlPlace place(const toml::source_region& region) const {
    return {file, static_cast<int>(region.begin.line), static_cast<int>(region.begin.column)};
  }

  TomlTable table(const toml::table& from) const {
    TomlTable table;
    for (const auto& [key, node] : from)
      table.emplace(std::string(key.str()), value(node, place(key.source())));
    return table;
  }

  TomlValue value(const toml::node& node, TomlPlace at) const {
    TomlValue result;
    result.place = std::move(at);
    const auto written = trim(lines.between(node.source()));
    if (const auto* below = node.as_table()) {
      result.value = table(*below);
    } else if (const auto* items = node.as_array()) {
      TomlArray array;
      for (const auto& item : *items) array.push_back(value(item, place(item.source())));
      result.value = std::move(array);
    } else if (const auto* text = node.as_string()) {
      result.value = text->get();
    } else if (const auto* flag = node.as_boolean()) {
      result.value = flag->get();
    } else if (const auto* whole = node.as_integer()) {
      result.value = whole->get();
      result.source = written;
    } else if (const auto* number = node.as_floating_point()) {
      result.value = number->get();
      result.source = written;
    } else {
      result.value = std::string(written);  // dates and times: nothing here has a type for them
    }
    return result;
  }
};

void put_everywhere(TomlValue& value, const TomlPlace& place) {
  value.place = place;
  if (auto* array = std::get_if<TomlArray>(&value.value)) {
    for (auto& item : *array) put_everywhere(item, place);
  } else if (auto* table = std::get_if<TomlTable>(&value.value)) {
    for (auto& [key, item] : *table) put_everywhere(item, place);
  }
}

}  // namespace

std::string describe(const TomlPlace& place) {
  if (place.line <= 0) return place.file;
  return fmt::format("{}:{}:{}", place.file, place.line, place.column);
}

Result<TomlTable> parse_toml(std::string_view text, const std::string& file) {
  try {
    const toml::table parsed = toml::parse(text);
    return Reading{file, Lines(text)}.table(parsed);
  } catch (const toml::parse_error& error) {
    const auto& begin = error.source().begin;
    const TomlPlace place{file, static_cast<int>(begin.line), static_cast<int>(begin.column)};
    return fail(ErrorCode::config, clip(error.description(), 300), describe(place),
                "fix the TOML there");
  }
}

TomlValue parse_toml_value(std::string_view text, const TomlPlace& place) {
  TomlValue value;
  // More than one line could smuggle in further keys.
  if (text.find('\n') == std::string_view::npos) {
    auto table = parse_toml("value = " + std::string(text), place.file);
    if (table && table->size() == 1) value = std::move(table->begin()->second);
  }
  if (std::holds_alternative<std::monostate>(value.value)) value.value = std::string(text);
  put_everywhere(value, place);
  return value;
}

std::string quote_toml(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : repair_utf8(text)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (c == '\n') {
      quoted += "\\n";
    } else if (c == '\t') {
      quoted += "\\t";
    } else if (byte < 0x20 || byte == 0x7F) {
      quoted += fmt::format("\\u{:04X}", static_cast<unsigned>(byte));
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

}  // namespace mixagent

#include "base/template.h"

#include "base/text.h"

#include <optional>
#include <vector>

namespace mixagent {
namespace {

constexpr int max_part_depth = 8;

struct Node {
  enum class Kind { text, value, list, when, unless } kind = Kind::text;
  std::string name;  // of `text`: the text itself
  int line = 1;
  std::vector<Node> body;
};

std::string place(const std::string& file, int line) {
  return file + ":" + std::to_string(line);
}

bool is_name(std::string_view text) {
  for (const char c : text) {
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
          c == '-'))
      return false;
  }
  return !text.empty();
}

// ---- reading
// ------------------------------------------------------------------------------------------------------

struct Tag {
  char sigil = ' ';  // one of "#?^/>", or a blank for a value
  std::string name;
  std::size_t begin = 0,
              end = 0;  // what the tag takes from the text, its line included when it stands alone
};

class Reader {
 public:
  Reader(std::string_view text, const TemplateParts& parts, std::string file, int depth)
      : text_(text), parts_(parts), file_(std::move(file)), depth_(depth) {}

  Result<std::vector<Node>> read() {
    MIX_TRY(auto nodes, read_until("", 1));
    return nodes;
  }

 private:
  // Up to the closing tag of `section` (opened on that line), or to the end of the text when that
  // is empty.
  Result<std::vector<Node>> read_until(const std::string& section, int opened) {
    std::vector<Node> nodes;
    for (;;) {
      const auto begin = text_.find("{{", at_);
      if (begin == std::string_view::npos) {
        if (!section.empty()) return broken("{{/" + section + "}} is missing", opened);
        add_text(nodes, text_.substr(at_));
        at_ = text_.size();
        return nodes;
      }
      MIX_TRY(const Tag tag, read_tag(begin));
      add_text(nodes, text_.substr(at_, tag.begin - at_));
      at_ = tag.end;
      if (tag.sigil == '/') {
        if (tag.name != section)
          return broken("{{/" + tag.name + "}} closes nothing", line_at(begin));
        return nodes;
      }
      MIX_OK(add_tag(nodes, tag, line_at(begin)));
    }
  }

  Result<void> add_tag(std::vector<Node>& nodes, const Tag& tag, int line) {
    if (tag.sigil == '>') {
      MIX_TRY(auto part, read_part(tag.name, line));
      for (auto& node : part) nodes.push_back(std::move(node));
      return {};
    }
    Node node;
    node.name = tag.name;
    node.line = line;
    node.kind = tag.sigil == '#'   ? Node::Kind::list
                : tag.sigil == '?' ? Node::Kind::when
                : tag.sigil == '^' ? Node::Kind::unless
                                   : Node::Kind::value;
    if (node.kind != Node::Kind::value) {
      MIX_TRY(node.body, read_until(tag.name, line));
    }
    nodes.push_back(std::move(node));
    return {};
  }

  Result<std::vector<Node>> read_part(const std::string& name, int line) {
    if (depth_ >= max_part_depth)
      return broken("parts nest too deeply at {{> " + name + "}}", line);
    auto text = parts_(name);
    if (!text) return broken("no part named \"" + name + "\": " + text.error().what, line);
    return Reader(*text, parts_, "parts/" + name + ".md", depth_ + 1).read();
  }

  Result<Tag> read_tag(std::size_t begin) {
    const auto close = text_.find("}}", begin);
    if (close == std::string_view::npos) return broken("{{ without }}", line_at(begin));
    std::string_view inside = trim(text_.substr(begin + 2, close - begin - 2));
    Tag tag;
    if (!inside.empty() && std::string_view("#?^/>").find(inside[0]) != std::string_view::npos) {
      tag.sigil = inside[0];
      inside = trim(inside.substr(1));
    }
    if (!is_name(inside)) return broken("no tag: {{" + clip(inside, 40) + "}}", line_at(begin));
    tag.name = inside;
    tag.begin = begin;
    tag.end = close + 2;
    if (tag.sigil != ' ') take_whole_line(tag);
    return tag;
  }

  void take_whole_line(Tag& tag) const {
    std::size_t begin = tag.begin;
    while (begin > 0 && (text_[begin - 1] == ' ' || text_[begin - 1] == '\t')) --begin;
    std::size_t end = tag.end;
    while (end < text_.size() && (text_[end] == ' ' || text_[end] == '\t' || text_[end] == '\r'))
      ++end;
    const bool starts = begin == 0 || text_[begin - 1] == '\n';
    const bool ends = end == text_.size() || text_[end] == '\n';
    if (!starts || !ends) return;
    tag.begin = begin;
    tag.end = end == text_.size() ? end : end + 1;
  }

  int line_at(std::size_t at) const {
    int line = 1;
    for (std::size_t i = 0; i < at; ++i) line += text_[i] == '\n' ? 1 : 0;
    return line;
  }

  static void add_text(std::vector<Node>& nodes, std::string_view text) {
    if (text.empty()) return;
    Node node;
    node.name = text;
    nodes.push_back(std::move(node));
  }

  tl::unexpected<Error> broken(std::string what, int line) const {
    return fail(ErrorCode::internal, std::move(what), place(file_, line));
  }

  std::string_view text_;
  const TemplateParts& parts_;
  std::string file_;
  int depth_;
  std::size_t at_ = 0;
};

// ---- rendering
// ----------------------------------------------------------------------------------------------------

void collect_names(const std::vector<Node>& nodes, bool into_lists, std::set<std::string>& names) {
  for (const auto& node : nodes) {
    if (node.kind == Node::Kind::text) continue;
    names.insert(node.name);
    if (node.kind != Node::Kind::list || into_lists) collect_names(node.body, into_lists, names);
  }
}

// Values of a list's item stand before those around the list.
struct Scope {
  const PromptValues& values;
  const Scope* outer = nullptr;

  const std::string* text(const std::string& name) const {
    const auto found = values.text.find(name);
    if (found != values.text.end()) return &found->second;
    return outer == nullptr ? nullptr : outer->text(name);
  }
  const std::vector<PromptValues>* list(const std::string& name) const {
    const auto found = values.lists.find(name);
    if (found != values.lists.end()) return &found->second;
    return outer == nullptr ? nullptr : outer->list(name);
  }
  // A text or a list is a flag too: set when there is something in it.
  std::optional<bool> flag(const std::string& name) const {
    const auto found = values.flags.find(name);
    if (found != values.flags.end()) return found->second;
    const auto text = values.text.find(name);
    if (text != values.text.end()) return !text->second.empty();
    const auto list = values.lists.find(name);
    if (list != values.lists.end()) return !list->second.empty();
    return outer == nullptr ? std::nullopt : outer->flag(name);
  }
};

Result<void> check_all_used(const std::vector<Node>& nodes, const PromptValues& values,
                            const std::string& where) {
  std::set<std::string> used;
  collect_names(nodes, true, used);
  const auto check = [&](const auto& given) -> Result<void> {
    for (const auto& [name, value] : given) {
      if (used.count(name) == 0)
        return fail(ErrorCode::internal, "no tag uses the value \"" + name + "\"", where);
    }
    return {};
  };
  MIX_OK(check(values.text));
  MIX_OK(check(values.flags));
  return check(values.lists);
}

Result<void> render_nodes(const std::vector<Node>& nodes, const Scope& scope,
                          const std::string& file, std::string& out);

Result<void> render_node(const Node& node, const Scope& scope, const std::string& file,
                         std::string& out) {
  const auto missing = [&] {
    return fail(ErrorCode::internal, "no value for {{" + node.name + "}}", place(file, node.line));
  };
  if (node.kind == Node::Kind::text) {
    out += node.name;
  } else if (node.kind == Node::Kind::value) {
    const auto* text = scope.text(node.name);
    if (text == nullptr) return missing();
    out += *text;
  } else if (node.kind == Node::Kind::list) {
    const auto* items = scope.list(node.name);
    if (items == nullptr) return missing();
    for (const auto& item : *items) {
      MIX_OK(check_all_used(node.body, item, place(file, node.line)));
      MIX_OK(render_nodes(node.body, Scope{item, &scope}, file, out));
    }
  } else {
    const auto flag = scope.flag(node.name);
    if (!flag) return missing();
    if (*flag == (node.kind == Node::Kind::when)) return render_nodes(node.body, scope, file, out);
  }
  return {};
}

Result<void> render_nodes(const std::vector<Node>& nodes, const Scope& scope,
                          const std::string& file, std::string& out) {
  for (const auto& node : nodes) MIX_OK(render_node(node, scope, file, out));
  return {};
}

}  // namespace

Result<std::string> render_template(std::string_view text, const PromptValues& values,
                                    const TemplateParts& parts, const std::string& name) {
  MIX_TRY(const auto nodes, Reader(text, parts, name, 0).read());
  MIX_OK(check_all_used(nodes, values, name));
  std::string out;
  MIX_OK(render_nodes(nodes, Scope{values, nullptr}, name, out));
  return out;
}

Result<std::set<std::string>> template_variables(std::string_view text, const TemplateParts& parts,
                                                 const std::string& name) {
  MIX_TRY(const auto nodes, Reader(text, parts, name, 0).read());
  std::set<std::string> names;
  collect_names(nodes, false, names);
  return names;
}

}  // namespace mixagent

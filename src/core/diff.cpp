#include "core/diff.h"

#include <algorithm>
#include <unordered_map>
#include <utility>
#include <vector>

namespace mixagent {

namespace {

constexpr int context_lines = 3;
constexpr int max_edits = 2000;  // the trace of Myers' search takes max_edits^2 integers (16 MB)

using Lines = std::vector<std::string_view>;  // each with its "\n"; the last one may lack it

Lines lines_of(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto length = end == std::string_view::npos ? text.size() : end + 1;
    lines.push_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return lines;
}

// Lines [a0, a1) of one side became lines [b0, b1) of the other.
struct Hunk {
  int a0 = 0, a1 = 0, b0 = 0, b1 = 0;
};

// Myers' greedy search over numbered lines; empty and `found` false when more than max_edits apart.
class ShortestEdit {
 public:
  ShortestEdit(const int* a, int n, const int* b, int m) : a_(a), b_(b), n_(n), m_(m) {}

  bool search() {
    const int limit = std::min(n_ + m_, max_edits);
    std::vector<int> furthest(static_cast<std::size_t>(2 * limit + 3), 0);
    const auto at = [&](int k) -> int& {
      return furthest[static_cast<std::size_t>(k + limit + 1)];
    };
    for (int d = 0; d <= limit; ++d) {
      for (int k = -d; k <= d; k += 2) {
        const bool down = k == -d || (k != d && at(k - 1) < at(k + 1));
        int x = down ? at(k + 1) : at(k - 1) + 1;
        int y = x - k;
        while (x < n_ && y < m_ && a_[x] == b_[y]) ++x, ++y;
        at(k) = x;
        if (x >= n_ && y >= m_) {
          keep(d, limit, furthest);
          return true;
        }
      }
      keep(d, limit, furthest);
    }
    return false;
  }

  // Single insertions and deletions, joined where they touch.
  std::vector<Hunk> hunks() const {
    std::vector<Hunk> backwards;
    int x = n_;
    int y = m_;
    for (int d = static_cast<int>(trace_.size()) - 1; d > 0; --d) {
      const int k = x - y;
      const bool down = k == -d || (k != d && reached(d - 1, k - 1) < reached(d - 1, k + 1));
      const int from_k = down ? k + 1 : k - 1;
      const int from_x = reached(d - 1, from_k);
      const int from_y = from_x - from_k;
      const Hunk step = down ? Hunk{from_x, from_x, from_y, from_y + 1}
                             : Hunk{from_x, from_x + 1, from_y, from_y};
      if (!backwards.empty() && backwards.back().a0 == step.a1 && backwards.back().b0 == step.b1) {
        backwards.back().a0 = step.a0;
        backwards.back().b0 = step.b0;
      } else {
        backwards.push_back(step);
      }
      x = from_x;
      y = from_y;
    }
    std::reverse(backwards.begin(), backwards.end());
    return backwards;
  }

 private:
  // Only the diagonals that round d could reach.
  void keep(int d, int limit, const std::vector<int>& furthest) {
    const auto middle = furthest.begin() + limit + 1;
    trace_.emplace_back(middle - d, middle + d + 1);
  }
  int reached(int d, int k) const {
    return trace_[static_cast<std::size_t>(d)][static_cast<std::size_t>(k + d)];
  }

  const int* a_;
  const int* b_;
  int n_, m_;
  std::vector<std::vector<int>> trace_;
};

std::vector<Hunk> diff_lines(const Lines& a, const Lines& b) {
  int head = 0;
  int a_end = static_cast<int>(a.size());
  int b_end = static_cast<int>(b.size());
  const auto line = [](const Lines& lines, int i) { return lines[static_cast<std::size_t>(i)]; };
  while (head < a_end && head < b_end && line(a, head) == line(b, head)) ++head;
  while (a_end > head && b_end > head && line(a, a_end - 1) == line(b, b_end - 1)) --a_end, --b_end;
  if (a_end == head && b_end == head) return {};
  if (a_end == head || b_end == head) return {{head, a_end, head, b_end}};

  std::unordered_map<std::string_view, int> numbers;
  const auto number = [&](const Lines& lines, int end) {
    std::vector<int> out;
    for (int i = head; i < end; ++i) {
      out.push_back(
          numbers.emplace(line(lines, i), static_cast<int>(numbers.size())).first->second);
    }
    return out;
  };
  const auto left = number(a, a_end);
  const auto right = number(b, b_end);
  ShortestEdit edit(left.data(), a_end - head, right.data(), b_end - head);
  if (!edit.search()) return {{head, a_end, head, b_end}};
  auto hunks = edit.hunks();
  for (auto& hunk : hunks) {
    hunk.a0 += head, hunk.a1 += head, hunk.b0 += head, hunk.b1 += head;
  }
  return hunks;
}

// ---- unified ----

// As git quotes it, so that patch tools read it back.
std::string header_path(const char* prefix, const std::string& path) {
  bool quote = false;
  for (const char c : path)
    quote = quote || static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
  if (!quote) return prefix + path + (path.find(' ') == std::string::npos ? "" : "\t");
  std::string out = std::string("\"") + prefix;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20) {
      out += '\\';
      for (const int shift : {6, 3, 0}) out += static_cast<char>('0' + ((byte >> shift) & 7));
    } else {
      out += c;
    }
  }
  return out + '"';
}

void put_line(std::string& out, char mark, std::string_view line) {
  out += mark;
  out += line;
  if (line.empty() || line.back() != '\n') out += "\n\\ No newline at end of file\n";
}

std::string range(int start, int count) {
  // An empty range names the line before it.
  std::string out = std::to_string(count == 0 ? start : start + 1);
  if (count != 1) out += "," + std::to_string(count);
  return out;
}

// Hunks [first, last) are near enough to share their context.
void put_group(std::string& out, const Lines& a, const Lines& b, const Hunk* first,
               const Hunk* last) {
  const int n = static_cast<int>(a.size());
  const int a_from = std::max(0, first->a0 - context_lines);
  const int a_to = std::min(n, (last - 1)->a1 + context_lines);
  const int b_from = first->b0 - (first->a0 - a_from);
  const int b_to = (last - 1)->b1 + (a_to - (last - 1)->a1);
  out += "@@ -" + range(a_from, a_to - a_from) + " +" + range(b_from, b_to - b_from) + " @@\n";
  int at = a_from;
  for (const Hunk* hunk = first; hunk != last; ++hunk) {
    for (; at < hunk->a0; ++at) put_line(out, ' ', a[static_cast<std::size_t>(at)]);
    for (; at < hunk->a1; ++at) put_line(out, '-', a[static_cast<std::size_t>(at)]);
    for (int i = hunk->b0; i < hunk->b1; ++i) put_line(out, '+', b[static_cast<std::size_t>(i)]);
  }
  for (; at < a_to; ++at) put_line(out, ' ', a[static_cast<std::size_t>(at)]);
}

// ---- three-way ----

std::string text_of_lines(const Lines& lines, int from, int to) {
  std::string out;
  for (int i = from; i < to; ++i) out += lines[static_cast<std::size_t>(i)];
  return out;
}

// One side's hunks while the base is walked.
struct Side {
  const Lines& lines;
  std::vector<Hunk> hunks;
  std::size_t next = 0;
  int shift = 0;  // this side's line = base line + shift, outside of hunks

  bool done() const { return next == hunks.size(); }
  int start() const { return hunks[next].a0; }
  // Takes every hunk that touches base lines up to `end`; returns the new end.
  int take(int end) {
    while (!done() && start() <= end) {
      end = std::max(end, hunks[next].a1);
      shift = hunks[next].b1 - hunks[next].a1;
      ++next;
    }
    return end;
  }
};

void put_conflict(ThreeWay& merge, const std::string& base, const std::string& ours,
                  const std::string& theirs) {
  const auto closed = [](const std::string& text) {
    return text.empty() || text.back() == '\n' ? text : text + "\n";
  };
  const std::string shown =
      "<<<<<<< ours\n" + closed(ours) + "=======\n" + closed(theirs) + ">>>>>>> theirs\n";
  merge.hunks.push_back({merge.text.size(), shown.size(), base, ours, theirs});
  merge.text += shown;
}

}  // namespace

std::string unified_diff(std::string_view before, std::string_view after, const std::string& path,
                         bool created, bool deleted) {
  if (before == after) return {};
  const std::string old_name = created ? "/dev/null" : header_path("a/", path);
  const std::string new_name = deleted ? "/dev/null" : header_path("b/", path);
  if (looks_binary(before) || looks_binary(after)) {
    return "Binary files " + old_name + " and " + new_name + " differ\n";
  }
  const Lines a = lines_of(before);
  const Lines b = lines_of(after);
  const auto hunks = diff_lines(a, b);
  std::string out = "--- " + old_name + "\n+++ " + new_name + "\n";
  for (std::size_t first = 0; first < hunks.size();) {
    std::size_t last = first + 1;
    while (last < hunks.size() && hunks[last].a0 - hunks[last - 1].a1 <= 2 * context_lines) ++last;
    put_group(out, a, b, hunks.data() + first, hunks.data() + last);
    first = last;
  }
  return out;
}

std::set<int> added_lines(std::string_view before, std::string_view after) {
  std::set<int> added;
  for (const auto& hunk : diff_lines(lines_of(before), lines_of(after))) {
    for (int i = hunk.b0; i < hunk.b1; ++i) added.insert(i + 1);
  }
  return added;
}

ThreeWay merge_three_way(std::string_view base, std::string_view ours, std::string_view theirs) {
  if (ours == theirs || theirs == base) return {std::string(ours)};
  if (ours == base) return {std::string(theirs)};
  const Lines base_lines = lines_of(base);
  const Lines our_lines = lines_of(ours);
  const Lines their_lines = lines_of(theirs);
  Side left{our_lines, diff_lines(base_lines, our_lines)};
  Side right{their_lines, diff_lines(base_lines, their_lines)};

  ThreeWay merge;
  int at = 0;
  while (!left.done() || !right.done()) {
    const int start = left.done()    ? right.start()
                      : right.done() ? left.start()
                                     : std::min(left.start(), right.start());
    merge.text += text_of_lines(base_lines, at, start);
    const int our_from = start + left.shift;
    const int their_from = start + right.shift;
    const auto left_before = left.next;
    const auto right_before = right.next;
    int end = start;
    for (int grown = -1; grown != end;) {
      grown = end;
      end = right.take(left.take(end));
    }
    const std::string our_text = text_of_lines(our_lines, our_from, end + left.shift);
    const std::string their_text = text_of_lines(their_lines, their_from, end + right.shift);
    if (right.next == right_before || our_text == their_text) {
      merge.text += our_text;
    } else if (left.next == left_before) {
      merge.text += their_text;
    } else {
      put_conflict(merge, text_of_lines(base_lines, start, end), our_text, their_text);
    }
    at = end;
  }
  merge.text += text_of_lines(base_lines, at, static_cast<int>(base_lines.size()));
  return merge;
}

bool looks_binary(std::string_view bytes) {
  return bytes.substr(0, 8000).find('\0') != std::string_view::npos;
}

}  // namespace mixagent

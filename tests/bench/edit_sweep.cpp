// Edits of real files in every accepted format, more or less well written: how many apply, and
// whether any lands elsewhere. edit_sweep CASES SEED FOLDER... Exits 1 when one does.

#include "support/edit_cases.h"

#include <cstdio>
#include <cstdlib>
#include <map>
#include <utility>

namespace mixagent {

namespace {

std::string with_carriage_returns(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\r') return text;
    if (c == '\n') out += '\r';
    out += c;
  }
  return out;
}

// Files as they are found elsewhere: with CRLF, a byte order mark, no newline at the end.
std::string varied(std::string text, std::mt19937& random) {
  const auto kind = random() % 10;
  if (kind == 0) return with_carriage_returns(text);
  if (kind == 1) return "\xef\xbb\xbf" + text;
  if (kind == 2 && text.back() == '\n') text.pop_back();
  return text;
}

using Counts = std::map<EditVerdict, int>;

void print_row(const char* name, const Counts& counts) {
  int all = 0;
  for (const auto& [verdict, count] : counts) all += count;
  const auto at = [&](EditVerdict verdict) {
    const auto found = counts.find(verdict);
    return found == counts.end() ? 0 : found->second;
  };
  const int good = at(EditVerdict::applied) + at(EditVerdict::applied_space);
  std::printf("%-26s %7d %7d %7d %7d %7d %7d   %5.1f %%\n", name, all, at(EditVerdict::applied),
              at(EditVerdict::applied_space), at(EditVerdict::refused), at(EditVerdict::already),
              at(EditVerdict::elsewhere), all == 0 ? 0.0 : 100.0 * good / all);
}

void print_case(const EditCase& one, EditVerdict verdict, const std::string& after,
                const std::string& message) {
  std::fprintf(
      stderr, "---- %s%s, %s, line %zu\n%s", verdict == EditVerdict::elsewhere ? "WRONG " : "",
      edit_form_names[static_cast<int>(one.form)],
      distortion_names[static_cast<int>(one.distortion)], one.first + 1, one.reply.c_str());
  for (const Edit& edit : one.edits) {
    std::fprintf(stderr, "search:\n%s\nreplace:\n%s\nnear %d all %d\n", edit.search.c_str(),
                 edit.replace.c_str(), edit.near_line, edit.all ? 1 : 0);
  }
  std::fprintf(stderr, "message: %s\n", message.c_str());
  std::fprintf(stderr, "%zu bytes before, %zu meant, %zu after\n", one.before.size(),
               one.intended.size(), after.size());
}

int sweep(int count, unsigned seed, const std::vector<std::string>& folders) {
  std::vector<std::string> files;
  for (const std::string& folder : folders) {
    for (auto& text : real_files(folder, 400)) {
      if (text.size() < 120'000) files.push_back(std::move(text));
    }
  }
  if (files.empty()) {
    std::fprintf(stderr, "no files\n");
    return 2;
  }
  std::mt19937 random(seed);
  std::map<EditForm, Counts> well_by_form, by_form;
  std::map<Distortion, Counts> by_distortion;
  Counts all;
  int other = 0, shown = 0;
  for (int i = 0; i < count; ++i) {
    const EditCase one = make_edit_case(varied(files[random() % files.size()], random), random);
    std::string after, message;
    const EditVerdict verdict = judge(one, after, message);
    if (one.names_other) {
      ++other;
      continue;
    }
    const bool bad = verdict == EditVerdict::elsewhere ||
                     (verdict == EditVerdict::already && one.distortion != Distortion::stale);
    const bool odd = verdict == EditVerdict::refused && one.distortion == Distortion::none;
    const bool wrong = verdict == EditVerdict::elsewhere;
    if (wrong || ((bad || odd) && ++shown <= 20)) print_case(one, verdict, after, message);
    ++by_form[one.form][verdict];
    ++by_distortion[one.distortion][verdict];
    if (one.distortion == Distortion::none) ++well_by_form[one.form][verdict];
    ++all[verdict];
  }
  std::printf("%d cases over %zu files, seed %u; %d more named another place and are left out\n\n",
              count - other, files.size(), seed, other);
  std::printf("%-26s %7s %7s %7s %7s %7s %7s   %s\n", "", "cases", "exact", "space", "refused",
              "there", "WRONG", "applied");
  print_row("all", all);
  std::printf("\nwell written, by format\n");
  for (const auto& [form, counts] : well_by_form)
    print_row(edit_form_names[static_cast<int>(form)], counts);
  std::printf("\nby format\n");
  for (const auto& [form, counts] : by_form)
    print_row(edit_form_names[static_cast<int>(form)], counts);
  std::printf("\nby distortion\n");
  for (const auto& [distortion, counts] : by_distortion)
    print_row(distortion_names[static_cast<int>(distortion)], counts);
  return all[EditVerdict::elsewhere] == 0 ? 0 : 1;
}

}  // namespace

}  // namespace mixagent

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: %s CASES SEED FOLDER...\n", argv[0]);
    return 2;
  }
  return mixagent::sweep(std::atoi(argv[1]), static_cast<unsigned>(std::atoi(argv[2])),
                         {argv + 3, argv + argc});
}

// Random edits of this program's own files in every accepted format, well and badly written: each
// is applied where it was meant, or refused. The long run is tests/bench/edit_sweep.cpp.

#include "support/edit_cases.h"

#include <doctest/doctest.h>

namespace mixagent {
namespace {

TEST_CASE("an edit in any format is applied where it was meant, or refused") {
  std::vector<std::string> files;
  for (auto& text : real_files(MIXAGENT_SOURCE_DIR "/src", 60)) {
    if (text.size() < 12'000) files.push_back(std::move(text));
  }
  REQUIRE(files.size() > 20);
  std::mt19937 random(20);
  int applied = 0, refused = 0;
  for (int round = 0; round < 3000; ++round) {
    const EditCase one = make_edit_case(files[random() % files.size()], random);
    std::string after, message;
    const EditVerdict verdict = judge(one, after, message);
    if (verdict == EditVerdict::refused) CHECK_FALSE(message.empty());
    if (one.names_other) continue;
    INFO(edit_form_names[static_cast<int>(one.form)], ", ",
         distortion_names[static_cast<int>(one.distortion)], "\n", one.reply,
         one.edits.empty() ? "" : one.edits[0].search + "=>\n" + one.edits[0].replace);
    REQUIRE(verdict != EditVerdict::elsewhere);
    const bool well_written = one.distortion == Distortion::none;
    if (well_written && one.form == EditForm::whole) REQUIRE(after == one.intended);
    if (verdict == EditVerdict::applied) ++applied;
    if (verdict == EditVerdict::refused) ++refused;
  }
  CHECK(applied > 1500);
  CHECK(refused > 100);
}

}  // namespace
}  // namespace mixagent

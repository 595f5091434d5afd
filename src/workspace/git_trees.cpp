#include "workspace/git_trees.h"

#include "base/text.h"

namespace mixagent {

Result<std::string> output_of(const Git& git, const std::vector<std::string>& arguments,
                              const std::optional<std::string>& input, const GitEnvironment& env) {
  MIX_TRY(const auto exit, git.run_with(arguments, input, env));
  if (exit.code == 0) return exit.out;
  return fail(ErrorCode::process,
              "git " + arguments.front() + " failed: " + std::string(trim(exit.err)),
              git.root().string(), "the work is kept in the run; see what git says there");
}

Result<std::string> answer_of(const Git& git, const std::vector<std::string>& arguments) {
  MIX_TRY(const auto exit, git.run(arguments));
  return exit.code == 0 ? std::string(trim(exit.out)) : std::string();
}

std::vector<std::string> zero_ended(const std::string& text) {
  auto parts = split(text, '\0');
  if (!parts.empty() && parts.back().empty()) parts.pop_back();
  return parts;
}

Result<GitTree> tree_of(const Git& git, const std::string& commit) {
  GitTree tree;
  if (commit.empty()) return tree;
  MIX_TRY(const auto text, output_of(git, {"ls-tree", "-r", "-z", "--full-tree", commit}));
  for (const auto& record : zero_ended(text)) {
    const auto tab = record.find('\t');
    const auto words = split(record.substr(0, tab), ' ');
    if (tab != std::string::npos && words.size() >= 3)
      tree[record.substr(tab + 1)] = {words[0], words[2]};
  }
  return tree;
}

}  // namespace mixagent

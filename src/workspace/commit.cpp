#include "workspace/commit.h"

#include "base/text.h"
#include "system/beneath.h"
#include "workspace/git_trees.h"

namespace mixagent {
namespace {

std::string index_info(const std::vector<CommitFile>& files, std::size_t id_length) {
  std::string text;
  for (const auto& file : files) {
    text += file.mode + " " + (file.blob.empty() ? std::string(id_length, '0') : file.blob) + "\t" +
            file.path + '\0';
  }
  return text;
}

std::size_t id_length_of(const PreparedCommit& prepared) {
  for (const auto& file : prepared.files) {
    if (!file.blob.empty()) return file.blob.size();
  }
  return prepared.parent.empty() ? 40 : prepared.parent.size();
}

// A branch is mixagent's; on top of HEAD the user is the author, where git knows who that is.
Result<GitEnvironment> identity(const Git& git, bool of_user) {
  std::string name = "mixagent", email = "mixagent@localhost";
  if (of_user) {
    MIX_TRY(const auto user, answer_of(git, {"config", "--get", "user.name"}));
    MIX_TRY(const auto address, answer_of(git, {"config", "--get", "user.email"}));
    if (!user.empty() && !address.empty()) {
      name = user;
      email = address;
    }
  }
  GitEnvironment env;
  for (const char* role : {"AUTHOR", "COMMITTER"}) {
    env.emplace_back("GIT_" + std::string(role) + "_NAME", name);
    env.emplace_back("GIT_" + std::string(role) + "_EMAIL", email);
  }
  return env;
}

Result<std::string> write_tree(const CommitSite& site, const PreparedCommit& prepared) {
  MIX_OK(make_directories(site.scratch));
  const auto index = site.scratch / "commit-index";
  (void)remove_tree(index);
  const GitEnvironment env = {{"GIT_INDEX_FILE", index.string()}};
  MIX_OK(output_of(site.git, {"read-tree", prepared.parent.empty() ? "--empty" : prepared.parent},
                   {}, env));
  MIX_OK(output_of(site.git, {"update-index", "-z", "--index-info"},
                   index_info(prepared.files, id_length_of(prepared)), env));
  MIX_TRY(const auto tree, output_of(site.git, {"write-tree"}, {}, env));
  (void)remove_tree(index);
  return std::string(trim(tree));
}

}  // namespace

Result<std::string> finish_commit(const CommitSite& site, const PreparedCommit& prepared,
                                  const CommitOrder& order) {
  if (!prepared.done.empty()) return prepared.done;
  MIX_TRY(const auto tree, write_tree(site, prepared));
  MIX_TRY(const auto tree_before,
          answer_of(site.git, {"rev-parse", "--quiet", "--verify", prepared.parent + "^{tree}"}));
  if (order.branch.empty() && tree == tree_before) return prepared.parent;
  MIX_TRY(const auto env, identity(site.git, order.branch.empty()));
  std::vector<std::string> make = {"commit-tree", tree};
  if (!prepared.parent.empty()) make.insert(make.end(), {"-p", prepared.parent});
  MIX_TRY(const auto made, output_of(site.git, make, order.message, env));
  const std::string commit(trim(made));
  const std::string none(commit.size(), '0');
  if (!order.branch.empty()) {
    MIX_OK(output_of(
        site.git,
        {"update-ref", "-m", "mixagent: " + order.run, "refs/heads/" + order.branch, commit, none},
        {}, env));
    return commit;
  }
  MIX_OK(output_of(site.git, {"update-index", "-z", "--index-info"},
                   index_info(prepared.files, commit.size())));
  MIX_OK(output_of(site.git,
                   {"update-ref", "-m", "mixagent: " + order.run, "HEAD", commit,
                    prepared.parent.empty() ? none : prepared.parent},
                   {}, env));
  return commit;
}

Result<void> drop_branch(const Git& git, const std::string& branch, const std::string& commit) {
  const auto name = "refs/heads/" + branch;
  MIX_TRY(const auto head, answer_of(git, {"symbolic-ref", "--quiet", "HEAD"}));
  if (head == name)
    return fail(ErrorCode::usage, "you are on the branch " + branch, git.root().string(),
                "check out another one, then undo again");
  MIX_TRY(const auto now, answer_of(git, {"rev-parse", "--quiet", "--verify", name}));
  if (now.empty()) return {};
  if (now != commit)
    return fail(ErrorCode::usage, "commits were added to the branch " + branch, git.root().string(),
                "delete it yourself: git branch -D " + branch);
  return output_of(git, {"update-ref", "-d", name, commit}).map([](const auto&) {});
}

Result<void> check_is_head(const Git& git, const std::string& commit) {
  MIX_TRY(const auto head, answer_of(git, {"rev-parse", "--quiet", "--verify", "HEAD^{commit}"}));
  if (head == commit) return {};
  return fail(ErrorCode::usage, "HEAD is no longer the run's commit " + commit.substr(0, 12),
              git.root().string(), "take it back as a commit of its own: git revert " + commit);
}

Result<void> step_back(const CommitSite& site, const Change& change, const std::string& commit) {
  MIX_TRY(const auto parent,
          answer_of(site.git, {"rev-parse", "--quiet", "--verify", commit + "^"}));
  MIX_TRY(const auto before, tree_of(site.git, parent));
  std::vector<CommitFile> files;
  for (const auto& file : change.files) {
    const auto found = before.find(file.path);
    files.push_back(found == before.end()
                        ? CommitFile{file.path, "0", ""}
                        : CommitFile{file.path, found->second.mode, found->second.blob});
  }
  MIX_OK(output_of(site.git, {"update-index", "-z", "--index-info"},
                   index_info(files, commit.size())));
  std::vector<std::string> move = {"update-ref", "-m", "mixagent: undo"};
  if (parent.empty())
    move.insert(move.end(), {"-d", "HEAD", commit});
  else
    move.insert(move.end(), {"HEAD", parent, commit});
  return output_of(site.git, move).map([](const auto&) {});
}

}  // namespace mixagent

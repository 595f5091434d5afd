#include "workspace/throw_away_git.h"

#include "system/change_at.h"
#include "workspace/names.h"

namespace mixagent {
namespace {

std::string config_for(const std::string& commit) {
  const bool sha256 = commit.size() == 64;
  std::string text = "[core]\n\trepositoryformatversion = ";
  text += sha256 ? "1" : "0";
  text += "\n\tfilemode = true\n\tbare = false\n\tlogallrefupdates = true\n";
  if (sha256) text += "[extensions]\n\tobjectformat = sha256\n";
  text += "[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n";
  return text + "[user]\n\tname = mixagent\n\temail = mixagent@localhost\n";
}

// The index of HEAD, made by git in a folder where there is nothing else. Empty when git cannot:
// then `status` in the copy shows every file as new, which is a nuisance and no failure.
std::string index_of_head(const Git& git, const GitFacts& facts,
                          const std::filesystem::path& scratch) {
  const auto folder = scratch / "git";
  const auto prepare = [&]() -> Result<std::string> {
    MIX_OK(remove_tree(folder));
    for (const char* part : {"objects/info", "refs/heads"}) MIX_OK(make_directories(folder / part));
    MIX_OK(make_directories(scratch / "empty"));
    MIX_OK(write_quickly(folder / "HEAD", "ref: refs/heads/main\n"));
    MIX_OK(write_quickly(folder / "config", config_for(facts.head)));
    MIX_OK(write_quickly(folder / "objects/info/alternates", facts.objects.string() + "\n"));
    MIX_TRY(const auto exit,
            git.run({"--git-dir=" + folder.string(), "--work-tree=" + (scratch / "empty").string(),
                     "read-tree", facts.head}));
    if (exit.code != 0) return fail(ErrorCode::process, "git read-tree failed: " + exit.err);
    return read_file(folder / "index");
  };
  auto index = prepare();
  (void)remove_tree(folder);
  return index ? *std::move(index) : std::string();
}

}  // namespace

Result<ThrowAwayGit> ThrowAwayGit::prepare(const Git& git, const GitFacts& facts,
                                           const std::filesystem::path& scratch,
                                           const std::filesystem::path& objects,
                                           const std::vector<std::string>& also_ignored) {
  const auto branch = facts.branch.empty() ? std::string("main") : facts.branch;
  ThrowAwayGit made;
  const auto add = [&](std::string path, std::string bytes) {
    made.files_.push_back({std::move(path), std::move(bytes)});
  };
  add("HEAD", "ref: refs/heads/" + branch + "\n");
  add("config", config_for(facts.head));
  add("objects/info/alternates", objects.string() + "\n");
  std::string ignored;
  for (const auto& file : {facts.global_ignore, facts.exclude})
    ignored += read_file(file).value_or("") + "\n";
  for (const auto& folder : also_ignored) ignored += "/" + folder + "/\n";
  add("info/exclude", ignored);
  if (auto shallow = read_file(facts.shallow)) add("shallow", *std::move(shallow));
  if (!facts.head.empty()) {
    add("refs/heads/" + branch, facts.head + "\n");
    if (auto index = index_of_head(git, facts, scratch); !index.empty())
      add("index", std::move(index));
  }
  if (file_exists(git.root() / ".gitmodules")) {
    MIX_TRY(const auto files, git.files());
    for (const auto& file : files)
      if (file.repository && file.tracked) made.submodules_.push_back(file.path);
  }
  return made;
}

Result<void> ThrowAwayGit::write_into(int copy, const std::optional<Owner>& owner) const {
  for (const char* folder : {".git/refs/heads", ".git/refs/tags", ".git/objects/pack"}) {
    MIX_OK(make_directories_beneath(copy, folder, 0755, owner));
  }
  for (const auto& file : files_) {
    const auto path = ".git/" + file.path;
    MIX_TRY(const Fd folder,
            make_directories_beneath(copy, std::string(folder_of(path)), 0755, owner));
    const std::string name(last_name_of(path));
    MIX_TRY(const Fd fd, create_at(folder.get(), name, 0644));
    MIX_OK(write_all(fd.get(), file.bytes, path));
    MIX_OK(give(fd.get(), owner, path));
  }
  // Something else may stand there in this tree.
  for (const auto& folder : submodules_) (void)make_directories_beneath(copy, folder, 0755, owner);
  return {};
}

}  // namespace mixagent

#include "workspace/collect.h"

#include "workspace/links.h"

#include <algorithm>
namespace mixagent {
namespace {

class Collecting {
 public:
  Collecting(const WalkRules& rules, KnownFiles& known, Store& store, bool trust_times,
             const CollectLimits& limits)
      : rules_(rules), known_(known), store_(store), trust_times_(trust_times), limits_(limits) {}

  Result<Collected> collect(int root, const Tree* below) {
    WalkVisitor visitor = {
        [this](const WalkedFile& file) { return take(file); },
        [this](const std::string& path, const std::string& why) { refuse(path, why); }};
    if (below != nullptr) {
      result_.tree = *below;
      visitor.hidden = [this](const std::string& path, bool all) {
        hide_in(result_.tree, path, all);
      };
    }
    MIX_OK(walk_copy(root, rules_, visitor));
    if (overflow_) {
      // Half a tree would look like deletions.
      result_.tree = rules_.base;
    } else {
      MIX_OK(refuse_escaping_links());
    }
    known_ = std::move(seen_);
    result_.id = tree_id(result_.tree);
    result_.change = difference(rules_.base, result_.tree);
    std::sort(result_.refusals.begin(), result_.refusals.end(),
              [](const Refusal& a, const Refusal& b) { return a.path < b.path; });
    return std::move(result_);
  }

 private:
  Result<bool> take(const WalkedFile& file) {
    const auto known = known_.find(file.path);
    if (known != known_.end() && trust_times_ && known->second.settled &&
        known->second.status == file.status) {
      add(file.path, known->second);
      return true;
    }
    KnownFile now;
    const auto read_at = coarse_now_ns();
    MIX_TRY(const auto why,
            file.status.kind == FileKind::symlink ? read_link(file, now) : read_file(file, now));
    if (!why.empty()) {
      refuse(file.path, why);
      return true;
    }
    now.settled = now.status.ctime_ns < read_at;
    const auto base = rules_.base.find(file.path);
    if (base == rules_.base.end() || !(base->second == now.entry)) {
      ++files_;
      bytes_ += now.entry.size;
    }
    add(file.path, now);
    if (files_ > limits_.files || bytes_ > limits_.all_bytes) {
      overflow_ = true;
      refuse(".", files_ > limits_.files ? "more than 20,000 changed files"
                                         : "more than 1 GB of changed files");
      return false;
    }
    return true;
  }

  // Both return why the file is refused; an Error is trouble of our own.
  Result<std::string> read_link(const WalkedFile& file, KnownFile& now) {
    auto target = link_target_at(file.folder, file.name);
    if (!target) return std::string("symlink that cannot be read");
    now.status = file.status;
    now.entry.mode = FileMode::symlink;
    return put(*target, now);
  }

  Result<std::string> read_file(const WalkedFile& file, KnownFile& now) {
    const auto fd = open_stubborn(file.folder, file.name, Access::read);
    if (!fd) return std::string("file that cannot be read");
    MIX_TRY(now.status, stat_of(fd->get(), file.path));
    if (now.status.kind != FileKind::regular)
      return std::string("neither file nor folder nor symlink");
    if (now.status.size > limits_.file_bytes) return std::string("larger than 64 MB");
    auto bytes = read_all(fd->get(), file.path, static_cast<std::size_t>(limits_.file_bytes));
    if (!bytes) return std::string("file that cannot be read");
    now.entry.mode = (now.status.mode & 0100) != 0 ? FileMode::executable : FileMode::regular;
    return put(*bytes, now);
  }

  Result<std::string> put(const std::string& bytes, KnownFile& now) {
    now.entry.size = static_cast<std::int64_t>(bytes.size());
    MIX_TRY(now.entry.blob, store_.put(bytes, Store::Layer::own));
    return std::string();
  }

  void add(const std::string& path, const KnownFile& file) {
    result_.tree[path] = file.entry;
    seen_[path] = file;
  }

  // What is refused stays in the tree as the base has it: a refusal must not look like a deletion.
  void refuse(const std::string& path, const std::string& why) {
    result_.refusals.push_back({path, why});
    const auto keep = [this](const Tree::value_type& entry) { result_.tree.insert(entry); };
    if (const auto base = rules_.base.find(path); base != rules_.base.end()) keep(*base);
    const auto below = path + "/";
    for (auto it = rules_.base.lower_bound(below);
         it != rules_.base.end() && it->first.compare(0, below.size(), below) == 0; ++it) {
      keep(*it);
    }
  }

  Result<LinkTargets> links_of(const Tree& tree) const {
    LinkTargets links;
    for (const auto& [path, entry] : tree) {
      if (entry.mode != FileMode::symlink) continue;
      MIX_TRY(links[path], store_.get(entry.blob));
    }
    return links;
  }

  // Checked at the end: a link may leave through another one. What the user's own tree already had
  // stays.
  Result<void> refuse_escaping_links() {
    MIX_TRY(const auto links, links_of(result_.tree));
    if (links.empty()) return {};
    MIX_TRY(const auto base_links, links_of(rules_.base));
    for (const auto& [path, target] : links) {
      const auto why = link_escape(path, links);
      if (why.empty()) continue;
      const auto base = base_links.find(path);
      const bool unchanged = base != base_links.end() && base->second == target;
      if (unchanged && !link_escape(path, base_links).empty()) continue;
      result_.tree.erase(path);
      refuse(path, why);
    }
    return {};
  }

  const WalkRules& rules_;
  KnownFiles& known_;
  Store& store_;
  const bool trust_times_;
  const CollectLimits& limits_;
  KnownFiles seen_;
  Collected result_;
  std::size_t files_ = 0;
  std::int64_t bytes_ = 0;
  bool overflow_ = false;
};

}  // namespace

Result<Collected> collect_copy(int root, const WalkRules& rules, KnownFiles& known, Store& store,
                               bool trust_times, const CollectLimits& limits, const Tree* below) {
  return Collecting(rules, known, store, trust_times, limits).collect(root, below);
}

void hide_in(Tree& tree, const std::string& path, bool all) {
  tree.erase(path);
  if (!all) return;
  const auto prefix = path + "/";
  const auto first = tree.lower_bound(prefix);
  auto last = first;
  while (last != tree.end() && last->first.compare(0, prefix.size(), prefix) == 0) ++last;
  tree.erase(first, last);
}

}  // namespace mixagent

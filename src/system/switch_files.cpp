#include "system/switch_files.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <linux/fs.h>
#include <set>
#include <sys/stat.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace mixagent {
namespace {

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

std::string name_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

class Switching {
 public:
  Switching(int root, const std::vector<SwitchStep>& steps) : root_(root), steps_(steps) {}

  SwitchOutcome perform() {
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      std::string why = do_step(steps_[i]);
      if (why.empty()) continue;
      while (i-- > 0) undo_step(steps_[i]);
      return {false, steps_[failed_].path, why};
    }
    sync_folders();
    return {true, {}, {}};
  }

 private:
  // Empty when done.
  std::string do_step(const SwitchStep& step) {
    failed_ = static_cast<std::size_t>(&step - steps_.data());
    switch (step.kind) {
      case SwitchStep::Kind::replace: {
        if (!exchange(step)) return said();
        if (is_expected(step)) return {};
        exchange(step);
        return "changed meanwhile";
      }
      case SwitchStep::Kind::put:
        return move(step.staged, step.path) ? std::string() : said();
      case SwitchStep::Kind::take_away: {
        if (!move(step.path, step.staged)) return said();
        if (is_expected(step)) return {};
        move(step.staged, step.path);
        return "changed meanwhile";
      }
      case SwitchStep::Kind::make_folder:
        return make_folder(step) ? std::string() : said();
      case SwitchStep::Kind::drop_folder:
        return drop_folder(step) || folder_stays() ? std::string() : said();
    }
    return {};
  }

  void undo_step(const SwitchStep& step) {
    switch (step.kind) {
      case SwitchStep::Kind::replace:
        exchange(step);
        break;
      case SwitchStep::Kind::put:
        move(step.path, step.staged);
        break;
      case SwitchStep::Kind::take_away:
        move(step.staged, step.path);
        break;
      case SwitchStep::Kind::make_folder:
        drop_folder(step);
        break;
      case SwitchStep::Kind::drop_folder:
        make_folder(step);
        break;
    }
  }

  // A folder opened without following links; -1 with errno otherwise.
  Fd folder(const std::string& path) {
    auto opened = open_beneath(root_, folder_of(path), Access::folder, Links::refuse);
    if (!opened) {
      errno = opened.error().code == ErrorCode::not_found ? ENOENT : ELOOP;
      return {};
    }
    touched_.insert(folder_of(path));
    return *std::move(opened);
  }

  bool move(const std::string& from, const std::string& to) {
    const Fd from_folder = folder(from), to_folder = folder(to);
    if (!from_folder || !to_folder) return false;
    const auto from_name = name_of(from), to_name = name_of(to);
    if (::renameat2(from_folder.get(), from_name.c_str(), to_folder.get(), to_name.c_str(),
                    RENAME_NOREPLACE) == 0) {
      return true;
    }
    if (errno != EINVAL && errno != ENOSYS) return false;
    // This file system cannot refuse to replace: look first.
    if (::faccessat(to_folder.get(), to_name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
      errno = EEXIST;
      return false;
    }
    return ::renameat(from_folder.get(), from_name.c_str(), to_folder.get(), to_name.c_str()) == 0;
  }

  bool exchange(const SwitchStep& step) {
    const Fd staged_folder = folder(step.staged), target_folder = folder(step.path);
    if (!staged_folder || !target_folder) return false;
    const auto staged = name_of(step.staged), target = name_of(step.path);
    if (::renameat2(staged_folder.get(), staged.c_str(), target_folder.get(), target.c_str(),
                    RENAME_EXCHANGE) == 0) {
      return true;
    }
    if (errno != EINVAL && errno != ENOSYS) return false;
    const auto aside = staged + "~";
    return ::renameat(target_folder.get(), target.c_str(), staged_folder.get(), aside.c_str()) ==
               0 &&
           ::renameat(staged_folder.get(), staged.c_str(), target_folder.get(), target.c_str()) ==
               0 &&
           ::renameat(staged_folder.get(), aside.c_str(), staged_folder.get(), staged.c_str()) == 0;
  }

  // What was displaced now lies at `staged`; renaming changed its ctime, nothing else.
  bool is_expected(const SwitchStep& step) {
    if (!step.expected) return true;
    const Fd holder = folder(step.staged);
    if (!holder) return false;
    const auto status = stat_at(holder.get(), name_of(step.staged));
    return status && *status && (*status)->inode == step.expected->inode &&
           (*status)->size == step.expected->size && (*status)->mtime_ns == step.expected->mtime_ns;
  }

  bool make_folder(const SwitchStep& step) {
    const Fd holder = folder(step.path);
    if (!holder || ::mkdirat(holder.get(), name_of(step.path).c_str(), step.mode) != 0)
      return false;
    if (::geteuid() == 0) {
      // Root working on somebody's tree: new folders belong to whom the rest belongs to.
      const auto owner = stat_of(holder.get(), step.path);
      if (owner)
        (void)::fchownat(holder.get(), name_of(step.path).c_str(), owner->uid, owner->gid,
                         AT_SYMLINK_NOFOLLOW);
    }
    return true;
  }

  bool drop_folder(const SwitchStep& step) {
    const Fd holder = folder(step.path);
    return holder && ::unlinkat(holder.get(), name_of(step.path).c_str(), AT_REMOVEDIR) == 0;
  }
  static bool folder_stays() {
    return errno == ENOTEMPTY || errno == EEXIST || errno == ENOENT || errno == ENOTDIR;
  }

  static std::string said() { return std::generic_category().message(errno); }

  void sync_folders() {
    for (const auto& path : touched_) {
      const auto opened = open_beneath(root_, path, Access::folder, Links::refuse);
      if (opened) (void)::fsync(opened->get());
    }
  }

  int root_;
  const std::vector<SwitchStep>& steps_;
  std::size_t failed_ = 0;
  std::set<std::string> touched_;
};

[[noreturn]] void be_the_child(int root, const std::vector<SwitchStep>& steps, int report) {
  ::setsid();
  ::signal(SIGPIPE, SIG_IGN);
  const auto outcome = Switching(root, steps).perform();
  const auto text = outcome.done ? std::string("done") : outcome.path + '\0' + outcome.why;
  (void)write_all(report, text, "report");
  ::_exit(0);
}

}  // namespace

Result<SwitchOutcome> switch_files(int root, const std::vector<SwitchStep>& steps) {
  if (steps.empty()) return SwitchOutcome{true, {}, {}};
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0)
    return fail(io_error(errno, "cannot make a pipe", "apply"));
  const Fd reading(pipe[0]);
  Fd writing(pipe[1]);
  // Forked, not started as a program: the C library keeps memory usable in the child of a process
  // with threads, and the child does nothing but system calls on what is prepared here.
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child < 0) return fail(io_error(errno, "cannot start the child that renames", "apply"));
  if (child == 0) be_the_child(root, steps, writing.get());
  writing.reset();
  auto report = read_all(reading.get(), "report of the child that renames");
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  if (!report) return fail(std::move(report).error());
  if (*report == "done") return SwitchOutcome{true, {}, {}};
  const auto separator = report->find('\0');
  if (separator == std::string::npos) {
    return fail(ErrorCode::io, "the child that renames was killed", "apply",
                "run the command again: it goes on where this one stopped");
  }
  return SwitchOutcome{false, report->substr(0, separator), report->substr(separator + 1)};
}

}  // namespace mixagent

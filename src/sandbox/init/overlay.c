/* Overlays for one command, in a mount namespace that ends with it: nothing is left to unmount, and
   no other process ever sees them. As root the owner of a lower folder is shown as the command's
   private user; otherwise a user namespace gives the right to mount. Every path is entered by
   descriptor or relative to a folder of our own, so no name a model chose is followed. */
#define _GNU_SOURCE
#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Not in the headers of every libc that we build with. The numbers are the same on all
 * architectures. */
#define NR_OPEN_TREE 428
#define NR_MOVE_MOUNT 429
#define NR_FSOPEN 430
#define NR_FSCONFIG 431
#define NR_FSMOUNT 432
#define NR_OPENAT2 437
#define NR_MOUNT_SETATTR 442

enum {
  open_tree_clone = 1,
  move_from_empty = 4,
  move_to_empty = 0x40,
  set_flag = 0,
  set_string = 1,
  create = 6,
  attr_read_only = 1,
  attr_nosuid = 2,
  attr_nodev = 4,
  attr_idmap = 0x100000
};
struct attributes {
  uint64_t set, clear, propagation, userns_fd;
};

static _Noreturn void give_up(const char* what) {
  dprintf(2, "mixagent: overlay: %s: %s\n", what, strerror(errno));
  _exit(125);
}

static void write_text(const char* path, const char* text) {
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write(fd, text, strlen(text)) < 0) give_up(path);
  close(fd);
}

static void write_map(const char* path, unsigned from, unsigned to) {
  char text[64];
  snprintf(text, sizeof text, "%u %u 1\n", from, to);
  write_text(path, text);
}

static void enter_namespaces(void) {
  const unsigned uid = geteuid(), gid = getegid();
  if (unshare(uid == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER)) give_up("namespaces");
  if (uid != 0) {
    prctl(PR_SET_DUMPABLE, 1); /* else /proc/self is not ours; the program to come is no secret */
    write_text("/proc/self/setgroups", "deny");
    write_map("/proc/self/uid_map", uid, uid);
    write_map("/proc/self/gid_map", gid, gid);
  }
  if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL)) give_up("mount namespace");
}

/* A user namespace in which `owner` is `uid`: only its maps are wanted. */
static int id_map(const struct stat* owner, unsigned uid) {
  int pipes[2];
  if (pipe2(pipes, O_CLOEXEC)) give_up("pipe");
  const pid_t child = fork();
  if (child < 0) give_up("fork");
  if (child == 0) {
    const char ok = unshare(CLONE_NEWUSER) == 0;
    if (write(pipes[1], &ok, 1) != 1) _exit(1);
    for (;;) pause();
  }
  char ok = 0, path[64];
  if (read(pipes[0], &ok, 1) != 1 || !ok) give_up("user namespace");
  snprintf(path, sizeof path, "/proc/%d/uid_map", child);
  write_map(path, owner->st_uid, uid);
  snprintf(path, sizeof path, "/proc/%d/gid_map", child);
  write_map(path, owner->st_gid, uid);
  snprintf(path, sizeof path, "/proc/%d/ns/user", child);
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) give_up(path);
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  close(pipes[0]);
  close(pipes[1]);
  return fd;
}

/* The lower folder, read-only, at "low" in the present folder. */
static void place_lower(const char* lower, long uid) {
  const int tree = (int)syscall(NR_OPEN_TREE, AT_FDCWD, lower,
                                open_tree_clone | O_CLOEXEC | AT_SYMLINK_NOFOLLOW);
  struct stat owner;
  if (tree < 0 || fstat(tree, &owner)) give_up(lower);
  struct attributes attributes = {.set = attr_read_only};
  if (uid >= 0) {
    attributes.set |= attr_idmap;
    attributes.userns_fd = (uint64_t)id_map(&owner, (unsigned)uid);
  }
  if (syscall(NR_MOUNT_SETATTR, tree, "", AT_EMPTY_PATH, &attributes, sizeof attributes))
    give_up("mapped owners");
  if (syscall(NR_MOVE_MOUNT, tree, "", AT_FDCWD, "low", move_from_empty)) give_up("lower folder");
  close(tree);
  if (uid >= 0) close((int)attributes.userns_fd);
}

/* The present folder's "upper" over its "low". What is written need not survive a power cut. */
static int overlay_here(void) {
  unlink("work/work/incompat/volatile/dirty");
  rmdir("work/work/incompat/volatile");
  rmdir("work/work/incompat");
  const int fs = (int)syscall(NR_FSOPEN, "overlay", 1 /* close on exec */);
  if (fs < 0) give_up("overlay");
  const char* const strings[][2] = {
      {"source", "mixagent"}, {"lowerdir", "low"}, {"upperdir", "upper"}, {"workdir", "work"}};
  for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++)
    if (syscall(NR_FSCONFIG, fs, set_string, strings[i][0], strings[i][1], 0))
      give_up(strings[i][0]);
  if (syscall(NR_FSCONFIG, fs, set_flag, "userxattr", NULL, 0)) give_up("userxattr");
  if (syscall(NR_FSCONFIG, fs, set_flag, "volatile", NULL, 0)) give_up("volatile");
  if (syscall(NR_FSCONFIG, fs, create, NULL, NULL, 0)) give_up("create");
  const int mounted = (int)syscall(NR_FSMOUNT, fs, 1, attr_nosuid | attr_nodev);
  if (mounted < 0) give_up("mount");
  close(fs);
  return mounted;
}

/* The place below the workspace where it belongs; -1 when a command has put something else there.
 */
static int place_of(const char* root, const char* at) {
  const int folder = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) give_up(root);
  if (!*at) return folder;
  struct open_how how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
                         .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
  const int place = (int)syscall(NR_OPENAT2, folder, at, &how, sizeof how);
  close(folder);
  return place;
}

void mount_overlays(const struct options* o) {
  if (o->overlay_at.count == 0) return;
  if (o->overlay_at.count != o->overlay_lower.count ||
      o->overlay_at.count != o->overlay_scratch.count ||
      o->overlay_at.count != o->overlay_root.count) {
    errno = EINVAL;
    give_up("options");
  }
  enter_namespaces();
  for (int i = 0; i < o->overlay_at.count; i++) {
    if (chdir(o->overlay_scratch.list[i])) give_up(o->overlay_scratch.list[i]);
    const int place = place_of(o->overlay_root.list[i], o->overlay_at.list[i]);
    if (place < 0) continue;
    place_lower(o->overlay_lower.list[i], o->overlay_uid);
    const int mounted = overlay_here();
    if (syscall(NR_MOVE_MOUNT, mounted, "", place, "", move_from_empty | move_to_empty))
      give_up("move");
    close(mounted);
    close(place);
  }
  if (chdir("/")) give_up("/");
}

/* What the command may no longer do. Each part is irreversible for this process and everything that
 * it starts. */
#define _GNU_SOURCE
#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Not in the headers of every libc that we build with. The numbers are the same on all
 * architectures. */
#define NR_LANDLOCK_CREATE 444
#define NR_LANDLOCK_ADD 445
#define NR_LANDLOCK_RESTRICT 446

struct ruleset {
  uint64_t fs, net, scoped;
};
struct path_rule {
  uint64_t allowed;
  int32_t parent_fd;
} __attribute__((packed));

enum { read_rights = 0xd /* execute, read_file, read_dir */, file_rights = 0x4007 | 0x8000 };

static void limit(int resource, unsigned long long value) {
  struct rlimit now;
  if (getrlimit((__rlimit_resource_t)resource, &now)) return;
  if (now.rlim_max != RLIM_INFINITY && value > now.rlim_max) value = now.rlim_max;
  const struct rlimit wanted = {value, value};
  setrlimit((__rlimit_resource_t)resource, &wanted);
}

void limit_resources(const struct options* o) {
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_NOFILE, 4096);
  if (o->disk_mb) limit(RLIMIT_FSIZE, (unsigned long long)o->disk_mb << 20);
  if (o->nproc) limit(RLIMIT_NPROC, (unsigned long long)o->nproc);
  /* No RLIMIT_AS or RLIMIT_DATA: address space that is only reserved would count (sanitizers,
   * managed heaps). */
  const int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (fd >= 0 && write(fd, "1000", 4) == 4) close(fd);
}

static void allow(int ruleset, const char* path, uint64_t rights) {
  const int fd = open(path, O_PATH | O_CLOEXEC);
  if (fd < 0) return; /* what is not there needs no permission */
  struct stat status;
  if (!fstat(fd, &status) && !S_ISDIR(status.st_mode)) rights &= file_rights;
  const struct path_rule rule = {rights, fd};
  if (syscall(NR_LANDLOCK_ADD, ruleset, 1, &rule, 0)) die(path);
  close(fd);
}

void enter_landlock(const struct options* o) {
  const long abi = syscall(NR_LANDLOCK_CREATE, NULL, 0, 1U);
  const bool must = !strcmp(o->landlock, "must");
  report("landlock %ld", abi < 0 ? 0 : abi);
  if (abi < 1 || (must && abi < 3)) {
    if (must) die("Landlock of ABI 3 or later");
    return;
  }
  const uint64_t fs = abi >= 5 ? 0xffff : abi >= 3 ? 0x7fff : abi >= 2 ? 0x3fff : 0x1fff;
  const struct ruleset all = {fs, abi >= 4 && o->no_tcp ? 3 : 0, abi >= 6 ? 3 : 0};
  const size_t size = abi >= 6   ? sizeof all
                      : abi >= 4 ? offsetof(struct ruleset, scoped)
                                 : sizeof fs;
  const int ruleset = (int)syscall(NR_LANDLOCK_CREATE, &all, size, 0);
  if (ruleset < 0) die("Landlock rules");
  for (int i = 0; i < o->read_only.count; i++) allow(ruleset, o->read_only.list[i], read_rights);
  for (int i = 0; i < o->writable.count; i++) allow(ruleset, o->writable.list[i], fs);
  if (syscall(NR_LANDLOCK_RESTRICT, ruleset, 0)) die("Landlock");
  close(ruleset);
}

void drop_privileges(const struct options* o) {
  for (int cap = 0; cap < 64; cap++)
    if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1 && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0))
      die("bounding set");
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  const gid_t gid = (gid_t)o->uid;
  const uid_t uid = (uid_t)o->uid;
  if (setgroups(0, NULL)) die("groups");
  if (setresgid(gid, gid, gid)) die("group");
  if (setresuid(uid, uid, uid)) die("user");
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  const struct __user_cap_data_struct none[2] = {{0, 0, 0}, {0, 0, 0}};
  if (syscall(SYS_capset, &header, none)) die("capabilities");
  if (getuid() == 0 || geteuid() == 0 || setuid(0) == 0) die("still root");
}

void enter_seccomp(const struct options* o) {
  static struct sock_filter filter[4096];
  char* bytes = (char*)filter;
  size_t have = 0;
  for (ssize_t got; have < sizeof filter; have += (size_t)got) {
    got = read((int)o->seccomp_fd, bytes + have, sizeof filter - have);
    if (got < 0) die("reading the filter");
    if (got == 0) break;
  }
  close((int)o->seccomp_fd);
  errno = EINVAL;
  if (have == 0 || have == sizeof filter || have % sizeof filter[0]) die("the filter's size");
  const struct sock_fprog program = {(unsigned short)(have / sizeof filter[0]), filter};
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0)) die("seccomp");
}

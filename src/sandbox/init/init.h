/* What the parts of mixagent-init share. See main.c for what the program is. */
#ifndef MIXAGENT_INIT_H
#define MIXAGENT_INIT_H

#include <stdbool.h>
#include <sys/types.h>

enum { max_paths = 256, proxy_port = 3128 };

struct paths {
  const char* list[max_paths];
  int count;
};

struct options {
  long parent; /* end when this process ends; 0: pid 1, the kernel sees to it */
  long uid;    /* become this user; -1: stay */
  long seccomp_fd, report_fd;
  const char* cgroup;   /* where the command goes, or NULL */
  const char* landlock; /* "best", "must" or NULL */
  bool no_tcp, keep_fds;
  struct paths read_only, writable;
  long timeout_ms, memory_mb, disk_mb, processes, nproc; /* 0: no limit */
  struct paths disk;                                     /* folders whose growth counts */
  struct paths memory_fs; /* tmpfs mounts: their use counts as memory */
  const char* proxy;      /* socket to forward to, or NULL */
  /* One overlay each at the same index, see overlay.c; overlay_uid -1: owners stay as they are. */
  struct paths overlay_root, overlay_at, overlay_lower, overlay_scratch;
  long overlay_uid;
  const char* cwd;
  char** argv;
};

/* One line to whoever started us. */
void report(const char* format, ...) __attribute__((format(printf, 1, 2)));
/* The same, and the end: exit status 125. */
_Noreturn void die(const char* what);

/* confine.c: in this order, each for the calling process and what it starts. */
void limit_resources(const struct options* o);
void enter_landlock(const struct options* o);
void drop_privileges(const struct options* o);
void enter_seccomp(const struct options* o);

/* forward.c */
void start_forwarder(const struct options* o);
/* overlay.c: ends the process where it cannot. */
void mount_overlays(const struct options* o);

/* watch.c: everything below this process. */
typedef void visit(pid_t pid, void* data);
void each_process(visit* f, void* data);
void signal_all(int number);
void watch_start(const struct options* o);
/* What limit is broken, in words, or NULL. */
const char* broken_limit(const struct options* o);

long long now_ms(void);

#endif

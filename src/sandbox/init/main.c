/* mixagent-init: starts one command, watches it, and sees to it that nothing of it is left when it
   ends. libc only, static.

     mixagent-init [OPTION...] -- PROGRAM [ARG...]

   It plays two parts with the same code. Inside a sandbox it is pid 1: it confines itself, then
   starts the command, so that nothing in the pid namespace is unfiltered, and when it exits the
   kernel kills the rest. Outside (in front of bubblewrap, or where there are no namespaces) it is
   the subreaper of all that it starts, and kills that until nothing is left; there it stays outside
   of the command's confinement, out of reach of its signals.

     --parent PID        end as if by SIGTERM when that process, which must be the parent, ends
     --cgroup PATH       the command joins that control group, where it can
     --keep-fds          hand all descriptors on (else only 0, 1, 2)
     --cwd PATH          where the command starts, as the command's user
     --report FD         lines about what happens, see below
     --uid N             become user and group N: no groups, no capabilities, empty bounding set
     --seccomp FD        install the filter (struct sock_filter[]) that is read from there
     --landlock best|must, --read PATH..., --write PATH..., --no-tcp
     --nproc N           RLIMIT_NPROC
     --timeout-ms N      then SIGTERM to all, 2 s, SIGKILL
     --memory-mb N       of all processes together, and of --memory-fs PATH... (tmpfs mounts)
     --processes N
     --disk-mb N         of files changed below --disk PATH...
     --proxy PATH        127.0.0.1:3128 leads to that socket
     --overlay-root PATH --overlay-at PATH --overlay-lower PATH --overlay-scratch PATH...,
     --overlay-uid N     mounts before the program starts, see overlay.c

   Exit status: the command's, 128+n by signal n, 124 at the timeout, 137 by a limit, 125 if the
   confinement failed. Lines of the report: "ready" once the confinement stands, "landlock ABI",
   "timeout", "limit TEXT", "failed TEXT". */
#define _GNU_SOURCE
#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct options o = {.uid = -1, .overlay_uid = -1, .seccomp_fd = -1, .report_fd = -1};

void report(const char* format, ...) {
  char line[512];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(line, sizeof line - 1, format, arguments);
  va_end(arguments);
  if (o.report_fd < 0 || length < 0) return;
  if (length > (int)sizeof line - 2) length = (int)sizeof line - 2;
  line[length] = '\n';
  if (write((int)o.report_fd, line, (size_t)length + 1) < 0) return;
}

void die(const char* what) {
  report("failed %s: %s", what, strerror(errno));
  _exit(125);
}

long long now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* ---- the command line */

static void add_path(struct paths* paths, const char* path) {
  errno = E2BIG;
  if (paths->count == max_paths) die("too many paths");
  paths->list[paths->count++] = path;
}

enum kind { is_flag, is_number, is_text, is_path };

static const struct {
  const char* name;
  enum kind kind;
  void* where;
} known[] = {
    {"--parent", is_number, &o.parent},
    {"--cgroup", is_text, &o.cgroup},
    {"--keep-fds", is_flag, &o.keep_fds},
    {"--cwd", is_text, &o.cwd},
    {"--report", is_number, &o.report_fd},
    {"--uid", is_number, &o.uid},
    {"--seccomp", is_number, &o.seccomp_fd},
    {"--landlock", is_text, &o.landlock},
    {"--read", is_path, &o.read_only},
    {"--write", is_path, &o.writable},
    {"--no-tcp", is_flag, &o.no_tcp},
    {"--nproc", is_number, &o.nproc},
    {"--timeout-ms", is_number, &o.timeout_ms},
    {"--memory-mb", is_number, &o.memory_mb},
    {"--memory-fs", is_path, &o.memory_fs},
    {"--processes", is_number, &o.processes},
    {"--disk-mb", is_number, &o.disk_mb},
    {"--disk", is_path, &o.disk},
    {"--proxy", is_text, &o.proxy},
    {"--overlay-root", is_path, &o.overlay_root},
    {"--overlay-at", is_path, &o.overlay_at},
    {"--overlay-lower", is_path, &o.overlay_lower},
    {"--overlay-scratch", is_path, &o.overlay_scratch},
    {"--overlay-uid", is_number, &o.overlay_uid},
};

/* Returns how many arguments it took. */
static int parse_option(const char* name, char* value) {
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
    if (strcmp(known[i].name, name) != 0) continue;
    if (known[i].kind == is_flag) {
      *(bool*)known[i].where = true;
      return 1;
    }
    errno = EINVAL;
    if (!value) die(name);
    if (known[i].kind == is_number) *(long*)known[i].where = strtol(value, NULL, 10);
    if (known[i].kind == is_text) *(const char**)known[i].where = value;
    if (known[i].kind == is_path) add_path(known[i].where, value);
    return 2;
  }
  errno = EINVAL;
  die(name);
}

static void parse(char** argv) {
  char** next = argv + 1;
  while (*next && strcmp(*next, "--") != 0) next += parse_option(next[0], next[1]);
  errno = EINVAL;
  if (!*next || !next[1]) die("no program");
  o.argv = next + 1;
}

/* ---- starting */

static void confine(void) {
  limit_resources(&o);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) die("no_new_privs");
  if (o.landlock) enter_landlock(&o);
  if (o.uid >= 0) drop_privileges(&o);
  if (o.seccomp_fd >= 0) enter_seccomp(&o);
}

/* The limit of processes is the user's: for a moment others can have used it up. */
static pid_t patient_fork(void) {
  for (int tries = 0;; tries++) {
    const pid_t child = fork();
    if (child >= 0) return child;
    if (errno != EAGAIN || tries == 100) die("fork");
    const struct timespec pause = {0, 50 * 1000000};
    nanosleep(&pause, NULL);
  }
}

/* Whoever watches stays outside: it has to outlive what happens in there. */
static void join_cgroup(void) {
  char path[4096];
  snprintf(path, sizeof path, "%s/cgroup.procs", o.cgroup);
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd >= 0 && write(fd, "0", 1) == 1) close(fd);
}

static pid_t start(bool is_pid1, const sigset_t* unblocked) {
  const pid_t child = patient_fork();
  if (child > 0) return child;
  setsid();
  if (o.cgroup) join_cgroup();
  mount_overlays(&o);
  if (!is_pid1) confine();
  if (!o.keep_fds) {
    /* Closed by exec, so that a failing exec can still be told. */
    if (syscall(SYS_close_range, 3U, ~0U, 1U << 2))
      for (int fd = 3; fd < 1024; fd++)
        if (fd != o.report_fd) close(fd);
    setpriority(PRIO_PROCESS, 0, 5);
  }
  sigprocmask(SIG_SETMASK, unblocked, NULL);
  if (o.cwd && chdir(o.cwd)) {
    dprintf(2, "cannot enter %s: %s\n", o.cwd, strerror(errno));
    _exit(126);
  }
  execvp(o.argv[0], o.argv);
  report("failed to start %s: %s", o.argv[0], strerror(errno));
  _exit(125);
}

/* ---- watching */

struct state {
  pid_t child;
  bool ended, stopping;
  int status;  /* of the child, for wait(2) */
  int verdict; /* exit status that replaces the child's; 0: none */
  long long deadline, kill_at;
};

static void stop_all(struct state* s, int verdict, long grace_ms) {
  if (s->stopping) return;
  s->stopping = true;
  s->verdict = verdict;
  s->kill_at = now_ms() + grace_ms;
  signal_all(grace_ms > 0 ? SIGTERM : SIGKILL);
  if (grace_ms > 0) signal_all(SIGCONT);
}

static void reap(struct state* s) {
  int status;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
    if (pid == s->child) s->ended = true, s->status = status;
}

static void check_limits(struct state* s) {
  if (s->stopping) {
    if (now_ms() >= s->kill_at) signal_all(SIGKILL);
    return;
  }
  if (s->deadline && now_ms() >= s->deadline) {
    report("timeout");
    stop_all(s, 124, 2000);
    return;
  }
  const char* limit = broken_limit(&o);
  if (limit) {
    report("limit %s", limit);
    stop_all(s, 137, 0);
  }
}

/* From outside of the pid namespace a sender has no number; without one only the parent may tell us
 * to stop. */
static bool may_stop_us(const siginfo_t* info) {
  return getpid() == 1 ? info->si_pid == 0 : info->si_pid == o.parent || info->si_pid == 0;
}

static void supervise(struct state* s, const sigset_t* watched) {
  const long long tick_ms = getpid() == 1 ? 50 : 200;
  long long next_tick = now_ms() + tick_ms;
  while (!s->ended) {
    long long wait_ms = next_tick - now_ms();
    if (wait_ms < 1) wait_ms = 1;
    const struct timespec timeout = {wait_ms / 1000, wait_ms % 1000 * 1000000};
    siginfo_t info;
    const int number = sigtimedwait(watched, &info, &timeout);
    if (number == SIGTERM && may_stop_us(&info)) stop_all(s, 143, 1500);
    reap(s);
    if (!s->ended && now_ms() >= next_tick) {
      check_limits(s);
      next_tick = now_ms() + tick_ms;
    }
  }
}

/* All that is left are our own children now: orphans come to us. */
static void kill_the_rest(void) {
  for (int round = 0; round < 500; round++) {
    signal_all(SIGKILL);
    pid_t pid;
    while ((pid = waitpid(-1, NULL, WNOHANG)) > 0) {
    }
    if (pid < 0 && errno == ECHILD) return;
    const struct timespec pause = {0, 10 * 1000000};
    nanosleep(&pause, NULL);
  }
}

int main(int argc, char** argv) {
  (void)argc;
  parse(argv);
  const bool is_pid1 = getpid() == 1;
  prctl(PR_SET_DUMPABLE, 0);
  if (o.parent) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != o.parent) return 143;
  }
  if (!is_pid1) prctl(PR_SET_CHILD_SUBREAPER, 1);

  sigset_t watched, unblocked;
  sigemptyset(&watched);
  sigaddset(&watched, SIGCHLD);
  sigaddset(&watched, SIGTERM);
  sigprocmask(SIG_BLOCK, &watched, &unblocked);

  if (is_pid1) {
    confine();
    prctl(PR_SET_DUMPABLE, 0);
  }
  struct state s = {0};
  watch_start(&o);
  if (o.timeout_ms) s.deadline = now_ms() + o.timeout_ms;
  if (o.proxy) start_forwarder(&o);
  s.child = start(is_pid1, &unblocked);
  if (is_pid1 || !o.keep_fds) report("ready");
  supervise(&s, &watched);
  if (!is_pid1) kill_the_rest();
  if (s.verdict) return s.verdict;
  return WIFEXITED(s.status) ? WEXITSTATUS(s.status) : 128 + WTERMSIG(s.status);
}

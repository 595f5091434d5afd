/* Limits that the kernel has no switch for here: what all processes of the command use together. */
#define _GNU_SOURCE
#include "init.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

static ssize_t read_text(const char* path, char* text, size_t size) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  const ssize_t got = read(fd, text, size - 1);
  close(fd);
  text[got > 0 ? got : 0] = 0;
  return got;
}

/* ---- who belongs to us */

/* In our own pid namespace: everybody else. */
static void each_in_namespace(visit* f, void* data) {
  DIR* proc = opendir("/proc");
  if (!proc) return;
  for (struct dirent* entry; (entry = readdir(proc));) {
    const pid_t pid = (pid_t)atoi(entry->d_name);
    if (pid > 1) f(pid, data);
  }
  closedir(proc);
}

/* Elsewhere: our descendants; orphans among them are our children, because we are the subreaper. */
static void each_descendant(pid_t of, int depth, visit* f, void* data) {
  char path[64], children[16384];
  snprintf(path, sizeof path, "/proc/%d/task", of);
  DIR* tasks = depth < 64 ? opendir(path) : NULL;
  if (!tasks) return;
  for (struct dirent* entry; (entry = readdir(tasks));) {
    if (entry->d_name[0] == '.') continue;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", of, atoi(entry->d_name));
    if (read_text(path, children, sizeof children) <= 0) continue;
    char* rest = NULL;
    for (char* word = strtok_r(children, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
      const pid_t child = (pid_t)atoi(word);
      if (child < 2) continue;
      each_descendant(child, depth + 1, f, data);
      f(child, data);
    }
  }
  closedir(tasks);
}

void each_process(visit* f, void* data) {
  if (getpid() == 1)
    each_in_namespace(f, data);
  else
    each_descendant(getpid(), 0, f, data);
}

static void send(pid_t pid, void* number) {
  kill(pid, *(int*)number);
}

void signal_all(int number) {
  if (getpid() == 1) {
    kill(-1, number);
    return;
  }
  int stop = SIGSTOP; /* nobody may fork while we walk */
  if (number == SIGKILL) each_process(send, &stop);
  each_process(send, &number);
}

/* ---- memory and processes */

struct use {
  long long pages, pss_kb;
  int processes;
  bool exact;
};

static void add_use(pid_t pid, void* data) {
  struct use* use = data;
  char path[64], text[2048];
  snprintf(path, sizeof path, "/proc/%d/statm", pid);
  if (read_text(path, text, sizeof text) <= 0) return;
  use->processes++;
  long long size = 0, resident = 0;
  sscanf(text, "%lld %lld", &size, &resident);
  use->pages += resident;
  if (!use->exact) return;
  snprintf(path, sizeof path, "/proc/%d/smaps_rollup", pid);
  const char* pss = read_text(path, text, sizeof text) > 0 ? strstr(text, "\nPss:") : NULL;
  use->pss_kb += pss ? atoll(pss + 5) : resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static long long memory_fs_mb(const struct options* o) {
  long long bytes = 0;
  struct statvfs fs;
  for (int i = 0; i < o->memory_fs.count; i++)
    if (!statvfs(o->memory_fs.list[i], &fs))
      bytes += (long long)(fs.f_blocks - fs.f_bfree) * (long long)fs.f_frsize;
  return bytes >> 20;
}

/* Resident pages count shared ones once for each process; only if that is too much is the exact,
 * dearer sum taken. */
static const char* broken_memory_or_processes(const struct options* o) {
  static char text[128];
  struct use use = {0};
  each_process(add_use, &use);
  if (o->processes && use.processes > o->processes) {
    snprintf(text, sizeof text, "%d processes, %ld are allowed", use.processes, o->processes);
    return text;
  }
  if (!o->memory_mb) return NULL;
  const long long tmpfs_mb = memory_fs_mb(o);
  if (((use.pages * sysconf(_SC_PAGESIZE)) >> 20) + tmpfs_mb <= o->memory_mb) return NULL;
  struct use exact = {.exact = true};
  each_process(add_use, &exact);
  const long long mb = exact.pss_kb / 1024 + tmpfs_mb;
  if (mb <= o->memory_mb) return NULL;
  snprintf(text, sizeof text, "%lld MB of memory, %ld MB are allowed", mb, o->memory_mb);
  return text;
}

/* ---- disk */

enum { max_new_files = 100000 };

static struct {
  struct timespec started; /* of the clock that file times are taken from */
  long long free_mb, free_files;
  long long next_check, next_walk;
} disk;

static bool free_space(const char* path, long long* mb, long long* files) {
  struct statvfs fs;
  if (statvfs(path, &fs)) return false;
  *mb = (long long)((fs.f_bfree * fs.f_frsize) >> 20);
  *files = (long long)fs.f_ffree;
  return true;
}

struct growth {
  long long blocks, files;
  bool hidden; /* there are folders that we may not look into */
};

static bool is_new(const struct stat* status) {
  const struct timespec changed = status->st_ctim, start = disk.started;
  return changed.tv_sec > start.tv_sec ||
         (changed.tv_sec == start.tv_sec && changed.tv_nsec >= start.tv_nsec);
}

/* What was written since the start shows in the change time, which nobody can set back. */
static void measure(int folder, int depth, struct growth* g) {
  DIR* entries = folder >= 0 ? fdopendir(folder) : NULL;
  if (!entries) {
    if (errno != ENOENT) g->hidden = true; /* else it went in the meantime */
    if (folder >= 0) close(folder);
    return;
  }
  for (struct dirent* entry; (entry = readdir(entries));) {
    if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
    struct stat status;
    if (fstatat(dirfd(entries), entry->d_name, &status, AT_SYMLINK_NOFOLLOW)) continue;
    if (is_new(&status)) g->files++, g->blocks += status.st_blocks;
    if (S_ISDIR(status.st_mode) && depth < 256)
      measure(
          openat(dirfd(entries), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
          depth + 1, g);
  }
  closedir(entries);
}

/* The file system's free space is only the alarm: others write to it as well. */
static const char* broken_disk(const struct options* o) {
  static char text[128];
  const long long now = now_ms();
  long long free_mb, free_files;
  if (now < disk.next_check || !free_space(o->disk.list[0], &free_mb, &free_files)) return NULL;
  disk.next_check = now + 300;
  const long long less_mb = disk.free_mb - free_mb, less_files = disk.free_files - free_files;
  if ((less_mb <= o->disk_mb / 2 && less_files <= max_new_files / 2) || now < disk.next_walk)
    return NULL;

  struct growth g = {0};
  for (int i = 0; i < o->disk.count; i++)
    measure(open(o->disk.list[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC), 0, &g);
  disk.next_walk =
      now_ms() + 4 * (now_ms() - now); /* at most a fifth of the time is spent on this */
  const long long mb = g.hidden && less_mb > g.blocks / 2048 ? less_mb : g.blocks / 2048;
  const long long files = g.hidden && less_files > g.files ? less_files : g.files;
  if (mb > o->disk_mb) {
    snprintf(text, sizeof text, "%lld MB written to disk, %ld MB are allowed", mb, o->disk_mb);
    return text;
  }
  if (files > max_new_files) {
    snprintf(text, sizeof text, "%lld new files, %d are allowed", files, max_new_files);
    return text;
  }
  return NULL;
}

void watch_start(const struct options* o) {
  clock_gettime(CLOCK_REALTIME_COARSE, &disk.started);
  if (o->disk.count) free_space(o->disk.list[0], &disk.free_mb, &disk.free_files);
}

const char* broken_limit(const struct options* o) {
  const char* broken = NULL;
  if (o->memory_mb || o->processes) broken = broken_memory_or_processes(o);
  if (!broken && o->disk.count && o->disk_mb) broken = broken_disk(o);
  return broken;
}

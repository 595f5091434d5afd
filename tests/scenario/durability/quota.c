// Loaded before the C library (LD_PRELOAD): after QUOTA_BYTES bytes written to regular files below
// the folder QUOTA_BELOW, every further write to one fails with EDQUOT, as a disk quota does.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static long used;

static int counts(int fd) {
  const char* folder = getenv("QUOTA_BELOW");
  struct stat status;
  char link[64], path[4096];
  if (folder == NULL || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return strncmp(path, folder, strlen(folder)) == 0;
}

static int refused(int fd, size_t bytes) {
  const char* limit = getenv("QUOTA_BYTES");
  const int saved = errno;
  const int counted = limit != NULL && counts(fd);
  errno = saved;
  if (!counted) return 0;
  if (__atomic_add_fetch(&used, (long)bytes, __ATOMIC_RELAXED) <= atol(limit)) return 0;
  errno = EDQUOT;
  return 1;
}

ssize_t write(int fd, const void* from, size_t bytes) {
  static ssize_t (*real)(int, const void*, size_t);
  if (real == NULL) real = (ssize_t(*)(int, const void*, size_t))dlsym(RTLD_NEXT, "write");
  return refused(fd, bytes) ? -1 : real(fd, from, bytes);
}

ssize_t pwrite64(int fd, const void* from, size_t bytes, off64_t at) {
  static ssize_t (*real)(int, const void*, size_t, off64_t);
  if (real == NULL)
    real = (ssize_t(*)(int, const void*, size_t, off64_t))dlsym(RTLD_NEXT, "pwrite64");
  return refused(fd, bytes) ? -1 : real(fd, from, bytes, at);
}

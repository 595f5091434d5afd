// Loaded before the C library (LD_PRELOAD): after QUOTA_BYTES bytes written to regular files, every
// further write to one fails with EDQUOT, as a user's disk quota does. Standard streams are free.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static long used;

static int refused(int fd, size_t bytes) {
  const char* limit = getenv("QUOTA_BYTES");
  struct stat status;
  if (limit == NULL || fd <= 2 || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) return 0;
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

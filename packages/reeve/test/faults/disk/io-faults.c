/*
 * Stands between a process and its disk (LD_PRELOAD), where neither a small file system can be mounted nor a process be
 * traced.
 *
 *   FAULTS_FULL_WHILE=FILE   while FILE exists, every write below FAULTS_FOLDER fails: the disk is full
 *   FAULTS_SYNC_FROM=N       the Nth sync below FAULTS_FOLDER fails with EIO
 *   FAULTS_SYNC_EVER=1       and so do all that follow
 *   FAULTS_SYNC_LOG=FILE     where the path of each file whose sync failed is appended
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static ssize_t place(int fd, char *path, size_t size) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, size - 1);
  if (length >= 0) path[length] = 0;
  return length;
}

static int is_ours(int fd, char *path, size_t size) {
  const char *folder = getenv("FAULTS_FOLDER");
  return folder && place(fd, path, size) > 0 && strncmp(path, folder, strlen(folder)) == 0;
}

static int is_full(int fd) {
  const char *flag = getenv("FAULTS_FULL_WHILE");
  char path[4096];
  return flag && access(flag, F_OK) == 0 && is_ours(fd, path, sizeof path);
}

#define REAL(name, type) static type real; if (!real) real = (type)dlsym(RTLD_NEXT, #name)

typedef ssize_t (*pwrite_call)(int, const void *, size_t, off64_t);
typedef ssize_t (*write_call)(int, const void *, size_t);
typedef int (*truncate_call)(int, off64_t);
typedef int (*sync_call)(int);

#define FULL(fd) if (is_full(fd)) { errno = ENOSPC; return -1; }

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
  REAL(pwrite64, pwrite_call);
  FULL(fd)
  return real(fd, bytes, count, at);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) {
  REAL(pwrite, pwrite_call);
  FULL(fd)
  return real(fd, bytes, count, at);
}

ssize_t write(int fd, const void *bytes, size_t count) {
  REAL(write, write_call);
  FULL(fd)
  return real(fd, bytes, count);
}

int ftruncate64(int fd, off64_t size) {
  REAL(ftruncate64, truncate_call);
  FULL(fd)
  return real(fd, size);
}

static int fails(int fd) {
  static int syncs;
  const char *from = getenv("FAULTS_SYNC_FROM");
  char path[4096];
  if (!from || !is_ours(fd, path, sizeof path)) return 0;
  syncs++;
  if (syncs != atoi(from) && !(getenv("FAULTS_SYNC_EVER") && syncs > atoi(from))) return 0;
  const char *log = getenv("FAULTS_SYNC_LOG");
  int out = log ? open(log, O_WRONLY | O_CREAT | O_APPEND, 0644) : -1;
  if (out >= 0) {
    dprintf(out, "fdatasync(%d<%s>) = -1 EIO (INJECTED)\n", fd, path);
    close(out);
  }
  errno = EIO;
  return 1;
}

int fsync(int fd) {
  REAL(fsync, sync_call);
  return fails(fd) ? -1 : real(fd);
}

int fdatasync(int fd) {
  REAL(fdatasync, sync_call);
  return fails(fd) ? -1 : real(fd);
}

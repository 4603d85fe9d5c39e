/* Preloaded into a program: asks before every operation on files below a folder whether to go on.
 *
 *   INTERCEPT_ROOT    the folder
 *   INTERCEPT_ASK     a pipe that a line is written to: OPERATION, PATH and, of two, the other one
 *   INTERCEPT_ANSWER  a pipe that a byte is read from: 'g' to go on, 'k' to be killed instead
 *
 *   INTERCEPT_OLD     if set, the system has neither renameat2 nor syncfs
 *
 * Only what changes something, or waits for the disk, counts as an operation.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* Path of what is open as a number; empty if that is no file. */
static void path_of(int number, char *path) {
  char link[40];
  snprintf(link, sizeof link, "/proc/self/fd/%d", number);
  ssize_t length = readlink(link, path, PATH_MAX - 1);
  path[length > 0 ? length : 0] = 0;
}

static void absolute(int folder, const char *name, char *path) {
  char base[PATH_MAX] = "";
  if (name[0] != '/') {
    if (folder != AT_FDCWD)
      path_of(folder, base);
    else if (getcwd(base, sizeof base) == NULL)
      base[0] = 0;
  }
  snprintf(path, PATH_MAX, "%s%s%s", base, name[0] == '/' ? "" : "/", name);
}

static int below(const char *path) {
  const char *root = getenv("INTERCEPT_ROOT");
  size_t length = root ? strlen(root) : 0;
  return length && strncmp(path, root, length) == 0 && (path[length] == '/' || path[length] == 0);
}

static int is_old(void) {
  errno = ENOSYS;
  return getenv("INTERCEPT_OLD") != NULL;
}

static void ask(const char *operation, const char *one, const char *other) {
  if (!below(one) && !below(other)) return;
  char line[3 * PATH_MAX], answer = 'g';
  int length = snprintf(line, sizeof line, "%s\t%s\t%s\n", operation, one, other);
  int sink = syscall(SYS_openat, AT_FDCWD, getenv("INTERCEPT_ASK"), O_WRONLY);
  syscall(SYS_write, sink, line, length);
  syscall(SYS_close, sink);
  int source = syscall(SYS_openat, AT_FDCWD, getenv("INTERCEPT_ANSWER"), O_RDONLY);
  syscall(SYS_read, source, &answer, 1);
  syscall(SYS_close, source);
  if (answer == 'k') kill(getpid(), SIGKILL);
}

static void ask_path(const char *operation, int folder, const char *name) {
  char path[PATH_MAX];
  absolute(folder, name, path);
  ask(operation, path, "");
}

static void ask_paths(const char *operation, int folder, const char *name, int there,
                      const char *other) {
  char paths[2][PATH_MAX];
  absolute(folder, name, paths[0]);
  absolute(there, other, paths[1]);
  ask(operation, paths[0], paths[1]);
}

static void ask_number(const char *operation, int number) {
  char path[PATH_MAX];
  path_of(number, path);
  ask(operation, path, "");
}

static void ask_open(int folder, const char *name, int flags) {
  if (flags & (O_CREAT | O_TRUNC)) ask_path("open", folder, name);
}

#define OPEN(name)                                  \
  int name(const char *path, int flags, ...) {      \
    va_list given;                                  \
    va_start(given, flags);                         \
    int mode = va_arg(given, int);                  \
    va_end(given);                                  \
    ask_open(AT_FDCWD, path, flags);                \
    return REAL(name)(path, flags, mode);           \
  }
#define OPENAT(name)                                      \
  int name(int folder, const char *path, int flags, ...) { \
    va_list given;                                        \
    va_start(given, flags);                               \
    int mode = va_arg(given, int);                        \
    va_end(given);                                        \
    ask_open(folder, path, flags);                        \
    return REAL(name)(folder, path, flags, mode);         \
  }
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

ssize_t write(int number, const void *data, size_t size) {
  ask_number("write", number);
  return REAL(write)(number, data, size);
}

ssize_t sendfile(int number, int from, off_t *offset, size_t size) {
  ask_number("write", number);
  return syscall(SYS_sendfile, number, from, offset, size);
}

ssize_t sendfile64(int number, int from, off64_t *offset, size_t size) {
  ask_number("write", number);
  return syscall(SYS_sendfile, number, from, offset, size);
}

ssize_t copy_file_range(int from, off64_t *start, int number, off64_t *offset, size_t size,
                        unsigned int flags) {
  ask_number("write", number);
  return syscall(SYS_copy_file_range, from, start, number, offset, size, flags);
}

int ftruncate(int number, off_t size) {
  ask_number("write", number);
  return REAL(ftruncate)(number, size);
}

int ftruncate64(int number, off64_t size) {
  ask_number("write", number);
  return REAL(ftruncate64)(number, size);
}

int mkdir(const char *path, mode_t mode) {
  ask_path("mkdir", AT_FDCWD, path);
  return REAL(mkdir)(path, mode);
}

int mkdirat(int folder, const char *path, mode_t mode) {
  ask_path("mkdir", folder, path);
  return REAL(mkdirat)(folder, path, mode);
}

int rmdir(const char *path) {
  ask_path("rmdir", AT_FDCWD, path);
  return REAL(rmdir)(path);
}

int unlink(const char *path) {
  ask_path("unlink", AT_FDCWD, path);
  return REAL(unlink)(path);
}

int unlinkat(int folder, const char *path, int flags) {
  ask_path("unlink", folder, path);
  return REAL(unlinkat)(folder, path, flags);
}

int rename(const char *path, const char *other) {
  ask_paths("rename", AT_FDCWD, path, AT_FDCWD, other);
  return REAL(rename)(path, other);
}

int renameat(int folder, const char *path, int there, const char *other) {
  ask_paths("rename", folder, path, there, other);
  return REAL(renameat)(folder, path, there, other);
}

int renameat2(int folder, const char *path, int there, const char *other, unsigned int flags) {
  if (is_old()) return -1;
  ask_paths("rename", folder, path, there, other);
  return syscall(SYS_renameat2, folder, path, there, other, flags);
}

int link(const char *path, const char *other) {
  ask_paths("link", AT_FDCWD, path, AT_FDCWD, other);
  return REAL(link)(path, other);
}

int linkat(int folder, const char *path, int there, const char *other, int flags) {
  ask_paths("link", folder, path, there, other);
  return REAL(linkat)(folder, path, there, other, flags);
}

int symlink(const char *target, const char *path) {
  ask_path("symlink", AT_FDCWD, path);
  return REAL(symlink)(target, path);
}

int symlinkat(const char *target, int folder, const char *path) {
  ask_path("symlink", folder, path);
  return REAL(symlinkat)(target, folder, path);
}

int chmod(const char *path, mode_t mode) {
  ask_path("chmod", AT_FDCWD, path);
  return REAL(chmod)(path, mode);
}

int fchmod(int number, mode_t mode) {
  ask_number("chmod", number);
  return REAL(fchmod)(number, mode);
}

int fchmodat(int folder, const char *path, mode_t mode, int flags) {
  ask_path("chmod", folder, path);
  return REAL(fchmodat)(folder, path, mode, flags);
}

int fsync(int number) {
  ask_number("sync", number);
  return REAL(fsync)(number);
}

int fdatasync(int number) {
  ask_number("sync", number);
  return REAL(fdatasync)(number);
}

int syncfs(int number) {
  if (is_old()) return -1;
  ask_number("syncfs", number);
  return REAL(syncfs)(number);
}

void sync(void) {
  ask("syncfs", getenv("INTERCEPT_ROOT") ? getenv("INTERCEPT_ROOT") : "", "");
  REAL(sync)();
}

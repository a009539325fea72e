// Preloaded into a program (LD_PRELOAD), lets the n-th file operation below a folder fail, to test the error handling.
//
//   FAIL_BELOW   the folder, an absolute path without links
//   FAIL_NTH     which operation fails, from 1; 0: none, only count
//   FAIL_ERRNO   the error it fails with (28 is ENOSPC, 5 EIO)
//   FAIL_STICKY  1: all that come after it fail, too, except reading: a disk that stays full
//   FAIL_LOG     a file to which the operation that failed is written, or at the end the count
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_long seen;
static long nth;
static int error_number, sticky;
static char below[PATH_MAX], log_path[PATH_MAX];
static size_t below_length;

static void log_line(const char* format, const char* call, const char* path, long n) {
    char line[PATH_MAX + 100];
    const int length = snprintf(line, sizeof line, format, n, call, path);
    const long fd = syscall(SYS_openat, AT_FDCWD, log_path, O_WRONLY | O_CREAT | O_APPEND, 0666);
    if (fd < 0) return;
    syscall(SYS_write, fd, line, (size_t)length);
    syscall(SYS_close, fd);
}

__attribute__((constructor)) static void begin(void) {
    const char* value = getenv("FAIL_BELOW");
    if (value) snprintf(below, sizeof below, "%s", value);
    below_length = strlen(below);
    if ((value = getenv("FAIL_LOG"))) snprintf(log_path, sizeof log_path, "%s", value);
    nth = (value = getenv("FAIL_NTH")) ? atol(value) : 0;
    error_number = (value = getenv("FAIL_ERRNO")) ? atoi(value) : ENOSPC;
    sticky = (value = getenv("FAIL_STICKY")) ? atoi(value) : 0;
}

__attribute__((destructor)) static void end(void) {
    if (nth == 0 && below_length > 0) log_line("%ld operations%s%s\n", "", "", atomic_load(&seen));
}

// Whether this operation is to fail; errno is set then.
static int fails_path(const char* call, const char* path, int reads) {
    if (below_length == 0 || strncmp(path, below, below_length) != 0) return 0;
    const long n = atomic_fetch_add(&seen, 1) + 1;
    if (nth == 0 || n < nth || (n > nth && (!sticky || reads))) return 0;
    if (n == nth) log_line("%ld %s %s\n", call, path, n);
    errno = error_number;
    return 1;
}

static int fails_fd(const char* call, int fd) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return 0;
    path[length] = '\0';
    return fails_path(call, path, 0);
}

static int fails_at(const char* call, int dir, const char* name, int reads) {
    char link[64], path[2 * PATH_MAX];
    if (name[0] == '/') return fails_path(call, name, reads);
    if (dir == AT_FDCWD) {
        if (!getcwd(path, PATH_MAX)) return 0;
    } else {
        snprintf(link, sizeof link, "/proc/self/fd/%d", dir);
        const ssize_t length = readlink(link, path, PATH_MAX - 1);
        if (length <= 0) return 0;
        path[length] = '\0';
    }
    const size_t length = strlen(path);
    snprintf(path + length, sizeof path - length, "/%s", name);
    return fails_path(call, path, reads);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define READS(flags) (((flags) & O_ACCMODE) == O_RDONLY)
#define MODE(flags)                                   \
    mode_t mode = 0;                                  \
    if ((flags) & (O_CREAT | O_TMPFILE)) {            \
        va_list more;                                 \
        va_start(more, flags);                        \
        mode = va_arg(more, mode_t);                  \
        va_end(more);                                 \
    }

int open(const char* path, int flags, ...) {
    MODE(flags)
    return fails_at("open", AT_FDCWD, path, READS(flags)) ? -1 : REAL(open)(path, flags, mode);
}
int open64(const char* path, int flags, ...) {
    MODE(flags)
    return fails_at("open", AT_FDCWD, path, READS(flags)) ? -1 : REAL(open64)(path, flags, mode);
}
int openat(int dir, const char* path, int flags, ...) {
    MODE(flags)
    return fails_at("openat", dir, path, READS(flags)) ? -1 : REAL(openat)(dir, path, flags, mode);
}
int openat64(int dir, const char* path, int flags, ...) {
    MODE(flags)
    return fails_at("openat", dir, path, READS(flags)) ? -1 : REAL(openat64)(dir, path, flags, mode);
}

// A disk that fills up takes the first half before it refuses the rest.
ssize_t write(int fd, const void* bytes, size_t n) {
    if (!fails_fd("write", fd)) return REAL(write)(fd, bytes, n);
    if (n > 1) (void)!REAL(write)(fd, bytes, n / 2);
    errno = error_number;
    return -1;
}
ssize_t pwrite(int fd, const void* bytes, size_t n, off_t at) {
    return fails_fd("pwrite", fd) ? -1 : REAL(pwrite)(fd, bytes, n, at);
}
ssize_t pwrite64(int fd, const void* bytes, size_t n, off64_t at) {
    return fails_fd("pwrite", fd) ? -1 : REAL(pwrite64)(fd, bytes, n, at);
}
int fsync(int fd) { return fails_fd("fsync", fd) ? -1 : REAL(fsync)(fd); }
int fdatasync(int fd) { return fails_fd("fdatasync", fd) ? -1 : REAL(fdatasync)(fd); }
int syncfs(int fd) { return fails_fd("syncfs", fd) ? -1 : REAL(syncfs)(fd); }
int ftruncate(int fd, off_t n) { return fails_fd("ftruncate", fd) ? -1 : REAL(ftruncate)(fd, n); }
int ftruncate64(int fd, off64_t n) { return fails_fd("ftruncate", fd) ? -1 : REAL(ftruncate64)(fd, n); }
int fallocate(int fd, int how, off_t at, off_t n) {
    return fails_fd("fallocate", fd) ? -1 : REAL(fallocate)(fd, how, at, n);
}
int fallocate64(int fd, int how, off64_t at, off64_t n) {
    return fails_fd("fallocate", fd) ? -1 : REAL(fallocate64)(fd, how, at, n);
}
int rename(const char* from, const char* to) {
    return fails_at("rename", AT_FDCWD, to, 0) ? -1 : REAL(rename)(from, to);
}
int renameat(int from_dir, const char* from, int to_dir, const char* to) {
    return fails_at("renameat", to_dir, to, 0) ? -1 : REAL(renameat)(from_dir, from, to_dir, to);
}
int mkdir(const char* path, mode_t mode) {
    return fails_at("mkdir", AT_FDCWD, path, 0) ? -1 : REAL(mkdir)(path, mode);
}
int mkdirat(int dir, const char* path, mode_t mode) {
    return fails_at("mkdirat", dir, path, 0) ? -1 : REAL(mkdirat)(dir, path, mode);
}

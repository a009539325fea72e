// Preloaded into a program (LD_PRELOAD), writes down every change it makes to the files below a folder, in order, so that a
// power cut can be played at any point.
//
//   RECORD_BELOW  the folder, an absolute path without links
//   RECORD_TO     the file that the changes go to
//
// A change is a line `what path[<TAB>path] offset length`, fields parted by tabs, and after it `length` bytes of data.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;
static char below[PATH_MAX];
static size_t below_length;
static long log_fd = -1;

__attribute__((constructor)) static void begin(void) {
    const char* value = getenv("RECORD_BELOW");
    if (!value) return;
    snprintf(below, sizeof below, "%s/", value);
    below_length = strlen(below);
    value = getenv("RECORD_TO");
    if (value) log_fd = syscall(SYS_openat, AT_FDCWD, value, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
}

// The path below the folder, or NULL if it is not there.
static const char* inside(const char* path) {
    return log_fd >= 0 && strncmp(path, below, below_length) == 0 ? path + below_length : NULL;
}

static const char* path_of(int fd, char* path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length <= 0) return NULL;
    path[length] = '\0';
    return inside(path);
}

static const char* path_at(int dir, const char* name, char* path) {
    if (name[0] == '/') {
        snprintf(path, PATH_MAX, "%s", name);
        return inside(path);
    }
    char link[64];
    snprintf(link, sizeof link, dir == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", dir);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length <= 0) return NULL;
    snprintf(path + length, PATH_MAX - (size_t)length, "/%s", name);
    return inside(path);
}

static void put(const char* what, const char* path, const char* to, off_t at, const void* data, size_t n) {
    char line[2 * PATH_MAX + 100];
    const int length = snprintf(line, sizeof line, "%s\t%s\t%s\t%lld\t%zu\n", what, path, to, (long long)at, n);
    syscall(SYS_write, log_fd, line, (size_t)length);
    if (n > 0) syscall(SYS_write, log_fd, data, n);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int opened(int dir, const char* name, int flags, mode_t mode, int (*real)(int, const char*, int, ...)) {
    char path[PATH_MAX];
    const char* file = path_at(dir, name, path);
    if (!file || !(flags & (O_CREAT | O_TRUNC))) return real(dir, name, flags, mode);
    pthread_mutex_lock(&order);
    const int was_there = faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
    const int fd = real(dir, name, flags, mode);
    const int error = errno;
    if (fd >= 0 && !was_there) put("create", file, "", 0, NULL, 0);
    if (fd >= 0 && was_there && (flags & O_TRUNC)) put("truncate", file, "", 0, NULL, 0);
    pthread_mutex_unlock(&order);
    errno = error;
    return fd;
}

#define MODE(flags)                      \
    mode_t mode = 0;                     \
    if ((flags) & (O_CREAT | O_TMPFILE)) { \
        va_list more;                    \
        va_start(more, flags);           \
        mode = va_arg(more, mode_t);     \
        va_end(more);                    \
    }

int open(const char* path, int flags, ...) {
    MODE(flags)
    return opened(AT_FDCWD, path, flags, mode, REAL(openat));
}
int open64(const char* path, int flags, ...) {
    MODE(flags)
    return opened(AT_FDCWD, path, flags, mode, REAL(openat));
}
int openat(int dir, const char* path, int flags, ...) {
    MODE(flags)
    return opened(dir, path, flags, mode, REAL(openat));
}
int openat64(int dir, const char* path, int flags, ...) {
    MODE(flags)
    return opened(dir, path, flags, mode, REAL(openat));
}

ssize_t write(int fd, const void* bytes, size_t n) {
    char path[PATH_MAX];
    const char* file = path_of(fd, path);
    if (!file) return REAL(write)(fd, bytes, n);
    pthread_mutex_lock(&order);
    const off_t at = lseek(fd, 0, SEEK_CUR);
    const ssize_t done = REAL(write)(fd, bytes, n);
    if (done > 0) put("write", file, "", at, bytes, (size_t)done);
    pthread_mutex_unlock(&order);
    return done;
}
ssize_t pwrite(int fd, const void* bytes, size_t n, off_t at) {
    char path[PATH_MAX];
    const char* file = path_of(fd, path);
    if (!file) return REAL(pwrite)(fd, bytes, n, at);
    pthread_mutex_lock(&order);
    const ssize_t done = REAL(pwrite)(fd, bytes, n, at);
    if (done > 0) put("write", file, "", at, bytes, (size_t)done);
    pthread_mutex_unlock(&order);
    return done;
}
ssize_t pwrite64(int fd, const void* bytes, size_t n, off64_t at) { return pwrite(fd, bytes, n, at); }

int ftruncate(int fd, off_t n) {
    char path[PATH_MAX];
    const char* file = path_of(fd, path);
    if (!file) return REAL(ftruncate)(fd, n);
    pthread_mutex_lock(&order);
    const int result = REAL(ftruncate)(fd, n);
    if (result == 0) put("truncate", file, "", n, NULL, 0);
    pthread_mutex_unlock(&order);
    return result;
}
int ftruncate64(int fd, off64_t n) { return ftruncate(fd, n); }

// A sync counts from when it returns; what is changed meanwhile may or may not be in it.
static int synced(const char* what, int fd, int (*real)(int)) {
    char path[PATH_MAX];
    const char* file = path_of(fd, path);
    pthread_mutex_lock(&order);
    if (file) put("sync-begins", file, what, 0, NULL, 0);
    pthread_mutex_unlock(&order);
    const int result = real(fd);
    pthread_mutex_lock(&order);
    if (file && result == 0) put(what, file, "", 0, NULL, 0);
    pthread_mutex_unlock(&order);
    return result;
}
int fsync(int fd) { return synced("fsync", fd, REAL(fsync)); }
int fdatasync(int fd) { return synced("fsync", fd, REAL(fdatasync)); }
int syncfs(int fd) { return synced("syncfs", fd, REAL(syncfs)); }

int rename(const char* from, const char* to) {
    char from_path[PATH_MAX], to_path[PATH_MAX];
    const char* source = path_at(AT_FDCWD, from, from_path);
    const char* target = path_at(AT_FDCWD, to, to_path);
    pthread_mutex_lock(&order);
    const int result = REAL(rename)(from, to);
    if (result == 0 && source && target) put("rename", source, target, 0, NULL, 0);
    pthread_mutex_unlock(&order);
    return result;
}
static int removed(int dir, const char* name, int result) {
    char path[PATH_MAX];
    const char* file = path_at(dir, name, path);
    if (result == 0 && file) put("remove", file, "", 0, NULL, 0);
    return result;
}
int unlink(const char* path) {
    pthread_mutex_lock(&order);
    const int result = removed(AT_FDCWD, path, REAL(unlink)(path));
    pthread_mutex_unlock(&order);
    return result;
}
int unlinkat(int dir, const char* path, int flags) {
    pthread_mutex_lock(&order);
    const int result = removed(dir, path, REAL(unlinkat)(dir, path, flags));
    pthread_mutex_unlock(&order);
    return result;
}
static int made(int dir, const char* name, int result) {
    char path[PATH_MAX];
    const char* folder = path_at(dir, name, path);
    if (result == 0 && folder) put("mkdir", folder, "", 0, NULL, 0);
    return result;
}
int mkdir(const char* path, mode_t mode) {
    pthread_mutex_lock(&order);
    const int result = made(AT_FDCWD, path, REAL(mkdir)(path, mode));
    pthread_mutex_unlock(&order);
    return result;
}
int mkdirat(int dir, const char* path, mode_t mode) {
    pthread_mutex_lock(&order);
    const int result = made(dir, path, REAL(mkdirat)(dir, path, mode));
    pthread_mutex_unlock(&order);
    return result;
}

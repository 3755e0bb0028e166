/* Makes the n-th call that changes something below a folder fail, once or from then on, or kills the process just before it.
   Built and preloaded by failing.py. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static char under[PATH_MAX];
static volatile long fail_at, calls;
static volatile int error_given, sticky;

/* `error` is the errno of the calls that fail; 0 kills instead. */
void arm(const char *folder, long nth, int error, int for_ever) {
    snprintf(under, sizeof under, "%s", folder);
    error_given = error;
    sticky = for_ever;
    calls = 0;
    fail_at = nth;
}

long calls_made(void) { return calls; }

static int fails(const char *path) {
    if (!fail_at || !path || strncmp(path, under, strlen(under)))
        return 0;
    long number = __sync_add_and_fetch(&calls, 1);
    if (number != fail_at && !(sticky && number > fail_at))
        return 0;
    if (!error_given)
        kill(getpid(), SIGKILL);
    errno = error_given;
    return 1;
}

static int fails_on(int descriptor) {
    char name[64], path[PATH_MAX];
    if (!fail_at)
        return 0;
    snprintf(name, sizeof name, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(name, path, sizeof path - 1);
    if (length < 0)
        return 0;
    path[length] = 0;
    return fails(path);
}

static int fails_at(int folder, const char *path) { return path && *path == '/' ? fails(path) : fails_on(folder); }

/* What takes no room never lacks it. */
static int needs_no_room(void) { return error_given == ENOSPC; }

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define ON_DESCRIPTOR(type, name, parameters, arguments)                                                                          \
    type name parameters { return fails_on(fd) ? -1 : REAL(name) arguments; }
#define SAYING_ERRNO(name, parameters, arguments)                                                                                 \
    int name parameters { return fails_on(fd) ? errno : REAL(name) arguments; }

ON_DESCRIPTOR(ssize_t, write, (int fd, const void *b, size_t n), (fd, b, n))
ON_DESCRIPTOR(ssize_t, pwrite, (int fd, const void *b, size_t n, off_t at), (fd, b, n, at))
ON_DESCRIPTOR(ssize_t, pwrite64, (int fd, const void *b, size_t n, off64_t at), (fd, b, n, at))
ON_DESCRIPTOR(ssize_t, writev, (int fd, const struct iovec *v, int n), (fd, v, n))
ON_DESCRIPTOR(ssize_t, pwritev, (int fd, const struct iovec *v, int n, off_t at), (fd, v, n, at))
ON_DESCRIPTOR(ssize_t, pwritev64, (int fd, const struct iovec *v, int n, off64_t at), (fd, v, n, at))
ON_DESCRIPTOR(int, fsync, (int fd), (fd))
ON_DESCRIPTOR(int, fdatasync, (int fd), (fd))
ON_DESCRIPTOR(int, ftruncate, (int fd, off_t n), (fd, n))
ON_DESCRIPTOR(int, ftruncate64, (int fd, off64_t n), (fd, n))
ON_DESCRIPTOR(int, fallocate, (int fd, int mode, off_t at, off_t n), (fd, mode, at, n))
ON_DESCRIPTOR(int, fallocate64, (int fd, int mode, off64_t at, off64_t n), (fd, mode, at, n))
SAYING_ERRNO(posix_fallocate, (int fd, off_t at, off_t n), (fd, at, n))
SAYING_ERRNO(posix_fallocate64, (int fd, off64_t at, off64_t n), (fd, at, n))

int rename(const char *from, const char *to) { return fails(to) ? -1 : REAL(rename)(from, to); }
int renameat(int from_folder, const char *from, int folder, const char *to) {
    return fails_at(folder, to) ? -1 : REAL(renameat)(from_folder, from, folder, to);
}
int link(const char *from, const char *to) { return fails(to) ? -1 : REAL(link)(from, to); }
int mkdir(const char *path, mode_t mode) { return fails(path) ? -1 : REAL(mkdir)(path, mode); }
int unlink(const char *path) { return !needs_no_room() && fails(path) ? -1 : REAL(unlink)(path); }
int rmdir(const char *path) { return !needs_no_room() && fails(path) ? -1 : REAL(rmdir)(path); }
int unlinkat(int folder, const char *path, int flags) {
    return !needs_no_room() && fails_at(folder, path) ? -1 : REAL(unlinkat)(folder, path, flags);
}

#define OPENING(name, before, passed, failing)                                                                                    \
    int name(before const char *path, int flags, ...) {                                                                           \
        va_list rest;                                                                                                             \
        va_start(rest, flags);                                                                                                    \
        mode_t mode = va_arg(rest, mode_t);                                                                                       \
        va_end(rest);                                                                                                             \
        int counts = flags & O_CREAT || !needs_no_room();                                                                         \
        return counts && failing ? -1 : REAL(name)(passed path, flags, mode);                                                     \
    }
#define NOTHING
#define FOLDER int folder,
#define FOLDER_PASSED folder,
OPENING(open, NOTHING, NOTHING, fails(path))
OPENING(open64, NOTHING, NOTHING, fails(path))
OPENING(openat, FOLDER, FOLDER_PASSED, fails_at(folder, path))
OPENING(openat64, FOLDER, FOLDER_PASSED, fails_at(folder, path))

/* Makes the n-th call that writes below a folder fail with EIO, once or from then on. Built and preloaded by sweep.py. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static char under[PATH_MAX];
static volatile long fail_at, calls;
static volatile int sticky;

void arm(const char *folder, long nth, int for_ever) {
    snprintf(under, sizeof under, "%s", folder);
    sticky = for_ever;
    calls = 0;
    fail_at = nth;
}

long calls_made(void) { return calls; }

static int fails(const char *path) {
    if (!fail_at || !path || strncmp(path, under, strlen(under)))
        return 0;
    long number = __sync_add_and_fetch(&calls, 1);
    if (number == fail_at || (sticky && number > fail_at)) {
        errno = EIO;
        return 1;
    }
    return 0;
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

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define ON_DESCRIPTOR(type, name, parameters, arguments)                                                                          \
    type name parameters { return fails_on(fd) ? -1 : REAL(name) arguments; }

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

int rename(const char *from, const char *to) { return fails(to) ? -1 : REAL(rename)(from, to); }
int link(const char *from, const char *to) { return fails(to) ? -1 : REAL(link)(from, to); }
int unlink(const char *path) { return fails(path) ? -1 : REAL(unlink)(path); }
int mkdir(const char *path, mode_t mode) { return fails(path) ? -1 : REAL(mkdir)(path, mode); }

#define OPENING(name, before, first, passed)                                                                                      \
    int name(before const char *path, int flags, ...) {                                                                           \
        va_list rest;                                                                                                             \
        va_start(rest, flags);                                                                                                    \
        mode_t mode = va_arg(rest, mode_t);                                                                                       \
        va_end(rest);                                                                                                             \
        return fails(path) ? -1 : REAL(name)(passed path, flags, mode);                                                           \
    }
#define NOTHING
#define FOLDER int folder,
#define FOLDER_PASSED folder,
OPENING(open, NOTHING, , NOTHING)
OPENING(open64, NOTHING, , NOTHING)
OPENING(openat, FOLDER, , FOLDER_PASSED)
OPENING(openat64, FOLDER, , FOLDER_PASSED)

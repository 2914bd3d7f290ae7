/* Kills the process that it is loaded into at one of the moments at which its catalog is written:
 * before the first byte of a write goes out, or after the write was made to last. A write is all that
 * goes into SQLite's log of the catalog until it is synced, which is one transaction.
 *
 *     KILL_AT=<n>   the n-th moment, counted from 1
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_int moments;
static atomic_int is_writing;

static int is_log(int fd) {
    static const char name[] = "/catalog.sqlite-wal";
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path);
    ssize_t wanted = sizeof name - 1;
    return length >= wanted && memcmp(path + length - wanted, name, wanted) == 0;
}

static void moment(void) {
    const char *at = getenv("KILL_AT");
    if (at && atomic_fetch_add(&moments, 1) + 1 == atoi(at)) {
        kill(getpid(), SIGKILL);
        pause();
    }
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
    ssize_t (*real)(int, const void *, size_t, off64_t) = dlsym(RTLD_NEXT, "pwrite64");
    if (is_log(fd) && !atomic_exchange(&is_writing, 1)) moment();
    return real(fd, bytes, count, at);
}

int fsync(int fd) {
    int (*real)(int) = dlsym(RTLD_NEXT, "fsync");
    int result = real(fd);
    if (is_log(fd) && atomic_exchange(&is_writing, 0)) moment();
    return result;
}

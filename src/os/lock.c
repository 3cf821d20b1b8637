/* SPDX-License-Identifier: Apache-2.0 */
#include "os/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "base/cleanup.h"

/* 1: it is the file that stands at path; 0: somebody unlinked or replaced it meanwhile. */
static int lock_is_current(int dir_fd, const char *path, int fd) {
        struct stat ours, there;
        if (fstat(fd, &ours) < 0 || fstatat(dir_fd, path, &there, AT_SYMLINK_NOFOLLOW) < 0) return 0;
        return ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

static int lock_fd(int fd, LockMode mode, bool wait) {
        int operation = (mode == LOCK_SHARED ? LOCK_SH : LOCK_EX) | (wait ? 0 : LOCK_NB);
        int r;
        do r = flock(fd, operation);
        while (r < 0 && errno == EINTR);
        return r;
}

int lock_file(int dir_fd, const char *path, LockMode mode, bool wait, int *ret_fd, Err **e) {
        for (;;) {
                AUTO(closep) int fd = openat(dir_fd, path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
                if (fd < 0) return err_sys(e, "open lock '%s'", path);
                if (lock_fd(fd, mode, wait) < 0) {
                        if (errno == EWOULDBLOCK) return LOCK_BUSY;
                        return err_sys(e, "lock '%s'", path);
                }
                if (!lock_is_current(dir_fd, path, fd)) continue;
                *ret_fd = TAKE_FD(fd);
                return LOCK_TAKEN;
        }
}

enum { PAUSE_FIRST_NS = 500 * 1000, PAUSE_MAX_NS = 20 * 1000 * 1000 };

int lock_file_until(int dir_fd, const char *path, LockMode mode, const volatile bool *cancelled, int *ret_fd, Err **e) {
        if (!cancelled) return lock_file(dir_fd, path, mode, true, ret_fd, e);
        struct timespec pause = {.tv_nsec = PAUSE_FIRST_NS};
        for (;;) {
                int r = lock_file(dir_fd, path, mode, false, ret_fd, e);
                if (r != LOCK_BUSY || *cancelled) return r;
                nanosleep(&pause, NULL);
                if (pause.tv_nsec < PAUSE_MAX_NS) pause.tv_nsec *= 2;
        }
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "os/lock.h"
#include "store/internal.h"

/* Who holds the lock, as it wrote there; 0 when it has not yet. */
static int holder_pid(Store *s, const char *path) {
        char text[16];
        AUTO(closep) int fd = openat(s->root_fd, path, O_RDONLY | O_CLOEXEC);
        if (fd < 0) return 0;
        ssize_t n = read(fd, text, sizeof text);
        uint32_t pid;
        if (n <= 0 || !u32_parse(str_trim((Str){text, (size_t)n}), 10, &pid) || pid > INT32_MAX) return 0;
        return (int)pid;
}

/* Only for the eyes of those who wait; a failure changes nothing. Fixed width, so that nothing of a longer number
 * stays. */
static void write_pid(int fd) {
        char text[16];
        int n = snprintf(text, sizeof text, "%-10d\n", (int)getpid());
        ssize_t written = pwrite(fd, text, (size_t)n, 0);
        (void)written;
}

int store_step_lock(Store *s, const Digest *key, const StepLockWait *wait, int *ret_lock_fd, Err **e) {
        char hex[DIGEST_HEX_SIZE], path[DIGEST_HEX_SIZE + 32];
        digest_hex(key, hex);
        snprintf(path, sizeof path, "locks/steps/%s", hex);
        AUTO(closep) int fd = -1;
        int r = lock_file(s->root_fd, path, LOCK_EXCLUSIVE, false, &fd, e);
        if (r == LOCK_BUSY) {
                if (wait && wait->waiting) wait->waiting(wait->context, holder_pid(s, path));
                r = lock_file_until(s->root_fd, path, LOCK_EXCLUSIVE, wait ? wait->cancelled : NULL, &fd, e);
        }
        if (r < 0) return err_wrap(e, "lock a step");
        if (r == LOCK_BUSY) return STEP_LOCK_CANCELLED;
        write_pid(fd);
        *ret_lock_fd = TAKE_FD(fd);
        return STEP_LOCKED;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "os/fs.h"
#include "os/lock.h"
#include "store/internal.h"

/* 1: a live process holds it (or that cannot be told); 0: nobody does, and *ret_fd keeps it so (-1: it is absent). */
static int is_locked(Store *s, const char *path, int *ret_fd) {
        AUTO(closep) int fd = openat(s->root_fd, path, O_RDONLY | O_CLOEXEC);
        *ret_fd = -1;
        if (fd < 0) return errno != ENOENT;
        if (flock(fd, LOCK_EX | LOCK_NB) < 0) return 1;
        *ret_fd = TAKE_FD(fd);
        return 0;
}

static int remove_measured(Store *s, const char *path, bool dry_run, uint64_t *io_bytes, Err **e) {
        if (io_bytes) {
                AUTO(map_freep) Map *seen = map_new();
                tree_blocks(s->root_fd, path, seen, io_bytes);
        }
        return dry_run ? 0 : tree_remove(s->root_fd, path, e);
}

/* The lock goes last, so that a sweep that is cut short is found again. */
static int sweep_process(Store *s, const char *name, bool dry_run, uint64_t *io_bytes, Err **e) {
        AUTO(freep) char *lock_path = xasprintf("locks/process-%s", name);
        AUTO(freep) char *scratch = xasprintf("tmp/%s", name);
        AUTO(closep) int lock = -1;
        if (is_locked(s, lock_path, &lock)) return 0;
        if (remove_measured(s, scratch, dry_run, io_bytes, e) < 0) return -1;
        if (!dry_run && lock >= 0) unlinkat(s->root_fd, lock_path, 0);
        return 0;
}

/* Everybody in the list gets a turn; the first failure is told. */
static int sweep_listed(Store *s, const char *directory, bool dry_run, uint64_t *io_bytes, Err **e) {
        static const char prefix[] = "process-";
        DirList list = {0};
        if (dir_list(s->root_fd, directory, &list, e) < 0) return -1;
        int result = 0;
        bool locks = streq(directory, "locks");
        for (size_t i = 0; i < list.n; i++) {
                const char *name = list.v[i].name;
                if (locks && !starts_with(name, prefix)) continue;
                Err *failure = NULL;
                int r = sweep_process(s, locks ? name + strlen(prefix) : name, dry_run, io_bytes, &failure);
                if (r < 0) result = r;
                err_move(e, &failure);
        }
        dir_list_done(&list);
        return result;
}

int sweep_dead(Store *s, bool dry_run, uint64_t *io_bytes, Err **e) {
        if (sweep_listed(s, "tmp", dry_run, io_bytes, e) < 0) return -1;
        return sweep_listed(s, "locks", dry_run, io_bytes, e);
}

/* Whoever mounts a cache holds the lock beside it, at the latest when he makes it; the lock goes last. */
static int sweep_mount(Store *s, const char *name, bool dry_run, uint64_t *io_bytes, Err **e) {
        AUTO(freep) char *path = xasprintf("mounts/%s", name);
        AUTO(freep) char *lock_path = xasprintf("mounts/%s.lock", name);
        AUTO(closep) int lock = -1;
        int r = dry_run ? is_locked(s, lock_path, &lock)
                        : lock_file(s->root_fd, lock_path, LOCK_EXCLUSIVE, false, &lock, e);
        if (r != 0) return r < 0 ? -1 : 0;
        if (remove_measured(s, path, dry_run, io_bytes, e) < 0) return -1;
        if (!dry_run) unlinkat(s->root_fd, lock_path, 0);
        return 0;
}

int sweep_mounts(Store *s, bool dry_run, uint64_t *io_bytes, Err **e) {
        static const char suffix[] = ".lock";
        DirList list = {0};
        if (faccessat(s->root_fd, "mounts", F_OK, 0) < 0) return 0; /* made when the first is needed */
        if (dir_list(s->root_fd, "mounts", &list, e) < 0) return -1;
        int result = 0;
        for (size_t i = 0; i < list.n; i++) {
                AUTO(freep) char *name = xstrdup(list.v[i].name);
                if (ends_with(name, suffix)) name[strlen(name) - strlen(suffix)] = '\0';
                Err *failure = NULL;
                if (sweep_mount(s, name, dry_run, io_bytes, &failure) < 0) result = -1;
                err_move(e, &failure);
        }
        dir_list_done(&list);
        return result;
}

/* Whoever waits for the lock that goes here finds that its file is no longer the one at the path, and begins again. */
int sweep_step_locks(Store *s, Err **e) {
        DirList list = {0};
        if (dir_list(s->root_fd, "locks/steps", &list, e) < 0) return -1;
        for (size_t i = 0; i < list.n; i++) {
                AUTO(freep) char *file = xasprintf("locks/steps/%s", list.v[i].name);
                AUTO(closep) int lock = -1;
                if (!is_locked(s, file, &lock) && lock >= 0) unlinkat(s->root_fd, file, 0);
        }
        dir_list_done(&list);
        return 0;
}

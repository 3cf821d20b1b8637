/* SPDX-License-Identifier: Apache-2.0 */
#include "build/memory_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "os/fs.h"

#define PREFIX "decant-secret-"

/* Between its making and its locking a directory looks abandoned. */
enum { YOUNG_S = 3 };

static void remove_abandoned(int dir_fd, const char *name) {
        struct stat st;
        AUTO(closep) int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0 || st.st_uid != geteuid()) return;
        if (st.st_ctim.tv_sec + YOUNG_S > time(NULL) || flock(fd, LOCK_EX | LOCK_NB) < 0) return;
        tree_remove(dir_fd, name, NULL);
}

static void sweep(const char *place) {
        DirList list = {0};
        AUTO(closep) int dir_fd = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dir_fd < 0 || dir_list(dir_fd, ".", &list, NULL) < 0) return;
        for (size_t i = 0; i < list.n; i++)
                if (starts_with(list.v[i].name, PREFIX)) remove_abandoned(dir_fd, list.v[i].name);
        dir_list_done(&list);
}

/* 1: made, 0: not a place for it. */
static int make_in(const char *place, char **ret_path, int *ret_lock_fd) {
        struct statfs fs;
        if (statfs(place, &fs) < 0 || (fs.f_type != TMPFS_MAGIC && fs.f_type != RAMFS_MAGIC)) return 0;
        sweep(place);
        AUTO(freep) char *path = xasprintf("%s/" PREFIX "XXXXXX", place);
        if (!mkdtemp(path)) return 0;
        AUTO(closep) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0) return 0;
        *ret_path = TAKE(path);
        *ret_lock_fd = TAKE_FD(fd);
        return 1;
}

int memory_dir_make(char **ret_path, int *ret_lock_fd, Err **e) {
        const char *places[] = {"/dev/shm", getenv("XDG_RUNTIME_DIR"), "/run", "/tmp"};
        for (size_t i = 0; i < ARRAY_SIZE(places); i++)
                if (places[i] && places[i][0] == '/' && make_in(places[i], ret_path, ret_lock_fd)) return 0;
        err_new(e, ERR_NOT_FOUND, "there is no file system in memory that secrets could be put on");
        return err_hint(e, "mount one that you may write to: mount -t tmpfs -o mode=1777 tmpfs /dev/shm");
}

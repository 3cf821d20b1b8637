/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "store/internal.h"

enum { TREE_DEPTH_MAX = 4096 };

typedef struct TreeWalk {
        Map *seen;
        uint64_t bytes;
} TreeWalk;

/* A file with several names frees its blocks with the last of them. The count of names met is kept as a pointer. */
static bool is_last_name(Map *seen, const struct stat *st) {
        if (S_ISDIR(st->st_mode) || st->st_nlink <= 1) return true;
        uint64_t key[2] = {st->st_dev, st->st_ino};
        uintptr_t met = (uintptr_t)map_get(seen, key, sizeof key) + 1;
        map_put(seen, key, sizeof key, (void *)met);
        return met >= st->st_nlink;
}

static void walk(TreeWalk *w, int dir_fd, const char *name, unsigned depth);

static void walk_children(TreeWalk *w, int dir_fd, const char *name, unsigned depth) {
        int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0) return;
        AUTO(closedirp) DIR *dir = fdopendir(fd);
        if (!dir) {
                close(fd);
                return;
        }
        for (struct dirent *entry; (entry = readdir(dir));)
                if (!streq(entry->d_name, ".") && !streq(entry->d_name, "..")) walk(w, fd, entry->d_name, depth + 1);
}

static void walk(TreeWalk *w, int dir_fd, const char *name, unsigned depth) {
        struct stat st;
        if (depth > TREE_DEPTH_MAX || fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0) return;
        if (is_last_name(w->seen, &st)) w->bytes += (uint64_t)st.st_blocks * 512;
        if (S_ISDIR(st.st_mode)) walk_children(w, dir_fd, name, depth);
}

void tree_blocks(int dir_fd, const char *path, Map *seen, uint64_t *io_bytes) {
        TreeWalk w = {.seen = seen};
        walk(&w, dir_fd, path, 0);
        *io_bytes += w.bytes;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/merge.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/map.h"
#include "layer/draft_tree.h"
#include "layer/overlay.h"
#include "os/fs.h"

/* The directories of one path in the layers that have it, topmost first. */
typedef struct Stack {
        int *fds;
        size_t n;
        bool opaque; /* nothing below shows through */
        Map *seen;   /* names that a layer above has; while the directory is merged */
} Stack;

static void stack_done(Stack *s) {
        for (size_t i = 0; i < s->n; i++) close(s->fds[i]);
        free(s->fds);
}

static int merge_stack(const Stack *s, View *below, int to_fd, const char *path, Err **e);

/* Links below are followed where the layers have a directory instead: then more is hidden than need be, never less. */
static bool is_below(View *below, const char *path) {
        ViewEntry entry = {0};
        AUTO(err_freep) Err *ignored = NULL;
        int r = view_lookup(below, path, false, &entry, &ignored);
        if (r >= 0) view_entry_done(&entry);
        return r != VIEW_ABSENT;
}

static int put_meta(int from_fd, const struct stat *st, int to_fd, Err **e) {
        struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, st->st_mtim};
        if (fchown(to_fd, st->st_uid, st->st_gid) < 0 || fchmod(to_fd, st->st_mode & 07777) < 0)
                return err_sys(e, "set owner and mode");
        if (draft_copy_xattrs(from_fd, ".", to_fd, ".", e) < 0) return -1;
        return futimens(to_fd, times) < 0 ? err_sys(e, "set times") : 0;
}

/* A file that has as many links as its file system allows. */
static int copy_file(int from_fd, const char *name, const struct stat *st, int to_fd, Err **e) {
        AUTO(closep) int in = openat(from_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        if (in < 0) return err_sys(e, "open '%s'", name);
        AUTO(closep) int out = openat(to_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (out < 0) return err_sys(e, "create '%s'", name);
        struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, st->st_mtim};
        if (fd_copy(in, out, (uint64_t)st->st_size, e) < 0) return -1;
        if (fchown(out, st->st_uid, st->st_gid) < 0 || fchmod(out, st->st_mode & 07777) < 0)
                return err_sys(e, "set owner and mode");
        if (draft_copy_xattrs(from_fd, name, to_fd, name, e) < 0) return -1;
        return futimens(out, times) < 0 ? err_sys(e, "set times") : 0;
}

static int put_file(int from_fd, const char *name, const struct stat *st, int to_fd, Err **e) {
        if (linkat(from_fd, name, to_fd, name, 0) == 0) return 0;
        if (errno == EMLINK && S_ISREG(st->st_mode)) return copy_file(from_fd, name, st, to_fd, e);
        return err_sys(e, "link '%s'", name);
}

/* The directory name in s from layer i on down, until something hides the rest. */
static int open_below(const Stack *s, size_t i, const char *name, Stack *ret_stack, Err **e) {
        ret_stack->fds = xcalloc(s->n, sizeof *ret_stack->fds);
        ret_stack->opaque = s->opaque;
        for (; i < s->n; i++) {
                struct stat st;
                if (fstatat(s->fds[i], name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
                        if (errno == ENOENT) continue;
                        return err_sys(e, "read '%s'", name);
                }
                ret_stack->opaque = ret_stack->opaque || !S_ISDIR(st.st_mode);
                if (!S_ISDIR(st.st_mode)) return 0;
                int fd = openat(s->fds[i], name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                if (fd < 0) return err_sys(e, "open '%s'", name);
                ret_stack->fds[ret_stack->n++] = fd;
                if (!overlay_is_opaque(s->fds[i], name)) continue;
                ret_stack->opaque = true;
                return 0;
        }
        return 0;
}

static int put_directory(const Stack *s, View *below, int to_fd, const char *path, Err **e) {
        const char *name = strrchr(path, '/') + 1;
        if (mkdirat(to_fd, name, 0700) < 0) return err_sys(e, "make '%s'", name);
        AUTO(closep) int fd = openat(to_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0) return err_sys(e, "open '%s'", name);
        if (s->opaque && is_below(below, path) && overlay_set_opaque(to_fd, name, e) < 0) return -1;
        return merge_stack(s, below, fd, path, e);
}

static int merge_entry(const Stack *s, size_t i, const char *path, View *below, int to_fd, Err **e) {
        struct stat st;
        const char *name = strrchr(path, '/') + 1;
        if (fstatat(s->fds[i], name, &st, AT_SYMLINK_NOFOLLOW) < 0) return err_sys(e, "read '%s'", name);
        if (overlay_is_whiteout(&st) && (s->opaque || !is_below(below, path))) return 0;
        if (!S_ISDIR(st.st_mode)) return put_file(s->fds[i], name, &st, to_fd, e);
        AUTO(stack_done) Stack inner = {0};
        if (open_below(s, i, name, &inner, e) < 0) return -1;
        return put_directory(&inner, below, to_fd, path, e);
}

static int merge_layer(const Stack *s, size_t i, View *below, int to_fd, const char *path, Err **e) {
        DirList list;
        if (dir_list(s->fds[i], ".", &list, e) < 0) return -1;
        int r = 0;
        for (size_t k = 0; k < list.n && r == 0; k++) {
                if (map_puts(s->seen, list.v[k].name, s->seen)) continue;
                AUTO(freep) char *inner = xasprintf("%s/%s", path, list.v[k].name);
                r = merge_entry(s, i, inner, below, to_fd, e);
        }
        dir_list_done(&list);
        return r;
}

/* path: "" for the root. */
static int merge_stack(const Stack *s, View *below, int to_fd, const char *path, Err **e) {
        AUTO(map_freep) Map *seen = map_new();
        Stack here = *s;
        here.seen = seen;
        struct stat st;
        for (size_t i = 0; i < s->n; i++)
                if (merge_layer(&here, i, below, to_fd, path, e) < 0) return -1;
        if (fstat(s->fds[0], &st) < 0) return err_sys(e, "read '%s/'", path);
        return put_meta(s->fds[0], &st, to_fd, e);
}

int layer_merge(const StrVec *dirs, View *below, int fs_fd, Err **e) {
        AUTO(stack_done) Stack s = {.fds = xcalloc(dirs->n, sizeof(int))};
        AUTO(closep) int to_fd = openat(fs_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* fs_fd may be O_PATH */
        if (to_fd < 0) return err_sys(e, "open the merged layer");
        for (size_t i = dirs->n; i-- > 0;) {
                int fd = open(dirs->v[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                if (fd < 0) return err_sys(e, "open layer '%s'", dirs->v[i]);
                s.fds[s.n++] = fd;
        }
        return merge_stack(&s, below, to_fd, "", e);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "build/explain_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "base/vec.h"
#include "os/fs.h"

enum { FILES_SHOWN_MAX = 6, ENTRIES_MAX = 1 << 20, BYTES_MAX = 256 << 20, CHUNK_SIZE = 32 << 10 };

typedef struct Comparison {
        const LayerFiles *earlier, *now;
        int earlier_fd, now_fd;
        StrVec directories; /* in both, still to be looked into; "" = the root */
        size_t seen, count, read;
        Buf *text;
} Comparison;

static void tell(Comparison *c, const char *path, const char *what) {
        if (c->count++ >= FILES_SHOWN_MAX) return;
        buf_adds(c->text, c->text->n ? ", '/" : "'/");
        for (const char *p = path; *p; p++) buf_addc(c->text, (unsigned char)*p < ' ' || *p == 0x7f ? '?' : *p);
        buf_addf(c->text, "' %s", what);
}

/* No more than BYTES_MAX of all files together; what is beyond counts as changed. */
static bool same_bytes(Comparison *c, const char *path) {
        AUTO(closep) int a = openat(c->earlier_fd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        AUTO(closep) int b = openat(c->now_fd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        while (a >= 0 && b >= 0 && c->read < BYTES_MAX) {
                char x[CHUNK_SIZE], y[CHUNK_SIZE];
                size_t n, m;
                if (fd_read_full(a, x, sizeof x, &n, NULL) < 0 || fd_read_full(b, y, sizeof y, &m, NULL) < 0) break;
                if (n != m || memcmp(x, y, n) != 0) return false;
                if (n < sizeof x) return true;
                c->read += n;
        }
        return false;
}

static bool same_contents(Comparison *c, const char *path, const struct stat *a, const struct stat *b) {
        Digest x, y;
        if (a->st_size != b->st_size) return false;
        if (c->earlier->digests && c->now->digests && digest_index_get(c->earlier->digests, path, NULL, &x) &&
            digest_index_get(c->now->digests, path, NULL, &y))
                return digest_eq(&x, &y);
        if (a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec) return true;
        return same_bytes(c, path);
}

static bool same_link(const Comparison *c, const char *path) {
        char x[PATH_MAX], y[PATH_MAX];
        ssize_t n = readlinkat(c->earlier_fd, path, x, sizeof x), m = readlinkat(c->now_fd, path, y, sizeof y);
        return n >= 0 && n == m && memcmp(x, y, (size_t)n) == 0;
}

/* A name that both have. */
static void compare(Comparison *c, const char *path) {
        struct stat a, b;
        if (fstatat(c->earlier_fd, path, &a, AT_SYMLINK_NOFOLLOW) < 0) return;
        if (fstatat(c->now_fd, path, &b, AT_SYMLINK_NOFOLLOW) < 0) return;
        if (a.st_dev == b.st_dev && a.st_ino == b.st_ino) return;
        bool changed = (a.st_mode & S_IFMT) != (b.st_mode & S_IFMT) || a.st_rdev != b.st_rdev;
        if (!changed && S_ISREG(a.st_mode)) changed = !same_contents(c, path, &a, &b);
        if (!changed && S_ISLNK(a.st_mode)) changed = !same_link(c, path);
        if (changed)
                tell(c, path, "changed");
        else if (a.st_mode != b.st_mode || a.st_uid != b.st_uid || a.st_gid != b.st_gid)
                tell(c, path, "has another mode or owner");
        if (!changed && S_ISDIR(a.st_mode)) strvec_push(&c->directories, path);
}

/* Both lists are sorted. */
static void merge(Comparison *c, const char *directory, const DirList *old, const DirList *new) {
        for (size_t i = 0, k = 0; i < old->n || k < new->n; c->seen++) {
                int order = i == old->n ? 1 : k == new->n ? -1 : strcmp(old->v[i].name, new->v[k].name);
                const char *name = order <= 0 ? old->v[i].name : new->v[k].name;
                AUTO(freep) char *path = xasprintf("%s%s%s", directory, *directory ? "/" : "", name);
                if (order < 0)
                        tell(c, path, "removed");
                else if (order > 0)
                        tell(c, path, "added");
                else
                        compare(c, path);
                i += order <= 0;
                k += order >= 0;
        }
}

static void compare_directory(Comparison *c, const char *directory) {
        DirList old = {0}, new = {0};
        if (dir_list(c->earlier_fd, directory, &old, NULL) == 0 && dir_list(c->now_fd, directory, &new, NULL) == 0)
                merge(c, directory, &old, &new);
        dir_list_done(&old);
        dir_list_done(&new);
}

void explain_files(const LayerFiles *earlier, const LayerFiles *now, Buf *ret_text) {
        AUTO(closep) int earlier_fd = open(earlier->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        AUTO(closep) int now_fd = open(now->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (earlier_fd < 0 || now_fd < 0) return;
        Comparison c = {.earlier = earlier, .now = now, .earlier_fd = earlier_fd, .now_fd = now_fd, .text = ret_text};
        strvec_push(&c.directories, "");
        for (size_t i = 0; i < c.directories.n && c.seen < ENTRIES_MAX; i++) {
                AUTO(freep) char *directory = xstrdup(c.directories.v[i]);
                compare_directory(&c, directory);
        }
        if (c.count > FILES_SHOWN_MAX) buf_addf(ret_text, ", and %zu more", c.count - FILES_SHOWN_MAX);
        strvec_done(&c.directories);
}

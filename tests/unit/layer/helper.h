/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "layer/copy.h"
#include "os/fs.h"

/* Small trees on disk for the tests of this room: made in a scratch directory, compared as text. */

static inline char *scratch_new(void) {
        const char *base = getenv("TMPDIR");
        char *path = xasprintf("%s/decant-layer-XXXXXX", base ? base : "/tmp");
        assert_non_null(mkdtemp(path));
        return path;
}

static inline void scratch_free(char *path) {
        tree_remove(AT_FDCWD, path, NULL);
        free(path);
}

static inline void set_mtime(const char *path, int64_t seconds) {
        struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = seconds}};
        assert_int_equal(utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW), 0);
}

static inline char *at(const char *root, const char *path) {
        return xasprintf("%s/%s", root, path);
}

static inline void make_parents(const char *full) {
        AUTO(freep) char *parent = xstrdup(full);
        *strrchr(parent, '/') = '\0';
        assert_int_equal(dir_make_all(AT_FDCWD, parent, 0755, NULL), 0);
}

static inline void put_mode(const char *root, const char *path, const char *text, mode_t mode) {
        AUTO(freep) char *full = at(root, path);
        make_parents(full);
        int fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
        assert_int_equal(fchmod(fd, mode), 0);
        close(fd);
        set_mtime(full, 1600000000);
}

static inline void put(const char *root, const char *path, const char *text) {
        put_mode(root, path, text, 0644);
}

static inline void put_dir(const char *root, const char *path, mode_t mode) {
        AUTO(freep) char *full = at(root, path);
        assert_int_equal(dir_make_all(AT_FDCWD, full, 0755, NULL), 0);
        assert_int_equal(chmod(full, mode), 0);
}

static inline void put_link(const char *root, const char *path, const char *target) {
        AUTO(freep) char *full = at(root, path);
        make_parents(full);
        assert_int_equal(symlink(target, full), 0);
        set_mtime(full, 1600000000);
}

static inline void put_hard_link(const char *root, const char *path, const char *first) {
        AUTO(freep) char *full = at(root, path);
        AUTO(freep) char *other = at(root, first);
        make_parents(full);
        assert_int_equal(link(other, full), 0);
}

static inline void put_whiteout(const char *root, const char *path) {
        AUTO(freep) char *full = at(root, path);
        make_parents(full);
        assert_int_equal(mknod(full, S_IFCHR, makedev(0, 0)), 0);
}

/* One line an entry: "d755 a/", "f644 a/b=text", "l a/c>target", "w a/gone". */
static inline void describe_into(const char *root, const char *path, Buf *out) {
        AUTO(freep) char *full = at(root, path);
        DirList list;
        assert_int_equal(dir_list(AT_FDCWD, full, &list, NULL), 0);
        for (size_t i = 0; i < list.n; i++) {
                AUTO(freep) char *name = *path ? xasprintf("%s/%s", path, list.v[i].name) : xstrdup(list.v[i].name);
                AUTO(freep) char *entry = at(root, name);
                struct stat st;
                assert_int_equal(lstat(entry, &st), 0);
                if (S_ISDIR(st.st_mode)) {
                        buf_addf(out, "d%o %s/\n", st.st_mode & 07777, name);
                        describe_into(root, name, out);
                } else if (S_ISLNK(st.st_mode)) {
                        char target[4096] = "";
                        assert_true(readlink(entry, target, sizeof target - 1) >= 0);
                        buf_addf(out, "l %s>%s\n", name, target);
                } else if (S_ISREG(st.st_mode)) {
                        char *data;
                        size_t size;
                        assert_int_equal(file_read(AT_FDCWD, entry, 1 << 20, &data, &size, NULL), 0);
                        buf_addf(out, "f%o %s=%s\n", st.st_mode & 07777, name, data);
                        free(data);
                } else if (S_ISCHR(st.st_mode) && st.st_rdev == 0) {
                        buf_addf(out, "w %s\n", name);
                } else {
                        buf_addf(out, "?%o %s\n", st.st_mode, name);
                }
        }
        dir_list_done(&list);
}

static inline void assert_tree(const char *root, const char *expected) {
        Buf out = {0};
        describe_into(root, "", &out);
        assert_string_equal(out.n ? out.p : "", expected);
        buf_done(&out);
}

static inline void assert_ok(int r, Err **e) {
        if (r < 0) fail_msg("%s\n%s", err_message(*e), err_hints(*e));
}

static inline void assert_message(Err **e, const char *part) {
        assert_non_null(*e);
        if (!strstr(err_message(*e), part) && !strstr(err_hints(*e), part)) {
                fail_msg("'%s' is not in: %s\n%s", part, err_message(*e), err_hints(*e));
        }
        err_clear(e);
}

static inline View *open_views(const char *const *dirs, size_t count) {
        StrVec list = {0};
        for (size_t i = 0; i < count; i++) strvec_push(&list, dirs[i]);
        View *v;
        assert_int_equal(view_open(&list, &v, NULL), 0);
        strvec_done(&list);
        return v;
}

/* A draft without a store. */

static inline Draft draft_at(const char *root, const char *name) {
        Draft d = {.path = xstrdup(root), .fs_path = at(root, name)};
        assert_int_equal(dir_make_all(AT_FDCWD, d.fs_path, 0755, NULL), 0);
        d.fs_fd = open(d.fs_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        assert_true(d.fs_fd >= 0);
        return d;
}

static inline void draft_close(Draft *d) {
        close(d->fs_fd);
        free(d->path);
        free(d->fs_path);
}

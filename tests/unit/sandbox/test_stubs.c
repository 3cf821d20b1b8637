/* SPDX-License-Identifier: Apache-2.0 */
#include "cm.h"
#include "os/fs.h"
#include "sandbox/internal.h"

#include <fcntl.h>
#include <sys/stat.h>

static void add(Buf *b, StatusTag tag, const char *path, const struct stat *st) {
        StatusRecord r = {.tag = tag, .size = (uint32_t)strlen(path)};
        if (st) {
                r.mode = st->st_mode & 07777;
                r.uid = st->st_uid;
                r.gid = st->st_gid;
                r.mtime = st->st_mtim.tv_sec;
                r.mtime_ns = (uint32_t)st->st_mtim.tv_nsec;
        }
        buf_add(b, &r, sizeof r);
        buf_adds(b, path);
}

static void in_dir(void **state, void (*body)(const char *dir)) {
        (void)state;
        char path[] = "/tmp/decant-stubs-XXXXXX";
        assert_non_null(mkdtemp(path));
        body(path);
        tree_remove(AT_FDCWD, path, NULL);
}

static char *at(const char *dir, const char *name) {
        return xasprintf("%s/%s", dir, name);
}

static bool exists(const char *dir, const char *name) {
        AUTO(freep) char *path = at(dir, name);
        struct stat st;
        return lstat(path, &st) == 0;
}

static void make_dir(const char *dir, const char *name, struct stat *ret_st) {
        AUTO(freep) char *path = at(dir, name);
        assert_int_equal(mkdir(path, 0755), 0);
        struct timespec times[2] = {{1000, 5}, {1000, 7}};
        assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
        assert_int_equal(stat(path, ret_st), 0);
}

static void make_file(const char *dir, const char *name, const char *text) {
        AUTO(freep) char *path = at(dir, name);
        assert_int_equal(file_write_atomic(AT_FDCWD, path, text, strlen(text), 0644, NULL), 0);
}

static void set_old(const char *dir, const char *name) {
        AUTO(freep) char *path = at(dir, name);
        struct timespec times[2] = {{1000, 5}, {1000, 7}};
        assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* /a was copied up for /a/point/file: all of it goes. */
static void body_unused(const char *dir) {
        struct stat st;
        AUTO(buf_done) Buf status = {0};
        make_dir(dir, "a", &st);
        add(&status, STATUS_DIR, "/a", &st);
        make_dir(dir, "a/point", &st);
        make_file(dir, "a/point/file", "");
        set_old(dir, "a");
        add(&status, STATUS_STUB, "/a/point", NULL);
        add(&status, STATUS_STUB, "/a/point/file", NULL);
        stubs_remove(dir, &status);
        assert_false(exists(dir, "a"));
}

/* The step wrote beside the mount point: the directory stays, with its time. */
static void body_used(const char *dir) {
        struct stat st, after;
        AUTO(buf_done) Buf status = {0};
        make_dir(dir, "a", &st);
        add(&status, STATUS_DIR, "/a", &st);
        make_file(dir, "a/point", "");
        make_file(dir, "a/kept", "x");
        make_file(dir, "a/filled", "x");
        set_old(dir, "a");
        add(&status, STATUS_STUB, "/a/point", NULL);
        add(&status, STATUS_STUB, "/a/filled", NULL);
        stubs_remove(dir, &status);
        assert_false(exists(dir, "a/point"));
        assert_true(exists(dir, "a/kept"));
        assert_true(exists(dir, "a/filled"));
        AUTO(freep) char *path = at(dir, "a");
        assert_int_equal(stat(path, &after), 0);
        assert_int_equal(after.st_mtim.tv_sec, 1000);
        assert_int_equal(after.st_mtim.tv_nsec, 7);
}

/* The step changed the directory itself: that is a change to keep. */
static void body_changed(const char *dir) {
        struct stat st;
        AUTO(buf_done) Buf status = {0};
        make_dir(dir, "a", &st);
        add(&status, STATUS_DIR, "/a", &st);
        make_file(dir, "a/point", "");
        set_old(dir, "a");
        AUTO(freep) char *path = at(dir, "a");
        assert_int_equal(chmod(path, 0700), 0);
        add(&status, STATUS_STUB, "/a/point", NULL);
        stubs_remove(dir, &status);
        assert_true(exists(dir, "a"));
        assert_false(exists(dir, "a/point"));
}

/* The step put a link in the way: nothing outside may be touched. */
static void body_link(const char *dir) {
        struct stat st;
        AUTO(buf_done) Buf status = {0};
        make_dir(dir, "upper", &st);
        make_dir(dir, "outside", &st);
        make_file(dir, "outside/point", "");
        AUTO(freep) char *link = at(dir, "upper/a"), *upper = at(dir, "upper");
        assert_int_equal(symlink("../outside", link), 0);
        add(&status, STATUS_STUB, "/a/point", NULL);
        add(&status, STATUS_STUB, "/../outside/point", NULL);
        stubs_remove(upper, &status);
        assert_true(exists(dir, "outside/point"));
}

static void body_damaged(const char *dir) {
        AUTO(buf_done) Buf status = {0};
        add(&status, STATUS_STUB, "/a", NULL);
        status.n -= 1;
        stubs_remove(dir, &status);
        status.n = 3;
        stubs_remove(dir, &status);
}

static void test_unused(void **state) {
        in_dir(state, body_unused);
}
static void test_used(void **state) {
        in_dir(state, body_used);
}
static void test_changed(void **state) {
        in_dir(state, body_changed);
}
static void test_link(void **state) {
        in_dir(state, body_link);
}
static void test_damaged(void **state) {
        in_dir(state, body_damaged);
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_unused), cmocka_unit_test(test_used),
                                           cmocka_unit_test(test_changed), cmocka_unit_test(test_link),
                                           cmocka_unit_test(test_damaged)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}

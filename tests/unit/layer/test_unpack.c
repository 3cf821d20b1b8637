/* SPDX-License-Identifier: Apache-2.0 */
#include "tar_text.h"

#include "layer/overlay.h"
#include "layer/pack.h"

static int unpack_into(char *root, TarText *t, bool layer, LayerTotals *totals, Err **e) {
        UnpackParams params = {.fs_path = root,
                               .layer = layer,
                               .max_bytes = 10000,
                               .max_entries = 50,
                               .has_owner = geteuid() != 0,
                               .uid = geteuid(),
                               .gid = getegid()};
        AUTO(source_freep) Source *source = source_from_memory(t->out.data.p, t->out.data.n);
        return layer_unpack(&params, source, totals, e);
}

static void unpack_ok(TarText *t, bool layer, const char *expected) {
        char *root = scratch_new();
        AUTO(freep) char *fs = at(root, "in/fs");
        assert_int_equal(dir_make_all(AT_FDCWD, fs, 0755, NULL), 0);
        LayerTotals totals;
        Err *e = NULL;
        tar_end(t);
        assert_ok(unpack_into(fs, t, layer, &totals, &e), &e);
        assert_tree(fs, expected);
        AUTO(freep) char *in = at(root, "in");
        DirList list;
        assert_int_equal(dir_list(AT_FDCWD, in, &list, NULL), 0);
        assert_int_equal(list.n, 1); /* nothing beside it */
        dir_list_done(&list);
        scratch_free(root);
        tar_done(t);
}

static void unpack_fails(TarText *t, ErrKind kind, const char *message) {
        char *root = scratch_new();
        Err *e = NULL;
        tar_end(t);
        assert_true(unpack_into(root, t, true, NULL, &e) < 0);
        assert_int_equal(err_kind(e), kind);
        assert_message(&e, message);
        scratch_free(root);
        tar_done(t);
}

static void test_plain(void **state) {
        (void)state;
        TarText t;
        tar_begin(&t);
        tar_add(&t, TAR_DIR, "d", "", 0711);
        tar_file(&t, "d/f", "text");
        tar_add(&t, TAR_SYMLINK, "d/l", "f", 0777);
        tar_add(&t, TAR_HARDLINK, "d/h", "d/f", 0600);
        tar_add(&t, TAR_FILE, "suid", "s", 04755);
        tar_file(&t, "p/q/r", "implied");
        tar_file(&t, "/abs/f", "a");
        tar_file(&t, "./dot/./f", "d");
        unpack_ok(&t, true,
                  "d755 abs/\nf644 abs/f=a\nd711 d/\nf600 d/f=text\nf600 d/h=text\nl d/l>f\nd755 dot/\nf644 "
                  "dot/f=d\nd755 p/\n"
                  "d755 p/q/\nf644 p/q/r=implied\nf4755 suid=s\n");
}

static void test_replaced_entries(void **state) {
        (void)state;
        TarText t;
        tar_begin(&t);
        tar_file(&t, "f", "one");
        tar_file(&t, "f", "two");
        tar_file(&t, "d/x", "x");
        tar_file(&t, "d", "now a file");
        tar_file(&t, "e", "a file");
        tar_add(&t, TAR_DIR, "e", "", 0700);
        tar_file(&t, "e/in", "in");
        tar_file(&t, "m/x", "x");
        tar_add(&t, TAR_DIR, "m", "", 0700);
        tar_add(&t, TAR_SYMLINK, "s", "f", 0777);
        tar_file(&t, "s", "no link");
        unpack_ok(&t, true,
                  "f644 d=now a file\nd700 e/\nf644 e/in=in\nf644 f=two\nd700 m/\nf644 m/x=x\nf644 s=no link\n");
}

static void test_nothing_leaves(void **state) {
        (void)state;
        TarText t;
        tar_begin(&t);
        tar_file(&t, "../../up", "u");
        tar_add(&t, TAR_SYMLINK, "evil", "../../../..", 0777);
        tar_file(&t, "evil/landed", "l");
        tar_add(&t, TAR_SYMLINK, "abs", "/", 0777);
        tar_file(&t, "abs/too", "t");
        tar_add(&t, TAR_SYMLINK, "mid", "sub/..", 0777);
        tar_file(&t, "mid/../x", "x");
        tar_add(&t, TAR_DIR, "real", "", 0755);
        tar_add(&t, TAR_SYMLINK, "l", "real", 0777);
        tar_file(&t, "l/f", "f");
        tar_file(&t, "real/link", "first");
        tar_add(&t, TAR_SYMLINK, "real/link", "../up", 0777);
        tar_file(&t, "real/link", "second"); /* replaces the link, does not follow it */
        unpack_ok(&t, true,
                  "l abs>/\nl evil>../../../..\nl l>real\nf644 landed=l\nl mid>sub/..\nd755 real/\nf644 real/f=f\n"
                  "f644 real/link=second\nf644 too=t\nf644 up=u\nf644 x=x\n");
        tar_begin(&t);
        tar_add(&t, TAR_HARDLINK, "h", "../../../../etc/hostname", 0644);
        unpack_fails(&t, ERR_FORMAT, "no such file");
        tar_begin(&t);
        tar_add(&t, TAR_HARDLINK, "h", "nothere", 0644);
        unpack_fails(&t, ERR_FORMAT, "nothere");
        tar_begin(&t);
        tar_file(&t, "f", "f");
        tar_file(&t, "f/below", "x");
        unpack_fails(&t, ERR_FORMAT, "not a directory");
        tar_begin(&t);
        tar_add(&t, TAR_SYMLINK, "a", "b", 0777);
        tar_add(&t, TAR_SYMLINK, "b", "a", 0777);
        tar_file(&t, "a/x", "x");
        unpack_fails(&t, ERR_SYS, "Too many levels");
}

static void test_directory_becomes_link(void **state) {
        (void)state;
        TarText t;
        tar_begin(&t);
        tar_add(&t, TAR_DIR, "a", "", 0755);
        tar_file(&t, "a/b/c", "c");
        tar_add(&t, TAR_SYMLINK, "a", "z", 0777);
        tar_add(&t, TAR_DIR, "z", "", 0755);
        tar_file(&t, "a/b/c", "again");
        unpack_ok(&t, true, "l a>z\nd755 z/\nd755 z/b/\nf644 z/b/c=again\n");
}

static void test_whiteouts(void **state) {
        (void)state;
        TarText t;
        tar_begin(&t);
        tar_file(&t, ".wh.gone", "");
        tar_file(&t, "d/.wh.x", "");
        tar_file(&t, "d/.wh..wh.aufs", "");
        tar_file(&t, ".wh.again", "");
        tar_file(&t, "again", "file");
        unpack_ok(&t, true, "f644 again=file\nd755 d/\nw d/x\nw gone\n");
        tar_begin(&t);
        tar_file(&t, ".wh.name", "");
        unpack_ok(&t, false, "f644 .wh.name=\n");
        tar_begin(&t);
        tar_file(&t, ".wh...", "");
        unpack_fails(&t, ERR_FORMAT, "whiteout");
        tar_begin(&t);
        tar_file(&t, "d/.wh.", "");
        unpack_fails(&t, ERR_FORMAT, "whiteout");
        tar_begin(&t);
        tar_add(&t, TAR_CHAR, "null", "", 0644);
        unpack_fails(&t, ERR_FORMAT, "0:0");
}

static void test_opaque(void **state) {
        (void)state;
        char *root = scratch_new();
        TarText t;
        tar_begin(&t);
        tar_file(&t, "o/.wh..wh..opq", "");
        tar_file(&t, "o/new", "n");
        tar_file(&t, ".wh.both", "");
        tar_add(&t, TAR_DIR, "both", "", 0755);
        tar_add(&t, TAR_DIR, "late", "", 0755);
        tar_file(&t, ".wh.late", "");
        tar_add(&t, TAR_DIR, "plain", "", 0755);
        tar_end(&t);
        Err *e = NULL;
        assert_ok(unpack_into(root, &t, true, NULL, &e), &e);
        int fd = open(root, O_PATH | O_CLOEXEC);
        assert_true(overlay_is_opaque(fd, "o"));
        assert_true(overlay_is_opaque(fd, "both"));
        assert_true(overlay_is_opaque(fd, "late"));
        assert_false(overlay_is_opaque(fd, "plain"));
        close(fd);
        scratch_free(root);
        tar_done(&t);
}

static void test_limits(void **state) {
        (void)state;
        TarText t;
        tar_begin(&t);
        for (int i = 0; i < 51; i++) tar_file(&t, "same", "");
        unpack_fails(&t, ERR_LIMIT, "entries");
        tar_begin(&t);
        AUTO(freep) char *big = xmalloc(6001);
        memset(big, 'x', 6000);
        big[6000] = '\0';
        tar_file(&t, "one", big);
        tar_file(&t, "two", big);
        unpack_fails(&t, ERR_LIMIT, "bytes");
        tar_begin(&t);
        tar_file(&t, "cut", big);
        tar_end(&t);
        t.out.data.n = 2048;
        char *root = scratch_new();
        Err *e = NULL;
        assert_true(unpack_into(root, &t, true, NULL, &e) < 0);
        assert_message(&e, "cut");
        scratch_free(root);
        tar_done(&t);
}

static void test_times(void **state) {
        (void)state;
        char *root = scratch_new();
        TarText t;
        tar_begin(&t);
        tar_add(&t, TAR_DIR, "d", "", 0755);
        tar_file(&t, "d/f", "f");
        tar_add(&t, TAR_SYMLINK, "d/l", "f", 0777);
        tar_end(&t);
        Err *e = NULL;
        LayerTotals totals, counted;
        assert_ok(unpack_into(root, &t, true, &totals, &e), &e);
        assert_int_equal(totals.entry_count, 3);
        assert_int_equal(totals.size_bytes, 1);
        assert_ok(layer_totals(root, &counted, &e), &e);
        assert_int_equal(counted.entry_count, 3);
        assert_int_equal(counted.size_bytes, 1);
        static const char *const names[] = {"d", "d/f", "d/l"};
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                AUTO(freep) char *full = at(root, names[i]);
                struct stat st;
                assert_int_equal(lstat(full, &st), 0);
                assert_int_equal(st.st_mtim.tv_sec, 1560000000);
        }
        scratch_free(root);
        tar_done(&t);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_plain),          cmocka_unit_test(test_replaced_entries),
                cmocka_unit_test(test_nothing_leaves), cmocka_unit_test(test_directory_becomes_link),
                cmocka_unit_test(test_whiteouts),      cmocka_unit_test(test_opaque),
                cmocka_unit_test(test_limits),         cmocka_unit_test(test_times),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}

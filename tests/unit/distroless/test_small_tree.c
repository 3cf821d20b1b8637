/* SPDX-License-Identifier: Apache-2.0 */
#include "../layer/helper.h"

#include "codec/tar.h"
#include "distroless/small_tree.h"

static const SmallTreeMeta file_meta = {.mode = 0644}, home_meta = {.mode = 0700, .uid = 65532, .gid = 65532};

/* "d /etc 755 0:0", one a line. */
static void describe(Str tar, Buf *out) {
        AUTO(source_freep) Source *source = source_from_memory(tar.p, tar.n);
        AUTO(tar_reader_freep) TarReader *reader = tar_reader_new(source);
        AUTO(err_freep) Err *e = NULL;
        TarEntry entry;
        int r;
        while ((r = tar_reader_next(reader, &entry, &e)) == TAR_ENTRY) {
                bool link = entry.type == TAR_SYMLINK || entry.type == TAR_HARDLINK;
                assert_int_equal(entry.mtime_ns, 0);
                buf_addf(out, "%c %s %o %u:%u %llu%s%s\n", entry.type, entry.name, entry.mode, entry.uid, entry.gid,
                         (unsigned long long)entry.size, link ? " -> " : "", link ? entry.link : "");
        }
        assert_int_equal(r, TAR_END);
}

static void test_entries(void **state) {
        (void)state;
        AUTO(small_tree_freep) SmallTree *tree = small_tree_new(NULL);
        AUTO(buf_done) Buf text = {0};
        Str tar;
        assert_true(small_tree_is_empty(tree));
        assert_int_equal(small_tree_directory(tree, "/home/nonroot", home_meta, NULL), 0);
        assert_int_equal(small_tree_file(tree, "/etc/passwd", file_meta, STR("root\n"), NULL), 0);
        assert_int_equal(small_tree_symlink(tree, "etc/localtime", file_meta, "/usr/share/zoneinfo/UTC", NULL), 0);
        assert_int_equal(small_tree_hardlink(tree, "/etc/other", "/etc/passwd", NULL), 0);
        assert_false(small_tree_is_empty(tree));
        assert_int_equal(small_tree_tar(tree, &tar, NULL), 0);
        describe(tar, &text);
        assert_string_equal(text.p, "5 home/ 755 0:0 0\n"
                                    "5 home/nonroot/ 700 65532:65532 0\n"
                                    "5 etc/ 755 0:0 0\n"
                                    "0 etc/passwd 644 0:0 5\n"
                                    "2 etc/localtime 777 0:0 0 -> /usr/share/zoneinfo/UTC\n"
                                    "1 etc/other 644 0:0 0 -> etc/passwd\n");
}

static void test_stays_inside(void **state) {
        (void)state;
        static const char *const bad[] = {"/etc/../../x", "..", "/", "", "a/.."};
        AUTO(small_tree_freep) SmallTree *tree = small_tree_new(NULL);
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                AUTO(err_freep) Err *e = NULL;
                print_message("'%s'\n", bad[i]);
                assert_true(small_tree_file(tree, bad[i], file_meta, STR("x"), &e) < 0);
                assert_int_equal(err_kind(e), ERR_USAGE);
        }
        assert_true(small_tree_is_empty(tree));
}

/* Links below are followed, directories below stay as they are, hard links bring files of below with them. */
static void test_layers_below(void **state) {
        (void)state;
        char *root = scratch_new();
        AUTO(strvec_done) StrVec dirs = {0};
        AUTO(view_freep) View *below = NULL;
        AUTO(err_freep) Err *e = NULL;
        AUTO(buf_done) Buf text = {0};
        Str tar;
        put(root, "usr/bin/tool", "program");
        put(root, "root/.profile", "x");
        put(root, "etc/hosts", "x");
        put_link(root, "bin", "usr/bin");
        strvec_push(&dirs, root);
        AUTO(freep) char *home = xasprintf("%s/root", root), *tool = xasprintf("%s/usr/bin/tool", root);
        assert_int_equal(chmod(home, 0700), 0);
        assert_int_equal(chmod(tool, 0755), 0);
        assert_int_equal(view_open(&dirs, &below, NULL), 0);
        {
                AUTO(small_tree_freep) SmallTree *tree = small_tree_new(below);
                assert_int_equal(small_tree_file(tree, "/root/a", file_meta, STR(""), NULL), 0);
                assert_int_equal(small_tree_hardlink(tree, "/bin/x", "/bin/tool", NULL), 0);
                assert_int_equal(small_tree_symlink(tree, "/bin/y", home_meta, "x", NULL), 0);
                assert_int_equal(small_tree_remove(tree, "/etc/hosts", NULL), 0);
                assert_int_equal(small_tree_remove(tree, "/etc/nothing", NULL), 0);
                assert_true(small_tree_hardlink(tree, "/bin/z", "/bin/none", &e) < 0);
                assert_int_equal(err_kind(e), ERR_NOT_FOUND);
                err_clear(&e);
                assert_true(small_tree_hardlink(tree, "/bin/z", "/etc", &e) < 0);
                assert_int_equal(err_kind(e), ERR_SYNTAX);
                err_clear(&e);
                assert_true(small_tree_file(tree, "/etc/hosts/x", file_meta, STR(""), &e) < 0);
                assert_int_equal(small_tree_tar(tree, &tar, NULL), 0);
                describe(tar, &text);
        }
        assert_string_equal(text.p, "5 root/ 700 0:0 0\n"
                                    "0 root/a 644 0:0 0\n"
                                    "5 usr/ 755 0:0 0\n"
                                    "5 usr/bin/ 755 0:0 0\n"
                                    "0 usr/bin/tool 755 0:0 7\n"
                                    "1 usr/bin/x 755 0:0 0 -> usr/bin/tool\n"
                                    "2 usr/bin/y 777 65532:65532 0 -> x\n"
                                    "5 etc/ 755 0:0 0\n"
                                    "0 etc/.wh.hosts 644 0:0 0\n");
        scratch_free(root);
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_entries), cmocka_unit_test(test_stays_inside),
                                           cmocka_unit_test(test_layers_below)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}

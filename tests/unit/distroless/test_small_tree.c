/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
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
        AUTO(small_tree_freep) SmallTree *tree = small_tree_new();
        AUTO(buf_done) Buf text = {0};
        Str tar;
        assert_true(small_tree_is_empty(tree));
        assert_int_equal(small_tree_directory(tree, "/home/nonroot", home_meta, NULL), 0);
        assert_int_equal(small_tree_file(tree, "/etc/passwd", file_meta, STR("root\n"), NULL), 0);
        assert_int_equal(small_tree_symlink(tree, "etc/localtime", "/usr/share/zoneinfo/UTC", NULL), 0);
        assert_int_equal(small_tree_hardlink(tree, "/etc/other", "/etc/passwd", NULL), 0);
        assert_false(small_tree_is_empty(tree));
        assert_int_equal(small_tree_tar(tree, &tar, NULL), 0);
        describe(tar, &text);
        assert_string_equal(text.p, "5 home/ 755 0:0 0\n"
                                    "5 home/nonroot/ 700 65532:65532 0\n"
                                    "5 etc/ 755 0:0 0\n"
                                    "0 etc/passwd 644 0:0 5\n"
                                    "2 etc/localtime 777 0:0 0 -> /usr/share/zoneinfo/UTC\n"
                                    "1 etc/other 777 0:0 0 -> etc/passwd\n");
}

static void test_stays_inside(void **state) {
        (void)state;
        static const char *const bad[] = {"/etc/../../x", "..", "/", "", "a/.."};
        AUTO(small_tree_freep) SmallTree *tree = small_tree_new();
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                AUTO(err_freep) Err *e = NULL;
                print_message("'%s'\n", bad[i]);
                assert_true(small_tree_file(tree, bad[i], file_meta, STR("x"), &e) < 0);
                assert_int_equal(err_kind(e), ERR_USAGE);
        }
        assert_true(small_tree_is_empty(tree));
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_entries), cmocka_unit_test(test_stays_inside)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}

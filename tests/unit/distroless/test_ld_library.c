/* SPDX-License-Identifier: Apache-2.0 */
#include "../layer/helper.h"

#include "distroless/ld_library.h"
#include "small_elf.h"

static void put_library(const char *root, const char *path, SmallElf what) {
        AUTO(buf_done) Buf bytes = {0};
        AUTO(freep) char *full = at(root, path);
        make_parents(full);
        small_elf_write(&what, &bytes);
        assert_int_equal(file_write_atomic(AT_FDCWD, full, bytes.p, bytes.n, 0644, NULL), 0);
}

static void put_amd64(const char *root, const char *path, const char *soname) {
        put_library(root, path, (SmallElf){.machine = EM_X86_64, .soname = soname});
}

/* "SONAME PATH FLAGS[ HWCAPS]", a line each, sorted; then "PATH > TARGET" for links. */
static void found_are(const char *root, const char *const *directories, const char *expected) {
        AUTO(view_freep) View *tree = NULL;
        AUTO(strvec_done) StrVec dirs = {0};
        AUTO(strvec_done) StrVec list = {0};
        AUTO(strvec_done) StrVec lines = {0};
        AUTO(buf_done) Buf text = {0};
        LdLibraries libraries = {0};
        LdLinks links = {0};
        strvec_push(&dirs, root);
        assert_int_equal(view_open(&dirs, &tree, NULL), 0);
        for (; *directories; directories++) strvec_push(&list, *directories);
        assert_int_equal(ld_libraries_scan(&(LdScan){tree, "amd64", &libraries, &links}, &list, NULL), 0);
        for (size_t i = 0; i < libraries.n; i++) {
                const LdLibrary *l = &libraries.v[i];
                strvec_pushf(&lines, "%s %s %x%s%s\n", l->soname, l->path, l->flags, l->hwcaps ? " " : "",
                             l->hwcaps ? l->hwcaps : "");
        }
        strvec_sort(&lines);
        for (size_t i = 0; i < lines.n; i++) buf_adds(&text, lines.v[i]);
        for (size_t i = 0; i < links.n; i++) buf_addf(&text, "%s > %s\n", links.v[i].path, links.v[i].target);
        assert_string_equal(text.n ? text.p : "", expected);
        ld_libraries_done(&libraries);
        ld_links_done(&links);
}

static void test_choice(void **state) {
        (void)state;
        char *root = scratch_new();
        put_amd64(root, "lib/liba.so.1.2", "liba.so.1");
        put_amd64(root, "lib/liba.so.1.10", "liba.so.1");
        put_link(root, "lib/liba.so", "liba.so.1.10");  /* for the linker: stays a link */
        put_link(root, "lib/liba.so.7", "liba.so.1.2"); /* counts as the file */
        put_amd64(root, "lib/libb.so", NULL);           /* its name is its soname */
        put_amd64(root, "lib/libc.so.6", "libc.so.6");
        put_link(root, "lib/libd.so.3", "/opt/real.so"); /* the file lies elsewhere */
        put_amd64(root, "opt/real.so", "libd.so.3");
        put_amd64(root, "lib/libe.so.dpkg-new", "libe.so.1");
        put_amd64(root, "lib/plugin.so", "plugin.so");
        put_library(root, "lib/libarm.so.1", (SmallElf){.machine = EM_AARCH64, .soname = "libarm.so.1"});
        put_library(root, "lib/libprogram.so.1",
                    (SmallElf){.machine = EM_X86_64, .soname = "libprogram.so.1", .type = ET_EXEC});
        put(root, "lib/libtext.so", "/* GNU ld script */ GROUP ( libx )");
        put(root, "lib/libcut.so.1", "\177ELF\2\1\1");
        put_link(root, "lib/libloop.so.1", "libloop.so.1");
        put_link(root, "lib/libgone.so.1", "nowhere");
        put_dir(root, "lib/libdir.so.1", 0755);
        found_are(root, (const char *[]){"/lib", NULL},
                  "liba.so /lib/liba.so 303\n"
                  "liba.so.1 /lib/liba.so.1 303\n"
                  "libb.so /lib/libb.so 303\n"
                  "libc.so.6 /lib/libc.so.6 303\n"
                  "libd.so.3 /lib/libd.so.3 303\n"
                  "/lib/liba.so.1 > liba.so.7\n");
        scratch_free(root);
}

static void test_links(void **state) {
        (void)state;
        char *root = scratch_new();
        put_amd64(root, "usr/lib/liba.so.1.1", "liba.so.1"); /* right already */
        put_link(root, "usr/lib/liba.so.1", "liba.so.1.1");
        put_amd64(root, "usr/lib/libb.so.1.1", "libb.so.1"); /* leads to the older one */
        put_amd64(root, "usr/lib/libb.so.1.0", "libb.so.1");
        put_link(root, "usr/lib/libb.so.1", "libb.so.1.0");
        put_amd64(root, "usr/lib/libc.so.1.1", "libc.so.1"); /* a file is in the way */
        put(root, "usr/lib/libc.so.1", "text");
        put_amd64(root, "usr/lib/libd.so.1.1", "libd.so.1"); /* a dead link */
        put_link(root, "usr/lib/libd.so.1", "nowhere");
        put_amd64(root, "usr/lib/libe.so.1.1", "../libe.so.1"); /* not a name */
        put_link(root, "lib", "usr/lib");
        found_are(root, (const char *[]){"/lib", "/usr/lib", NULL},
                  "../libe.so.1 /lib/../libe.so.1 303\n"
                  "liba.so.1 /lib/liba.so.1 303\n"
                  "libb.so.1 /lib/libb.so.1 303\n"
                  "libc.so.1 /lib/libc.so.1 303\n"
                  "libd.so.1 /lib/libd.so.1 303\n"
                  "/usr/lib/libb.so.1 > libb.so.1.1\n"
                  "/usr/lib/libd.so.1 > libd.so.1.1\n");
        scratch_free(root);
}

static void test_variants(void **state) {
        (void)state;
        char *root = scratch_new();
        put_amd64(root, "lib/liba.so.1", "liba.so.1");
        put_amd64(root, "lib/glibc-hwcaps/x86-64-v3/liba.so.1", "liba.so.1");
        put_amd64(root, "lib/glibc-hwcaps/x86-64-v3/liba.so.1.2", "liba.so.1");
        put_amd64(root, "lib/glibc-hwcaps/.hidden/liba.so.1", "liba.so.1");
        found_are(root, (const char *[]){"/absent", "/lib", "/lib/../lib", NULL},
                  "liba.so.1 /lib/glibc-hwcaps/x86-64-v3/liba.so.1.2 303 x86-64-v3\n"
                  "liba.so.1 /lib/liba.so.1 303\n");
        scratch_free(root);
}

static void test_order_of_names(void **state) {
        (void)state;
        static const char *const rising[] = {"",          "lib",        "liba.so", "liba.so.1", "liba.so.1.2",
                                             "liba.so.2", "liba.so.10", "libb",    "lib7"};
        for (size_t i = 0; i < ARRAY_SIZE(rising); i++)
                for (size_t k = 0; k < ARRAY_SIZE(rising); k++) {
                        int order = ld_name_compare(rising[i], rising[k]);
                        assert_int_equal((order > 0) - (order < 0), (i > k) - (i < k));
                }
        assert_int_equal(ld_name_compare("a01", "a1"), 0);
}

static void test_unknown_architecture(void **state) {
        (void)state;
        AUTO(view_freep) View *tree = NULL;
        AUTO(err_freep) Err *e = NULL;
        LdLibraries libraries = {0};
        LdLinks links = {0};
        assert_int_equal(view_open(&(StrVec){0}, &tree, NULL), 0);
        assert_true(ld_libraries_scan(&(LdScan){tree, "s390x", &libraries, &links}, &(StrVec){0}, &e) < 0);
        assert_int_equal(err_kind(e), ERR_UNSUPPORTED);
        assert_non_null(strstr(err_message(e), "s390x"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_choice),
                cmocka_unit_test(test_links),
                cmocka_unit_test(test_variants),
                cmocka_unit_test(test_order_of_names),
                cmocka_unit_test(test_unknown_architecture),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "packages.h"

static PackageUniverse *universe_of(const char *const *texts) {
        PackageUniverse *u = package_universe_new("amd64");
        for (size_t i = 0; texts[i]; i++) {
                PackageIndex *index;
                AUTO(freep) char *label = xasprintf("suite%zu", i);
                AUTO(err_freep) Err *e = NULL;
                if (packages_open(str_of(texts[i]), label, &index, &e) < 0) fail_msg("%s", err_message(e));
                assert_int_equal(package_universe_add(u, index, NULL), 0);
        }
        return u;
}

/* "name version/index" of each, in order. */
static void assert_list(const PackageList *list, const char *expected) {
        AUTO(buf_done) Buf text = {0};
        for (size_t i = 0; i < list->n; i++)
                buf_addf(&text, "%s" STR_FMT " " STR_FMT "/%u", i > 0 ? ", " : "", STR_ARG(list->v[i]->name),
                         STR_ARG(list->v[i]->version), list->v[i]->index);
        assert_string_equal(text.n > 0 ? text.p : "", expected);
}

static void test_find_and_providers(void **state) {
        (void)state;
        AUTO(buf_done) Buf first = {0}, second = {0};
        packages_add(&first, "mawk", "1.3", "Provides: awk,\n nawk (= 1) , awk (= 2)\n");
        packages_add(&first, "gawk", "5.1", "provides: awk\n");
        packages_add(&first, "awkward", "1", "");
        buf_adds(&second, "\n \n");
        packages_add(&second, "mawk", "1.3", "Provides: awk\n");
        packages_add(&second, "mawk", "1.10", "");
        buf_adds(
                &second,
                "Package: mawk\nVersion: 9\nArchitecture: arm64\nFilename: a\nSize: 1\nSHA256: " TEST_HASH); /* no newline */
        const char *const texts[] = {first.p, second.p, NULL};
        AUTO(package_universe_freep) PackageUniverse *u = universe_of(texts);
        assert_int_equal(package_universe_count(u), 2);
        assert_string_equal(package_universe_label(u, 1), "suite1");
        PackageList list, again;
        assert_int_equal(package_universe_find(u, STR("mawk"), &list, NULL), 0);
        assert_list(&list, "mawk 1.10/1, mawk 1.3/0, mawk 1.3/1");
        assert_int_equal(package_universe_find(u, STR("awk"), &again, NULL), 0);
        assert_list(&again, "");
        assert_int_equal(package_universe_providers(u, STR("awk"), &again, NULL), 0);
        assert_list(&again, "mawk 1.3/0, gawk 5.1/0, mawk 1.3/1");
        assert_ptr_equal(list.v[1], again.v[0]);
        assert_int_equal(package_universe_providers(u, STR("nawk"), &again, NULL), 0);
        assert_list(&again, "mawk 1.3/0");
        assert_int_equal(package_universe_find(u, STR("awkward"), &again, NULL), 0);
        assert_true(str_is(again.v[0]->path, "pool/awkward.deb"));
}

static void test_with_line(void **state) {
        (void)state;
        AUTO(buf_done) Buf first = {0}, second = {0};
        packages_add(&first, "base-files", "1", "Essential: yes\nPriority: required\n");
        packages_add(&first, "apt", "2", "Priority: required\n");
        packages_add(&first, "nano", "3",
                     "Priority: requiredness\nDescription: is not\n Essential: yes\nNon-Essential: yes\n");
        buf_adds(&first, "Package: dash\nEssential: yes\nVersion: 4\nArchitecture: arm64\nFilename: a\nSize: "
                         "1\nSHA256: " TEST_HASH "\n\n");
        buf_adds(&first, "Package: bash\nVersion: 5\nArchitecture: all\nFilename: a\nSize: 1\nSHA256: " TEST_HASH
                         "\nEssential: yes");
        packages_add(&second, "hostname", "6", "Essential: yes\n");
        const char *const texts[] = {first.p, second.p, NULL};
        AUTO(package_universe_freep) PackageUniverse *u = universe_of(texts);
        static const char *const essential[] = {"Essential: yes", NULL};
        static const char *const both[] = {"Essential: yes", "Priority: required", NULL};
        PackageList list;
        assert_int_equal(package_universe_with_line(u, 0, essential, &list, NULL), 0);
        assert_list(&list, "base-files 1/0, bash 5/0");
        assert_int_equal(package_universe_with_line(u, 0, both, &list, NULL), 0);
        assert_list(&list, "base-files 1/0, apt 2/0, bash 5/0");
        assert_int_equal(package_universe_with_line(u, 1, both, &list, NULL), 0);
        assert_list(&list, "hostname 6/1");
}

/* More than one window of the scanner, paragraphs across its ends. */
static void test_many_packages(void **state) {
        (void)state;
        enum { COUNT = 20000 };
        AUTO(buf_done) Buf text = {0};
        for (int i = 0; i < COUNT; i++) {
                AUTO(freep)
                char *name = xasprintf("p%d", i),
                     *more = xasprintf("Provides: v%d\nDescription: %*d\n", i % 1000, i % 300, i);
                packages_add(&text, name, "1", more);
        }
        const char *const texts[] = {text.p, NULL};
        AUTO(package_universe_freep) PackageUniverse *u = universe_of(texts);
        for (int i = 0; i < COUNT; i += 7) {
                AUTO(freep) char *name = xasprintf("p%d", i);
                PackageList list;
                assert_int_equal(package_universe_find(u, str_of(name), &list, NULL), 0);
                assert_int_equal(list.n, 1);
                assert_true(str_is(list.v[0]->name, name));
        }
        PackageList list;
        assert_int_equal(package_universe_providers(u, STR("v999"), &list, NULL), 0);
        assert_int_equal(list.n, COUNT / 1000);
}

static void test_empty(void **state) {
        (void)state;
        PackageIndex *index;
        assert_int_equal(packages_open(STR(""), NULL, &index, NULL), 0);
        assert_int_equal(package_index_count(index), 0);
        AUTO(package_universe_freep) PackageUniverse *u = package_universe_new("amd64");
        assert_int_equal(package_universe_add(u, index, NULL), 0);
        PackageList list = {.n = 1};
        assert_int_equal(package_universe_find(u, STR("libc6"), &list, NULL), 0);
        assert_int_equal(list.n, 0);
}

static void assert_build_fails(Str text, ErrKind kind, const char *message) {
        AUTO(err_freep) Err *e = NULL;
        AUTO(closep) int text_fd = -1;
        AUTO(closep) int table_fd = -1;
        assert_true(packages_build(text, &text_fd, &table_fd, &e) < 0);
        assert_int_equal(err_kind(e), kind);
        if (!strstr(err_message(e), message)) fail_msg("'%s' does not say '%s'", err_message(e), message);
}

static void test_build_refuses(void **state) {
        (void)state;
        assert_build_fails(STR("<html>\n<p>Not found</p>\n"), ERR_FORMAT,
                           "line 1: a paragraph without a field 'Package'");
        assert_build_fails(STR("Package: a\n\nVersion: 1\n\n"), ERR_FORMAT,
                           "line 3: a paragraph without a field 'Package'");
        assert_build_fails(STR("Package: ab\nX: \0\n\n"), ERR_FORMAT, "line 1: package 'ab': a zero byte");
        AUTO(buf_done) Buf large = {0};
        buf_adds(&large, "Package: a\n\nPackage: b\nDescription: ");
        for (int i = 0; i < PACKAGE_PARAGRAPH_MAX; i++) buf_addc(&large, 'x');
        assert_build_fails(buf_str(&large), ERR_LIMIT, "line 3: a paragraph of more than 1024 KiB");
}

static void assert_open_fails(int text_fd, int table_fd, const char *message) {
        AUTO(err_freep) Err *e = NULL;
        PackageIndex *index;
        if (packages_open_fds(text_fd, table_fd, NULL, &index, &e) == 0) fail_msg("opened in spite of: %s", message);
        assert_int_equal(err_kind(e), ERR_FORMAT);
        if (!strstr(err_message(e), message)) fail_msg("'%s' does not say '%s'", err_message(e), message);
}

static void test_damaged_files(void **state) {
        (void)state;
        AUTO(buf_done) Buf text = {0};
        packages_add(&text, "ab", "1", "");
        AUTO(closep) int text_fd = -1;
        AUTO(closep) int table_fd = -1;
        assert_int_equal(packages_build(buf_str(&text), &text_fd, &table_fd, NULL), 0);
        off_t size = lseek(table_fd, 0, SEEK_END);
        assert_int_equal(ftruncate(table_fd, size - 1), 0);
        assert_open_fails(text_fd, table_fd, "not as long as it says");
        assert_int_equal(ftruncate(table_fd, 10), 0);
        assert_open_fails(text_fd, table_fd, "not the table of a package index");
        assert_int_equal(ftruncate(table_fd, 0), 0);
        assert_open_fails(text_fd, table_fd, "empty");
        AUTO(closep) int other_text = -1;
        AUTO(closep) int other_table = -1;
        packages_add(&text, "cd", "1", "");
        assert_int_equal(packages_build(buf_str(&text), &other_text, &other_table, NULL), 0);
        assert_open_fails(text_fd, other_table, "does not belong to the text");
        uint32_t version = 0;
        assert_int_equal(pwrite(other_table, &version, sizeof version, 12), sizeof version);
        assert_open_fails(other_text, other_table, "of another version");
}

/* A paragraph is checked when it is read, not before. */
static void test_damaged_paragraph(void **state) {
        (void)state;
        const char *const texts[] = {
                "Package: ab\nVersion: 1\nArchitecture: all\nFilename: ../x\nSize: 1\nSHA256: " TEST_HASH "\n\n", NULL};
        AUTO(package_universe_freep) PackageUniverse *u = universe_of(texts);
        AUTO(err_freep) Err *e = NULL;
        PackageList list;
        assert_true(package_universe_find(u, STR("ab"), &list, &e) < 0);
        assert_string_equal(
                err_message(e),
                "package index 'suite0' at byte 0: paragraph:4: package 'ab': Filename: expected a relative path "
                "that stays in the repository, found '../x'");
}

static void assert_nearest(PackageUniverse *u, const char *name, const char *expected) {
        AUTO(strvec_done) StrVec names = {0};
        assert_int_equal(package_universe_nearest(u, name, &names, NULL), 0);
        AUTO(buf_done) Buf text = {0};
        for (size_t i = 0; i < names.n; i++) buf_addf(&text, "%s%s", i > 0 ? " " : "", names.v[i]);
        assert_string_equal(text.n > 0 ? text.p : "", expected);
}

static void test_nearest(void **state) {
        (void)state;
        static const char *const names[] = {"libssl3t64",      "libssl-dev", "libssh-4", "python3",
                                            "python3-minimal", "python3.13", "nginx"};
        AUTO(buf_done) Buf text = {0};
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) packages_add(&text, names[i], "1", "");
        const char *const texts[] = {text.p, text.p, NULL};
        AUTO(package_universe_freep) PackageUniverse *u = universe_of(texts);
        assert_nearest(u, "libssl3", "libssl3t64");
        assert_nearest(u, "ngnix", "nginx");
        assert_nearest(u, "python3.11", "python3.13 python3");
        assert_nearest(u, "pytho", "python3 python3.13 python3-minimal");
        assert_nearest(u, "zzzzzz", "");
        assert_nearest(u, "", "");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_find_and_providers), cmocka_unit_test(test_many_packages),
                cmocka_unit_test(test_with_line),          cmocka_unit_test(test_empty),
                cmocka_unit_test(test_build_refuses),      cmocka_unit_test(test_damaged_files),
                cmocka_unit_test(test_damaged_paragraph),  cmocka_unit_test(test_nearest)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "debian/package.h"

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789ABCDEF"
#define GOOD                                                                                                  \
        "Package: libc6\nSource: glibc (2.41-1)\nVersion: 2.41-1+b1\nArchitecture: amd64\nMulti-Arch: same\n" \
        "Depends: libgcc-s1,\n libidn2-0 (>= 2)\nInstalled-Size: 12\nEssential: yes\nPriority: optional\n"    \
        "Filename: pool/main/g/glibc/libc6_2.41-1+b1_amd64.deb\nSize: 2829000\nSHA256: " HASH "\n"

static int read_text(const char *text, bool indexed, ControlParagraph *p, DebianPackage *ret, Err **e) {
        size_t offset = 0;
        assert_true(control_next(str_of(text), "Packages", &offset, p, NULL) > 0);
        return indexed ? package_read_indexed(p, "Packages", ret, e) : package_read(p, "Packages", ret, e);
}

static void assert_text(Str found, const char *expected) {
        if (!str_is(found, expected)) fail_msg("'" STR_FMT "' instead of '%s'", STR_ARG(found), expected);
}

static void test_all_fields(void **state) {
        (void)state;
        AUTO(control_paragraph_done) ControlParagraph p = {0};
        DebianPackage package;
        assert_int_equal(read_text(GOOD, true, &p, &package, NULL), 0);
        assert_text(package.name, "libc6");
        assert_text(package.version, "2.41-1+b1");
        assert_text(package.source, "glibc");
        assert_text(package.source_version, "2.41-1");
        assert_text(package.multi_arch, "same");
        assert_text(package.depends, "libgcc-s1,\n libidn2-0 (>= 2)");
        assert_text(package.path, "pool/main/g/glibc/libc6_2.41-1+b1_amd64.deb");
        assert_text(package.breaks, "");
        assert_int_equal(package.size, 2829000);
        assert_int_equal(package.installed_kb, 12);
        assert_true(package.essential);
        assert_false(package.important);
        assert_int_equal(package.sha256.bytes[1], 0x23);
        assert_int_equal(package.sha256.bytes[31], 0xef);
        assert_text(package.text, GOOD);
}

static void test_control_file(void **state) {
        (void)state;
        AUTO(control_paragraph_done) ControlParagraph p = {0};
        DebianPackage package;
        const char *text = "Package: tzdata\nVersion: 2025b-1\nArchitecture: all\nProtected: yes\n";
        assert_int_equal(read_text(text, false, &p, &package, NULL), 0);
        assert_text(package.source, "tzdata");
        assert_text(package.source_version, "2025b-1");
        assert_true(package.important);
        assert_int_equal(package.size, 0);
        assert_true(digest_is_zero(&package.sha256));
}

/* Repositories of one directory begin their file names so. */
static void test_path_from_here(void **state) {
        (void)state;
        AUTO(control_paragraph_done) ControlParagraph p = {0};
        AUTO(err_freep) Err *e = NULL;
        DebianPackage package;
        static const char text[] =
                "Package: aa\nVersion: 1\nArchitecture: all\nFilename: ./aa_1_all.deb\nSize: 1\nSHA256: " HASH "\n";
        if (read_text(text, true, &p, &package, &e) < 0) fail_msg("%s", err_message(e));
        assert_text(package.path, "aa_1_all.deb");
}

/* GOOD with one field replaced. */
static void assert_refused(const char *field, const char *value, const char *message) {
        AUTO(buf_done) Buf text = {0};
        Str rest = STR(GOOD), line;
        for (bool more = true; more;) {
                more = str_cut(&rest, '\n', &line);
                bool replaced = str_starts(line, str_of(field)) && line.p[strlen(field)] == ':';
                if (replaced && value) buf_addf(&text, "%s: %s\n", field, value);
                if (!replaced && line.n > 0) buf_addf(&text, STR_FMT "\n", STR_ARG(line));
        }
        AUTO(control_paragraph_done) ControlParagraph p = {0};
        AUTO(err_freep) Err *e = NULL;
        DebianPackage package;
        if (read_text(text.p, true, &p, &package, &e) >= 0)
                fail_msg("accepted %s: %s", field, value ? value : "(absent)");
        assert_int_equal(err_kind(e), ERR_FORMAT);
        if (!strstr(err_message(e), message)) fail_msg("'%s' does not say '%s'", err_message(e), message);
}

static void test_refused(void **state) {
        (void)state;
        assert_refused("Package", "LIBC", "Packages:1: package 'LIBC': Package: expected a name");
        assert_refused("Package", "a", "expected a name");
        assert_refused("Package", NULL, "no field 'Package'");
        assert_refused("Version", "x", "Packages:3: package 'libc6': Version: expected");
        assert_refused("Version", NULL, "Packages:1: package 'libc6': no field 'Version'");
        assert_refused("Architecture", "../amd64", "Architecture: expected");
        assert_refused("Installed-Size", "12k", "Installed-Size: expected a number");
        static const char *const paths[] = {
                "/etc/passwd", "../x.deb", "pool/../../x.deb", ".//x", "pool/./x", "pool//x", "pool/", "a b", "a\\b"};
        for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
                assert_refused("Filename", paths[i], "Filename: expected a relative path");
        assert_refused("Filename", NULL, "no field 'Filename'");
        assert_refused("Size", "-1", "Size: expected a number of bytes");
        assert_refused("Size", "99999999999999999999999", "Size: expected a number of bytes");
        assert_refused("SHA256", "abcd", "SHA256: expected 64 digits of hex");
        assert_refused("SHA256", NULL, "no field 'SHA256'");
}

static void test_names(void **state) {
        (void)state;
        static const char *const good[] = {"0ad", "libstdc++6", "libpcre2-8-0", "x.y"};
        static const char *const bad[] = {"", "a", "-ab", "Ab", "a_b", "a/b", "a b", "..", "a\n"};
        for (size_t i = 0; i < ARRAY_SIZE(good); i++)
                if (!package_name_valid(str_of(good[i]))) fail_msg("'%s' should be a name", good[i]);
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
                if (package_name_valid(str_of(bad[i]))) fail_msg("'%s' should be no name", bad[i]);
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_all_fields), cmocka_unit_test(test_control_file),
                                           cmocka_unit_test(test_path_from_here), cmocka_unit_test(test_refused),
                                           cmocka_unit_test(test_names)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}

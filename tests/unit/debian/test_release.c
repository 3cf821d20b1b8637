/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "debian/release.h"

#define HEX1 "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9"
#define HEX2 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define HEAD "Origin: Debian\nSuite: stable\nCodename: trixie\nVersion: 13.7\nDate: Sat, 12 Sep 2026 07:55:41 UTC\n"
#define LIST "SHA256:\n " HEX1 "  1961125 main/binary-amd64/Packages.xz\n " HEX2 " 0 Packages\n"

static void test_fields(void **state) {
        (void)state;
        static const char text[] =
                HEAD "Valid-Until: Sat, 19 Sep 2026 07:55:41 GMT\nAcquire-By-Hash: yes\nArchitectures: all amd64\n"
                     "Components: main contrib\nMD5Sum:\n 0 0 x\n" LIST;
        ReleaseFile r;
        ReleaseEntry entry;
        char hex[DIGEST_HEX_SIZE];
        assert_int_equal(release_parse(STR(text), "f", &r, NULL), 0);
        assert_true(str_is(r.origin, "Debian") && str_is(r.suite, "stable") && str_is(r.codename, "trixie"));
        assert_true(str_is(r.version, "13.7") && str_is(r.architectures, "all amd64") &&
                    str_is(r.components, "main contrib"));
        assert_int_equal(r.date_s, 1789199741);
        assert_int_equal(r.valid_until_s, 1789199741 + 7 * 86400);
        assert_true(r.by_hash && r.all_apart);
        assert_true(release_find(&r, "main/binary-amd64/Packages.xz", &entry));
        assert_int_equal(entry.size, 1961125);
        digest_hex(&entry.sha256, hex);
        assert_string_equal(hex, HEX1);
        assert_true(release_find(&r, "Packages", &entry));
        assert_int_equal(entry.size, 0);
        assert_false(release_find(&r, "Packages.xz", &entry));
        assert_false(release_find(&r, "binary-amd64/Packages.xz", &entry));
}

static void test_what_is_not_said(void **state) {
        (void)state;
        ReleaseFile r;
        assert_int_equal(release_parse(STR("Date: Sat, 12 Sep 2026 07:55:41 +0000\n" LIST), "f", &r, NULL), 0);
        assert_int_equal(r.valid_until_s, 0);
        assert_false(r.by_hash || r.all_apart);
        assert_int_equal(r.suite.n + r.codename.n + r.origin.n + r.architectures.n, 0);
        assert_int_equal(
                release_parse(STR(HEAD "Architectures: all amd64\nNo-Support-for-Architecture-all: Packages\n" LIST),
                              "f", &r, NULL),
                0);
        assert_false(r.all_apart);
}

static void test_wrong(void **state) {
        (void)state;
        static const struct {
                const char *text, *said;
        } rows[] = {
                {"", "f is empty"},
                {LIST, "no field Date"},
                {HEAD, "no field SHA256"},
                {"Date: yesterday\n" LIST, "'yesterday' is no date"},
                {"Date: Sat, 12 Sep 2026 07:55:41 CET\n" LIST, "is no date"},
                {HEAD "Valid-Until: x\n" LIST, "Valid-Until: 'x'"},
                {HEAD "SHA256:\n " HEX1 " 1 ../x\n", "../x"},
                {HEAD "SHA256:\n " HEX1 " 1 /x\n", "SHA256 SIZE PATH"},
                {HEAD "SHA256:\n " HEX1 " 1 a//x\n", "SHA256 SIZE PATH"},
                {HEAD "SHA256:\n " HEX1 " 1 a b\n", "SHA256 SIZE PATH"},
                {HEAD "SHA256:\n " HEX1 " -1 a\n", "SHA256 SIZE PATH"},
                {HEAD "SHA256:\n " HEX1 "0 1 a\n", "SHA256 SIZE PATH"},
                {HEAD "SHA256:\n " HEX1 " 1\n", "SHA256 SIZE PATH"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                AUTO(err_freep) Err *e = NULL;
                ReleaseFile r;
                assert_int_equal(release_parse(str_of(rows[i].text), "f", &r, &e), -1);
                assert_int_equal(err_kind(e), ERR_FORMAT);
                if (!strstr(err_message(e), rows[i].said))
                        fail_msg("'%s' is not in '%s'", rows[i].said, err_message(e));
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_fields), cmocka_unit_test(test_what_is_not_said),
                                           cmocka_unit_test(test_wrong)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}

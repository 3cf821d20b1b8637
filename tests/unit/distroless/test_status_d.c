/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "distroless/status_d.h"

#define ZLIB                       \
        "Package: zlib1g\n"        \
        "Version: 1:1.2.13\n"      \
        "Architecture: amd64\n"    \
        "Conffiles:\n"             \
        " /etc/zlib.conf\n"        \
        "Description: a library\n" \
        " Long text.\n"

static void test_files(void **state) {
        (void)state;
        StatusD s;
        assert_int_equal(status_d_of(STR(ZLIB), STR("0123 usr/lib/libz.so\n"), "z.deb", &s, NULL), 0);
        assert_string_equal(s.control_path, "var/lib/dpkg/status.d/zlib1g");
        assert_string_equal(s.md5sums_path, "var/lib/dpkg/status.d/zlib1g.md5sums");
        assert_string_equal(s.control, ZLIB);
        assert_string_equal(s.md5sums, "0123 usr/lib/libz.so\n");
        status_d_done(&s);
        assert_int_equal(status_d_of(str_sub(STR(ZLIB), 0, sizeof ZLIB - 2), (Str){NULL, 0}, "z.deb", &s, NULL), 0);
        assert_string_equal(s.control, ZLIB);
        assert_null(s.md5sums);
        status_d_done(&s);
}

static void refused(const char *control, const char *says) {
        AUTO(err_freep) Err *e = NULL;
        StatusD s;
        assert_true(status_d_of(str_of(control), STR(""), "a.deb", &s, &e) < 0);
        assert_int_equal(err_kind(e), ERR_FORMAT);
        assert_non_null(strstr(err_message(e), says));
        assert_non_null(strstr(err_message(e), "a.deb"));
}

static void test_refused(void **state) {
        (void)state;
        refused("", "empty");
        refused("Package: aa\nVersion: 1\n", "no field 'Architecture'");
        refused("Package: ../../etc/passwd\nVersion: 1\nArchitecture: all\n", "cannot be the name of a package");
        refused("Package: a/b\nVersion: 1\nArchitecture: all\n", "'a/b' cannot be");
        refused("Package: aa\nVersion: 1\nArchitecture: all\n\nPackage: bb\n", "more than one paragraph");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_files),
                cmocka_unit_test(test_refused),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}

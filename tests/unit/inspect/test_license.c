/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "inspect/license.h"

static const struct {
        const char *wording, *expression; /* NULL: refused */
} cases[] = {
        {"Expat", "MIT"},
        {"mit", "MIT"},
        {"GPL-2", "GPL-2.0-only"},
        {"GPL-2+", "GPL-2.0-or-later"},
        {"GPL-2.0+", "GPL-2.0-or-later"},
        {"GPL-3.0-or-later", "GPL-3.0-or-later"},
        {"GPLv3+", "GPL-3.0-or-later"},
        {"LGPL-2.1", "LGPL-2.1-only"},
        {"GFDL-NIV-1.3+", "GFDL-1.3-no-invariants-or-later"},
        {"GPL-7", "LicenseRef-GPL-7"},
        {"Apache License, Version 2.0", "Apache-2.0"},
        {"public-domain", "LicenseRef-public-domain"},
        {"BSD License", "LicenseRef-BSD-License"},
        {"GPL-1+ or Artistic", "GPL-1.0-or-later OR Artistic-1.0-Perl"},
        {"MIT and ISC and Zlib", "MIT AND ISC AND Zlib"},
        {"MIT or ISC and Zlib", "MIT OR (ISC AND Zlib)"},
        {"GPL-1+ or Artistic, and Expat", "(GPL-1.0-or-later OR Artistic-1.0-Perl) AND MIT"},
        {"MIT, ISC", "MIT AND ISC"},
        {"(MIT OR Apache-2.0)", "MIT OR Apache-2.0"},
        {"GPL-3+ with GCC exception", "GPL-3.0-or-later WITH GCC-exception-3.1"},
        {"GPL-2+ with Foo exception", "LicenseRef-GPL-2--with-Foo-exception"},
        {"", NULL},
        {"and", NULL},
        {"MIT or", NULL},
        {"(MIT", NULL},
        {"MIT)", NULL},
        {"MIT with", NULL},
};

static void test_wordings(void **state) {
        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO(arena_freep) Arena *arena = arena_new();
                TextVec others = {0};
                const char *got = license_expression(str_of(cases[i].wording), arena, &others);
                if (!cases[i].expression) {
                        assert_null(got);
                } else {
                        assert_non_null(got);
                        assert_string_equal(got, cases[i].expression);
                        assert_int_equal(others.n, strstr(got, "LicenseRef-") ? 1 : 0);
                }
                vec_done(&others);
        }
}

static void test_limits(void **state) {
        (void)state;
        AUTO(arena_freep) Arena *arena = arena_new();
        AUTO(buf_done) Buf deep = {0}, big = {0};
        TextVec others = {0};
        for (int i = 0; i < 40; i++) buf_addc(&deep, '(');
        buf_adds(&deep, "MIT");
        for (int i = 0; i < 40; i++) buf_addc(&deep, ')');
        assert_null(license_expression(buf_str(&deep), arena, &others));
        while (big.n <= LICENSE_WORDING_MAX) buf_addc(&big, 'x');
        assert_null(license_expression(buf_str(&big), arena, &others));
        vec_done(&others);
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_wordings), cmocka_unit_test(test_limits)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}

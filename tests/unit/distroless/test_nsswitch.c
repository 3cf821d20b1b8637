/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "distroless/nsswitch.h"

static void test_databases(void **state) {
        (void)state;
        assert_non_null(strstr(nsswitch_text(false), "passwd:         compat\n"));
        assert_non_null(strstr(nsswitch_text(false), "hosts:          files dns\n"));
        static const char *const libraries[] = {"compat", "db", "nis"};
        for (size_t i = 0; i < ARRAY_SIZE(libraries); i++) assert_null(strstr(nsswitch_text(true), libraries[i]));
        assert_non_null(strstr(nsswitch_text(true), "passwd:         files\n"));
        assert_non_null(strstr(nsswitch_text(true), "hosts:          files dns\n"));
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_databases)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}

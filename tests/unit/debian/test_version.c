/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "debian/version.h"

static void check_order(const char *low, const char *high) {
        print_message("%s is below %s\n", low, high);
        assert_true(debian_version_compare(str_of(low), str_of(high)) < 0);
        assert_true(debian_version_compare(str_of(high), str_of(low)) > 0);
}

static void check_equal(const char *a, const char *b) {
        print_message("%s and %s are equal\n", a, b);
        assert_int_equal(debian_version_compare(str_of(a), str_of(b)), 0);
}

static void test_order(void **state) {
        (void)state;
        static const char *const ascending[] = {"~~",
                                                "~~a",
                                                "~",
                                                "",
                                                "0.9",
                                                "1.0~~",
                                                "1.0~beta1~svn1245",
                                                "1.0~rc1",
                                                "1.0",
                                                "1.0-1",
                                                "1.0-1+b1",
                                                "1.0a",
                                                "1.0a1",
                                                "1.0+dfsg",
                                                "1.0.1",
                                                "1.2",
                                                "1.10",
                                                "2",
                                                "99999999999999999999999",
                                                "1:0",
                                                "1:0.1-2",
                                                "2:0~0"};
        for (size_t i = 0; i + 1 < sizeof ascending / sizeof *ascending; i++)
                check_order(ascending[i], ascending[i + 1]);
}

static void test_equal(void **state) {
        (void)state;
        check_equal("1.0", "1.0-0");
        check_equal("0:1.0", "1.0");
        check_equal("1.001", "1.1");
        check_equal("1.0-1", "00:1.00-01");
}

static void test_valid(void **state) {
        (void)state;
        static const char *const good[] = {"1", "2:1.0~rc1+dfsg-3~deb12u1", "1.0-1-2", "0:1:2-3"};
        static const char *const bad[] = {"", ":1", "a:1", "a1", "-1", "1.0_2", "1.0-1_2", "1.0 2", "1:"};
        for (size_t i = 0; i < sizeof good / sizeof *good; i++)
                if (!debian_version_valid(str_of(good[i]))) fail_msg("%s should be a version", good[i]);
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
                if (debian_version_valid(str_of(bad[i]))) fail_msg("%s should be no version", bad[i]);
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_order), cmocka_unit_test(test_equal),
                                           cmocka_unit_test(test_valid)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}

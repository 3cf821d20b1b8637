/* SPDX-License-Identifier: Apache-2.0 */
#include "cm.h"
#include "sandbox/internal.h"

static void refuse(const char *text, const char *word) {
        SandboxLimit l;
        AUTO(err_freep) Err *e = NULL;
        assert_int_equal(sandbox_limit_parse(text, &l, &e), -1);
        assert_int_equal(err_kind(e), ERR_USAGE);
        assert_non_null(strstr(err_message(e), word));
}

static void test_good(void **state) {
        (void)state;
        SandboxLimit l;
        assert_int_equal(sandbox_limit_parse("nofile=1024:2048", &l, NULL), 0);
        assert_int_equal(l.resource, RLIMIT_NOFILE);
        assert_int_equal(l.soft, 1024);
        assert_int_equal(l.hard, 2048);
        assert_int_equal(sandbox_limit_parse("core=0", &l, NULL), 0);
        assert_int_equal(l.hard, 0);
        assert_int_equal(sandbox_limit_parse("stack=8192:-1", &l, NULL), 0);
        assert_true(l.hard == RLIM_INFINITY);
        assert_string_equal(limit_name(RLIMIT_NPROC), "RLIMIT_NPROC");
}

static void test_bad(void **state) {
        (void)state;
        refuse("nofile", "form");
        refuse("nofiles=1", "unknown limit");
        refuse("nofile=", "soft");
        refuse("nofile=1:", "hard");
        refuse("nofile=x", "soft");
        refuse("nofile=5:4", "above");
        refuse("nofile=18446744073709551616", "soft");
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_good), cmocka_unit_test(test_bad)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "helper.h"

#include "layer/mode.h"

static void assert_mode(const char *text, mode_t before, bool directory, mode_t after) {
        ModeChange change;
        Err *e = NULL;
        assert_ok(mode_parse(text, &change, &e), &e);
        assert_int_equal(mode_apply(&change, before, directory), after);
}

static void test_modes(void **state) {
        (void)state;
        assert_mode("640", 0755, false, 0640);
        assert_mode("0755", 0, true, 0755);
        assert_mode("4711", 0644, false, 04711);
        assert_mode("0", 0777, false, 0);
        assert_mode("7777", 0, false, 07777);
        assert_mode("u=rwX,go=rX", 0600, false, 0644);
        assert_mode("u=rwX,go=rX", 0700, false, 0755);
        assert_mode("u=rwX,go=rX", 0600, true, 0755);
        assert_mode("+x", 0644, false, 0755);
        assert_mode("a-w", 0666, false, 0444);
        assert_mode("u+s", 0755, false, 04755);
        assert_mode("g+s,o-r", 0755, true, 02751);
        assert_mode("+t", 0777, true, 01777);
        assert_mode("g=u", 0750, false, 0770);
        assert_mode("u+rw-x", 0100, false, 0600);
        assert_mode("a=", 04777, false, 0);
        assert_mode("go=", 02777, true, 02700);
}

static void test_bad_modes(void **state) {
        (void)state;
        static const char *const bad[] = {"",     "999",  "8",   "17777", "rwxr", "u",   "u+q",
                                          "u+r,", ",u+r", "0x1", "-1",    "07 7", "u =r"};
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                Err *e = NULL;
                ModeChange change;
                assert_true(mode_parse(bad[i], &change, &e) < 0);
                assert_int_equal(err_kind(e), ERR_SYNTAX);
                assert_message(&e, "chmod");
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_modes),
                cmocka_unit_test(test_bad_modes),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}

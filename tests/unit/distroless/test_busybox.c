/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "distroless/busybox.h"

static void test_reads_table(void **state) {
        (void)state;
        static const char program[] = "ELF and code\0x\0[\0[[\0ash\0cat\0run-parts\0zcat\0Usage: %s\0about";
        AUTO(strvec_done) StrVec names = {0};
        assert_int_equal(busybox_applets((Str){program, sizeof program}, &names, NULL), 0);
        assert_int_equal(names.n, 6);
        assert_string_equal(names.v[0], "[");
        assert_string_equal(names.v[2], "ash");
        assert_string_equal(names.v[4], "run-parts");
        assert_string_equal(names.v[5], "zcat");
}

static void test_ends_where_order_ends(void **state) {
        (void)state;
        static const char program[] = "\0[\0[[\0cat\0ash";
        AUTO(strvec_done) StrVec names = {0};
        assert_int_equal(busybox_applets((Str){program, sizeof program}, &names, NULL), 0);
        assert_int_equal(names.n, 3);
}

static void test_takes_the_longest(void **state) {
        (void)state;
        static const char program[] = "\0[\0[[\0alias\0Usage\0bytes[\0[[\0acpid\0ash\0cat\0zcat\0\0/x";
        AUTO(strvec_done) StrVec names = {0};
        assert_int_equal(busybox_applets((Str){program, sizeof program}, &names, NULL), 0);
        assert_int_equal(names.n, 6);
        assert_string_equal(names.v[2], "acpid");
}

static void test_cut_short(void **state) {
        (void)state;
        static const char program[] = {0, '[', 0, '[', '[', 0, 'c', 'a', 't'};
        AUTO(strvec_done) StrVec names = {0};
        assert_int_equal(busybox_applets((Str){program, sizeof program}, &names, NULL), 0);
        assert_int_equal(names.n, 2);
}

static void test_no_busybox(void **state) {
        (void)state;
        AUTO(strvec_done) StrVec names = {0};
        AUTO(err_freep) Err *e = NULL;
        assert_true(busybox_applets(STR("#!/bin/sh\n[ x ]"), &names, &e) < 0);
        assert_int_equal(err_kind(e), ERR_FORMAT);
        assert_true(busybox_applets((Str){0}, &names, NULL) < 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_reads_table),
                                           cmocka_unit_test(test_ends_where_order_ends),
                                           cmocka_unit_test(test_takes_the_longest), cmocka_unit_test(test_cut_short),
                                           cmocka_unit_test(test_no_busybox)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}

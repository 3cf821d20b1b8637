/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "helper.h"

#include "plan/maker.h"

static void clean(void **state) {
        (void)state;
        AUTO(arena_freep) Arena *a = arena_new();
        assert_string_equal(plan_path_clean(a, ""), "/");
        assert_string_equal(plan_path_clean(a, "//a/./b/../../.."), "/");
        assert_string_equal(plan_path_clean(a, "../x/"), "/x");
        assert_string_equal(plan_path_join(a, "/a", "../c/"), "/c");
        assert_string_equal(plan_path_join(a, "/a", "/b"), "/b");
        assert_string_equal(plan_path_join(a, "/a", "..."), "/a/...");
        assert_string_equal(plan_path_base(a, "/a/b/"), "b");
        assert_string_equal(plan_path_base(a, "/"), "");
}

static void destination(void **state) {
        (void)state;
        static const char *const rows[][2] = {{"", "/w/"},         {".", "/w/"},    {"./", "/w/"}, {"x", "/w/x"},
                                              {"x/", "/w/x/"},     {"/x/.", "/x/"}, {"/", "/"},    {"..", "/"},
                                              {"/x//y/", "/x/y/"}, {"/x.", "/x."}};
        AUTO(arena_freep) Arena *a = arena_new();
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                assert_string_equal(plan_path_destination(a, "/w", rows[i][0]), rows[i][1]);
}

static void csv(void **state) {
        (void)state;
        AUTO(arena_freep) Arena *a = arena_new();
        const char *const *fields = NULL;
        size_t n = 0;
        assert_true(plan_csv_split(a, "a=1,\"b=2,3\",\"c\"\"d\",", &fields, &n));
        assert_int_equal(n, 4);
        assert_string_equal(fields[1], "b=2,3");
        assert_string_equal(fields[2], "c\"d");
        assert_string_equal(fields[3], "");
        assert_false(plan_csv_split(a, "\"open", &fields, &n));
        assert_false(plan_csv_split(a, "a\"b", &fields, &n));
        assert_false(plan_csv_split(a, "\"a\"b", &fields, &n));
        assert_false(plan_csv_split(a, "\"a\"\"", &fields, &n));
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(clean), cmocka_unit_test(destination),
                                           cmocka_unit_test(csv)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/map.h"
#include "base/num.h"
#include "base/vec.h"

static void test_error_reads_from_large_to_small(void **state) {
        (void)state;
        AUTO(err_freep) Err *e = NULL;
        errno = ENOENT;
        assert_int_equal(err_sys(&e, "open blob '%s'", "ab"), -1);
        err_wrap(&e, "layer %d of %d", 3, 7);
        err_hint(&e, "do this");
        err_hint(&e, "or that");
        assert_string_equal(err_message(e), "layer 3 of 7: open blob 'ab': No such file or directory");
        assert_string_equal(err_hints(e), "do this\nor that\n");
        assert_int_equal(err_errno(e), ENOENT);
        assert_int_equal(err_kind(e), ERR_SYS);
        assert_int_equal(err_new(&e, ERR_LIMIT, "second"), -1);
        assert_int_equal(err_kind(e), ERR_SYS); /* the first one counts */
}

static void test_errno_decides_kind(void **state) {
        (void)state;
        Err *e = NULL;
        errno = ENOSPC;
        err_sys(&e, "write");
        assert_int_equal(err_kind(e), ERR_NO_SPACE);
        err_clear(&e);
        errno = EPERM;
        err_sys(&e, "mount");
        assert_int_equal(err_kind(e), ERR_DENIED);
        err_clear(&e);
        assert_null(e);
}

static void test_map_keeps_order_and_replaces(void **state) {
        (void)state;
        AUTO(map_freep) Map *m = map_new();
        static int values[1000];
        for (int i = 0; i < 1000; i++) {
                char key[16];
                snprintf(key, sizeof key, "k%d", i);
                assert_null(map_puts(m, key, &values[i]));
        }
        assert_ptr_equal(map_puts(m, "k7", &values[0]), &values[7]);
        assert_int_equal(map_count(m), 1000);
        assert_ptr_equal(map_gets(m, "k7"), &values[0]);
        assert_null(map_gets(m, "k1000"));
        const char *key;
        map_at(m, 999, &key, NULL);
        assert_string_equal(key, "k999");
}

static void test_strings(void **state) {
        (void)state;
        Str rest = STR("a=b=c"), head;
        assert_true(str_cut(&rest, '=', &head));
        assert_true(str_is(head, "a"));
        assert_true(str_is(rest, "b=c"));
        assert_true(str_is(str_trim(STR(" \tx y\n")), "x y"));
        assert_true(str_is(str_sub(STR("abcd"), 1, 2), "bc"));
        assert_true(str_is(str_sub(STR("abcd"), 3, 9), "d"));
        assert_int_equal(str_sub(STR("abcd"), 9, 1).n, 0);
        assert_null(str_sub((Str){0}, 1, 1).p);
        static const char *const names[] = {"RUN", "COPY", "ENTRYPOINT"};
        assert_string_equal(nearest_name("COPPY", names, 3), "COPY");
        assert_string_equal(nearest_name("entrypont", names, 3), "ENTRYPOINT");
        assert_string_equal(nearest_name("CPOY", names, 3), "COPY");
        assert_null(nearest_name("XYZZY", names, 3));
        StrVec env = {0};
        strvec_env_set(&env, "A", "1");
        strvec_env_set(&env, "AB", "2");
        strvec_env_set(&env, "A", "3");
        assert_int_equal(env.n, 2);
        assert_string_equal(env.v[0], "A=3");
        assert_string_equal(strvec_env_get(&env, "AB"), "2");
        strvec_done(&env);
}

static void test_numbers(void **state) {
        (void)state;
        uint64_t u;
        assert_true(u64_parse(STR("18446744073709551615"), 10, &u));
        assert_false(u64_parse(STR("18446744073709551616"), 10, &u));
        assert_false(u64_parse(STR(""), 10, &u));
        assert_true(u64_parse(STR("0755"), 8, &u) && u == 0755);
        assert_int_equal(size_parse(STR("64m"), &u, NULL), 0);
        assert_int_equal(u, 64 << 20);
        assert_int_equal(size_parse(STR("1.5GiB"), &u, NULL), 0);
        assert_int_equal(u, 3UL << 29);
        assert_int_equal(size_parse(STR("12x"), &u, NULL), -1);
        int64_t ns;
        assert_int_equal(duration_parse(STR("1h2m3.5s"), &ns, NULL), 0);
        assert_int_equal(ns, 3723500000000LL);
        assert_int_equal(duration_parse(STR("5"), &ns, NULL), -1);
}

static void test_rendering(void **state) {
        (void)state;
        static const struct {
                uint64_t bytes;
                const char *text;
        } sizes[] = {{0, "0B"},           {999, "999B"},        {1000, "1kB"},
                     {1830000, "1.83MB"}, {861000000, "861MB"}, {999600, "1000kB"}};
        char text[48];
        for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
                size_render(sizes[i].bytes, text);
                assert_string_equal(text, sizes[i].text);
        }
        int64_t ns;
        assert_int_equal(time_parse(STR("2026-11-20T10:11:12.25+01:00"), &ns, NULL), 0);
        time_render(ns, text);
        assert_string_equal(text, "2026-11-20T09:11:12.25Z");
        time_render(0, text);
        assert_string_equal(text, "1970-01-01T00:00:00Z");
        age_render(7300, text);
        assert_string_equal(text, "2 hours");
        unsigned char bytes[2];
        assert_true(hex_parse(STR("Ab01"), bytes, 2));
        hex_render(bytes, 2, text);
        assert_string_equal(text, "ab01");
        assert_false(hex_parse(STR("zz01"), bytes, 2));
}

static void test_memory(void **state) {
        (void)state;
        AUTO(arena_freep) Arena *a = arena_new();
        char *big = arena_alloc(a, 100000);
        assert_int_equal(big[99999], 0);
        assert_string_equal(arena_printf(a, "%s-%d", "x", 5), "x-5");
        Buf b = {0};
        for (int i = 0; i < 1000; i++) buf_addf(&b, "%d,", i);
        assert_int_equal(b.n, 3890);
        char *taken = buf_take(&b);
        assert_null(b.p);
        free(taken);
        AUTO(freep) char *empty = buf_take(&b);
        assert_string_equal(empty, "");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_error_reads_from_large_to_small),
                cmocka_unit_test(test_errno_decides_kind),
                cmocka_unit_test(test_map_keeps_order_and_replaces),
                cmocka_unit_test(test_strings),
                cmocka_unit_test(test_numbers),
                cmocka_unit_test(test_rendering),
                cmocka_unit_test(test_memory),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}

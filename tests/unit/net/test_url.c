/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "net/http.h"
#include "net/url.h"

static void test_names(void **state) {
        (void)state;
        static const char *const rows[][2] = {
                {"http://h/f.txt", "f.txt"}, {"http://h/a/b/", "b"},    {"http://h/a%20b.txt?x=/y", "a b.txt"},
                {"http://h/a#/b", "a"},      {"http://h", NULL},        {"http://h/", NULL},
                {"http://h/x/..", NULL},     {"http://h/%2e%2e", NULL}, {"http://h/a%2Fb", "b"},
                {"http://h/100%", "100%"},   {"http://h?a/b", NULL},    {"http://u:p@h/f", "f"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                AUTO(freep) char *name = url_file_name(rows[i][0]);
                if (rows[i][1])
                        assert_string_equal(name, rows[i][1]);
                else
                        assert_null(name);
        }
}

static void test_parts(void **state) {
        (void)state;
        assert_true(url_is_http("HTTP://x"));
        assert_false(url_is_http("file:///x"));
        assert_false(url_is_http("httpx://x"));
        AUTO(freep) char *shown = url_shown("https://user:secret@h:1/p?q");
        assert_string_equal(shown, "https://h:1/p?q");
        AUTO(freep) char *host = url_host("https://user:secret@h:1/p?q@x");
        assert_string_equal(host, "h:1");
        assert_true(url_same_origin("http://h/a", "HTTP://u@H/b"));
        assert_false(url_same_origin("http://h/a", "https://h/a"));
        assert_false(url_same_origin("http://h/a", "http://h:8080/a"));
        assert_false(url_same_origin("http://h/a", "http://x/http://h/a"));
}

static void test_dates(void **state) {
        (void)state;
        static const char *const same[] = {"Sat, 05 Jun 2021 04:03:02 GMT", "Saturday, 05-Jun-21 04:03:02 GMT",
                                           "Sat Jun  5 04:03:02 2021"};
        int64_t seconds = 0;
        for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
                assert_true(http_date_parse(same[i], &seconds));
                assert_int_equal(seconds, 1622865782);
        }
        assert_false(http_date_parse("yesterday", &seconds));
        assert_false(http_date_parse("Sat, 05 Jun 2021 04:03:02 GMT and more", &seconds));
        assert_false(http_date_parse("", &seconds));
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_names), cmocka_unit_test(test_parts),
                                           cmocka_unit_test(test_dates)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "inspect/pattern.h"

static bool found(const char *expression, Str text) {
        AUTO(err_freep) Err *e = NULL;
        AUTO(pattern_freep) Pattern *p = NULL;
        bool result = false;
        if (pattern_compile(expression, &p, &e) < 0) fail_msg("%s", err_message(e));
        assert_string_equal(pattern_text(p), expression);
        if (pattern_search(p, text, &result, &e) < 0) fail_msg("%s", err_message(e));
        return result;
}

static void test_go_syntax(void **state) {
        (void)state;
        static const struct {
                const char *expression, *text;
                bool match;
        } rows[] = {
                {"", "", true},
                {"", "x", true},
                {"b+", "abbc", true},
                {"^b", "abbc", false},
                {"\\d+\\.\\d+", "v1.37", true},
                {"\\d", "v\u0663", false}, /* an Arabic digit: \d is ASCII */
                {"\\w", "\u00e9", false},
                {"\\pL", "\u00e9", true},
                {"(?i)\u00c9", "\u00e9", true},
                {"^.$", "\u00e9", true},
                {"a$", "a\n", false}, /* $ is the end of the text alone */
                {"a\n$", "a\n", true},
                {"(?m)a$", "a\nb", true},
                {"(?m)^b$", "a\nb\nc", true},
                {"a.b", "a\nb", false},
                {"(?s)a.b", "a\nb", true},
                {"^root:x:0:0:(?P<name>.*?):", "root:x:0:0:root:/root", true},
                {"[[:upper:]]{2,3}", "aBC", true},
                {"[]x]", "]", true},
                {"[^]x]", "]", false},
                {"[(?=]", "=", true}, /* no group in a class */
                {"\\Q(?=\\E", "(?=", true},
                {"\\(?=x", "=x", true},
                {"\\x{e9}", "\u00e9", true},
                {"a|b|", "", true},
        };
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                if (found(rows[i].expression, str_of(rows[i].text)) != rows[i].match)
                        fail_msg("'%s' on '%s'", rows[i].expression, rows[i].text);
        }
}

static void test_bytes(void **state) {
        (void)state;
        assert_true(found("b", STR("a\0b")));
        assert_true(found("tail", STR("\xff\xfe tail"))); /* past what is no UTF-8 */
        assert_false(found("^.tail", STR("\xfftail")));
        assert_true(found("^$", (Str){NULL, 0}));
}

static void refused(const char *expression, const char *part) {
        AUTO(err_freep) Err *e = NULL;
        Pattern *p = NULL;
        assert_int_equal(pattern_compile(expression, &p, &e), -1);
        assert_null(p);
        assert_int_equal(err_kind(e), ERR_SYNTAX);
        if (!strstr(err_message(e), part)) fail_msg("'%s' is not in: %s", part, err_message(e));
}

static void test_errors(void **state) {
        (void)state;
        refused("a(b", "byte 4");
        refused("a**b(", "regular expression 'a**b('");
        refused("[z-a]", "range out of order");
        refused("a(?=b)", "'(?=' at byte 2");
        refused("(?<!a)b", "'(?<!'");
        refused("(a)\\1", "references back");
        refused("(*UTF)a", "'(*'");
        refused("\\C", "byte 3");
}

static void test_gives_up(void **state) {
        (void)state;
        AUTO(err_freep) Err *e = NULL;
        AUTO(pattern_freep) Pattern *p = NULL;
        bool result = true;
        assert_int_equal(pattern_compile("^(a+)+$", &p, &e), 0);
        assert_int_equal(
                pattern_search(p, STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"), &result, &e), -1);
        assert_int_equal(err_kind(e), ERR_LIMIT);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_go_syntax),
                cmocka_unit_test(test_bytes),
                cmocka_unit_test(test_errors),
                cmocka_unit_test(test_gives_up),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}

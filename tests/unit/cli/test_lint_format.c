/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "cli/call.h"
#include "cli/lint_format.h"

static LintRows two_rows(void) {
        LintRows rows = {0};
        LintRow one = {.file = "a<b",
                       .code = xstrdup("UndefinedVar"),
                       .text = xstrdup("'$x' \"y\" \033[1m"),
                       .fix = xstrdup("do"),
                       .level = CHECK_LEVEL_WARNING,
                       .first_line = 3,
                       .last_line = 4};
        LintRow two = {.file = "c",
                       .code = xstrdup("SyntaxError"),
                       .text = xstrdup("bad \xff"),
                       .level = CHECK_LEVEL_ERROR,
                       .first_line = 1,
                       .last_line = 1};
        vec_push(&rows, one);
        vec_push(&rows, two);
        return rows;
}

static char *render(const char *format, const LintRows *rows, size_t *ret_size) {
        const LintFormat *f;
        Buf out = {0};
        assert_int_equal(lint_format_find(format, &f, NULL), 0);
        f->render(rows, false, &out);
        *ret_size = out.n;
        return buf_take(&out);
}

static void test_tty(void **state) {
        (void)state;
        LintRows rows = two_rows();
        size_t size;
        AUTO(freep) char *text = render("tty", &rows, &size);
        assert_string_equal(
                text,
                "a<b:3 UndefinedVar warning: '$x' \"y\" ?[1m\n        fix: do\nc:1 SyntaxError error: bad \xff\n");
        lint_rows_done(&rows);
}

static void test_json_forms(void **state) {
        (void)state;
        static const char *const forms[] = {"json", "sarif", "gitlab_codeclimate"};
        LintRows rows = two_rows(), none = {0};
        for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
                size_t size;
                AUTO(freep) char *text = render(forms[i], &rows, &size);
                AUTO(freep) char *empty = render(forms[i], &none, &size);
                json_t *root = json_loads(text, 0, NULL), *nothing = json_loads(empty, 0, NULL);
                assert_non_null(root);
                assert_non_null(nothing);
                if (i == 0) {
                        const json_t *row = json_array_get(root, 0);
                        assert_string_equal(json_string_value(json_object_get(row, "code")), "UndefinedVar");
                        assert_string_equal(json_string_value(json_object_get(row, "file")), "a<b");
                        assert_string_equal(json_string_value(json_object_get(row, "level")), "warning");
                        assert_int_equal(json_integer_value(json_object_get(row, "line")), 3);
                        assert_int_equal(json_integer_value(json_object_get(row, "column")), 1);
                }
                json_decref(root);
                json_decref(nothing);
        }
        lint_rows_done(&rows);
}

static void test_others(void **state) {
        (void)state;
        LintRows rows = two_rows();
        size_t size;
        AUTO(freep) char *xml = render("checkstyle", &rows, &size);
        assert_non_null(strstr(xml, "<file name='a&lt;b'>\n<error line='3' column='1' severity='warning' "
                                    "message='&apos;$x&apos; &quot;y&quot;  [1m' source='UndefinedVar'/>\n</file>"));
        AUTO(freep) char *issues = render("codeclimate", &rows, &size);
        size_t ends = 0;
        for (size_t i = 0; i < size; i++) ends += issues[i] == '\0';
        assert_int_equal(ends, 2);
        assert_int_equal(issues[size - 1], '\0');
        lint_rows_done(&rows);
}

static void test_call(void **state) {
        (void)state;
        Call call;
        AUTO(err_freep) Err *e = NULL;
        assert_int_equal(call_parse(NULL, false, &call, NULL), 0);
        assert_int_equal(call.method, CALL_BUILD);
        assert_int_equal(call_parse(NULL, true, &call, NULL), 0);
        assert_int_equal(call.method, CALL_CHECK);
        assert_int_equal(call_parse("outline,format=json", false, &call, NULL), 0);
        assert_true(call.method == CALL_OUTLINE && call.json);
        assert_int_equal(call_parse("targets,format=text,ignorestatus=true", false, &call, NULL), 0);
        assert_true(call.method == CALL_TARGETS && !call.json && call.ignore_status);
        assert_int_equal(call_parse("chek", false, &call, &e), -1);
        assert_non_null(strstr(err_hints(e), "--call=check"));
        assert_int_equal(call_parse("check,format=xml", false, &call, NULL), -1);
        assert_int_equal(call_parse("check,json", false, &call, NULL), -1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_tty),
                cmocka_unit_test(test_json_forms),
                cmocka_unit_test(test_others),
                cmocka_unit_test(test_call),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "cli/format.h"
#include "cli/text.h"

static void check_table(const char *text, const char *expected) {
        AUTO(buf_done) Buf out = {0};
        text_add_table(&out, str_of(text));
        assert_string_equal(out.p ? out.p : "", expected);
}

static void test_table(void **state) {
        (void)state;
        check_table("", "");
        check_table("A\n", "A\n");
        check_table("REPOSITORY\tTAG\tIMAGE ID\tCREATED\tSIZE\nubuntu\tlatest\t0123456789ab\t2 hours ago\t78.1MB\n",
                    "REPOSITORY   TAG       IMAGE ID       CREATED       SIZE\n"
                    "ubuntu       latest    0123456789ab   2 hours ago   78.1MB\n");
        check_table("x\t\ty\n", "x                   y\n");
        /* the last cell of a line does not widen its column, wide characters count two */
        check_table("a very wide last cell\nb\tc\n\xe6\x97\xa5\xe6\x9c\xac\tc\n",
                    "a very wide last cell\nb         c\n\xe6\x97\xa5\xe6\x9c\xac      c\n");
}

static void check_plain(const char *text, const char *expected) {
        AUTO(buf_done) Buf out = {0};
        text_add_plain(&out, str_of(text));
        assert_string_equal(out.p ? out.p : "", expected);
}

static void test_plain(void **state) {
        (void)state;
        check_plain("hello\r\n", "hello");
        check_plain("10%\r50%\r100%", "100%");
        check_plain("\033[1;31mred\033[0m \033]0;title\a.\033[", "red .");
        check_plain("a\tb", "a       b");
        check_plain("bad \xff\xc3", "bad ??");
        check_plain("bell\a\b\177 \xc2\x9b", "bell ");
        check_plain("gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f");
}

static void test_columns(void **state) {
        (void)state;
        assert_int_equal(text_columns(STR("abc")), 3);
        assert_int_equal(text_columns(STR("\xe6\x97\xa5")), 2);
        assert_int_equal(text_columns(STR("e\xcc\x81")), 1);
        AUTO(buf_done) Buf out = {0};
        assert_int_equal(text_add_clipped(&out,
                                          STR("a\xe6\x97\xa5"
                                              "b"),
                                          2),
                         1);
        assert_string_equal(out.p, "a");
}

static const FormatColumn columns[] = {{"Name", "NAME"}, {"Size", "SIZE"}};

static void check_format(const char *format, const char *expected) {
        AUTO(format_freep) Format *f = NULL;
        AUTO(err_freep) Err *e = NULL;
        AUTO(buf_done) Buf out = {0};
        AUTO(json_decrefp) json_t *row = json_pack("{ss ss}", "Name", "x", "Size", "1kB");
        if (format_new(format, "{{.Name}}\t{{.Size}}", columns, ARRAY_SIZE(columns), &f, &e) < 0)
                fail_msg("%s", err_message(e));
        if (format_row(f, row, &e) < 0) fail_msg("%s", err_message(e));
        format_finish(f, &out);
        assert_string_equal(out.p, expected);
}

static void test_format(void **state) {
        (void)state;
        check_format(NULL, "NAME      SIZE\nx         1kB\n");
        check_format("table", "NAME      SIZE\nx         1kB\n");
        check_format("table {{.Size}}\\t{{.Name}}", "SIZE      NAME\n1kB       x\n");
        check_format("json", "{\"Name\":\"x\",\"Size\":\"1kB\"}\n");
        check_format("{{.Name}}:{{.Size}}", "x:1kB\n");
        check_format("{{json .}}", "{\"Name\":\"x\",\"Size\":\"1kB\"}\n");
}

static void test_format_unknown_field(void **state) {
        (void)state;
        AUTO(format_freep) Format *f = NULL;
        AUTO(err_freep) Err *e = NULL;
        assert_true(format_new("table {{.Nam}}", "", columns, ARRAY_SIZE(columns), &f, &e) < 0);
        assert_string_equal(err_message(e), "template: there is no field 'Nam'");
        assert_string_equal(err_hints(e), "did you mean '.Name'?\n");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_table),
                cmocka_unit_test(test_plain),
                cmocka_unit_test(test_columns),
                cmocka_unit_test(test_format),
                cmocka_unit_test(test_format_unknown_field),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}

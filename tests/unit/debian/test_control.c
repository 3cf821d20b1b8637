/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "debian/control.h"

static void assert_value(const ControlParagraph *p, const char *name, const char *value) {
        Str found = control_get(p, name);
        if (!str_is(found, value)) fail_msg("%s is '" STR_FMT "' instead of '%s'", name, STR_ARG(found), value);
}

static void test_paragraphs(void **state) {
        (void)state;
        Str text = STR("\n# a comment\n \t\nPackage: a\nversion:1.0 \nDepends: b,\n  c,\n\td\nEmpty:\n\n\nPackage: "
                       "b\r\n\r\nPackage: c");
        size_t offset = 0;
        AUTO(control_paragraph_done) ControlParagraph p = {0};
        assert_true(control_next(text, "f", &offset, &p, NULL) > 0);
        assert_int_equal(p.fields.n, 4);
        assert_int_equal(p.line, 4);
        assert_value(&p, "package", "a");
        assert_value(&p, "Version", "1.0");
        assert_value(&p, "Depends", "b,\n  c,\n\td");
        assert_value(&p, "Empty", "");
        assert_non_null(control_get(&p, "Empty").p);
        assert_null(control_get(&p, "Absent").p);
        assert_int_equal(control_find(&p, "Empty")->line, 9);
        assert_true(str_is(p.text, "Package: a\nversion:1.0 \nDepends: b,\n  c,\n\td\nEmpty:\n"));
        assert_true(control_next(text, "f", &offset, &p, NULL) > 0);
        assert_value(&p, "Package", "b");
        assert_int_equal(p.line, 12);
        assert_true(control_next(text, "f", &offset, &p, NULL) > 0);
        assert_value(&p, "Package", "c");
        assert_int_equal(p.fields.v[0].line, 14);
        assert_int_equal(control_next(text, "f", &offset, &p, NULL), 0);
        assert_int_equal(control_next(text, "f", &offset, &p, NULL), 0);
}

/* Lines are right also when no paragraph is carried over. */
static void test_line_without_history(void **state) {
        (void)state;
        Str text = STR("A: 1\n\nA: 2\n\nA: 3\n");
        size_t offset = 0;
        for (size_t line = 1; line <= 5; line += 2) {
                AUTO(control_paragraph_done) ControlParagraph p = {0};
                assert_true(control_next(text, "f", &offset, &p, NULL) > 0);
                assert_int_equal(p.line, line);
        }
}

static void test_comment_within_value(void **state) {
        (void)state;
        Str text = STR("URIs: one\n# not two\n three\n# last\nTypes: deb\n");
        size_t offset = 0;
        AUTO(control_paragraph_done) ControlParagraph p = {0};
        assert_true(control_next(text, "f", &offset, &p, NULL) > 0);
        Str value = control_get(&p, "uris"), line;
        assert_true(control_line(&value, &line));
        assert_true(str_is(line, "one"));
        assert_true(control_line(&value, &line));
        assert_true(str_is(line, "three"));
        assert_false(control_line(&value, &line));
        assert_value(&p, "Types", "deb");
}

static void assert_refused(const char *text, ErrKind kind, const char *message) {
        size_t offset = 0;
        AUTO(control_paragraph_done) ControlParagraph p = {0};
        AUTO(err_freep) Err *e = NULL;
        if (control_next(str_of(text), "file", &offset, &p, &e) >= 0) fail_msg("accepted: %s", text);
        assert_int_equal(err_kind(e), kind);
        if (!strstr(err_message(e), message)) fail_msg("'%s' does not say '%s'", err_message(e), message);
}

static void test_refused(void **state) {
        (void)state;
        assert_refused("Package: a\nnonsense\n", ERR_FORMAT, "file:2: expected 'Name: value': 'nonsense'");
        assert_refused("\n continued\n", ERR_FORMAT, "file:2: expected 'Name: value', found a line that continues one");
        assert_refused(": a\n", ERR_FORMAT, "file:1: expected 'Name: value': ': a'");
        assert_refused("-A: a\n", ERR_FORMAT, "file:1: expected");
        assert_refused("A b: a\n", ERR_FORMAT, "file:1: expected");
        assert_refused("A: 1\nB: 2\na: 3\n", ERR_FORMAT, "file:3: the field was there before: 'a: 3'");
        assert_refused("\x1b[31m\n", ERR_FORMAT, "file:1: expected 'Name: value': '?[31m'");
        Str zero = STR("A: b\0c\n");
        size_t offset = 0;
        AUTO(control_paragraph_done) ControlParagraph p = {0};
        assert_true(control_next(zero, "file", &offset, &p, NULL) < 0);
}

static void test_too_many_fields(void **state) {
        (void)state;
        AUTO(buf_done) Buf text = {0};
        for (int i = 0; i <= CONTROL_FIELDS_MAX; i++) buf_addf(&text, "F%d: x\n", i);
        assert_refused(text.p, ERR_LIMIT, "file:513: more than 512 fields");
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_paragraphs),
                                           cmocka_unit_test(test_line_without_history),
                                           cmocka_unit_test(test_comment_within_value), cmocka_unit_test(test_refused),
                                           cmocka_unit_test(test_too_many_fields)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}

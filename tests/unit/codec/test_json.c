/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "codec/json.h"

static void check_string(Str in, bool html, const char *expected) {
        AUTO(buf_done) Buf b = {0};
        (html ? json_add_string : json_add_string_plain)(&b, in);
        assert_string_equal(b.p, expected);
}

static void test_strings_as_go_writes_them(void **state) {
        (void)state;
        check_string(STR(""), true, "\"\"");
        check_string(STR("plain"), true, "\"plain\"");
        check_string(STR("a\"b\\c/d"), true, "\"a\\\"b\\\\c/d\"");
        check_string(STR("\b\f\n\r\t\x01\x1f\x7f"), true, "\"\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\"");
        check_string(STR("a && b < c > d"), true, "\"a \\u0026\\u0026 b \\u003c c \\u003e d\"");
        check_string(STR("a && b < c > d"), false, "\"a && b < c > d\"");
        check_string(STR("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80"), true,
                     "\"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80\"");
        check_string(STR("\xe2\x80\xa8|\xe2\x80\xa9"), true, "\"\\u2028|\\u2029\"");
        check_string(STR("\xe2\x80\xa8|\xe2\x80\xa9"), false, "\"\\u2028|\\u2029\"");
        check_string((Str){"a\0b", 3}, true, "\"a\\u0000b\"");
}

static void test_bytes_that_are_no_utf8(void **state) {
        (void)state;
        check_string(STR("a\xff"), true, "\"a\\ufffd\"");
        check_string(STR("\xc0\xaf"), true, "\"\\ufffd\\ufffd\"");            /* over-long */
        check_string(STR("\xe0\x80\xaf"), true, "\"\\ufffd\\ufffd\\ufffd\""); /* over-long */
        check_string(STR("\xed\xa0\x80"), true, "\"\\ufffd\\ufffd\\ufffd\""); /* a surrogate */
        check_string(STR("\xf4\x90\x80\x80"), true, "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
        check_string(STR("\xe2\x82"), true, "\"\\ufffd\\ufffd\"");
        check_string(STR("\xe2\x82z"), true, "\"\\ufffd\\ufffdz\"");
}

static void test_keys_and_lists(void **state) {
        (void)state;
        AUTO(buf_done) Buf b = {0};
        AUTO(strvec_done) StrVec list = {0};
        strvec_push(&list, "x{");
        strvec_push(&list, "y");
        buf_addc(&b, '{');
        json_add_key(&b, "a");
        json_add_list(&b, &list);
        json_add_key(&b, "b");
        json_add_text(&b, "{");
        json_add_key(&b, "c");
        json_add_text(&b, NULL);
        buf_addc(&b, '}');
        assert_string_equal(b.p, "{\"a\":[\"x{\",\"y\"],\"b\":\"{\",\"c\":\"\"}");
}

static void test_members(void **state) {
        (void)state;
        AUTO(err_freep) Err *e = NULL;
        json_auto_t *root = NULL;
        AUTO(freep) char *text = NULL;
        AUTO(strvec_done) StrVec list = {0};
        int64_t n = 5;
        bool flag = false;
        json_t *object = NULL;
        Str in = STR("{\"t\":\"x\",\"n\":-7,\"f\":true,\"l\":[\"a\",\"b\"],\"o\":{},\"z\":null,\"bad\":[1]}");
        assert_int_equal(json_document_parse(in, 1000, "thing", &root, &e), 0);
        assert_int_equal(json_get_text(root, "t", &text, &e), 0);
        assert_string_equal(text, "x");
        assert_int_equal(json_get_text(root, "z", &text, &e), 0);
        assert_string_equal(text, "x");
        assert_int_equal(json_get_i64(root, "absent", &n, &e), 0);
        assert_int_equal(n, 5);
        assert_int_equal(json_get_i64(root, "n", &n, &e), 0);
        assert_int_equal(n, -7);
        assert_int_equal(json_get_bool(root, "f", &flag, &e), 0);
        assert_true(flag);
        assert_int_equal(json_get_strings(root, "l", &list, &e), 0);
        assert_int_equal(list.n, 2);
        assert_int_equal(json_get_object(root, "o", &object, &e), 0);
        assert_non_null(object);
        assert_int_equal(json_get_array(root, "z", &object, &e), 0);
        assert_null(object);
        assert_true(json_get_strings(root, "bad", &list, &e) < 0);
        assert_string_equal(err_message(e), "'bad' is not a list of strings");
        assert_true(json_get_text(root, "n", &text, NULL) < 0);
        assert_true(json_get_i64(root, "t", &n, NULL) < 0);
        assert_true(json_get_bool(root, "t", &flag, NULL) < 0);
        assert_true(json_get_object(root, "l", &object, NULL) < 0);
        assert_true(json_get_array(root, "o", &object, NULL) < 0);
}

static void test_bad_documents(void **state) {
        (void)state;
        AUTO(err_freep) Err *e = NULL;
        json_t *root = NULL;
        assert_true(json_document_parse(STR("{\"a\":\n 1,}"), 100, "thing", &root, &e) < 0);
        assert_int_equal(err_kind(e), ERR_FORMAT);
        assert_non_null(strstr(err_message(e), "thing is not JSON: line 2"));
        err_clear(&e);
        assert_true(json_document_parse(STR("{}"), 1, "thing", &root, &e) < 0);
        assert_int_equal(err_kind(e), ERR_LIMIT);
        assert_true(json_document_parse((Str){0}, 1, "thing", &root, NULL) < 0);
        assert_null(root);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_strings_as_go_writes_them),
                cmocka_unit_test(test_bytes_that_are_no_utf8),
                cmocka_unit_test(test_keys_and_lists),
                cmocka_unit_test(test_members),
                cmocka_unit_test(test_bad_documents),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}

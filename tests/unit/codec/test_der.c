/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "codec/der.h"

static void test_elements(void **state) {
        (void)state;
        Str rest = STR("\x30\x06\x06\x01\x2a\x0c\x01x\x05\x00");
        Der sequence, inner;
        assert_false(der_take(&rest, DER_SET, &sequence));
        assert_true(der_take(&rest, DER_SEQUENCE, &sequence));
        assert_int_equal(sequence.whole.n, 8);
        assert_int_equal(rest.n, 2);
        assert_true(der_next(&sequence.content, &inner));
        assert_int_equal(inner.tag, DER_OBJECT);
        assert_true(der_take(&sequence.content, DER_UTF8_STRING, &inner));
        assert_true(str_is(inner.content, "x"));
        assert_false(der_next(&sequence.content, &inner));
        assert_true(der_next(&rest, &inner));
        assert_int_equal(inner.content.n, 0);
}

static void test_refused(void **state) {
        (void)state;
        static const struct {
                const char *why;
                Str text;
        } bad[] = {
                {"nothing", {"", 0}},
                {"no length", {"\x30", 1}},
                {"too short", {"\x30\x02x", 3}},
                {"no end", {"\x30\x80xx", 4}},
                {"length of five bytes", {"\x30\x85\x01\x01\x01\x01\x01x", 8}},
                {"not the shortest length", {"\x30\x81\x01x", 4}},
                {"zero at the front of the length", {"\x30\x82\x00\x80x", 5}},
                {"long length, cut", {"\x30\x82\x01", 3}},
                {"much too long", {"\x30\x84\xff\xff\xff\xff", 6}},
                {"long tag", {"\x1f\x01x", 3}},
        };
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                Str rest = bad[i].text;
                Der element;
                if (der_next(&rest, &element)) fail_msg("%s", bad[i].why);
                assert_int_equal(rest.n, bad[i].text.n);
        }
}

static void test_written_and_read(void **state) {
        (void)state;
        static const size_t sizes[] = {0, 1, 127, 128, 255, 256, 65535, 65536, 1 << 20};
        AUTO(freep) char *content = calloc(1, 1 << 20);
        for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
                AUTO(buf_done) Buf out = {0};
                der_add(&out, DER_SET, (Str){content, sizes[i]});
                Str rest = buf_str(&out);
                Der element;
                assert_true(der_take(&rest, DER_SET, &element));
                assert_int_equal(element.content.n, sizes[i]);
                assert_int_equal(rest.n, 0);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_elements),
                cmocka_unit_test(test_refused),
                cmocka_unit_test(test_written_and_read),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}

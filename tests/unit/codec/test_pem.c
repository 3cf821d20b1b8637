/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "codec/pem.h"

static void test_blocks(void **state) {
        (void)state;
        Str text = STR("# a comment\r\n"
                       "-----BEGIN A B-----\r\n"
                       "Proc-Type: 4,ENCRYPTED\r\n"
                       "\r\n"
                       "aGVs\r\n"
                       "bG8=\r\n"
                       "-----END A B-----\r\n"
                       "-----BEGIN EMPTY-----\n"
                       "-----END EMPTY-----\n"
                       "-----BEGIN C-----\n"
                       "  aGk  \n"
                       "=\n"
                       "-----END C-----");
        AUTO(buf_done) Buf data = {0};
        PemBlock block;
        size_t offset = 0;
        assert_true(pem_next(text, "f", &offset, &block, &data, NULL) > 0);
        assert_true(str_is(block.label, "A B"));
        assert_true(str_is(buf_str(&data), "hello"));
        assert_int_equal(block.line, 2);
        assert_true(str_starts(block.text, STR("-----BEGIN A B-----\r\n")));
        assert_true(str_ends(block.text, STR("\n-----END A B-----")));
        assert_true(pem_next(text, "f", &offset, &block, &data, NULL) > 0);
        assert_int_equal(data.n, 0);
        assert_int_equal(block.line, 8);
        assert_true(pem_next(text, "f", &offset, &block, &data, NULL) > 0);
        assert_true(str_is(buf_str(&data), "hi"));
        assert_int_equal(pem_next(text, "f", &offset, &block, &data, NULL), 0);
        assert_int_equal(pem_next(STR(""), "f", &(size_t){0}, &block, &data, NULL), 0);
}

static void refused(const char *text, const char *says) {
        AUTO(buf_done) Buf data = {0};
        AUTO(err_freep) Err *e = NULL;
        PemBlock block;
        size_t offset = 0;
        assert_true(pem_next(str_of(text), "ca.pem", &offset, &block, &data, &e) < 0);
        assert_int_equal(err_kind(e), ERR_FORMAT);
        assert_string_equal(err_message(e), says);
}

static void test_refused(void **state) {
        (void)state;
        refused("\n-----BEGIN X-----\nAAAA\n", "ca.pem:2: BEGIN without END");
        refused("-----BEGIN X-----\nAAAA\n-----END Y-----\n", "ca.pem:3: END with another label than BEGIN");
        refused("-----BEGIN X-----\nAAAA\nAA\n-----END X-----\n", "ca.pem:4: the base64 text above is not whole");
        refused("-----BEGIN X-----\nAAB=\n-----END X-----\n", "ca.pem:3: the base64 text above is not whole");
        refused("-----BEGIN X-----\nAA%A\n-----END X-----\n", "ca.pem:2: expected base64 text or an END line");
        refused("-----BEGIN X-----\nAA==A\n-----END X-----\n", "ca.pem:2: expected base64 text or an END line");
        refused("-----BEGIN X-----\nAA===\n-----END X-----\n", "ca.pem:2: expected base64 text or an END line");
        refused("-----BEGIN X-----\n=\n-----END X-----\n", "ca.pem:2: expected base64 text or an END line");
        refused("-----BEGIN X-----\nAAAA\n-----BEGIN X-----\n-----END X-----\n",
                "ca.pem:3: expected base64 text or an END line");
}

static void test_too_long(void **state) {
        (void)state;
        AUTO(buf_done) Buf text = {0};
        AUTO(buf_done) Buf data = {0};
        AUTO(err_freep) Err *e = NULL;
        buf_adds(&text, "-----BEGIN X-----\n");
        while (text.n < PEM_BLOCK_MAX)
                buf_adds(&text, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n");
        PemBlock block;
        assert_true(pem_next(buf_str(&text), "f", &(size_t){0}, &block, &data, &e) < 0);
        assert_int_equal(err_kind(e), ERR_LIMIT);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_blocks),
                cmocka_unit_test(test_refused),
                cmocka_unit_test(test_too_long),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}

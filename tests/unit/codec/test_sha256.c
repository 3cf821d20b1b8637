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
#include "codec/sha256.h"

static void check(const char *text, const char *expected) {
        Digest d;
        char hex[DIGEST_HEX_SIZE];
        sha256_of(text, strlen(text), &d);
        digest_hex(&d, hex);
        assert_string_equal(hex, expected);
}

static void test_known_digests(void **state) {
        (void)state;
        check("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        check("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        check("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void test_pieces_and_reset(void **state) {
        (void)state;
        AUTO(sha256_freep) Sha256 *h = sha256_new();
        Digest whole, pieces;
        sha256_of("hello, world", 12, &whole);
        for (int round = 0; round < 2; round++) {
                sha256_reset(h);
                sha256_add(h, "hello", 5);
                sha256_add(h, NULL, 0);
                sha256_add_str(h, STR(", world"));
                sha256_finish(h, &pieces);
                assert_true(digest_eq(&whole, &pieces));
        }
        assert_false(digest_is_zero(&whole));
        assert_true(digest_is_zero(&(Digest){0}));
}

static void test_text_and_back(void **state) {
        (void)state;
        Digest d, back;
        char text[DIGEST_TEXT_SIZE];
        sha256_of("x", 1, &d);
        digest_text(&d, text);
        assert_int_equal(strlen(text), 71);
        assert_int_equal(digest_parse(str_of(text), &back, NULL), 0);
        assert_true(digest_eq(&d, &back));
        assert_int_equal(digest_parse(str_of(text + 7), &back, NULL), 0);
        assert_true(digest_eq(&d, &back));
}

static void test_bad_text(void **state) {
        (void)state;
        static const char *const bad[] = {
                "",
                "sha256:",
                "sha256:abc",
                "sha512:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                "sha256:E3B0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85g",
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 ",
        };
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                AUTO(err_freep) Err *e = NULL;
                Digest d = {{7}};
                assert_true(digest_parse(str_of(bad[i]), &d, &e) < 0);
                assert_int_equal(err_kind(e), ERR_FORMAT);
                assert_int_equal(d.bytes[0], 7);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_known_digests),
                cmocka_unit_test(test_pieces_and_reset),
                cmocka_unit_test(test_text_and_back),
                cmocka_unit_test(test_bad_text),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "debian/armor.h"

#define BEGIN "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n"
#define SIGNATURE "-----BEGIN PGP SIGNATURE-----\n\niQ==\n-----END PGP SIGNATURE-----\n"
#define KEYS(body) "-----BEGIN PGP PUBLIC KEY BLOCK-----\nComment: x\n\n" body "-----END PGP PUBLIC KEY BLOCK-----\n"

static void test_split(void **state) {
        (void)state;
        AUTO(buf_done) Buf text = {0}, signature = {0};
        Str in = STR(BEGIN "Origin: x \t\n\n- -----dashes\n- - one\n" SIGNATURE "\n");
        assert_true(armor_is_clearsigned(in));
        assert_int_equal(armor_split_clearsigned(in, &text, &signature, NULL), 0);
        assert_string_equal(text.p, "Origin: x\n\n-----dashes\n- one");
        assert_string_equal(signature.p, SIGNATURE);
        assert_false(armor_is_clearsigned(STR("Origin: x\n")));
}

static void test_wrong_texts(void **state) {
        (void)state;
        static const struct {
                const char *text, *said;
        } rows[] = {
                {"", "does not begin"},
                {"x\n" BEGIN "a\n" SIGNATURE, "does not begin"},
                {"-----BEGIN PGP SIGNED MESSAGE-----\nHash: x", "cut short"},
                {BEGIN "a\n", "does not end in a signature"},
                {BEGIN "a\n" BEGIN "b\n" SIGNATURE, "does not end in a signature"},
                {BEGIN "a\n-----BEGIN PGP SIGNATURE-----\n\niQ==\n", "signature is cut short"},
                {BEGIN "a\n" SIGNATURE "evil", "behind the signature"},
                {BEGIN "a\n" SIGNATURE BEGIN "b\n" SIGNATURE, "behind the signature"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                AUTO(buf_done) Buf text = {0};
                AUTO(err_freep) Err *e = NULL;
                assert_int_equal(armor_split_clearsigned(str_of(rows[i].text), &text, NULL, &e), -1);
                assert_int_equal(text.n, 0);
                if (!strstr(err_message(e), rows[i].said))
                        fail_msg("'%s' is not in '%s'", rows[i].said, err_message(e));
        }
}

static void test_keys(void **state) {
        (void)state;
        AUTO(buf_done) Buf keys = {0};
        Str in = STR("text\n" KEYS("aGVsbG8g\nd29ybGQ=\n=abcd\n") "more\n" KEYS("ISE\n"));
        assert_true(armor_is_keys(in));
        assert_int_equal(armor_decode_keys(in, &keys, NULL), 0);
        assert_string_equal(keys.p, "hello world!!");
        assert_false(armor_is_keys(STR("\x99\x01\x0d")));
        static const char *const wrong[] = {KEYS("aGVs*\n"), KEYS("aG=x\n"),
                                            "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\naGVs\n"};
        for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
                AUTO(err_freep) Err *e = NULL;
                assert_int_equal(armor_decode_keys(str_of(wrong[i]), &keys, &e), -1);
                assert_int_equal(err_kind(e), ERR_FORMAT);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_split), cmocka_unit_test(test_wrong_texts),
                                           cmocka_unit_test(test_keys)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}

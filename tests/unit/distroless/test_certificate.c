/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "certificates.h"
#include "codec/pem.h"
#include "distroless/certificate.h"

static void read_pem(const char *pem, Buf *der, Certificate *c) {
        PemBlock block;
        size_t offset = 0;
        assert_true(pem_next(str_of(pem), "test", &offset, &block, der, NULL) > 0);
        assert_int_equal(certificate_parse(buf_str(der), c, NULL), 0);
}

static const struct {
        const char *pem, *name;
        uint32_t hash;
        int64_t time;
} known[] = {
        {PLAIN_PEM, PLAIN_NAME, PLAIN_HASH, PLAIN_TIME}, {ACCENT_PEM, ACCENT_NAME, ACCENT_HASH, ACCENT_TIME},
        {MULTI_PEM, MULTI_NAME, MULTI_HASH, MULTI_TIME}, {BMP_PEM, BMP_NAME, BMP_HASH, BMP_TIME},
        {SAME_PEM, SAME_NAME, SAME_HASH, SAME_TIME},
};

static void test_as_openssl_and_java(void **state) {
        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
                AUTO(buf_done) Buf der = {0};
                AUTO(buf_done) Buf name = {0};
                Certificate c;
                uint32_t hash;
                read_pem(known[i].pem, &der, &c);
                assert_int_equal(c.not_before_s, known[i].time);
                assert_int_equal(certificate_name_hash(c.subject, &hash, NULL), 0);
                assert_int_equal(hash, known[i].hash);
                assert_int_equal(certificate_name_render(c.subject, &name, NULL), 0);
                assert_string_equal(name.p, known[i].name);
        }
}

/* Cut off or changed anywhere: refused or read, nothing else. */
static void test_damaged(void **state) {
        (void)state;
        AUTO(buf_done) Buf der = {0};
        Certificate c;
        read_pem(ACCENT_PEM, &der, &c);
        for (size_t n = 0; n < der.n; n++) assert_true(certificate_parse((Str){der.p, n}, &c, NULL) < 0);
        for (size_t i = 0; i < der.n; i++) {
                char saved = der.p[i];
                der.p[i] = (char)~saved;
                AUTO(buf_done) Buf name = {0};
                uint32_t hash;
                if (certificate_parse(buf_str(&der), &c, NULL) == 0) {
                        (void)certificate_name_hash(c.subject, &hash, NULL);
                        (void)certificate_name_render(c.subject, &name, NULL);
                }
                der.p[i] = saved;
        }
        AUTO(err_freep) Err *e = NULL;
        assert_true(certificate_parse((Str){der.p, CERTIFICATE_MAX + 1}, &c, &e) < 0);
        assert_int_equal(err_kind(e), ERR_LIMIT);
}

static void test_malformed_names(void **state) {
        (void)state;
        static const Str bad[] = {
                {"", 0},
                {"\x31\x00", 2},
                {"\x30\x02\x30\x00", 4},                                  /* a part that is no set */
                {"\x30\x06\x31\x04\x30\x02\x06\x00", 8},                  /* no value */
                {"\x30\x0a\x31\x08\x30\x06\x06\x00\x0c\x00\x05\x00", 12}, /* something behind the value */
                {"\x30\x00x", 3},
        };
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                AUTO(buf_done) Buf name = {0};
                AUTO(err_freep) Err *e = NULL;
                uint32_t hash;
                assert_true(certificate_name_render(bad[i], &name, &e) < 0);
                assert_int_equal(err_kind(e), ERR_FORMAT);
                assert_true(certificate_name_hash(bad[i], &hash, NULL) < 0);
                assert_int_equal(name.n, 0);
        }
        uint32_t hash; /* what text of two bytes a character cannot be */
        assert_true(certificate_name_hash((Str){"\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x1e\x01x", 14}, &hash,
                                          NULL) < 0);
        assert_int_equal(certificate_name_hash(STR("\x30\x00"), &hash, NULL), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_as_openssl_and_java),
                cmocka_unit_test(test_damaged),
                cmocka_unit_test(test_malformed_names),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}

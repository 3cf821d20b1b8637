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
#include "distroless/java_keystore.h"

static uint64_t big_endian(const char **p, unsigned bytes) {
        uint64_t value = 0;
        while (bytes--) value = value << 8 | (uint8_t) * (*p)++;
        return value;
}

static void text_is(const char **p, const char *expected) {
        size_t n = (size_t)big_endian(p, 2);
        assert_int_equal(n, strlen(expected));
        assert_memory_equal(*p, expected, n);
        *p += n;
}

static void entry_is(const char **p, const CaCertificate *c, const char *name, int64_t time_s) {
        assert_int_equal(big_endian(p, 4), 2);
        text_is(p, name);
        assert_int_equal(big_endian(p, 8), time_s * 1000);
        text_is(p, "X.509");
        assert_int_equal(big_endian(p, 4), c->certificate.der.n);
        assert_memory_equal(*p, c->der, c->certificate.der.n);
        *p += c->certificate.der.n;
}

static void test_layout(void **state) {
        (void)state;
        AUTO(ca_set_done) CaSet set = {0};
        AUTO(buf_done) Buf bytes = {0};
        AUTO(buf_done) Buf again = {0};
        assert_int_equal(ca_set_add_extra(&set, "x", STR(PLAIN_PEM ACCENT_PEM SAME_PEM), NULL), 0);
        assert_int_equal(java_keystore_render(&set, &bytes, NULL), 0);
        const char *p = bytes.p;
        assert_int_equal(big_endian(&p, 4), 0xfeedfeed);
        assert_int_equal(big_endian(&p, 4), 2);
        assert_int_equal(big_endian(&p, 4), 3);
        entry_is(&p, &set.certificates.v[0], PLAIN_NAME, PLAIN_TIME);
        entry_is(&p, &set.certificates.v[1], ACCENT_NAME, ACCENT_TIME);
        entry_is(&p, &set.certificates.v[2], PLAIN_NAME " [2]", SAME_TIME);
        assert_int_equal(bytes.p + bytes.n - p, 20);
        assert_int_equal(java_keystore_render(&set, &again, NULL), 0);
        assert_int_equal(again.n, bytes.n);
        assert_memory_equal(again.p, bytes.p, bytes.n);
}

/* What `keytool -list` takes for an empty store. */
static void test_empty(void **state) {
        (void)state;
        AUTO(buf_done) Buf bytes = {0};
        assert_int_equal(java_keystore_render(&(CaSet){0}, &bytes, NULL), 0);
        static const char expected[] =
                "\xfe\xed\xfe\xed\0\0\0\2\0\0\0\0"
                "\xe2\x68\x6e\x45\xfb\x43\xdf\xa4\xd9\x92\xdd\x41\xce\xb6\xb2\x1c\x63\x30\xd7\x92";
        assert_int_equal(bytes.n, sizeof expected - 1);
        assert_memory_equal(bytes.p, expected, bytes.n);
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_layout), cmocka_unit_test(test_empty)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}

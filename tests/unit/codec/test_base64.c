/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "codec/base64.h"

/* The vectors of RFC 4648 section 10, and bytes that are no text. */
static void test_vectors(void **state) {
        (void)state;
        static const struct {
                Str bytes;
                const char *text;
        } cases[] = {{STR(""), ""},
                     {STR("f"), "Zg=="},
                     {STR("fo"), "Zm8="},
                     {STR("foo"), "Zm9v"},
                     {STR("foob"), "Zm9vYg=="},
                     {STR("fooba"), "Zm9vYmE="},
                     {STR("foobar"), "Zm9vYmFy"},
                     {STR("\xff\0\xfe"), "/wD+"}};
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                AUTO(freep) char *text = base64_render(cases[i].bytes);
                assert_string_equal(text, cases[i].text);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}

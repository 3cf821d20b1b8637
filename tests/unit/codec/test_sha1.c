/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "codec/sha1.h"

static void hashes_to(const char *text, const char *hex) {
        uint8_t digest[SHA1_SIZE];
        char found[2 * SHA1_SIZE + 1];
        sha1_of(text, strlen(text), digest);
        hex_render(digest, sizeof digest, found);
        assert_string_equal(found, hex);
}

/* The examples of FIPS 180. */
static void test_examples(void **state) {
        (void)state;
        hashes_to("", "da39a3ee5e6b4b0d3255bfef95601890afd80709");
        hashes_to("abc", "a9993e364706816aba3e25717850c26c9cd0d89d");
        hashes_to("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                  "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_examples)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}

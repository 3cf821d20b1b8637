/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "distroless/os_release.h"

static void test_names_release(void **state) {
        (void)state;
        AUTO(buf_done) Buf text = {0};
        os_release_render("12", "bookworm", &text);
        assert_non_null(strstr(text.p, "\nVERSION=\"Debian GNU/Linux 12 (bookworm)\"\n"));
        assert_non_null(strstr(text.p, "\nVERSION_ID=\"12\"\n"));
        assert_non_null(strstr(text.p, "PRETTY_NAME=\"Distroless\"\n"));
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_names_release)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}

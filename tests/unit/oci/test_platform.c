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
#include "oci/platform.h"

static Platform parse(const char *text) {
        Platform p;
        AUTO(err_freep) Err *e = NULL;
        if (platform_parse(str_of(text), &p, &e) < 0) fail_msg("%s: %s", text, err_message(e));
        return p;
}

static void check(const char *text, const char *expected) {
        char rendered[96];
        Platform p = parse(text);
        platform_render(&p, rendered);
        assert_string_equal(rendered, expected);
}

static void test_parse(void **state) {
        (void)state;
        check("linux/amd64", "linux/amd64");
        check("Linux/x86_64", "linux/amd64");
        check("linux/amd64/v1", "linux/amd64");
        check("linux/amd64/v3", "linux/amd64/v3");
        check("linux/aarch64", "linux/arm64");
        check("linux/arm64/v8", "linux/arm64");
        check("linux/arm64/8", "linux/arm64");
        check("linux/arm64/v9", "linux/arm64/v9");
        check("linux/arm", "linux/arm/v7");
        check("linux/arm/6", "linux/arm/v6");
        check("linux/armhf", "linux/arm/v7");
        check("linux/armel", "linux/arm/v6");
        check("linux/i386", "linux/386");
        check("macos/arm64", "darwin/arm64");
        check("arm64", "linux/arm64");
        check("s390x", "linux/s390x");
        check("windows(10.0.17763)/amd64", "windows/amd64");
        assert_string_equal(parse("windows(10.0.17763)/amd64").os_version, "10.0.17763");
}

static void test_host(void **state) {
        (void)state;
        Platform host, local = parse("local"), linux_only = parse("linux");
        platform_host(&host);
        assert_string_equal(host.os, "linux");
        assert_true(host.arch[0] != '\0');
        assert_true(platform_eq(&host, &local));
        assert_true(platform_eq(&host, &linux_only));
}

static void test_refused(void **state) {
        (void)state;
        static const char *const bad[] = {"",
                                          "/",
                                          "linux/",
                                          "/amd64",
                                          "linux/amd64/",
                                          "foo",
                                          "linux/amd64/v1/x",
                                          "lin ux/amd64",
                                          "linux(/amd64",
                                          "linux()/amd64",
                                          "linux/0123456789012345678901234567890123",
                                          "linux/arm/0123456789012345"};
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                AUTO(err_freep) Err *e = NULL;
                Platform p;
                if (platform_parse(str_of(bad[i]), &p, &e) == 0) fail_msg("'%s' was accepted", bad[i]);
                assert_int_equal(err_kind(e), ERR_SYNTAX);
        }
        AUTO(err_freep) Err *e = NULL;
        Platform p;
        platform_parse(str_of("pdp11"), &p, &e);
        assert_string_equal(err_message(e), "platform 'pdp11': unknown system or architecture 'pdp11'");
}

static int match(const char *want, const char *have) {
        Platform w = parse(want), h = parse(have);
        return platform_match(&w, &h);
}

static void test_match(void **state) {
        (void)state;
        assert_true(match("linux/amd64", "linux/amd64") > 0);
        assert_int_equal(match("linux/amd64", "linux/arm64"), 0);
        assert_int_equal(match("linux/amd64", "windows/amd64"), 0);
        assert_true(match("linux/arm/v7", "linux/arm/v7") > match("linux/arm/v7", "linux/arm/v6"));
        assert_true(match("linux/arm/v7", "linux/arm/v6") > match("linux/arm/v7", "linux/arm/v5"));
        assert_true(match("linux/arm/v7", "linux/arm/v5") > 0);
        assert_int_equal(match("linux/arm/v6", "linux/arm/v7"), 0);
        assert_int_equal(match("linux/amd64", "linux/amd64/v2"), 0);
        assert_true(match("linux/amd64/v3", "linux/amd64") > 0);
        assert_true(match("linux/arm64/v9", "linux/arm64") > 0);
        assert_int_equal(match("linux/amd64/v3", "linux/amd64/weird"), 0);
        Platform want = parse("linux/arm64"), raw = {"linux", "arm64", "v8", ""};
        assert_true(platform_match(&want, &raw) > 0);
        assert_true(platform_eq(&want, &raw));
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_parse), cmocka_unit_test(test_host),
                                           cmocka_unit_test(test_refused), cmocka_unit_test(test_match)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}

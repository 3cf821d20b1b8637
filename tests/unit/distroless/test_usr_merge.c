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
#include "distroless/usr_merge.h"

static void maps(const char *name, bool directory, const char *expected) {
        AUTO(freep) char *path = usr_merge_path(name, directory);
        if (!expected) {
                assert_null(path);
                return;
        }
        assert_non_null(path);
        assert_string_equal(path, expected);
}

static void test_moves(void **state) {
        (void)state;
        static const char *const merged[] = {"bin", "sbin", "lib", "lib32", "lib64", "libx32"};
        for (size_t i = 0; i < sizeof merged / sizeof *merged; i++) {
                char name[64], expected[64];
                snprintf(name, sizeof name, "./%s/x/y", merged[i]);
                snprintf(expected, sizeof expected, "./usr/%s/x/y", merged[i]);
                maps(name, false, expected);
                snprintf(name, sizeof name, "./%s/", merged[i]);
                maps(name, true, NULL);
        }
        maps("lib/x86_64-linux-gnu/", true, "usr/lib/x86_64-linux-gnu/");
        maps("/sbin/ldconfig", false, "/usr/sbin/ldconfig");
        maps("lib", true, NULL);
}

static void test_leaves(void **state) {
        (void)state;
        static const char *const names[] = {"./",       ".", "./usr/lib/x", "./libexec/x", "./etc/lib/x", "./lib.d/x",
                                            "./binary", "",  "./library",   "./usr/bin"};
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) maps(names[i], i % 2, names[i]);
        maps("./lib", false, "./lib"); /* the link of base-files */
        maps("./lib64", false, "./lib64");
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_moves), cmocka_unit_test(test_leaves)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}

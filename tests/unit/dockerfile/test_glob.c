/* SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include "dockerfile/ignore.h"

static void test_match(void **state) {
        (void)state;
        static const struct {
                const char *pattern, *name;
                GlobResult want;
        } rows[] = {
                {"abc", "abc", GLOB_MATCH},
                {"*", "abc", GLOB_MATCH},
                {"*c", "abc", GLOB_MATCH},
                {"a*", "a", GLOB_MATCH},
                {"a*", "abc", GLOB_MATCH},
                {"a*", "ab/c", GLOB_NO_MATCH},
                {"a*/b", "abc/b", GLOB_MATCH},
                {"a*/b", "a/c/b", GLOB_NO_MATCH},
                {"a*b*c*d*e*/f", "axbxcxdxe/f", GLOB_MATCH},
                {"a*b*c*d*e*/f", "axbxcxdxe/xxx/f", GLOB_NO_MATCH},
                {"ab[c]", "abc", GLOB_MATCH},
                {"ab[b-d]", "abc", GLOB_MATCH},
                {"ab[e-g]", "abc", GLOB_NO_MATCH},
                {"ab[^c]", "abc", GLOB_NO_MATCH},
                {"ab[^b-d]", "abe", GLOB_MATCH},
                {"a\\*b", "a*b", GLOB_MATCH},
                {"a\\*b", "ab", GLOB_NO_MATCH},
                {"a?b",
                 "a\xE2\x98\xBA"
                 "b",
                 GLOB_MATCH},
                {"a[^a]b",
                 "a\xE2\x98\xBA"
                 "b",
                 GLOB_MATCH},
                {"a???b",
                 "a\xE2\x98\xBA"
                 "b",
                 GLOB_NO_MATCH},
                {"[a-\xCE\xB6]*", "\xCE\xB1", GLOB_MATCH},
                {"a?b", "a/b", GLOB_NO_MATCH},
                {"a*b", "a/b", GLOB_NO_MATCH},
                {"[\\]a]", "]", GLOB_MATCH},
                {"[\\-]", "-", GLOB_MATCH},
                {"[x\\-]", "x", GLOB_MATCH},
                {"[x\\-]", "z", GLOB_NO_MATCH},
                {"[]a]", "]", GLOB_BAD},
                {"[-]", "-", GLOB_BAD},
                {"[x-]", "x", GLOB_BAD},
                {"[-x]", "x", GLOB_BAD},
                {"\\", "a", GLOB_BAD},
                {"[a-b-c]", "a", GLOB_BAD},
                {"[", "a", GLOB_BAD},
                {"[^", "a", GLOB_BAD},
                {"[^bc", "a", GLOB_BAD},
                {"a[", "ab", GLOB_BAD},
                {"a[", "x", GLOB_BAD},
                {"*x", "xxx", GLOB_MATCH},
                {"", "", GLOB_MATCH},
                {"", "a", GLOB_NO_MATCH},
                {"**", "a", GLOB_MATCH},
                {"**", "a/b", GLOB_NO_MATCH},
                {"*]", "a]", GLOB_MATCH},
        };
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                if (glob_match(rows[i].pattern, rows[i].name) != rows[i].want)
                        fail_msg("%s on %s", rows[i].pattern, rows[i].name);
        }
}

static void test_deep(void **state) {
        (void)state;
        assert_int_equal(glob_match_deep("**/*.txt", "a.txt"), GLOB_MATCH);
        assert_int_equal(glob_match_deep("**/*.txt", "d/e/a.txt"), GLOB_MATCH);
        assert_int_equal(glob_match_deep("**/*.txt", "d/a.txt/b"), GLOB_NO_MATCH);
        assert_int_equal(glob_match_deep("src/**/*.txt", "src/a.txt"), GLOB_MATCH);
        assert_int_equal(glob_match_deep("src/**/*.txt", "src/b/c/a.txt"), GLOB_MATCH);
        assert_int_equal(glob_match_deep("src/**/*.txt", "lib/a.txt"), GLOB_NO_MATCH);
        assert_int_equal(glob_match_deep("a", "a/b"), GLOB_NO_MATCH);
        assert_int_equal(glob_match_deep("/a", "a"), GLOB_MATCH);
        assert_int_equal(glob_match_deep("a[", "x"), GLOB_BAD);
}

static void test_meta(void **state) {
        (void)state;
        assert_false(glob_has_meta("a/b.c]"));
        assert_true(glob_has_meta("a*"));
        assert_true(glob_has_meta("a?"));
        assert_true(glob_has_meta("[a]"));
        assert_true(glob_has_meta("a\\b"));
}

static void test_long(void **state) {
        (void)state;
        AUTO(freep) char *pattern = xmalloc(5000);
        memset(pattern, 'a', 5000);
        pattern[4096] = '\0';
        assert_int_equal(glob_match(pattern, pattern), GLOB_MATCH);
        pattern[4096] = 'a';
        pattern[4999] = '\0';
        assert_int_equal(glob_match(pattern, pattern), GLOB_BAD);
        memset(pattern, '*', 4096);
        for (size_t i = 1; i < 2000; i += 2) pattern[i] = 'a';
        pattern[2000] = 'b';
        pattern[2001] = '\0';
        AUTO(freep) char *name = xmalloc(4001);
        memset(name, 'a', 4000);
        name[4000] = '\0';
        assert_int_equal(glob_match(pattern, name), GLOB_NO_MATCH);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_match),
                cmocka_unit_test(test_deep),
                cmocka_unit_test(test_meta),
                cmocka_unit_test(test_long),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include "dockerfile/checks.h"

static char *fixed(const char *text, const FixParams *params, size_t *ret_count) {
        AUTO(dockerfile_freep) Dockerfile *d = parse_text(text);
        AUTO(checks_freep) Checks *c = checks_new(d, NULL);
        size_t size;
        checks_text(c);
        char *result = dockerfile_fix(d, c, params, &size, ret_count);
        assert_int_equal(strlen(result), size);
        return result;
}

static void expect(const char *text, const char *want) {
        size_t count;
        AUTO(freep) char *got = fixed(text, NULL, &count);
        assert_string_equal(got, want);
        assert_int_equal(count > 0, strcmp(text, want) != 0);
}

static void test_casing(void **state) {
        (void)state;
        expect("FROM x AS Abc\n", "FROM x AS abc\n");
        expect("FROM x as a\n", "FROM x AS a\n");
        expect("from x AS a\nrun y\n", "from x as a\nrun y\n");
        expect("from x as a\nRUN y\nRUN z\n", "FROM x AS a\nRUN y\nRUN z\n");
        expect("FROM x\n  Run y\nRUN z\n", "FROM x\n  RUN y\nRUN z\n");
}

static void test_pairs(void **state) {
        (void)state;
        expect("FROM x\nENV a b\n", "FROM x\nENV a=b\n");
        expect("FROM x\nENV a b c\n", "FROM x\nENV a=\"b c\"\n");
        expect("FROM x\nENV a $b c\n", "FROM x\nENV a=\"$b c\"\n");
        expect("FROM x\nENV a \"b c\"\n", "FROM x\nENV a=\"b c\"\n");
        expect("FROM x\nENV a b  'c d'\n", "FROM x\nENV a=b\\ \\ 'c d'\n");
        expect("FROM x\r\nLABEL a b\r\n", "FROM x\r\nLABEL a=b\r\n");
        expect("# escape=`\nFROM x\nENV a b \"c\"\n", "# escape=`\nFROM x\nENV a=b` \"c\"\n");
        expect("FROM x\nENV a b \\\n c\n", "FROM x\nENV a b \\\n c\n"); /* several lines: for people */
}

static void test_rest(void **state) {
        (void)state;
        expect("FROM x\nMAINTAINER a \"b\" $c\n",
               "FROM x\nLABEL org.opencontainers.image.authors=\"a \\\"b\\\" \\$c\"\n");
        expect("FROM x\nRUN a \\\n\n  b \\\n   \n  c\n", "FROM x\nRUN a \\\n  b \\\n  c\n");
        expect("FROM x\nCMD a -b c\n", "FROM x\nCMD [\"a\", \"-b\", \"c\"]\n");
        expect("FROM x\nCMD a && b\n", "FROM x\nCMD a && b\n");
        expect("FROM x\nCMD exec a\n", "FROM x\nCMD exec a\n");
        expect("FROM x\nCMD A=1 b\n", "FROM x\nCMD A=1 b\n");
        expect("FROM x\nENTRYPOINT a\nCMD b\n", "FROM x\nENTRYPOINT a\nCMD b\n");
        expect("FROM x\nENTRYPOINT a", "FROM x\nENTRYPOINT [\"a\"]");
}

static void test_keeps_the_rest(void **state) {
        (void)state;
        expect("\xef\xbb\xbf# c\n\nFROM x\n", "\xef\xbb\xbf# c\n\nFROM x\n");
        expect("# check=skip=all\nFROM x AS A\n", "# check=skip=all\nFROM x AS A\n");
        expect("FROM x\n# check=skip=LegacyKeyValueFormat\nENV a b\nENV c d\n",
               "FROM x\n# check=skip=LegacyKeyValueFormat\nENV a b\nENV c=d\n");
        expect("FROM x\nRUN <<E\na\n\nb\nE\n", "FROM x\nRUN <<E\na\n\nb\nE\n");
}

static bool only_maintainer(void *context, CheckId id) {
        (void)context;
        return id == CHECK_MAINTAINER;
}

static void test_selection(void **state) {
        (void)state;
        size_t count;
        FixParams params = {only_maintainer, NULL};
        AUTO(freep) char *got = fixed("FROM x AS A\nMAINTAINER m\n", &params, &count);
        assert_string_equal(got, "FROM x AS A\nLABEL org.opencontainers.image.authors=\"m\"\n");
        assert_int_equal(count, 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_casing),         cmocka_unit_test(test_pairs),     cmocka_unit_test(test_rest),
                cmocka_unit_test(test_keeps_the_rest), cmocka_unit_test(test_selection),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}

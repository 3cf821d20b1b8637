/* SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include "base/buf.h"

static void assert_excerpt(const char *text, uint32_t first, uint32_t last, const char *word, const char *want) {
        AUTO(dockerfile_freep) Dockerfile *d = parse_text(text);
        AUTO(freep) char *got = dockerfile_excerpt(d, first, last, word);
        assert_string_equal(got, want);
}

#define RULER "--------------------\n"

static void test_marks(void **state) {
        (void)state;
        assert_excerpt("FROM a\nRUN false\n", 2, 2, NULL,
                       "Dockerfile:2\n" RULER "   1 |     FROM a\n   2 | >>> RUN false\n" RULER);
        assert_excerpt("FROM a\nRUN b\nRUN c\nRUN d\nRUN e\nRUN f\n", 4, 4, NULL,
                       "Dockerfile:4\n" RULER "   2 |     RUN b\n   3 |     RUN c\n   4 | >>> RUN d\n   5 |     RUN e\n"
                       "   6 |     RUN f\n" RULER);
        assert_excerpt("FROM a\nRUN b\nRUN c \\\n d\nRUN e\nRUN f\n", 3, 4, NULL,
                       "Dockerfile:3\n" RULER
                       "   2 |     RUN b\n   3 | >>> RUN c \\\n   4 | >>>  d\n   5 |     RUN e\n" RULER);
}

static void test_word(void **state) {
        (void)state;
        assert_excerpt("FROM a\nCOPY \xC3\xA4\t--bogus b c\n", 2, 2, "--bogus",
                       "Dockerfile:2\n" RULER "   1 |     FROM a\n   2 | >>> COPY \xC3\xA4\t--bogus b c\n"
                       "     |           \t^^^^^^^\n" RULER);
        assert_excerpt("FROM a\n", 1, 1, "nowhere", "Dockerfile:1\n" RULER "   1 | >>> FROM a\n" RULER);
        assert_excerpt("FROM a\n", 1, 1, "", "Dockerfile:1\n" RULER "   1 | >>> FROM a\n" RULER);
}

static void test_odd_lines(void **state) {
        (void)state;
        assert_excerpt("FROM a\n", 0, 0, NULL, "");
        assert_excerpt("FROM a\n", 9, 9, NULL, "");
        assert_excerpt("FROM a\nRUN \x1B[31m\n", 2, 9, NULL,
                       "Dockerfile:2\n" RULER "   1 |     FROM a\n   2 | >>> RUN ?[31m\n" RULER);
}

static void test_long(void **state) {
        (void)state;
        Buf text = {0};
        buf_adds(&text, "FROM a\nRUN <<EOF\n");
        for (int i = 0; i < 100; i++) buf_addf(&text, "line %d %0300d\n", i, 0);
        buf_adds(&text, "EOF\n");
        AUTO(dockerfile_freep) Dockerfile *d = parse_text(text.p);
        AUTO(freep) char *got = dockerfile_excerpt(d, 2, 103, NULL);
        assert_true(strlen(got) < 10000);
        assert_non_null(strstr(got, "   2 | >>> RUN <<EOF\n"));
        assert_non_null(strstr(got, " ... | >>> ...\n"));
        assert_non_null(strstr(got, " 103 | >>> EOF\n"));
        buf_done(&text);
}

static void test_error(void **state) {
        (void)state;
        AUTO(dockerfile_freep) Dockerfile *d = parse_text("FROM a\nRUN b\n");
        AUTO(err_freep) Err *e = NULL;
        assert_int_equal(dockerfile_error(d, 2, 2, "b", &e, "no %s", "way"), -1);
        assert_int_equal(err_kind(e), ERR_SYNTAX);
        assert_string_equal(err_message(e), "Dockerfile:2: no way");
        assert_string_equal(err_excerpt_text(e),
                            "Dockerfile:2\n" RULER "   1 |     FROM a\n   2 | >>> RUN b\n     |         ^\n" RULER);
        assert_int_equal(dockerfile_error(d, 2, 2, NULL, NULL, "ignored"), -1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_marks), cmocka_unit_test(test_word),  cmocka_unit_test(test_odd_lines),
                cmocka_unit_test(test_long),  cmocka_unit_test(test_error),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}

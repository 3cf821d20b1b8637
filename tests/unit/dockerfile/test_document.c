/* SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include "base/buf.h"

static void assert_original(const char *text, const char *want) {
        AUTO(dockerfile_freep) Dockerfile *d = NULL;
        assert_string_equal(parse_one(text, &d)->original, want);
}

static void test_continuation(void **state) {
        (void)state;
        assert_original("RUN echo a \\\n  b", "RUN echo a   b");
        assert_original("RUN echo a \\  \t\n b", "RUN echo a  b");
        assert_original("RUN echo a > /out \\", "RUN echo a > /out ");
        assert_original("RUN a\\\n\tb\\\n\tc", "RUN a\tb\tc");
        assert_original("RUN a \\\n# comment\n   # another\n b", "RUN a  b");
        assert_original("\\\n  RUN a", "  RUN a");
        assert_original("RUN a \\\r\n b\r\n", "RUN a  b");
}

static void test_escaped_escape_does_not_continue(void **state) {
        (void)state;
        AUTO(dockerfile_freep) Dockerfile *d = parse_text("FROM x\nRUN a \\\\\nRUN b \\\\\\\nENV A=b\n");
        assert_int_equal(d->instruction_count, 4);
        assert_string_equal(d->instructions[1].rest, "a \\\\");
        assert_string_equal(d->instructions[2].rest, "b \\\\\\");
}

static void test_empty_continuation_warns(void **state) {
        (void)state;
        AUTO(dockerfile_freep) Dockerfile *d = parse_text("FROM x\nRUN a \\\n\n   \n  b \\\n\n  c\n");
        assert_string_equal(d->instructions[1].rest, "a   b   c");
        assert_int_equal(d->warning_count, 1);
        assert_int_equal(d->warnings[0].line, 2);
        assert_non_null(strstr(d->warnings[0].text, "RUN a   b   c"));
}

static void test_positions(void **state) {
        (void)state;
        AUTO(dockerfile_freep)
        Dockerfile *d =
                parse_text("# top\nFROM x\n\nRUN a \\\n# c\n && b\nRUN <<EOF\n1\n2\nEOF\n\nCOPY <<F /f\nx\nF\nRUN e");
        static const uint32_t want[][2] = {{2, 2}, {4, 6}, {7, 10}, {12, 14}, {15, 15}};
        assert_int_equal(d->instruction_count, 5);
        for (size_t i = 0; i < 5; i++) {
                assert_int_equal(d->instructions[i].first_line, want[i][0]);
                assert_int_equal(d->instructions[i].last_line, want[i][1]);
        }
}

static void test_directives(void **state) {
        (void)state;
        AUTO(dockerfile_freep)
        Dockerfile *d = parse_text(
                "\xEF\xBB\xBF# Syntax = docker/dockerfile:1\n#escape=`\n# check = skip=all\nFROM x\nRUN a `\n b");
        assert_string_equal(d->syntax, "docker/dockerfile:1");
        assert_string_equal(d->check, "skip=all");
        assert_int_equal(d->escape, '`');
        assert_string_equal(d->instructions[1].rest, "a  b");
}

static void test_directives_end(void **state) {
        (void)state;
        static const char *const tops[] = {"# foo=bar\n", "\n", "# plain comment\n", "FROM y\n", "#\n"};
        for (size_t i = 0; i < ARRAY_SIZE(tops); i++) {
                AUTO(freep) char *text = xasprintf("%s# escape=`\nFROM x\nRUN a \\\n b", tops[i]);
                AUTO(dockerfile_freep) Dockerfile *d = parse_text(text);
                assert_int_equal(d->escape, '\\');
        }
        assert_refused("# escape=`\n# escape=`\nFROM x", "Dockerfile:2: only one escape parser directive");
        assert_refused("# syntax=a\n# SYNTAX=b\nFROM x", "only one syntax parser directive");
        assert_refused("# escape=x\nFROM x", "Dockerfile:1: invalid escape token 'x'");
        assert_refused("# escape=``\nFROM x", "invalid escape token");
}

static void test_comments_above(void **state) {
        (void)state;
        AUTO(dockerfile_freep)
        Dockerfile *d = parse_text(
                "# escape=\\\n# base  the base\n# check=skip=X\n#  more\nFROM x\n# lost\n\nARG a\n# kept\nARG b");
        assert_string_equal(d->instructions[0].doc, "base  the base\nmore");
        assert_string_equal(d->instructions[0].check, "skip=X");
        assert_null(d->instructions[1].doc);
        assert_string_equal(d->instructions[2].doc, "kept");
}

static void test_nothing(void **state) {
        (void)state;
        assert_refused("", "no instructions");
        assert_refused("\n   \n\t\n# x\n", "no instructions");
        assert_refused("\\\n\\\n", "no instructions");
}

static void test_limits(void **state) {
        (void)state;
        AUTO(freep) char *line = xmalloc(70000);
        memset(line, 'x', 70000);
        memcpy(line, "FROM ", 5);
        line[DOCKERFILE_LINE_MAX] = '\0';
        AUTO(dockerfile_freep) Dockerfile *d = parse_text(line);
        assert_int_equal(d->instruction_count, 1);
        line[DOCKERFILE_LINE_MAX] = 'x';
        line[DOCKERFILE_LINE_MAX + 1] = '\0';
        assert_refused(line, "Dockerfile:1: line too long");
        Dockerfile *none = NULL;
        AUTO(err_freep) Err *e = NULL;
        assert_int_equal(dockerfile_parse("D", (Str){"FROM x\0y\n", 9}, &none, &e), -1);
        assert_non_null(strstr(err_message(e), "NUL"));
}

static void test_many_lines(void **state) {
        (void)state;
        enum { COUNT = 200000 };
        Buf text = {0};
        buf_adds(&text, "FROM x\n");
        for (int i = 0; i < COUNT; i++) buf_adds(&text, i % 2 ? "RUN true\n" : "# comment\n");
        AUTO(dockerfile_freep) Dockerfile *d = parse_text(text.p);
        assert_int_equal(d->instruction_count, COUNT / 2 + 1);
        assert_true(arena_used(d->arena) < (size_t)COUNT * 300);
        buf_clear(&text);
        buf_adds(&text, "FROM x\nRUN echo");
        for (int i = 0; i < COUNT; i++) buf_adds(&text, " \\\n word");
        AUTO(dockerfile_freep) Dockerfile *joined = parse_text(text.p);
        assert_int_equal(joined->instructions[1].last_line, COUNT + 2);
        buf_done(&text);
}

static void test_trigger(void **state) {
        (void)state;
        Instruction in;
        AUTO(err_freep) Err *e = NULL;
        AUTO(dockerfile_freep) Dockerfile *d = parse_text("FROM x\nRUN y\n");
        assert_int_equal(dockerfile_parse_trigger(d, "COPY --from=a <<EOF /x /y\nbody\nEOF", 1, &in, &e), 0);
        assert_int_equal(in.kind, INSTR_COPY);
        assert_int_equal(in.first_line, 1);
        assert_int_equal(in.last_line, 1);
        assert_string_equal(in.heredocs[0].content, "body\n");
        assert_string_equal(instruction_flag(&in, "from"), "a");
        assert_int_equal(dockerfile_parse_trigger(d, "NONSENSE x", 2, &in, &e), -1);
        assert_string_equal(err_message(e), "Dockerfile:2: unknown instruction: NONSENSE");
        assert_non_null(strstr(err_excerpt_text(e), ">>> RUN y"));
        assert_non_null(strstr(err_hints(e), "ONBUILD"));
        err_clear(&e);
        assert_int_equal(dockerfile_parse_trigger(d, "RUN a\nRUN b", 2, &in, &e), -1);
        assert_non_null(strstr(err_message(e), "2 instructions"));
        err_clear(&e);
        assert_int_equal(dockerfile_parse_trigger(d, "", 2, &in, &e), -1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_continuation),
                cmocka_unit_test(test_escaped_escape_does_not_continue),
                cmocka_unit_test(test_empty_continuation_warns),
                cmocka_unit_test(test_positions),
                cmocka_unit_test(test_directives),
                cmocka_unit_test(test_directives_end),
                cmocka_unit_test(test_comments_above),
                cmocka_unit_test(test_nothing),
                cmocka_unit_test(test_limits),
                cmocka_unit_test(test_many_lines),
                cmocka_unit_test(test_trigger),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

/* "name=content|..." with x for expand, - for chomp behind the name */
static void assert_heredocs(const char *text, const char *want) {
        AUTO(dockerfile_freep) Dockerfile *d = NULL;
        const Instruction *in = parse_one(text, &d);
        char got[512] = "";
        for (size_t i = 0; i < in->heredoc_count; i++) {
                const Heredoc *h = &in->heredocs[i];
                assert_int_equal(h->content_size, strlen(h->content));
                if (i) strcat(got, "|");
                strcat(strcat(got, h->name), h->expand ? "x" : "");
                strcat(strcat(strcat(got, h->chomp ? "-" : ""), "="), h->content);
        }
        assert_string_equal(got, want);
}

static void test_forms(void **state) {
        (void)state;
        assert_heredocs("RUN <<EOF\na\nb\nEOF", "EOFx=a\nb\n");
        assert_heredocs("RUN <<EOF\nEOF\n", "EOFx=");
        assert_heredocs("COPY <<'EOF' /x\n$a\nEOF", "EOF=$a\n");
        assert_heredocs("COPY <<\"EOF\" /x\n$a\nEOF", "EOF=$a\n");
        assert_heredocs("COPY <<E'O'F /x\n$a\nEOF", "EOF=$a\n");
        assert_heredocs("COPY <<E\\OF /x\n$a\nEOF", "EOF=$a\n");
        assert_heredocs("COPY <<one <<two /d/\n1\none\n2\ntwo", "onex=1\n|twox=2\n");
        assert_heredocs("ADD <<my-file.2.conf /d\nx\nmy-file.2.conf\n", "my-file.2.confx=x\n");
        assert_heredocs("RUN cat <<A > /a && cat <<B > /b\n1\nA\n2\nB\n", "Ax=1\n|Bx=2\n");
        assert_heredocs("RUN <<EOF\r\na\r\nEOF\r\n", "EOFx=a\r\n");
        assert_heredocs("RUN <<EOF\n# kept\n\n  \\\nEOF", "EOFx=# kept\n\n  \\\n");
        assert_heredocs("ONBUILD COPY <<EOF /o\nx\nEOF", "EOFx=x\n");
}

static void test_chomp(void **state) {
        (void)state;
        assert_heredocs("COPY <<-EOF /x\n\tone\n\t\ttwo\n\t  three\n  four\n\tEOF",
                        "EOFx-=one\ntwo\n  three\n  four\n");
        AUTO(dockerfile_freep) Dockerfile *d = NULL;
        const Instruction *in = parse_one("RUN 3<<-E\n\tx\tz\nE", &d);
        assert_string_equal(in->heredocs[0].content, "x\tz\n");
        assert_string_equal(in->heredocs[0].raw, "\tx\tz\n");
        assert_int_equal(in->heredocs[0].descriptor, 3);
}

static void test_lookalikes(void **state) {
        (void)state;
        static const char *const lines[] = {
                "RUN echo \"$((1<<3))\"", "RUN echo 'a <<EOF'",  "RUN echo \"<<EOF\"", "RUN cat <<< EOF",
                "RUN echo $((1 << 3))",   "RUN echo it's <<EOF", "RUN [\"<<EOF\"]",    "COPY [\"<<EOF\", \"/x\"]",
                "RUN echo a<<EOF",        "RUN echo \\<<EOF",    "RUN echo <<",        "LABEL a=<<EOF",
                "RUN echo <<\"a b\"c<d",  "ENV A <<EOF",
        };
        for (size_t i = 0; i < ARRAY_SIZE(lines); i++) assert_heredocs(lines[i], "");
}

static void test_words(void **state) {
        (void)state;
        AUTO(dockerfile_freep) Dockerfile *d = NULL;
        const Instruction *in = parse_one("COPY a <<one b <<two /d/\n1\none\n2\ntwo", &d);
        assert_int_equal(in->word_count, 5);
        assert_null(instruction_heredoc(in, 0));
        assert_ptr_equal(instruction_heredoc(in, 1), &in->heredocs[0]);
        assert_null(instruction_heredoc(in, 2));
        assert_ptr_equal(instruction_heredoc(in, 3), &in->heredocs[1]);
        assert_null(instruction_heredoc(in, 4));
        assert_null(instruction_heredoc(in, 5));
}

static void test_refused(void **state) {
        (void)state;
        assert_refused("FROM x\nRUN <<EOF\na\nb\n", "Dockerfile:2: unterminated heredoc");
        assert_refused("FROM x\nRUN <<EOF\na\n EOF\n", "unterminated heredoc");
        assert_refused("FROM x\nRUN <<EOF\na\nEOF \n", "unterminated heredoc");
        assert_refused("FROM x\nCOPY a <<EOF\nEOF", "cannot accept a heredoc as a destination");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_forms), cmocka_unit_test(test_chomp),   cmocka_unit_test(test_lookalikes),
                cmocka_unit_test(test_words), cmocka_unit_test(test_refused),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}

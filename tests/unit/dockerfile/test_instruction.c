/* SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

/* words joined by "|" */
static void assert_words(const char *text, bool json, const char *want) {
        AUTO(dockerfile_freep) Dockerfile *d = NULL;
        const Instruction *in = parse_one(text, &d);
        char got[512] = "";
        for (size_t i = 0; i < in->word_count; i++) {
                if (i) strcat(got, "|");
                strcat(got, in->words[i]);
        }
        assert_string_equal(got, want);
        assert_int_equal(in->json, json);
}

/* pairs as "[key=value]", without "=value" when there is none */
static void assert_pairs(const char *text, bool legacy, const char *want) {
        AUTO(dockerfile_freep) Dockerfile *d = NULL;
        const Instruction *in = parse_one(text, &d);
        char got[512] = "";
        for (size_t i = 0; i < in->pair_count; i++) {
                strcat(got, "[");
                strcat(got, in->pairs[i].key);
                if (in->pairs[i].value) strcat(strcat(got, "="), in->pairs[i].value);
                strcat(got, "]");
        }
        assert_string_equal(got, want);
        assert_int_equal(in->legacy_pair, legacy);
}

static void test_words(void **state) {
        (void)state;
        assert_words("FROM  \t a  AS\tb ", false, "a|AS|b");
        assert_words("copy a b\\ c /d", false, "a|b\\|c|/d");
        assert_words("EXPOSE \"80\" '81'", false, "\"80\"|'81'");
        assert_words("VOLUME /a /b", false, "/a|/b");
        assert_words("RUN  echo   hi  ", false, "echo   hi");
        assert_words("WORKDIR /a b/c", false, "/a b/c");
        assert_words("MAINTAINER A B <c>", false, "A B <c>");
        assert_words("CMD", false, "");
        assert_words("RUN\techo", false, "echo");
}

static void test_json(void **state) {
        (void)state;
        assert_words("CMD [\"a\", \"b c\"]", true, "a|b c");
        assert_words("CMD []", true, "");
        assert_words("CMD [ ]", true, "");
        assert_words("COPY [\"a b\", \"/c d\"]", true, "a b|/c d");
        assert_words("CMD [\"\\u00e4\\ud83d\\ude00\\n\\/\", \"\\ud800x\"]", true,
                     "\xC3\xA4\xF0\x9F\x98\x80\n/|\xEF\xBF\xBDx");
        assert_words("CMD ['a', 'b']", false, "['a', 'b']");
        assert_words("CMD [\"a\"] && b", false, "[\"a\"] && b");
        assert_words("CMD [\"a\",]", false, "[\"a\",]");
        assert_words("CMD [\"a\", \"b\"", false, "[\"a\", \"b\"");
        assert_words("CMD [\"\\x\"]", false, "[\"\\x\"]");
        assert_words("CMD [ -f x ] || y", false, "[ -f x ] || y");
        assert_words("CMD [01]", false, "[01]");
        assert_words("HEALTHCHECK cmd [\"a\"]", true, "a");
        assert_words("VOLUME [\"/a\"]", true, "/a");
        assert_refused("FROM x\nCMD [\"a\", 1]", "strings only");
        assert_refused("FROM x\nCMD [\"a\", [\"b\"]]", "strings only");
        assert_refused("FROM x\nCMD [null, {\"a\": [1.5e-3, true]}]", "strings only");
}

static void test_pairs(void **state) {
        (void)state;
        assert_pairs("ENV a=1 b=2", false, "[a=1][b=2]");
        assert_pairs("ENV a=\"x y\" b='p q' c=r\\ s", false, "[a=\"x y\"][b='p q'][c=r\\ s]");
        assert_pairs("ENV a=b=c d==e f=", false, "[a=b=c][d==e][f=]");
        assert_pairs("LABEL \"b c\"=\"d e\" a=\"\"", false, "[\"b c\"=\"d e\"][a=\"\"]");
        assert_pairs("LABEL n=\"multi \\\nline\"", false, "[n=\"multi line\"]");
        assert_pairs("ENV a=b\\", false, "[a=b]");
        assert_pairs("ENV A one  two   three", true, "[A=one  two   three]");
        assert_pairs("ENV C a=b c=d", true, "[C=a=b c=d]");
        assert_pairs("ENV D   lead", true, "[D=lead]");
        assert_pairs("ARG a b=1 c=\"2 3\"", false, "[a][b=1][c=\"2 3\"]");
        assert_pairs("ENV a=\"it's \\\" q\" b='\\' c=2", false, "[a=\"it's \\\" q\"][b='\\'][c=2]");
}

static void test_pairs_refused(void **state) {
        (void)state;
        assert_refused("FROM x\nENV", "ENV requires at least one argument");
        assert_refused("FROM x\nENV a", "ENV must have two arguments");
        assert_refused("FROM x\nENV a=1 b", "can't find = in \"b\"");
        assert_refused("FROM x\nENV a=1 # c", "can't find = in \"#\"");
        assert_refused("FROM x\nENV =x", "ENV names can not be blank");
        assert_refused("FROM x\nLABEL =x", "LABEL names can not be blank");
        assert_refused("FROM x\nARG =x", "ARG names can not be blank");
        assert_refused("ARG", "ARG requires at least one argument");
}

static void test_flags(void **state) {
        (void)state;
        AUTO(dockerfile_freep) Dockerfile *d = NULL;
        const Instruction *in = parse_one(
                "COPY --from=a --chown='1 :2' --link --parents=FALSE --exclude=x --exclude=y\\ z -- --s /d", &d);
        assert_int_equal(in->flag_count, 6);
        assert_string_equal(instruction_flag(in, "from"), "a");
        assert_string_equal(instruction_flag(in, "chown"), "1 :2");
        assert_true(instruction_flag_on(in, "link"));
        assert_null(instruction_flag(in, "link"));
        assert_false(instruction_flag_on(in, "parents"));
        assert_string_equal(in->flags[5].value, "y z");
        assert_int_equal(in->word_count, 2);
        assert_string_equal(in->words[0], "--s");
        assert_string_equal(in->rest, "--s /d");
}

static void test_flags_only_before_arguments(void **state) {
        (void)state;
        assert_words("COPY a --chown=5:5 /d/", false, "a|--chown=5:5|/d/");
        assert_words("RUN --network=none --mount=target=/m [\"a\"]", true, "a");
}

static void test_flags_refused(void **state) {
        (void)state;
        assert_refused("FROM x\nCOPY --bogus=1 a b", "unknown flag: --bogus");
        assert_refused("FROM x\nCOPY --form=1 a b", "unknown flag: --form (did you mean --from?)");
        assert_refused("FROM x\nCOPY --checksum=1 a b", "unknown flag: --checksum");
        assert_refused("FROM x\nWORKDIR --x=y /w", "unknown flag: --x");
        assert_refused("FROM x\nCOPY --from=a --from=b a b", "duplicate flag specified: --from");
        assert_refused("FROM x\nCOPY --from a b", "missing a value on flag: --from");
        assert_refused("FROM x\nCOPY --link= a b", "missing a value on flag: --link");
        assert_refused("FROM x\nCOPY --link=maybe a b", "expecting boolean value for flag --link, not: maybe");
        assert_refused("FROM x\nRUN --network=blah true", "invalid network mode 'blah'");
        assert_refused("FROM x\nCOPY --from=$A a b", "variable expansion is not supported for --from");
}

static void test_counts_refused(void **state) {
        (void)state;
        assert_refused("FROM", "FROM requires either one or three arguments");
        assert_refused("FROM x IS a", "FROM requires either one or three arguments");
        assert_refused("FROM x AS a b", "FROM requires either one or three arguments");
        assert_refused("FROM x AS 1st", "invalid name for build stage: \"1st\"");
        assert_refused("FROM x AS a/b", "contain symbols");
        assert_refused("FROM x\nCOPY a", "at least two arguments, but only one");
        assert_refused("FROM x\nADD", "at least two arguments");
        assert_refused("FROM x\nWORKDIR", "WORKDIR requires exactly one argument");
        assert_refused("FROM x\nUSER ", "USER requires exactly one argument");
        assert_refused("FROM x\nEXPOSE", "EXPOSE requires at least one argument");
        assert_refused("FROM x\nVOLUME [\"\"]", "can not be an empty string");
        assert_refused("FROM x\nVOLUME", "VOLUME requires at least one argument");
        assert_refused("FROM x\nSHELL /bin/sh -c", "SHELL requires the arguments to be in JSON form");
        assert_refused("FROM x\nSHELL []", "SHELL requires at least one argument");
        assert_refused("FROM x\nRUN", "RUN requires");
        assert_refused("FROM x\nRUN []", "RUN requires");
}

static void test_health(void **state) {
        (void)state;
        AUTO(dockerfile_freep) Dockerfile *d = NULL;
        const Instruction *in = parse_one("healthcheck --retries=2 --interval=1m30s cmd  foo bar", &d);
        assert_string_equal(in->health_type, "CMD");
        assert_string_equal(in->words[0], "foo bar");
        assert_refused("FROM x\nHEALTHCHECK", "HEALTHCHECK requires at least one argument");
        assert_refused("FROM x\nHEALTHCHECK NONE x", "HEALTHCHECK NONE takes no arguments");
        assert_refused("FROM x\nHEALTHCHECK RUN x", "unknown type \"RUN\" in HEALTHCHECK (try CMD)");
        assert_refused("FROM x\nHEALTHCHECK CMD", "missing command after HEALTHCHECK CMD");
        assert_refused("FROM x\nHEALTHCHECK CMD []", "missing command after HEALTHCHECK CMD");
        assert_refused("FROM x\nHEALTHCHECK --interval=5 CMD x", "--interval");
        assert_refused("FROM x\nHEALTHCHECK --timeout=100us CMD x", "cannot be less than 1ms");
        assert_refused("FROM x\nHEALTHCHECK --retries=-1 CMD x", "--retries cannot be negative (-1)");
        assert_refused("FROM x\nHEALTHCHECK --retries=x CMD x", "'x' is not a number");
}

static void assert_trigger(const char *text, const char *want) {
        AUTO(dockerfile_freep) Dockerfile *d = NULL;
        const Instruction *in = parse_one(text, &d);
        assert_string_equal(in->rest, want);
        assert_string_equal(in->words[0], want);
}

static void test_onbuild(void **state) {
        (void)state;
        assert_trigger("ONBUILD RUN  echo   hi", "RUN  echo   hi");
        assert_trigger("onbuild copy a.txt /x", "copy a.txt /x");
        assert_trigger("ONBUILD RUN --mount=target=/m true", "RUN --mount=target=/m true");
        assert_trigger("ONBUILD NONSENSE x", "NONSENSE x");
        assert_trigger("ONBUILD RUN <<EOF\necho a\nEOF", "RUN <<EOF\necho a\nEOF");
        assert_refused("FROM x\nONBUILD", "ONBUILD requires at least one argument");
        assert_refused("FROM x\nONBUILD ONBUILD RUN a", "Chaining ONBUILD");
        assert_refused("FROM x\nONBUILD maintainer a", "MAINTAINER isn't allowed as an ONBUILD trigger");
        assert_refused("FROM x\nONBUILD FROM a", "FROM isn't allowed as an ONBUILD trigger");
        assert_refused("FROM x\nONBUILD ENV a", "ENV must have two arguments");
}

static void test_unknown(void **state) {
        (void)state;
        assert_refused("FROM x\nRUN y\nFORM z", "Dockerfile:3: unknown instruction: FORM (did you mean FROM?)");
        assert_refused("FROM x\nENTRYPOIN z", "(did you mean ENTRYPOINT?)");
        assert_refused("FROM x\nzzz z", "unknown instruction: zzz");
        assert_refused("FROM x\nCMD <<EOF\necho\nEOF", "Dockerfile:3: unknown instruction: echo");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_words),         cmocka_unit_test(test_json),
                cmocka_unit_test(test_pairs),         cmocka_unit_test(test_pairs_refused),
                cmocka_unit_test(test_flags),         cmocka_unit_test(test_flags_only_before_arguments),
                cmocka_unit_test(test_flags_refused), cmocka_unit_test(test_counts_refused),
                cmocka_unit_test(test_health),        cmocka_unit_test(test_onbuild),
                cmocka_unit_test(test_unknown),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include "base/buf.h"
#include "dockerfile/checks.h"

/* "line:Rule " for each warning */
static void assert_warns(const char *text, const char *rules, const char *want) {
        AUTO(dockerfile_freep) Dockerfile *d = parse_text(text);
        AUTO(checks_freep) Checks *c = checks_new(d, rules);
        AUTO(buf_done) Buf got = {0};
        size_t n;
        checks_text(c);
        const Finding *list = checks_list(c, &n);
        buf_adds(&got, "");
        for (size_t i = 0; i < n; i++) buf_addf(&got, "%u:%s ", list[i].first_line, check_rule(list[i].id)->name);
        assert_string_equal(got.p ? got.p : "", want);
}

static void test_rules(void **state) {
        (void)state;
        assert_warns("FROM x AS a\nENV A=b\nCMD [\"a\"]\n", NULL, "");
        assert_warns("FROM x\nMAINTAINER y", NULL, "2:MaintainerDeprecated ");
        assert_warns("FROM x\nENV a b\nLABEL c d", NULL, "2:LegacyKeyValueFormat 3:LegacyKeyValueFormat ");
        assert_warns("FROM x AS Abc\n", NULL, "1:StageNameCasing ");
        assert_warns("FROM x as a\n", NULL, "1:FromAsCasing ");
        assert_warns("from x as a\nrun y\n", NULL, "");
        assert_warns("FROM x\nRUN y\nrun z\nRuN w\n", NULL,
                     "3:ConsistentInstructionCasing 4:ConsistentInstructionCasing ");
        assert_warns("FROM x AS scratch\nFROM y AS a\nFROM z AS a\n", NULL,
                     "1:ReservedStageName 3:DuplicateStageName ");
        assert_warns("FROM x\nCMD a\nFROM y\nSHELL [\"/a\"]\nCMD a\n", NULL, "2:JSONArgsRecommended ");
        assert_warns("FROM x\nCMD [\"a\"]\nCMD [\"b\"]\nFROM y\nCMD [\"c\"]\n", NULL,
                     "2:MultipleInstructionsDisallowed ");
        assert_warns("FROM x\nRUN a \\\n\n b\n", NULL, "2:NoEmptyContinuation ");
}

static void test_skips(void **state) {
        (void)state;
        assert_warns("# check=skip=MaintainerDeprecated\nFROM x\nMAINTAINER y\nENV a b", NULL,
                     "4:LegacyKeyValueFormat ");
        assert_warns("# check=skip=all;error=true\nFROM x\nMAINTAINER y\nENV a b", NULL, "");
        assert_warns("# check=error=true\nFROM x\nMAINTAINER y", "skip=all", "");
        assert_warns("FROM x\n# check=skip=NoEmptyContinuation\nRUN a \\\n\n b\nRUN a \\\n\n b\n", NULL,
                     "6:NoEmptyContinuation ");
        assert_warns("FROM x\n# check=skip=LegacyKeyValueFormat\nENV a b\nENV c d", NULL, "4:LegacyKeyValueFormat ");
        assert_warns("# check=skip=NoEmptyContinuation, x\nFROM x\nRUN a \\\n\n b\n", NULL, "");
}

static void test_table(void **state) {
        (void)state;
        CheckId id;
        CheckLevel level;
        AUTO(buf_done) Buf url = {0};
        for (int i = 0; i < CHECK_ID_MAX; i++) {
                assert_true(check_find(str_of(check_rule((CheckId)i)->name), &id));
                assert_int_equal(id, i);
                assert_non_null(check_rule(id)->title);
                assert_non_null(check_rule(id)->fix);
        }
        assert_int_equal(CHECK_BUILDKIT_MAX, 22);
        assert_false(check_find(STR("NoSuchRule"), &id));
        assert_true(check_level_find("info", &level) && level == CHECK_LEVEL_INFO);
        assert_false(check_level_find("x", &level));
        check_url(CHECK_SHELL_FORM, &url);
        assert_string_equal(url.p, "https://docs.docker.com/go/dockerfile/rule/json-args-recommended/");
        buf_clear(&url);
        check_url(CHECK_NO_SHELL, &url);
        assert_string_equal(url.p, "docs/checks/ShellFormWithoutShell.md");
}

/* The same twice is one; rules of decant's own fail no build. */
static void test_list(void **state) {
        (void)state;
        AUTO(dockerfile_freep) Dockerfile *d = parse_text("# check=error=true\nFROM x\nRUN y\n");
        AUTO(checks_freep) Checks *c = checks_new(d, NULL);
        size_t n;
        checks_add(c, CHECK_NO_COMMAND, &d->instructions[1], "text");
        checks_advise(c, (CheckAdvice){CHECK_NO_COMMAND, &d->instructions[1], "do"}, "text");
        checks_advise(c, (CheckAdvice){CHECK_NO_COMMAND, &d->instructions[0], "do"}, "text");
        const Finding *list = checks_list(c, &n);
        assert_int_equal(n, 2);
        assert_int_equal(list[0].first_line, 2);
        assert_string_equal(list[0].fix, "do");
        assert_string_equal(list[1].fix, check_rule(CHECK_NO_COMMAND)->fix);
        assert_int_equal(checks_verdict(c, NULL), 0);
        assert_ptr_equal(checks_instruction(c, 3), &d->instructions[1]);
        assert_null(checks_instruction(c, 1));
        checks_add(NULL, CHECK_NO_COMMAND, NULL, "nobody wants it");
}

static void test_fatal(void **state) {
        (void)state;
        AUTO(dockerfile_freep)
        Dockerfile *d = parse_text("# check=error=true\nFROM x\nMAINTAINER y\nMAINTAINER z\nENV a b\n");
        AUTO(err_freep) Err *e = NULL;
        AUTO(checks_freep) Checks *c = checks_new(d, NULL);
        checks_text(c);
        assert_int_equal(checks_verdict(c, &e), -1);
        assert_string_equal(err_message(e),
                            "Dockerfile:3: lint violation found for rules: MaintainerDeprecated, LegacyKeyValueFormat");
        assert_non_null(strstr(err_excerpt_text(e), ">>> MAINTAINER y"));
}

static void assert_rules(const char *rules, const char *wrong) {
        AUTO(dockerfile_freep) Dockerfile *d = parse_text("# syntax=x\n#check = skp=all\nFROM x\n");
        AUTO(err_freep) Err *e = NULL;
        AUTO(checks_freep) Checks *c = checks_new(d, rules);
        assert_int_equal(checks_validate(c, &e), wrong ? -1 : 0);
        if (wrong) assert_string_equal(err_message(e), wrong);
}

static void test_options(void **state) {
        (void)state;
        assert_rules(NULL, "Dockerfile:2: invalid check option 'skp'");
        assert_rules("skip", "BUILDKIT_DOCKERFILE_CHECK: invalid check option 'skip': it has no value");
        assert_rules("skip=all; error=maybe",
                     "BUILDKIT_DOCKERFILE_CHECK: invalid check option 'error=maybe': it should be true or false");
        assert_rules("", NULL);
        assert_rules(" skip = A, B ;error=1;experimental=all;", NULL);
        AUTO(dockerfile_freep) Dockerfile *d = parse_text("FROM x\n");
        AUTO(checks_freep) Checks *fatal = checks_new(d, "error=T"), *not_fatal = checks_new(d, "error=0");
        assert_true(checks_are_fatal(fatal) && !checks_are_fatal(not_fatal));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_rules), cmocka_unit_test(test_skips), cmocka_unit_test(test_table),
                cmocka_unit_test(test_list),  cmocka_unit_test(test_fatal), cmocka_unit_test(test_options),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}

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
        assert_warns("FROM x\n# check=skip=LegacyKeyValueFormat\nENV a b\nENV c d", NULL, "4:LegacyKeyValueFormat ");
        assert_warns("# check=skip=NoEmptyContinuation, x\nFROM x\nRUN a \\\n\n b\n", NULL, "");
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

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_rules),
                cmocka_unit_test(test_skips),
                cmocka_unit_test(test_fatal),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}

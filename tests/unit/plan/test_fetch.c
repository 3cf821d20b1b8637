/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/str.h"
#include "helper.h"

#define SUM "sha256:0000000000000000000000000000000000000000000000000000000000000000"

static void plan_ok(Fixture *f, const char *text) {
        if (fixture_plan(f, text) < 0) fail_msg("%s", err_message(f->error));
}

static size_t count_steps(const Plan *plan, StepKind kind) {
        size_t count = 0;
        for (size_t i = 0; i < plan->step_count; i++) count += plan->steps[i]->kind == kind;
        return count;
}

static void urls(void **state) {
        (void)state;
        Fixture f;
        fixture_init(&f);
        plan_ok(&f, "FROM scratch\nARG U=http://h\nADD $U/a%20b.txt local $U/ $U/x[1] /d/\n");
        const PlanCopy *copy = &last_step(f.plan)->copy;
        assert_int_equal(copy->source_count, 4);
        assert_int_equal(copy->fetched_count, 3);
        assert_int_equal(last_step(f.plan)->input_count, 3);
        assert_string_equal(copy->sources[1], "local");
        assert_false(copy->remote[1]);
        assert_true(copy->remote[0] && copy->remote[2] && copy->remote[3]);
        assert_true(starts_with(copy->sources[0], "/" PLAN_FETCHED_PREFIX));
        assert_true(ends_with(copy->sources[0], "/a b.txt"));
        assert_true(ends_with(copy->sources[2], "/__unnamed__"));
        assert_true(ends_with(copy->sources[3], "/x\\[1]"));
        const PlanFetch *fetch = &copy->fetched[0]->fetch;
        assert_int_equal(fetch->kind, FETCH_FILE);
        assert_string_equal(fetch->url, "http://h/a%20b.txt");
        assert_string_equal(fetch->name, "a b.txt");
        assert_true(f.plan->context_needed);
        assert_string_equal(history_at(f.plan, 1),
                            "ADD http://h/a%20b.txt local http://h/ http://h/x[1] /d/ # buildkit");
        fixture_done(&f);
}

static void equal_ones_are_one_step(void **state) {
        (void)state;
        Fixture f;
        fixture_init(&f);
        plan_ok(&f, "FROM scratch AS a\nADD http://h/f /f\nFROM scratch\nCOPY --from=a /f /\nADD http://h/f /g\n"
                    "ADD --checksum=" SUM " http://h/f /h\n");
        assert_int_equal(count_steps(f.plan, STEP_FETCH), 2);
        assert_false(f.plan->context_needed);
        fixture_done(&f);
}

static void repositories(void **state) {
        (void)state;
        Fixture f;
        fixture_init(&f);
        plan_ok(&f, "FROM scratch\nADD --keep-git-dir=true --checksum=abcdef1 https://h/r.git#v1:sub /d\n");
        const PlanFetch *fetch = &last_step(f.plan)->copy.fetched[0]->fetch;
        assert_int_equal(fetch->kind, FETCH_GIT);
        assert_true(fetch->keep_git_dir);
        assert_string_equal(fetch->checksum, "abcdef1");
        plan_ok(&f, "FROM scratch\nADD git@h:a/b.git?keep-git-dir /d\n");
        assert_true(last_step(f.plan)->copy.fetched[0]->fetch.keep_git_dir);
        plan_ok(&f, "FROM scratch\nADD --keep-git-dir=false git://h/b.git?keep-git-dir /d\n");
        assert_false(last_step(f.plan)->copy.fetched[0]->fetch.keep_git_dir);
        fixture_done(&f);
}

static void named_contexts(void **state) {
        (void)state;
        static const PlanPair pairs[] = {{"repo", "https://h/r.git#main"}, {"files", "https://h/a.tar"}};
        Fixture f;
        fixture_init(&f);
        f.params.named_contexts = pairs;
        f.params.named_context_count = 2;
        plan_ok(&f, "FROM repo AS base\nFROM busybox\nCOPY --from=base a /a\nCOPY --from=files b /b\n"
                    "RUN --mount=from=files,target=/m true\n");
        assert_int_equal(count_steps(f.plan, STEP_FETCH), 2);
        const PlanStep *from = last_step(f.plan)->run.mounts[0].from;
        assert_int_equal(from->kind, STEP_FETCH);
        assert_int_equal(from->fetch.kind, FETCH_ARCHIVE);
        assert_string_equal(from->fetch.place, "");
        fixture_done(&f);
}

static void refusals(void **state) {
        (void)state;
        static const char *const rows[][2] = {
                {"COPY http://h/f /f", "source can't be a URL for COPY"},
                {"ADD --checksum=" SUM " a /f", "neither HTTP(S) nor git"},
                {"ADD --checksum=" SUM " http://h/a http://h/b /f/", "multiple sources"},
                {"ADD --checksum=md5:0 http://h/a /f/", "invalid checksum"},
                {"ADD git://h/a?subdirectory=x /f/", "unexpected query parameter"},
                {"ADD https://h/a.git#-x /f/", "cannot be the name"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                Fixture f;
                fixture_init(&f);
                AUTO(freep) char *text = xasprintf("FROM scratch\n%s\n", rows[i][0]);
                assert_int_equal(fixture_plan(&f, text), -1);
                assert_int_equal(err_kind(f.error), ERR_SYNTAX);
                assert_non_null(strstr(err_message(f.error), rows[i][1]));
                assert_non_null(strstr(err_message(f.error), "Dockerfile:2"));
                fixture_done(&f);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(urls),         cmocka_unit_test(equal_ones_are_one_step),
                cmocka_unit_test(repositories), cmocka_unit_test(named_contexts),
                cmocka_unit_test(refusals),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "helper.h"

static void images_are_resolved_once(void **state) {
        (void)state;
        Fixture f;
        fixture_init(&f);
        assert_int_equal(
                fixture_plan(&f, "FROM busybox AS a\nRUN x\nFROM busybox:latest\nCOPY --from=a /x /y\n"
                                 "COPY --from=docker.io/library/busybox /x /z\nRUN --mount=from=layered,target=/m x\n"),
                0);
        assert_int_equal(f.resolved, 2);
        assert_int_equal(f.plan->stage_count, 4);
        assert_int_equal(f.plan->stages[3].index, SIZE_MAX);
        assert_false(f.plan->context_needed);
        for (size_t i = 0; i < f.plan->step_count; i++) {
                const PlanStep *s = f.plan->steps[i];
                assert_int_equal(s->id, i);
                assert_true(!s->parent || s->parent->id < s->id);
                for (size_t k = 0; k < s->input_count; k++) assert_true(s->inputs[k]->id < s->id);
        }
        fixture_done(&f);
}

static void named_contexts(void **state) {
        (void)state;
        Fixture f;
        fixture_init(&f);
        PlanPair contexts[] = {
                {"ubuntu:latest", "docker-image://busybox"}, {"extra", "dir"}, {"far", "input:x"}, {"st", "dir"}};
        f.params.named_contexts = contexts;
        f.params.named_context_count = 4;
        assert_int_equal(fixture_plan(&f, "FROM ubuntu\nCOPY --from=extra a /\nRUN --mount=from=extra,target=/m x\n"),
                         0);
        assert_string_equal(f.plan->steps[0]->image->resolved, "busybox");
        assert_string_equal(last_step(f.plan)->parent->copy.context, "extra");
        assert_string_equal(last_step(f.plan)->run.mounts[0].from_context, "extra");
        assert_int_equal(fixture_plan(&f, "FROM extra\nCOPY a /a\n"), 0);
        assert_string_equal(history_at(f.plan, 1), "[1/2] COPY a /a");
        assert_string_equal(last_step(f.plan)->parent->copy.context, "extra");
        assert_int_equal(fixture_plan(&f, "FROM nowhere AS st\nRUN never\nFROM st\n"), 0);
        assert_int_equal(fixture_plan(&f, "FROM far\n"), -1);
        assert_int_equal(err_kind(f.error), ERR_UNSUPPORTED);
        assert_non_null(strstr(err_message(f.error), "input:x"));
        fixture_done(&f);
}

static void failures(void **state) {
        (void)state;
        Fixture f;
        fixture_init(&f);
        assert_int_equal(fixture_plan(&f, "FROM busybox AS build\nFROM busybox\nCOPY --from=buld /x /y\n"), -1);
        assert_int_equal(err_kind(f.error), ERR_NOT_FOUND);
        assert_non_null(strstr(err_hints(f.error), "'build'"));
        assert_non_null(strstr(err_message(f.error), "Dockerfile:3"));
        assert_int_equal(fixture_plan(&f, "FROM BusyBox\n"), -1);
        assert_int_equal(fixture_plan(&f, "FROM busybox AS a\nCOPY --from=b /x /y\nFROM busybox AS b\nFROM a\n"), -1);
        assert_non_null(strstr(err_message(f.error), "needs to be defined before"));
        fixture_done(&f);
}

static void path_is_always_set(void **state) {
        (void)state;
        Fixture f;
        fixture_init(&f);
        assert_int_equal(fixture_plan(&f, "FROM busybox-nopath\nRUN x\n"), 0);
        assert_non_null(strvec_env_get(&f.plan->target->config.env, "PATH"));
        assert_non_null(list_value(last_step(f.plan)->run.env, "PATH"));
        fixture_done(&f);
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(images_are_resolved_once), cmocka_unit_test(named_contexts),
                                           cmocka_unit_test(failures), cmocka_unit_test(path_is_always_set)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}

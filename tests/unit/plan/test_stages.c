/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/buf.h"
#include "helper.h"

static void names(void **state) {
        (void)state;
        Fixture f;
        fixture_init(&f);
        assert_int_equal(
                fixture_plan(
                        &f,
                        "FROM busybox AS Build\nRUN a\nWORKDIR /w\nFROM scratch\nCOPY --from=build /a /b\nENV x=y\n"),
                0);
        assert_int_equal(f.plan->step_count, 5);
        assert_string_equal(f.plan->stages[0].name, "build");
        assert_string_equal(last_step(f.plan)->name, "[stage-1 1/1] COPY --from=build /a /b");
        assert_string_equal(last_step(f.plan)->copy.from->name, "[build 3/3] WORKDIR /w");
        assert_string_equal(last_step(f.plan)->copy.from->parent->parent->name, "[build 1/3] FROM busybox");
        fixture_done(&f);
}

static void unreachable(void **state) {
        (void)state;
        Fixture f;
        fixture_init(&f);
        assert_int_equal(fixture_plan(&f, "FROM nowhere AS bad\nEXPOSE y\nFROM busybox AS good\nFROM bad\n"), -1);
        f.params.target = "GOOD";
        assert_int_equal(fixture_plan(&f, "FROM nowhere AS bad\nEXPOSE y\nFROM busybox AS good\nFROM bad\n"), 0);
        assert_int_equal(f.plan->step_count, 1);
        assert_true(f.plan->target == &f.plan->stages[1]);
        assert_false(f.plan->stages[0].reachable);
        f.params.target = "godo";
        assert_int_equal(fixture_plan(&f, "FROM nowhere AS bad\nFROM busybox AS good\n"), -1);
        assert_int_equal(err_kind(f.error), ERR_NOT_FOUND);
        assert_non_null(strstr(err_hints(f.error), "good"));
        fixture_done(&f);
}

static void inheritance(void **state) {
        (void)state;
        Fixture f;
        fixture_init(&f);
        assert_int_equal(fixture_plan(&f, "FROM busybox AS a\nARG X=x\nENV Y=y\nWORKDIR /w\nUSER u\nFROM a\nRUN z\n"),
                         0);
        const PlanRun *run = &last_step(f.plan)->run;
        assert_string_equal(list_value(run->env, "X"), "x");
        assert_string_equal(list_value(run->env, "Y"), "y");
        assert_string_equal(run->cwd, "/w");
        assert_string_equal(run->user, "u");
        assert_string_equal(history_at(f.plan, 5), "RUN |1 X=x /bin/sh -c z # buildkit");
        fixture_done(&f);
}

static void cache_filter(void **state) {
        (void)state;
        Fixture f;
        StrVec list = {0};
        fixture_init(&f);
        strvec_push(&list, "B");
        f.params.no_cache_stages = &list;
        assert_int_equal(fixture_plan(&f, "FROM busybox AS a\nRUN x\nFROM a AS b\nRUN y\n"), 0);
        assert_true(last_step(f.plan)->no_cache);
        assert_false(last_step(f.plan)->parent->no_cache);
        strvec_done(&list);
        fixture_done(&f);
}

static void too_many(void **state) {
        (void)state;
        Fixture f;
        Buf text = {0};
        fixture_init(&f);
        buf_adds(&text, "FROM scratch AS s0\n");
        for (int i = 1; i < 1000; i++) buf_addf(&text, "FROM s%d AS s%d\n", i - 1, i);
        assert_int_equal(fixture_plan(&f, text.p), 0);
        buf_adds(&text, "FROM s999\n");
        assert_int_equal(fixture_plan(&f, text.p), -1);
        assert_int_equal(err_kind(f.error), ERR_LIMIT);
        buf_done(&text);
        fixture_done(&f);
}

static void refusals(void **state) {
        (void)state;
        static const char *const rows[] = {"ARG A=1\n",
                                           "ENV A=1\nFROM scratch\n",
                                           "FROM scratch AS 1st\n",
                                           "FROM scratch AS a/b\n",
                                           "FROM scratch IS a\n",
                                           "ARG N\nFROM $N\n",
                                           "FROM --platform=a/b/c/d/e busybox\n",
                                           "ARG P\nFROM --platform=$P busybox\n",
                                           "FROM --platform=linux/ppc64le multiarch\n"};
        Fixture f;
        fixture_init(&f);
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) assert_int_equal(fixture_plan(&f, rows[i]), -1);
        fixture_done(&f);
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(names),       cmocka_unit_test(unreachable),
                                           cmocka_unit_test(inheritance), cmocka_unit_test(cache_filter),
                                           cmocka_unit_test(too_many),    cmocka_unit_test(refusals)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}

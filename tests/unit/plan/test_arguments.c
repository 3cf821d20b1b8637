/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "helper.h"

static void order(void **state) {
        (void)state;
        Fixture f;
        fixture_init(&f);
        PlanPair given[] = {{"B", "two words"}, {"HTTP_PROXY", "http://p"}, {"NOBODY", "x"}};
        f.params.build_args = given;
        f.params.build_arg_count = 3;
        assert_int_equal(fixture_plan(&f, "ARG G=global\nFROM busybox\nARG A=1 B C\nENV A=env E=$A\nARG G\nRUN x\n"),
                         0);
        const PlanRun *run = &last_step(f.plan)->run;
        assert_string_equal(list_value(run->env, "A"), "env");
        assert_string_equal(list_value(run->env, "B"), "two words");
        assert_null(list_value(run->env, "C"));
        assert_string_equal(list_value(run->env, "E"), "1");
        assert_string_equal(list_value(run->env, "G"), "global");
        assert_null(list_value(run->env, "HTTP_PROXY"));
        assert_string_equal(list_value(run->proxy_env, "HTTP_PROXY"), "http://p");
        assert_string_equal(list_value(run->proxy_env, "http_proxy"), "http://p");
        assert_string_equal(history_at(f.plan, 1), "ARG A=1 B=two words C");
        assert_string_equal(history_at(f.plan, 4), "RUN |4 A=env B=two words C= G=global /bin/sh -c x # buildkit");
        assert_int_equal(f.warnings, 1);
        fixture_done(&f);
}

static void a_line_of_env_sees_the_old_values(void **state) {
        (void)state;
        Fixture f;
        fixture_init(&f);
        assert_int_equal(fixture_plan(&f, "FROM scratch\nENV a=1\nENV a=2 b=$a\nARG c=3 d=$c\nRUN x\n"), 0);
        const PlanRun *run = &last_step(f.plan)->run;
        assert_string_equal(list_value(run->env, "b"), "1");
        assert_string_equal(list_value(run->env, "d"), "3");
        fixture_done(&f);
}

static void platform_names(void **state) {
        (void)state;
        Fixture f;
        Platform arm;
        fixture_init(&f);
        platform_parse(STR("linux/arm"), &arm, NULL);
        f.params.platform = &arm;
        assert_int_equal(fixture_plan(&f, "FROM scratch AS last\nARG TARGETPLATFORM BUILDARCH TARGETVARIANT "
                                          "TARGETSTAGE\nENV X=$TARGETOS\n"),
                         0);
        assert_string_equal(history_at(f.plan, 0),
                            "ARG TARGETPLATFORM=linux/arm/v7 BUILDARCH=amd64 TARGETVARIANT=v7 TARGETSTAGE=last");
        assert_string_equal(history_at(f.plan, 1), "ENV X=");
        assert_string_equal(f.plan->target->config.platform.variant, "v7");
        fixture_done(&f);
}

static void default_that_fails_does_not_matter_when_overridden(void **state) {
        (void)state;
        Fixture f;
        fixture_init(&f);
        assert_int_equal(fixture_plan(&f, "FROM scratch\nARG A=\"${X:?no X}\"\n"), -1);
        assert_non_null(strstr(err_message(f.error), "no X"));
        assert_non_null(strstr(err_message(f.error), "Dockerfile:2"));
        PlanPair given[] = {{"A", "ok"}};
        f.params.build_args = given;
        f.params.build_arg_count = 1;
        assert_int_equal(fixture_plan(&f, "FROM scratch\nARG A=\"${X:?no X}\"\n"), 0);
        fixture_done(&f);
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(order), cmocka_unit_test(a_line_of_env_sees_the_old_values),
                                           cmocka_unit_test(platform_names),
                                           cmocka_unit_test(default_that_fails_does_not_matter_when_overridden)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}

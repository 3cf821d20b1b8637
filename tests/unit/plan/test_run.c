/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "helper.h"

static void forms(void **state) {
        (void)state;
        Fixture f;
        fixture_init(&f);
        assert_int_equal(fixture_plan(&f, "FROM busybox\nUSER app\nRUN echo $HOME\n"), 0);
        const PlanRun *run = &last_step(f.plan)->run;
        assert_string_equal(run->argv[0], "/bin/sh");
        assert_string_equal(run->argv[2], "echo $HOME");
        assert_null(run->argv[3]);
        assert_string_equal(run->user, "app");
        assert_string_equal(run->cwd, "/");
        assert_int_equal(fixture_plan(&f, "FROM busybox\nRUN [\"a\", \"$b\"]\n"), 0);
        assert_string_equal(last_step(f.plan)->run.argv[1], "$b");
        assert_string_equal(history_at(f.plan, 1), "RUN a $b # buildkit");
        assert_int_equal(fixture_plan(&f, "FROM busybox-shell\nRUN x\n"), 0);
        assert_string_equal(last_step(f.plan)->run.argv[1], "-xc");
        fixture_done(&f);
}

static void heredocs(void **state) {
        (void)state;
        Fixture f;
        fixture_init(&f);
        assert_int_equal(fixture_plan(&f, "FROM busybox\nRUN <<-EOF\n\techo 1\n\techo 2\n\tEOF\n"), 0);
        assert_string_equal(last_step(f.plan)->run.argv[2], "echo 1\necho 2\n");
        assert_string_equal(last_step(f.plan)->name, "[2/2] RUN <<-EOF (echo 1...)");
        assert_int_equal(fixture_plan(&f, "FROM busybox\nRUN cat <<A <<'B' > /o\n1\nA\n2\nB\n"), 0);
        assert_string_equal(last_step(f.plan)->run.argv[2], "cat <<A <<'B' > /o\n1\nA\n2\nB");
        assert_int_equal(fixture_plan(&f, "FROM busybox\nRUN <<EOF\n#!/bin/awk -f\nx\nEOF\n"), 0);
        assert_string_equal(last_step(f.plan)->run.argv[2], "/dev/pipes/EOF");
        assert_string_equal(last_step(f.plan)->run.script->content, "#!/bin/awk -f\nx\n");
        fixture_done(&f);
}

static void flags(void **state) {
        (void)state;
        Fixture f;
        fixture_init(&f);
        assert_int_equal(fixture_plan(&f, "FROM busybox\nRUN --network=none --security=sandbox x\n"), 0);
        assert_int_equal(last_step(f.plan)->run.network, PLAN_NETWORK_NONE);
        assert_int_equal(fixture_plan(&f, "FROM busybox\nRUN --network=blah x\n"), -1);
        assert_int_equal(fixture_plan(&f, "FROM busybox\nRUN --security=insecure x\n"), -1);
        assert_int_equal(err_kind(f.error), ERR_DENIED);
        f.params.allow_insecure = true;
        f.params.network = "host";
        assert_int_equal(fixture_plan(&f, "FROM busybox\nRUN --security=insecure x\n"), 0);
        assert_true(last_step(f.plan)->run.insecure);
        assert_int_equal(last_step(f.plan)->run.network, PLAN_NETWORK_HOST);
        fixture_done(&f);
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(forms), cmocka_unit_test(heredocs),
                                           cmocka_unit_test(flags)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}

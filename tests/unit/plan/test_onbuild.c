/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "helper.h"

static void of_an_image(void **state) {
        (void)state;
        Fixture f;
        fixture_init(&f);
        assert_int_equal(fixture_plan(&f, "FROM busybox-onbuild\nRUN own\n"), 0);
        assert_string_equal(history_at(f.plan, 1), "ENV FROM_TRIGGER=yes");
        assert_string_equal(history_at(f.plan, 4), "RUN /bin/sh -c own # buildkit");
        assert_int_equal(f.plan->target->config.on_build.n, 0);
        assert_string_equal(last_step(f.plan)->name, "[4/4] RUN own");
        assert_int_equal(last_step(f.plan)->parent->first_line, 1);
        fixture_done(&f);
}

static void of_a_stage(void **state) {
        (void)state;
        Fixture f;
        fixture_init(&f);
        assert_int_equal(
                fixture_plan(&f, "FROM busybox AS src\nFROM busybox AS b\nONBUILD COPY --from=src /s <<E /s/\nx\nE\n"
                                 "FROM b AS c\nFROM c\n"),
                0);
        assert_string_equal(history_at(f.plan, 1), "COPY /s <<E /s/ # buildkit");
        assert_string_equal(history_at(f.plan, 2), "");
        assert_int_equal(last_step(f.plan)->copy.inline_count, 1);
        assert_int_equal(last_step(f.plan)->first_line, 6);
        fixture_done(&f);
}

static void refusals(void **state) {
        (void)state;
        static const char *const rows[] = {"ONBUILD ONBUILD RUN x", "ONBUILD FROM x", "ONBUILD maintainer x"};
        Fixture f;
        fixture_init(&f);
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                AUTO(freep) char *text = xasprintf("FROM scratch\n%s\n", rows[i]);
                assert_int_equal(fixture_plan(&f, text), -1);
        }
        assert_int_equal(fixture_plan(&f, "FROM scratch AS a\nONBUILD NONSENSE x\n"), 0);
        assert_string_equal(f.plan->target->config.on_build.v[0], "NONSENSE x");
        assert_int_equal(fixture_plan(&f, "FROM scratch AS a\nONBUILD NONSENSE x\nFROM a\n"), -1);
        assert_non_null(strstr(err_message(f.error), "NONSENSE"));
        fixture_done(&f);
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(of_an_image), cmocka_unit_test(of_a_stage),
                                           cmocka_unit_test(refusals)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}

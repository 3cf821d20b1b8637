/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "helper.h"

static void expose(void **state) {
        (void)state;
        Fixture f;
        fixture_init(&f);
        assert_int_equal(
                fixture_plan(&f, "FROM scratch\nENV P=\"81 82/UDP\"\nEXPOSE 127.0.0.1:8:90-92/sctp $P\nEXPOSE 81\n"),
                0);
        assert_string_equal(history_at(f.plan, 1), "EXPOSE [90/sctp 91/sctp 92/sctp 81/tcp 82/udp]");
        assert_int_equal(f.plan->target->config.exposed_ports.n, 5);
        static const char *const bad[] = {"EXPOSE 20-10", "EXPOSE 70000", "EXPOSE 1/icmp", "EXPOSE x", "EXPOSE 1-2-3"};
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                AUTO(freep) char *text = xasprintf("FROM scratch\n%s\n", bad[i]);
                assert_int_equal(fixture_plan(&f, text), -1);
                assert_int_equal(err_kind(f.error), ERR_SYNTAX);
        }
        fixture_done(&f);
}

static void commands(void **state) {
        (void)state;
        Fixture f;
        fixture_init(&f);
        assert_int_equal(fixture_plan(&f, "FROM busybox\nCMD [\"a\\tb\", \"\\u00e9\\u0007\"]\nENTRYPOINT x \"y\"\n"),
                         0);
        assert_string_equal(history_at(f.plan, 1), "CMD [\"a\\tb\" \"\xc3\xa9\\a\"]");
        assert_string_equal(history_at(f.plan, 2), "ENTRYPOINT [\"/bin/sh\" \"-c\" \"x \\\"y\\\"\"]");
        assert_int_equal(f.plan->target->config.cmd.n, 2);
        assert_int_equal(fixture_plan(&f, "FROM busybox AS a\nCMD c\nFROM a\nENTRYPOINT [\"/e\"]\n"), 0);
        assert_int_equal(f.plan->target->config.cmd.n, 0);
        fixture_done(&f);
}

static void healthcheck(void **state) {
        (void)state;
        Fixture f;
        fixture_init(&f);
        assert_int_equal(
                fixture_plan(&f, "FROM scratch\nHEALTHCHECK --interval=90m1.5s --timeout=1500us CMD [\"a\", \"b\"]\n"),
                0);
        assert_string_equal(history_at(f.plan, 0),
                            "HEALTHCHECK {Test:[CMD a b] Interval:1h30m1.5s Timeout:1.5ms StartPeriod:0s "
                            "StartInterval:0s Retries:0}");
        assert_int_equal(f.plan->target->config.healthcheck->timeout_ns, 1500000);
        fixture_done(&f);
}

static void workdir(void **state) {
        (void)state;
        Fixture f;
        fixture_init(&f);
        assert_int_equal(fixture_plan(&f, "FROM scratch\nWORKDIR /\nUSER app\nWORKDIR /a//b/\nWORKDIR ../c\n"), 0);
        assert_true(f.plan->target->config.history.v[0].empty_layer);
        assert_string_equal(history_at(f.plan, 2), "WORKDIR /a//b/");
        assert_string_equal(history_at(f.plan, 3), "WORKDIR /a/c");
        assert_string_equal(last_step(f.plan)->workdir.path, "/a/c");
        assert_string_equal(last_step(f.plan)->workdir.user, "app");
        assert_string_equal(last_step(f.plan)->parent->workdir.path, "/a/b");
        fixture_done(&f);
}

static void signals(void **state) {
        (void)state;
        Fixture f;
        fixture_init(&f);
        static const char *const good[] = {"KILL", "sigterm", "9", "RTMIN+3", "SIGRTMAX-1"};
        static const char *const bad[] = {"NOPE", "0", "65", "RTMIN+99", "SIG"};
        for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
                AUTO(freep) char *text = xasprintf("FROM scratch\nSTOPSIGNAL %s\n", good[i]);
                assert_int_equal(fixture_plan(&f, text), 0);
                assert_string_equal(f.plan->target->config.stop_signal, good[i]);
        }
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                AUTO(freep) char *text = xasprintf("FROM scratch\nSTOPSIGNAL %s\n", bad[i]);
                assert_int_equal(fixture_plan(&f, text), -1);
        }
        fixture_done(&f);
}

static void created(void **state) {
        (void)state;
        Fixture f;
        fixture_init(&f);
        assert_int_equal(fixture_plan(&f, "FROM scratch\nLABEL a=b\n"), 0);
        assert_int_equal(f.plan->target->config.created_ns, 1000);
        f.params.source_date_epoch_s = 7;
        PlanPair labels[] = {{"a", "command line"}};
        f.params.labels = labels;
        f.params.label_count = 1;
        assert_int_equal(fixture_plan(&f, "FROM scratch\nLABEL a=b\n"), 0);
        assert_int_equal(f.plan->target->config.history.v[0].created_ns, 7000000000);
        assert_string_equal(image_config_label(&f.plan->target->config, "a"), "command line");
        fixture_done(&f);
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(expose),      cmocka_unit_test(commands),
                                           cmocka_unit_test(healthcheck), cmocka_unit_test(workdir),
                                           cmocka_unit_test(signals),     cmocka_unit_test(created)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"
#include "cm.h"
#include "sandbox/rootless.h"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* The way of an ordinary user. Started as root it becomes one (who has no subordinate ids, so that a single id is
 * mapped), unless it is told a user: DECANT_TEST_UID. */

enum { NOBODY_LIKE = 54321 };

static Fixture fixture;

static int setup(void **state) {
        *state = &fixture;
        fixture_init(&fixture, "/tmp/decant-rootless-XXXXXX", RUNTIME_LAUNCHER);
        return 0;
}

static int teardown(void **state) {
        fixture_done(*state);
        return 0;
}

static void run(Fixture *f, const char *words) {
        AUTO(err_freep) Err *e = NULL;
        if (fixture_run(f, words, &e) < 0) fail_msg("%s\n%s", err_message(e), err_hints(e));
}

/* The user namespace that rootless_enter() makes: who is root in it is somebody else outside. */
static bool inside(void) {
        return rootless_outer_uid() != geteuid();
}

static void test_step(void **state) {
        Fixture *f = *state;
        assert_true(inside());
        assert_true(rootless_rung() == RUNG_SUBIDS || rootless_rung() == RUNG_SINGLE_ID);
        assert_int_not_equal(rootless_outer_uid(), 0);
        run(f, "probe id cat /proc/self/status fill /dev/null fill /etc/new cat /dev/zero2 mount mtime /proc/2");
        assert_int_equal(f->status, 0);
        assert_true(fixture_has(f, "uid=0 gid=0"));
        assert_true(fixture_has(f, "CapEff:\t00000000a80425fb\n"));
        assert_true(fixture_has(f, "Seccomp:\t2\n"));
        assert_true(fixture_has(f, "refused\n"));
        assert_true(fixture_left(f, "/etc/new"));
        assert_int_equal(fixture_count(f), 2);
}

static void test_owner(void **state) {
        Fixture *f = *state;
        run(f, "probe fill /x own /x");
        assert_true(fixture_has(f, rootless_rung() == RUNG_SUBIDS ? "owned\n" : "chown refused\n"));
}

static void test_network_none(void **state) {
        Fixture *f = *state;
        f->spec.network = NETWORK_NONE;
        run(f, "probe cat /proc/net/dev cat /sys/class/net/lo/operstate");
        assert_true(fixture_has(f, "lo:"));
        assert_false(fixture_has(f, "eth0:"));
        fixture_reset(f);
}

static void test_memory_refused(void **state) {
        Fixture *f = *state;
        StepCgroup g = {0};
        SandboxSpec spec = {.memory_bytes = 1 << 20};
        AUTO(err_freep) Err *e = NULL;
        if (cgroup_make(&spec, &g, &e) == 0) {
                cgroup_remove(&g);
                return;
        }
        assert_int_equal(err_kind(e), ERR_UNSUPPORTED);
        (void)f;
}

static void test_diagnose(void **state) {
        (void)state;
        AUTO(strvec_done) StrVec lines = {0};
        bool can_run = false;
        assert_int_equal(sandbox_diagnose(&lines, &can_run, NULL), 0);
        assert_true(can_run);
        for (size_t i = 0; i < lines.n; i++)
                assert_true(starts_with(lines.v[i], "ok: ") || starts_with(lines.v[i], "warn: "));
}

/* By way of a new start: a process that changed its user may not be looked into, not even by itself. */
static bool become_user(char **argv) {
        if (geteuid() != 0 || inside()) return true;
        const char *named = getenv("DECANT_TEST_UID");
        uid_t id = named ? (uid_t)atoi(named) : NOBODY_LIKE;
        if (setgroups(0, NULL) < 0 || setresgid(id, id, id) < 0 || setresuid(id, id, id) < 0) return false;
        execv("/proc/self/exe", argv);
        return false;
}

int main(int argc, char **argv) {
        (void)argc;
        if (!become_user(argv)) return SKIPPED;
        AUTO(err_freep) Err *e = NULL;
        if (rootless_enter(argv, &e) < 0) return 1;
        if (!inside() || !fixture_possible()) return SKIPPED;
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_step), cmocka_unit_test(test_owner),
                                           cmocka_unit_test(test_network_none), cmocka_unit_test(test_memory_refused),
                                           cmocka_unit_test(test_diagnose)};
        return cmocka_run_group_tests(tests, setup, teardown);
}

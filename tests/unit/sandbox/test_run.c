/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"
#include "cm.h"
#include "os/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

/* Steps for real, as root. */

static const char template[] = "/tmp/decant-run-XXXXXX";
static const char usual_capabilities[] = "CapEff:\t00000000a80425fb\n";

static Fixture fixture;

static int setup(void **state) {
        *state = &fixture;
        fixture_init(&fixture, template, RUNTIME_LAUNCHER);
        return 0;
}

static int teardown(void **state) {
        fixture_done(*state);
        return 0;
}

static Fixture *fresh(void **state) {
        fixture_reset(*state);
        return *state;
}

static void run(Fixture *f, const char *words) {
        AUTO(err_freep) Err *e = NULL;
        if (fixture_run(f, words, &e) < 0) fail_msg("%s\n%s", err_message(e), err_hints(e));
}

static void test_status(void **state) {
        Fixture *f = fresh(state);
        run(f, "probe exit 3");
        assert_int_equal(f->status, 3);
        assert_false(f->oom);
        run(f, "/bin/probe");
        assert_int_equal(f->status, 0);
        run(f, "missing");
        assert_int_equal(f->status, 127);
        assert_string_equal(f->output.p, "exec: \"missing\": executable file not found in $PATH\n");
        run(f, "/no/such");
        assert_int_equal(f->status, 127);
        assert_string_equal(f->output.p, "exec: \"/no/such\": no such file or directory\n");
        run(f, "/bin/plain");
        assert_int_equal(f->status, 126);
        run(f, "plain");
        assert_int_equal(f->status, 126);
        assert_true(fixture_has(f, "permission denied"));
}

static void test_nothing_left(void **state) {
        Fixture *f = fresh(state);
        run(f, "probe cat /etc/hosts mtime /etc cat /proc/self/status host umask sid");
        assert_int_equal(fixture_count(f), 0);
        assert_true(fixture_has(f, "127.0.0.1\tlocalhost buildkitsandbox\n"));
        assert_true(fixture_has(f, "\n1000\n"));
        assert_true(fixture_has(f, usual_capabilities));
        assert_true(fixture_has(f, "CapBnd:\t00000000a80425fb\n"));
        assert_true(fixture_has(f, "CapInh:\t0000000000000000\n"));
        assert_true(fixture_has(f, "CapAmb:\t0000000000000000\n"));
        assert_true(fixture_has(f, "NoNewPrivs:\t0\n"));
        assert_true(fixture_has(f, "Seccomp:\t2\n"));
        assert_true(fixture_has(f, "buildkitsandbox\n022\n1 1\n"));
}

static void test_writes_stay(void **state) {
        Fixture *f = fresh(state);
        run(f, "probe fill /etc/new touch /dev/x touch /dev/shm/y mkdir /d");
        assert_true(fixture_left(f, "/etc/new"));
        assert_true(fixture_left(f, "/d"));
        assert_int_equal(fixture_count(f), 3);
}

static void test_user(void **state) {
        Fixture *f = fresh(state);
        static const gid_t groups[] = {20, 30};
        f->spec.uid = 1000;
        f->spec.gid = 2000;
        f->spec.groups = groups;
        f->spec.group_count = 2;
        run(f, "probe id cat /proc/self/status mkdir /refused");
        assert_true(fixture_has(f, "uid=1000 gid=2000 groups=20,30,2000,\n"));
        assert_true(fixture_has(f, "CapEff:\t0000000000000000\n"));
        assert_true(fixture_has(f, "CapPrm:\t0000000000000000\n"));
        assert_true(fixture_has(f, "CapBnd:\t00000000a80425fb\n"));
        assert_true(fixture_has(f, "mkdir refused\n"));
}

static void test_directory(void **state) {
        Fixture *f = fresh(state);
        f->spec.cwd = "/home/new/deep";
        f->spec.uid = f->spec.gid = 1000;
        run(f, "probe pwd mode . mode ..");
        assert_string_equal(f->output.p, "/home/new/deep\n40755 1000 1000\n40755 1000 1000\n");
        assert_true(fixture_left(f, "/home/new/deep"));
}

static void test_masks(void **state) {
        Fixture *f = fresh(state);
        run(f, "probe mount cat /proc/keys cat /proc/timer_list fill /proc/sys/kernel/hostname fill /sys/kernel/x fill "
               "/etc/hosts host");
        assert_true(starts_with(f->output.p, "refused\n/proc/sys/kernel/hostname: Read-only"));
        assert_true(fixture_has(f, "/etc/hosts: Read-only"));
        assert_true(fixture_has(f, "\nbuildkitsandbox\n"));
        assert_int_equal(fixture_count(f), 0);
}

static void test_insecure(void **state) {
        Fixture *f = fresh(state);
        f->spec.insecure = true;
        run(f, "probe cat /proc/self/status mount");
        assert_true(fixture_has(f, "Seccomp:\t0\n"));
        assert_true(fixture_has(f, "mounted\n"));
        assert_false(fixture_has(f, usual_capabilities));
}

static void test_capability_flags(void **state) {
        Fixture *f = fresh(state);
        AUTO(strvec_done) StrVec add = {0};
        strvec_push(&add, "SYS_ADMIN");
        f->spec.cap_add = &add;
        run(f, "probe mount");
        assert_string_equal(f->output.p, "mounted\n");
}

static void test_mounts(void **state) {
        Fixture *f = fresh(state);
        const SandboxMount mounts[] = {
                {.type = SANDBOX_BIND, .source = f->lower_dir, .target = "/brand/new/in", .read_only = true},
                {.type = SANDBOX_TMPFS, .target = "/brand", .size_bytes = 1 << 20},
                {.type = SANDBOX_BIND, .source = "/dev/null", .target = "/etc/secret", .read_only = true},
                {.type = SANDBOX_TMPFS, .target = "/etc/deep/er", .no_suid = true},
        };
        f->spec.mounts = mounts;
        f->spec.mount_count = ARRAY_SIZE(mounts);
        run(f, "probe cat /brand/new/in/etc/motd fill /brand/new/in/x fill /brand/y mtime /etc cat /etc/secret");
        assert_true(starts_with(f->output.p, "base\n/brand/new/in/x: Read-only"));
        assert_true(fixture_has(f, "\n1000\n"));
        assert_int_equal(fixture_count(f), 0);
        run(f, "probe fill /etc/kept");
        assert_true(fixture_left(f, "/etc/kept"));
        assert_false(fixture_left(f, "/etc/secret"));
        assert_int_equal(fixture_count(f), 2);
}

static void test_mount_link(void **state) {
        Fixture *f = fresh(state);
        AUTO(freep) char *link = xasprintf("%s/link", f->lower_dir), *loose = xasprintf("%s/loose", f->lower_dir);
        assert_int_equal(symlink("../../../home", link), 0);
        assert_int_equal(symlink("/nowhere", loose), 0);
        SandboxMount mount = {.type = SANDBOX_BIND, .source = f->lower_dir, .target = "/link/in"};
        f->spec.mounts = &mount;
        f->spec.mount_count = 1;
        run(f, "probe cat /home/in/etc/motd");
        assert_string_equal(f->output.p, "base\n");
        assert_int_equal(fixture_count(f), 0);
        mount.target = "/loose/in";
        AUTO(err_freep) Err *e = NULL;
        assert_int_equal(fixture_run(f, "probe", &e), -1);
        assert_non_null(strstr(err_message(e), "/loose/in"));
        unlink(link);
        unlink(loose);
}

static void test_network_none(void **state) {
        Fixture *f = fresh(state);
        f->spec.network = NETWORK_NONE;
        run(f, "probe cat /sys/class/net/lo/operstate cat /proc/net/dev");
        assert_true(fixture_has(f, "lo:"));
        assert_false(fixture_has(f, "eth0:"));
}

static void test_limits(void **state) {
        Fixture *f = fresh(state);
        const SandboxLimit limits[] = {{RLIMIT_NOFILE, 100, 200}, {RLIMIT_CORE, 0, 0}};
        f->spec.limits = limits;
        f->spec.limit_count = 2;
        run(f, "probe cat /proc/self/limits");
        assert_true(fixture_has(f, "Max open files            100                  200"));
}

static void test_read_only(void **state) {
        Fixture *f = fresh(state);
        f->spec.read_only_root = true;
        run(f, "probe fill /x fill /dev/shm/y");
        assert_string_equal(f->output.p, "/x: Read-only file system\n");
}

static void test_children_end(void **state) {
        Fixture *f = fresh(state);
        struct timespec before, after;
        clock_gettime(CLOCK_MONOTONIC, &before);
        run(f, "probe fork fork exit 0"); /* their ends of the pipe close: they are gone */
        clock_gettime(CLOCK_MONOTONIC, &after);
        assert_true(after.tv_sec - before.tv_sec < 10);
}

static void test_kill(void **state) {
        Fixture *f = fresh(state);
        AUTO(closep) int out = -1;
        fixture_words(f, "probe fork sleep 1000");
        SandboxProcess *p = fixture_start(f, &out);
        sandbox_kill(p, SIGKILL);
        int status = 0;
        assert_int_equal(sandbox_wait(p, &status, NULL, NULL), 0);
        assert_int_equal(status, 128 + SIGKILL);
        sandbox_kill(p, SIGTERM); /* harmless afterwards */
        char byte;
        assert_int_equal(read(out, &byte, 1), 0);
        sandbox_process_free(p);
}

static void test_free_kills(void **state) {
        Fixture *f = fresh(state);
        AUTO(closep) int out = -1;
        fixture_words(f, "probe fork sleep 1000");
        sandbox_process_free(fixture_start(f, &out));
        char byte;
        assert_int_equal(read(out, &byte, 1), 0);
}

/* A builder that is killed takes its steps along. */
static void test_builder_killed(void **state) {
        Fixture *f = fresh(state);
        int fds[2];
        assert_int_equal(pipe(fds), 0);
        pid_t pid = fork();
        if (pid == 0) {
                int out;
                fixture_words(f, "probe fork sleep 1000");
                SandboxProcess *p = fixture_start(f, &out);
                while (sandbox_pid(p) == 0) usleep(1000);
                int inner = sandbox_pid(p);
                if (write(fds[1], &inner, sizeof inner) < 0) _exit(1);
                pause();
        }
        int inner = 0;
        close(fds[1]);
        assert_int_equal(read(fds[0], &inner, sizeof inner), sizeof inner);
        assert_true(inner > 0 && kill(inner, 0) == 0);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        for (int i = 0; i < 500 && kill(inner, 0) == 0; i++) usleep(10000);
        assert_int_equal(kill(inner, 0), -1);
        close(fds[0]);
        f->runs++; /* the child used a directory */
}

static void test_memory(void **state) {
        Fixture *f = fresh(state);
        f->spec.memory_bytes = 16 << 20;
        StepCgroup g = {0};
        if (cgroup_make(&f->spec, &g, NULL) < 0) return; /* no cgroup here: nothing to see */
        cgroup_remove(&g);
        run(f, "probe eat");
        assert_int_equal(f->status, 128 + SIGKILL);
        assert_true(f->oom);
        run(f, "probe exit 4");
        assert_int_equal(f->status, 4);
        assert_false(f->oom);
}

static void test_many_layers(void **state) {
        Fixture *f = fresh(state);
        for (int i = 0; i < 400; i++) {
                AUTO(freep) char *dir = xasprintf("%s/layer-%d", f->dir, i);
                assert_int_equal(mkdir(dir, 0755), 0);
                strvec_push(&f->lower, dir);
        }
        run(f, "probe exit 9");
        assert_int_equal(f->status, 9);
        strvec_done(&f->lower);
        strvec_push(&f->lower, f->lower_dir);
}

static void test_long_paths(void **state) {
        Fixture *f = fresh(state);
        AUTO(freep) char *deep = xasprintf("%s/%0200d/%0200d", f->dir, 1, 2);
        assert_int_equal(dir_make_all(AT_FDCWD, deep, 0755, NULL), 0);
        strvec_push(&f->lower, deep);
        run(f, "probe exit 8");
        assert_int_equal(f->status, 8);
        strvec_done(&f->lower);
        strvec_push(&f->lower, f->lower_dir);
}

static void test_terminal(void **state) {
        Fixture *f = fresh(state);
        AUTO(closep) int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0) return; /* no terminals here */
        AUTO(closep) int slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
        assert_true(slave >= 0);
        f->spec.terminal = true;
        f->spec.stdin_fd = slave;
        run(f, "probe tty");
        assert_string_equal(f->output.p, "tty 1 1 /dev/console\n");
}

static void test_setup_fails(void **state) {
        Fixture *f = fresh(state);
        SandboxMount mount = {.type = SANDBOX_BIND, .source = "/no/such/source", .target = "/x"};
        f->spec.mounts = &mount;
        f->spec.mount_count = 1;
        AUTO(err_freep) Err *e = NULL;
        assert_int_equal(fixture_run(f, "probe", &e), -1);
        assert_non_null(strstr(err_message(e), "/no/such/source"));
        assert_int_equal(fixture_count(f), 0);
}

static void test_crun(void **state) {
        (void)state;
        if (system("crun --version >/dev/null 2>&1") != 0) return; /* not installed */
        Fixture f;
        fixture_init(&f, template, RUNTIME_CRUN);
        SandboxMount mount = {.type = SANDBOX_BIND, .source = f.lower_dir, .target = "/etc/m/p", .read_only = true};
        f.spec.mounts = &mount;
        f.spec.mount_count = 1;
        run(&f, "probe cat /proc/self/status cat /etc/hosts host mount cat /etc/m/p/etc/motd fill /new exit 5");
        assert_int_equal(f.status, 5);
        assert_true(fixture_has(&f, usual_capabilities));
        assert_true(fixture_has(&f, "localhost buildkitsandbox"));
        assert_true(fixture_has(&f, "Seccomp:\t2"));
        assert_true(fixture_has(&f, "refused\nbase\n"));
        assert_true(fixture_left(&f, "/new"));
        assert_int_equal(fixture_count(&f), 1);
        fixture_done(&f);
}

int main(void) {
        if (geteuid() != 0 || !fixture_possible()) return SKIPPED;
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_status),         cmocka_unit_test(test_nothing_left),
                cmocka_unit_test(test_writes_stay),    cmocka_unit_test(test_user),
                cmocka_unit_test(test_directory),      cmocka_unit_test(test_masks),
                cmocka_unit_test(test_insecure),       cmocka_unit_test(test_capability_flags),
                cmocka_unit_test(test_mounts),         cmocka_unit_test(test_mount_link),
                cmocka_unit_test(test_network_none),   cmocka_unit_test(test_limits),
                cmocka_unit_test(test_read_only),      cmocka_unit_test(test_children_end),
                cmocka_unit_test(test_kill),           cmocka_unit_test(test_free_kills),
                cmocka_unit_test(test_builder_killed), cmocka_unit_test(test_memory),
                cmocka_unit_test(test_many_layers),    cmocka_unit_test(test_long_paths),
                cmocka_unit_test(test_setup_fails),    cmocka_unit_test(test_crun),
                cmocka_unit_test(test_terminal),
        };
        return cmocka_run_group_tests(tests, setup, teardown);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "os/clock.h"
#include "os/process.h"

static void test_output_and_status(void **state) {
        (void)state;
        const char *const argv[] = {"sh", "-c", "cat; echo bad >&2; exit 3", NULL};
        ProcessParams params = {.argv = argv, .input = "in", .input_size = 2, .output_max = 100};
        AUTO(buf_done) Buf out = {0};
        AUTO(buf_done) Buf errors = {0};
        int status;
        assert_int_equal(process_run(&params, &status, &out, &errors, NULL), 0);
        assert_int_equal(status, 3);
        assert_string_equal(out.p, "in");
        assert_string_equal(errors.p, "bad\n");
}

/* A system call that fails shows that the filter is there: it says "done" of a descriptor that is none. */
static void test_no_sync(void **state) {
        (void)state;
        const char *const argv[] = {"python3", "-c", "import os; os.fsync(99); os.fdatasync(99)", NULL};
        AUTO(buf_done) Buf out = {0};
        AUTO(buf_done) Buf errors = {0};
        int status;
        ProcessParams params = {.argv = argv, .output_max = 1 << 16};
        assert_int_equal(process_run(&params, &status, &out, &errors, NULL), 0);
        assert_int_equal(status, 1);
        params.no_sync = true;
        assert_int_equal(process_run(&params, &status, &out, &errors, NULL), 0);
        assert_int_equal(status, geteuid() == 0 ? 0 : 1);
        assert_int_equal(fsync(99), -1); /* here all is as it was */
}

static void test_absent_program(void **state) {
        (void)state;
        const char *const argv[] = {"no-such-program-anywhere", NULL};
        ProcessParams params = {.argv = argv, .output_max = 100};
        AUTO(err_freep) Err *e = NULL;
        int status;
        assert_int_equal(process_run(&params, &status, NULL, NULL, &e), -1);
        assert_int_equal(err_kind(e), ERR_NOT_FOUND);
}

static void test_companion(void **state) {
        (void)state;
        const char *const argv[] = {"sh", "-c", "echo up; cat >/dev/null; exit 7", NULL};
        Companion c;
        char text[3];
        assert_int_equal(companion_start(argv, &c, NULL), 0);
        assert_int_equal(read(c.output_fd, text, sizeof text), 3);
        assert_memory_equal(text, "up\n", 3);
        assert_int_equal(kill(c.pid, 0), 0);
        assert_int_equal(getpgid(c.pid), c.pid);
        assert_int_equal(companion_stop(&c), 7);
        const char *const absent[] = {"no-such-program-anywhere", NULL};
        AUTO(err_freep) Err *e = NULL;
        assert_int_equal(companion_start(absent, &c, &e), -1);
        assert_int_equal(err_kind(e), ERR_NOT_FOUND);
}

/* What it started goes with it, or the pipes would stay open for a minute. */
static void test_silence(void **state) {
        (void)state;
        const char *const argv[] = {"sh", "-c", "echo begun; sleep 60 & sleep 60", NULL};
        ProcessParams params = {.argv = argv, .output_max = 100, .silence_s = 1};
        AUTO(buf_done) Buf out = {0};
        AUTO(err_freep) Err *e = NULL;
        int status;
        int64_t started = clock_monotonic_ns();
        assert_int_equal(process_run(&params, &status, &out, NULL, &e), -1);
        assert_int_equal(err_kind(e), ERR_NETWORK);
        assert_true(clock_monotonic_ns() - started < INT64_C(10) * 1000000000);
        assert_string_equal(out.p, "begun\n");
}

static void *cancel_soon(void *flag) {
        usleep(200000);
        *(volatile bool *)flag = true;
        return NULL;
}

static void test_cancelled(void **state) {
        (void)state;
        const char *const argv[] = {"sleep", "60", NULL};
        volatile bool flag = false;
        ProcessParams params = {.argv = argv, .output_max = 100, .cancelled = &flag};
        AUTO(err_freep) Err *e = NULL;
        int status;
        pthread_t thread;
        pthread_create(&thread, NULL, cancel_soon, (void *)&flag);
        assert_int_equal(process_run(&params, &status, NULL, NULL, &e), -1);
        assert_int_equal(err_kind(e), ERR_CANCELLED);
        pthread_join(thread, NULL);
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_output_and_status), cmocka_unit_test(test_no_sync),
                                           cmocka_unit_test(test_absent_program),    cmocka_unit_test(test_companion),
                                           cmocka_unit_test(test_silence),           cmocka_unit_test(test_cancelled)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "cli/progress.h"
#include "os/fs.h"

/* Recorded events against golden text. The clock stands where the test puts it. */

static int64_t fake_now;

static int64_t now(void) {
        return fake_now;
}

typedef struct Recorder {
        int fd;
        Progress *progress;
} Recorder;

static void recorder_done(Recorder *r) {
        if (r->progress) progress_free(r->progress);
        closep(&r->fd);
}

static Recorder record(ProgressMode mode) {
        fake_now = 1000000000;
        Recorder r = {.fd = memfd_create("progress", MFD_CLOEXEC)};
        ProgressParams params = {.mode = mode, .fd = r.fd, .columns = 40, .rows = 10, .now = now, .no_timer = true};
        r.progress = progress_new(&params);
        return r;
}

static void emit(Recorder *r, Event event) {
        event.time_ns = 1700000000000000000 + fake_now;
        event_emit(progress_sink(r->progress), &event);
}

static void vertex(Recorder *r, unsigned number, const char *name) {
        emit(r, (Event){.type = EVENT_VERTEX, .vertex = number, .name = name});
}

static void start(Recorder *r, unsigned number) {
        emit(r, (Event){.type = EVENT_START, .vertex = number});
}

static void say(Recorder *r, unsigned number, const char *text) {
        emit(r, (Event){.type = EVENT_LOG, .vertex = number, .stream = 1, .data = text, .size = strlen(text)});
}

static void done(Recorder *r, unsigned number, VertexOutcome outcome) {
        emit(r, (Event){.type = EVENT_DONE,
                        .vertex = number,
                        .outcome = outcome,
                        .duration_ns = 2100000000,
                        .message = outcome == VERTEX_FAILED ? "exit code: 1" : NULL});
}

static void status(Recorder *r, unsigned number, const char *name, uint64_t current, uint64_t total) {
        emit(r, (Event){.type = EVENT_STATUS, .vertex = number, .name = name, .current = current, .total = total});
}

static void check(Recorder *r, const char *expected) {
        AUTO(freep) char *text = NULL;
        size_t size;
        progress_finish(r->progress);
        lseek(r->fd, 0, SEEK_SET);
        assert_int_equal(fd_read_all(r->fd, 1 << 20, &text, &size, NULL), 0);
        assert_string_equal(text, expected);
}

static void test_plain(void **state) {
        (void)state;
        AUTO(recorder_done) Recorder r = record(PROGRESS_PLAIN);
        vertex(&r, 1, "[internal] load build definition from Dockerfile");
        vertex(&r, 2, "[build 1/2] FROM debian");
        vertex(&r, 3, "[build 2/2] RUN make");
        start(&r, 1);
        status(&r, 1, "transferring dockerfile", 31, 0);
        done(&r, 1, VERTEX_DONE);
        done(&r, 2, VERTEX_CACHED);
        start(&r, 3);
        fake_now += 312000000;
        say(&r, 3, "hel");
        say(&r, 3, "lo\r\nworld\nend");
        done(&r, 3, VERTEX_FAILED);
        check(&r, "#1 [internal] load build definition from Dockerfile\n"
                  "#1 transferring dockerfile: 31B done\n"
                  "#1 DONE 2.1s\n"
                  "\n#2 [build 1/2] FROM debian\n#2 CACHED\n"
                  "\n#3 [build 2/2] RUN make\n#3 0.312 hello\n#3 0.312 world\n#3 0.312 end\n#3 ERROR: exit code: 1\n");
}

/* A busy step is not interrupted by another one, a silent one is. */
static void test_plain_switching(void **state) {
        (void)state;
        AUTO(recorder_done) Recorder r = record(PROGRESS_PLAIN);
        vertex(&r, 1, "one");
        vertex(&r, 2, "two");
        start(&r, 1);
        start(&r, 2);
        say(&r, 1, "a\n");
        say(&r, 2, "x\n");
        say(&r, 1, "b\n");
        fake_now += 300000000;
        say(&r, 2, "y\n");
        done(&r, 1, VERTEX_DONE);
        done(&r, 2, VERTEX_CANCELLED);
        check(&r, "#1 one\n#1 0.000 a\n#1 0.000 b\n#1 ...\n"
                  "\n#2 two\n#2 0.000 x\n#2 0.300 y\n#2 ...\n"
                  "\n#1 one\n#1 DONE 2.1s\n"
                  "\n#2 two\n#2 CANCELED\n");
}

static void test_plain_warning(void **state) {
        (void)state;
        AUTO(recorder_done) Recorder r = record(PROGRESS_PLAIN);
        emit(&r, (Event){.type = EVENT_WARNING,
                         .name = "StageNameCasing",
                         .message = "stage name is not lower case",
                         .detail = "x"});
        check(&r, "\n 1 warning found (use --debug to expand):\n - StageNameCasing: stage name is not lower case\n");
}

static void test_tty(void **state) {
        (void)state;
        AUTO(recorder_done) Recorder r = record(PROGRESS_TTY);
        vertex(&r, 1, "[internal] load build definition from Dockerfile");
        vertex(&r, 2, "[1/2] FROM debian");
        vertex(&r, 3, "[2/2] RUN make");
        start(&r, 1);
        status(&r, 1, "transferring", 2000, 4000);
        done(&r, 1, VERTEX_DONE);
        done(&r, 2, VERTEX_CACHED);
        start(&r, 3);
        fake_now += 3200000000;
        say(&r, 3, "10%\r\033[1m20%\033[0m\nlast");
        check(&r, "\033[?25l\r[+] Building 3.2s (2/3) FINISHED\033[K\n"
                  " => [internal] load build definitio 2.1s\033[K\n"
                  " => => transferring: 2kB / 4kB\033[K\n"
                  " => CACHED [1/2] FROM debian        2.1s\033[K\n"
                  " => [2/2] RUN make                  3.2s\033[K\n"
                  " => => # 20%\033[K\n"
                  "\033[J\033[?25h");
}

static void test_tty_failure_shows_the_tail(void **state) {
        (void)state;
        AUTO(recorder_done) Recorder r = record(PROGRESS_TTY);
        vertex(&r, 1, "[1/1] RUN false");
        start(&r, 1);
        AUTO(buf_done) Buf expected = {0};
        buf_adds(&expected, "\033[?25l\r[+] Building 0.0s (0/1)\033[K\n => ERROR [1/1] RUN false           "
                            "2.1s\033[K\n\033[J\033[?25h"
                            "------\n > [1/1] RUN false:\n(50 lines before; --progress=plain shows all)\n");
        for (int i = 0; i < 250; i++) {
                AUTO(freep) char *line = xasprintf("line %d\n", i);
                say(&r, 1, line);
                if (i >= 50) buf_adds(&expected, line);
        }
        buf_adds(&expected, "------\n");
        done(&r, 1, VERTEX_FAILED);
        check(&r, expected.p);
}

static void test_quiet(void **state) {
        (void)state;
        AUTO(recorder_done) Recorder r = record(PROGRESS_QUIET);
        vertex(&r, 1, "[1/1] RUN false");
        start(&r, 1);
        say(&r, 1, "no such thing\n");
        done(&r, 1, VERTEX_FAILED);
        check(&r, "------\n > [1/1] RUN false:\nno such thing\n------\n");
}

static void test_rawjson(void **state) {
        (void)state;
        AUTO(recorder_done) Recorder r = record(PROGRESS_RAWJSON);
        fake_now = 0;
        unsigned needs = 1;
        emit(&r, (Event){.type = EVENT_VERTEX, .vertex = 1, .name = "from", .digest = "sha256:aa"});
        emit(&r, (Event){.type = EVENT_VERTEX,
                         .vertex = 2,
                         .name = "run",
                         .digest = "sha256:bb",
                         .inputs = &needs,
                         .input_count = 1});
        start(&r, 2);
        say(&r, 2, "hello");
        status(&r, 2, "copying", 5, 5);
        done(&r, 2, VERTEX_FAILED);
        done(&r, 1, VERTEX_CACHED);
        emit(&r, (Event){.type = EVENT_WARNING, .name = "Check", .message = "text"});
        check(&r, "{\"vertexes\":[{\"digest\":\"sha256:aa\",\"name\":\"from\"}]}\n"
                  "{\"vertexes\":[{\"digest\":\"sha256:bb\",\"inputs\":[\"sha256:aa\"],\"name\":\"run\"}]}\n"
                  "{\"vertexes\":[{\"digest\":\"sha256:bb\",\"inputs\":[\"sha256:aa\"],\"name\":\"run\",\"started\":"
                  "\"2023-11-14T22:13:20Z\"}]}\n"
                  "{\"logs\":[{\"vertex\":\"sha256:bb\",\"stream\":1,\"data\":\"aGVsbG8=\",\"timestamp\":\"2023-11-"
                  "14T22:13:20Z\"}]}\n"
                  "{\"statuses\":[{\"id\":\"copying\",\"vertex\":\"sha256:bb\",\"name\":\"copying\",\"total\":5,"
                  "\"current\":5,"
                  "\"timestamp\":\"2023-11-14T22:13:20Z\",\"started\":\"2023-11-14T22:13:20Z\",\"completed\":\"2023-11-"
                  "14T22:13:20Z\"}]}\n"
                  "{\"vertexes\":[{\"digest\":\"sha256:bb\",\"inputs\":[\"sha256:aa\"],\"name\":\"run\",\"started\":"
                  "\"2023-11-14T22:13:20Z\","
                  "\"completed\":\"2023-11-14T22:13:22.1Z\",\"error\":\"exit code: 1\"}]}\n"
                  "{\"vertexes\":[{\"digest\":\"sha256:aa\",\"name\":\"from\",\"started\":\"2023-11-14T22:13:20Z\","
                  "\"completed\":\"2023-11-14T22:13:22.1Z\",\"cached\":true}]}\n"
                  "{\"warnings\":[{\"level\":1,\"short\":\"Q2hlY2s6IHRleHQ=\",\"detail\":[]}]}\n");
}

static void test_modes(void **state) {
        (void)state;
        ProgressMode mode;
        AUTO(err_freep) Err *e = NULL;
        assert_int_equal(progress_mode_parse("none", &mode, NULL), 0);
        assert_int_equal(mode, PROGRESS_QUIET);
        assert_true(progress_mode_parse("fancy", &mode, &e) < 0);
        assert_int_equal(err_kind(e), ERR_USAGE);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_plain),
                cmocka_unit_test(test_plain_switching),
                cmocka_unit_test(test_plain_warning),
                cmocka_unit_test(test_tty),
                cmocka_unit_test(test_tty_failure_shows_the_tail),
                cmocka_unit_test(test_quiet),
                cmocka_unit_test(test_rawjson),
                cmocka_unit_test(test_modes),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}

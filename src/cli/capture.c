/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/capture.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "os/clock.h"

enum { CHUNK = 65536, MS_NS = 1000000, S_MS = 1000 };

struct Capture {
        CaptureParams params;
        CaptureResult result;
        pthread_t thread;
        int stop_fd;
        int64_t deadline_ns; /* 0: none */
};

void capture_result_done(CaptureResult *r) {
        buf_done(&r->output);
        buf_done(&r->errors);
}

/* Returns false at the end of the stream. (A terminal whose other side is closed says EIO.) */
static bool take(Capture *c, int fd, Buf *to) {
        char data[CHUNK];
        ssize_t n = read(fd, data, sizeof data);
        if (n < 0) return errno == EINTR || errno == EAGAIN;
        size_t room = CAPTURE_MAX - to->n, kept = (size_t)n < room ? (size_t)n : room;
        buf_add(to, data, kept);
        if (kept < (size_t)n) c->result.truncated = true;
        return n > 0;
}

static int wait_ms(const Capture *c) {
        if (!c->deadline_ns) return -1;
        int64_t left = c->deadline_ns - clock_monotonic_ns();
        return left <= 0 ? 0 : (int)(left / MS_NS) + 1;
}

static void end_process(Capture *c) {
        sandbox_kill(c->params.process, SIGKILL);
        c->deadline_ns = 0;
        c->params.cancel_fd = -1;
}

/* However much it writes. */
static void end_when_late(Capture *c) {
        if (!c->deadline_ns || wait_ms(c) > 0) return;
        c->result.timed_out = true;
        end_process(c);
}

static void *capture_thread(void *context) {
        enum { STOP, CANCEL, OUTPUT, ERRORS, COUNT };
        Capture *c = context;
        int output = c->params.output_fd, errors = c->params.errors_fd;
        for (;;) {
                struct pollfd fds[COUNT] = {
                        [STOP] = {.fd = c->stop_fd, .events = POLLIN},
                        [CANCEL] = {.fd = c->params.cancel_fd, .events = POLLIN},
                        [OUTPUT] = {.fd = output, .events = POLLIN},
                        [ERRORS] = {.fd = errors, .events = POLLIN},
                };
                if (poll(fds, COUNT, wait_ms(c)) < 0) {
                        if (errno == EINTR) continue;
                        return NULL;
                }
                end_when_late(c);
                if (fds[CANCEL].revents) end_process(c);
                if (fds[OUTPUT].revents && !take(c, output, &c->result.output)) output = -1;
                if (fds[ERRORS].revents && !take(c, errors, &c->result.errors)) errors = -1;
                if (fds[STOP].revents) return NULL;
        }
}

int capture_start(const CaptureParams *params, Capture **ret_capture, Err **e) {
        Capture *c = xcalloc(1, sizeof *c);
        c->params = *params;
        c->stop_fd = eventfd(0, EFD_CLOEXEC);
        if (params->timeout_s) c->deadline_ns = clock_monotonic_ns() + (int64_t)params->timeout_s * S_MS * MS_NS;
        int failed = c->stop_fd < 0 ? errno : pthread_create(&c->thread, NULL, capture_thread, c);
        if (failed) {
                closep(&c->stop_fd);
                free(c);
                errno = failed;
                return err_sys(e, "start a thread");
        }
        *ret_capture = c;
        return 0;
}

/* All that is there: nobody writes any more. */
static void drain(Capture *c, int fd, Buf *to) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        while (fd >= 0 && poll(&ready, 1, 0) > 0 && take(c, fd, to)) continue;
}

void capture_finish(Capture *c, CaptureResult *ret_result) {
        uint64_t one = 1;
        if (write(c->stop_fd, &one, sizeof one) == sizeof one) pthread_join(c->thread, NULL);
        drain(c, c->params.output_fd, &c->result.output);
        drain(c, c->params.errors_fd, &c->result.errors);
        *ret_result = c->result;
        close(c->stop_fd);
        free(c);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"

/* The one place with state of the whole process: a signal handler has no other way to anything. */
static volatile bool interrupted;
static volatile sig_atomic_t first_signal;
static volatile int64_t first_ms;
static volatile int event_fd = -1;
static volatile int pipe_fd = -1;
static volatile bool reading;

enum { SAME_MOMENT_MS = 200, IMPATIENT_MS = 2000 };

static int64_t now_ms(void) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void on_signal(int number) {
        int saved = errno;
        int64_t now = now_ms();
        bool impatient = interrupted && now - first_ms > SAME_MOMENT_MS && now - first_ms < IMPATIENT_MS;
        if (reading || impatient) {
                signal(number, SIG_DFL);
                kill(getpid(), number); /* delivered when the handler returns */
                errno = saved;
                return;
        }
        if (!interrupted || now - first_ms >= IMPATIENT_MS) first_ms = now;
        if (!first_signal) first_signal = number;
        interrupted = true;
        uint64_t one = 1;
        if (write(event_fd, &one, sizeof one) < 0) { /* the flag is set; there is nothing more to do here */
        }
        errno = saved;
}

static void pass_signal(int number) {
        int saved = errno;
        unsigned char byte = (unsigned char)number;
        if (!first_signal && number != SIGWINCH) first_signal = number;
        if (write(pipe_fd, &byte, 1) < 0) { /* full: as many signals are waiting as anybody could mean */
        }
        errno = saved;
}

static int install(const int *numbers, size_t count, void (*handler)(int), Err **e) {
        struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
        sigemptyset(&action.sa_mask);
        for (size_t i = 0; i < count; i++) {
                struct sigaction before;
                /* what the caller made us ignore (nohup) stays ignored */
                if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler == SIG_IGN) continue;
                if (sigaction(numbers[i], &action, NULL) < 0) return err_sys(e, "install a signal handler");
        }
        return 0;
}

int signals_install(Err **e) {
        static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
        event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (event_fd < 0) return err_sys(e, "make an eventfd");
        return install(numbers, ARRAY_SIZE(numbers), on_signal, e);
}

int signals_collect(Err **e) {
        static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH};
        int fds[2];
        if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0) return err_sys(e, "make a pipe");
        pipe_fd = fds[1];
        return install(numbers, ARRAY_SIZE(numbers), pass_signal, e) < 0 ? -1 : fds[0];
}

static void watch_event(void *context, const Event *event) {
        const EventSink *next = context;
        if (event->type == EVENT_VERTEX && strcmp(event->name, "[internal] load build definition from Dockerfile") != 0)
                reading = false;
        event_emit(next, event);
}

const EventSink *signals_watch(const EventSink *next) {
        static EventSink sink;
        sink = (EventSink){watch_event, (void *)next};
        reading = true;
        return &sink;
}

const volatile bool *signals_flag(void) {
        return &interrupted;
}

int signals_fd(void) {
        return event_fd;
}

int signals_received(void) {
        return first_signal;
}

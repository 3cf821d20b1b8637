/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "cli/progress_kind.h"
#include "os/clock.h"

enum { CHUNK = 16384, END_OF_INPUT = 4 /* Ctrl-D */ };
static const int64_t IMPATIENT_NS = 2000000000, SAME_MOMENT_NS = 200000000;

struct Relay {
        RelayParams params;
        pthread_t thread;
        int stop_fd;
        bool raw; /* our terminal was made raw: saved says how it was */
        struct termios saved;
        bool input_open;
        char pending[CHUNK]; /* read from us, not yet taken by the container */
        size_t pending_size;
        int64_t interrupted_ns;
};

static void copy_window_size(int master) {
        struct winsize size;
        if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 || ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0)
                ioctl(master, TIOCSWINSZ, &size);
}

int terminal_open(int *ret_master, int *ret_slave, Err **e) {
        char name[64];
        AUTO(closep) int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
        if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0) return err_sys(e, "open a pseudo terminal");
        if (ptsname_r(master, name, sizeof name) != 0) return err_sys(e, "find the pseudo terminal's name");
        int slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (slave < 0) return err_sys(e, "open '%s'", name);
        copy_window_size(master);
        *ret_slave = slave;
        *ret_master = TAKE_FD(master);
        return 0;
}

/* What our terminal would make of keys is the container's terminal's business now. */
static void make_raw(Relay *r) {
        struct termios raw;
        if (r->params.master_fd < 0 || !r->params.interactive || tcgetattr(STDIN_FILENO, &r->saved) < 0) return;
        raw = r->saved;
        cfmakeraw(&raw);
        r->raw = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
}

static void pass_signals(Relay *r) {
        unsigned char numbers[64];
        ssize_t n = read(r->params.signal_fd, numbers, sizeof numbers);
        for (ssize_t i = 0; i < n; i++) {
                if (numbers[i] == SIGWINCH) {
                        if (r->params.master_fd >= 0) copy_window_size(r->params.master_fd);
                        continue;
                }
                int64_t now = clock_monotonic_ns(), since = now - r->interrupted_ns;
                bool ends = numbers[i] == SIGINT || numbers[i] == SIGTERM;
                bool impatient = ends && r->interrupted_ns && since > SAME_MOMENT_NS && since < IMPATIENT_NS;
                if (ends && since > SAME_MOMENT_NS) r->interrupted_ns = now;
                sandbox_kill(r->params.process, impatient ? SIGKILL : numbers[i]);
        }
}

/* Returns false when nothing more will come. */
static bool pass_output(Relay *r) {
        char data[CHUNK];
        ssize_t n = read(r->params.master_fd, data, sizeof data);
        if (n > 0) progress_write(STDOUT_FILENO, data, (size_t)n);
        return n > 0 || (n < 0 && errno == EINTR);
}

static void read_input(Relay *r) {
        ssize_t n = read(STDIN_FILENO, r->pending, sizeof r->pending);
        if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
        if (n <= 0) { /* the container's terminal knows no end, only the key for it */
                r->input_open = false;
                r->pending[0] = END_OF_INPUT;
                n = 1;
        }
        r->pending_size = (size_t)n;
}

static void write_input(Relay *r) {
        ssize_t n = write(r->params.master_fd, r->pending, r->pending_size);
        if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
        if (n < 0) n = (ssize_t)r->pending_size; /* nobody reads any more */
        memmove(r->pending, r->pending + n, r->pending_size - (size_t)n);
        r->pending_size -= (size_t)n;
}

static void *relay_thread(void *context) {
        enum { STOP, SIGNALS, MASTER, INPUT, COUNT };
        Relay *r = context;
        for (;;) {
                bool reads_input = r->input_open && r->pending_size == 0;
                struct pollfd fds[COUNT] = {
                        [STOP] = {.fd = r->stop_fd, .events = POLLIN},
                        [SIGNALS] = {.fd = r->params.signal_fd, .events = POLLIN},
                        [MASTER] = {.fd = r->params.master_fd,
                                    .events = (short)(POLLIN | (r->pending_size ? POLLOUT : 0))},
                        [INPUT] = {.fd = reads_input ? STDIN_FILENO : -1, .events = POLLIN},
                };
                if (poll(fds, COUNT, -1) < 0 && errno != EINTR) return NULL;
                if (fds[SIGNALS].revents) pass_signals(r);
                if (fds[MASTER].revents & POLLIN) pass_output(r);
                if (fds[MASTER].revents & POLLOUT) write_input(r);
                if (fds[INPUT].revents) read_input(r);
                if (fds[STOP].revents) return NULL;
                /* every slave is closed: wait for the stop without turning in circles */
                if ((fds[MASTER].revents & (POLLHUP | POLLIN)) == POLLHUP) poll(fds, SIGNALS + 1, 20);
        }
}

int relay_start(const RelayParams *params, Relay **ret_relay, Err **e) {
        Relay *r = xcalloc(1, sizeof *r);
        r->params = *params;
        r->input_open = params->interactive && params->master_fd >= 0;
        r->stop_fd = eventfd(0, EFD_CLOEXEC);
        make_raw(r);
        int failed = r->stop_fd < 0 ? errno : pthread_create(&r->thread, NULL, relay_thread, r);
        if (failed) {
                if (r->raw) tcsetattr(STDIN_FILENO, TCSANOW, &r->saved);
                closep(&r->stop_fd);
                free(r);
                errno = failed;
                return err_sys(e, "start a thread");
        }
        *ret_relay = r;
        return 0;
}

void relay_stop(Relay *r) {
        if (!r) return;
        uint64_t one = 1;
        if (write(r->stop_fd, &one, sizeof one) == sizeof one) pthread_join(r->thread, NULL);
        while (r->params.master_fd >= 0 && pass_output(r)) continue;
        if (r->raw) tcsetattr(STDIN_FILENO, TCSADRAIN, &r->saved);
        close(r->stop_fd);
        free(r);
}

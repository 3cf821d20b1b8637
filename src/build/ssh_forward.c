/* SPDX-License-Identifier: Apache-2.0 */
#include "build/ssh_forward.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"

enum { CONNECTIONS_MAX = 32, CHUNK_SIZE = 16 * 1024, BACKLOG = 16, POLLS_MAX = 2 + 2 * CONNECTIONS_MAX };

/* What was read from one side and not yet written to the other. */
typedef struct Pending {
        size_t from, to;
        bool ended; /* the side that is read closed */
        char data[CHUNK_SIZE];
} Pending;

typedef struct Connection {
        int fds[2];         /* client, agent */
        Pending pending[2]; /* [i]: read from fds[i] */
} Connection;

struct SshForward {
        pthread_t thread;
        int listen_fd, stop_fd;
        struct sockaddr_un agent;
        Connection *connections[CONNECTIONS_MAX];
        size_t count;
};

static int address_of(const char *path, struct sockaddr_un *ret_address, Err **e) {
        *ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
        size_t n = strlen(path);
        if (n >= sizeof ret_address->sun_path)
                return err_new(e, ERR_LIMIT, "the path of a socket is at most %zu bytes long: '%s'",
                               sizeof ret_address->sun_path - 1, path);
        memcpy(ret_address->sun_path, path, n);
        return 0;
}

static int new_socket(Err **e) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        return fd < 0 ? err_sys(e, "make a socket") : fd;
}

static int listen_at(const SshForwardParams *p, int *ret_fd, Err **e) {
        struct sockaddr_un address;
        if (address_of(p->socket, &address, e) < 0) return -1;
        AUTO(closep) int fd = new_socket(e);
        if (fd < 0) return -1;
        if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, BACKLOG) < 0)
                return err_sys(e, "listen at '%s'", p->socket);
        if (chown(p->socket, p->uid, p->gid) < 0 || chmod(p->socket, p->mode) < 0)
                return err_sys(e, "set owner and mode of '%s'", p->socket);
        *ret_fd = TAKE_FD(fd);
        return 0;
}

static void connection_free(Connection *c) {
        closep(&c->fds[0]);
        closep(&c->fds[1]);
        free(c);
}

static void accept_one(SshForward *f) {
        int client = accept4(f->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (client < 0) return;
        Connection *c = xcalloc(1, sizeof *c);
        c->fds[0] = client;
        c->fds[1] = new_socket(NULL);
        if (f->count == CONNECTIONS_MAX || c->fds[1] < 0 ||
            connect(c->fds[1], (struct sockaddr *)&f->agent, sizeof f->agent) < 0) {
                connection_free(c);
                return;
        }
        f->connections[f->count++] = c;
}

static bool would_wait(void) {
        return errno == EAGAIN || errno == EINTR;
}

/* Move what can be moved from side i to the other. False when the connection is over. */
static bool pass(Connection *c, int i) {
        Pending *p = &c->pending[i];
        if (p->from == p->to && !p->ended) {
                ssize_t n = read(c->fds[i], p->data, sizeof p->data);
                if (n < 0 && !would_wait()) return false;
                p->ended = n == 0;
                p->from = 0;
                p->to = n > 0 ? (size_t)n : 0;
        }
        if (p->from < p->to) {
                ssize_t n = send(c->fds[!i], p->data + p->from, p->to - p->from, MSG_NOSIGNAL);
                if (n < 0 && !would_wait()) return false;
                if (n > 0) p->from += (size_t)n;
        }
        if (p->ended && p->from == p->to) shutdown(c->fds[!i], SHUT_WR);
        return !(c->pending[0].ended && c->pending[1].ended);
}

static void poll_sides(const Connection *c, struct pollfd polls[2]) {
        for (int i = 0; i < 2; i++) {
                bool full = c->pending[i].from < c->pending[i].to;
                bool out = c->pending[!i].from < c->pending[!i].to;
                short events = (short)((!full && !c->pending[i].ended ? POLLIN : 0) | (out ? POLLOUT : 0));
                polls[i] = (struct pollfd){.fd = events ? c->fds[i] : -1, .events = events};
        }
}

static void serve(SshForward *f, const struct pollfd *polls) {
        size_t kept = 0;
        for (size_t i = 0; i < f->count; i++) {
                Connection *c = f->connections[i];
                bool ready = polls[2 * i].revents || polls[2 * i + 1].revents;
                if (ready && !(pass(c, 0) && pass(c, 1)))
                        connection_free(c);
                else
                        f->connections[kept++] = c;
        }
        f->count = kept;
}

static void *forward_thread(void *argument) {
        SshForward *f = argument;
        for (;;) {
                struct pollfd polls[POLLS_MAX] = {{.fd = f->stop_fd, .events = POLLIN},
                                                  {.fd = f->listen_fd, .events = POLLIN}};
                for (size_t i = 0; i < f->count; i++) poll_sides(f->connections[i], &polls[2 + 2 * i]);
                if (poll(polls, 2 + 2 * f->count, -1) < 0 && errno != EINTR) return NULL;
                if (polls[0].revents) return NULL;
                serve(f, &polls[2]);
                if (polls[1].revents) accept_one(f);
        }
}

static void forward_free(SshForward *f) {
        for (size_t i = 0; i < f->count; i++) connection_free(f->connections[i]);
        closep(&f->listen_fd);
        closep(&f->stop_fd);
        free(f);
}

int ssh_forward_start(const SshForwardParams *params, SshForward **ret_forward, Err **e) {
        SshForward *f = xcalloc(1, sizeof *f);
        f->listen_fd = -1;
        f->stop_fd = eventfd(0, EFD_CLOEXEC);
        int r = f->stop_fd < 0 ? err_sys(e, "make an eventfd") : address_of(params->agent, &f->agent, e);
        if (r == 0) r = listen_at(params, &f->listen_fd, e);
        if (r == 0 && (errno = pthread_create(&f->thread, NULL, forward_thread, f)) != 0)
                r = err_sys(e, "start a thread");
        if (r < 0) {
                forward_free(f);
                return err_wrap(e, "forward an SSH agent");
        }
        *ret_forward = f;
        return 0;
}

void ssh_forward_stop(SshForward *f) {
        uint64_t one = 1;
        while (write(f->stop_fd, &one, sizeof one) < 0 && errno == EINTR) continue;
        pthread_join(f->thread, NULL);
        forward_free(f);
}

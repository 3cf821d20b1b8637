/* SPDX-License-Identifier: Apache-2.0 */
#include "os/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "os/clock.h"
#include "os/fs.h"
#include "os/no_sync.h"

extern char **environ;

typedef struct Pipe {
        int read_fd, write_fd;
} Pipe;

static void pipe_close(Pipe *p) {
        closep(&p->read_fd);
        closep(&p->write_fd);
}

static int pipe_open(Pipe *ret_pipe, Err **e) {
        int fds[2];
        if (pipe2(fds, O_CLOEXEC) < 0) return err_sys(e, "make a pipe");
        *ret_pipe = (Pipe){fds[0], fds[1]};
        return 0;
}

/* Input goes through a memory file: no thread and no deadlock, whatever the child reads when. */
static int input_open(const ProcessParams *params, Err **e) {
        if (!params->input) {
                int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
                return fd < 0 ? err_sys(e, "open /dev/null") : fd;
        }
        AUTO(closep) int fd = memfd_create("input", MFD_CLOEXEC);
        if (fd < 0) return err_sys(e, "make a memory file");
        if (fd_write_all(fd, params->input, params->input_size, e) < 0) return -1;
        if (lseek(fd, 0, SEEK_SET) < 0) return err_sys(e, "rewind");
        return TAKE_FD(fd);
}

static bool has_group(const ProcessParams *params) {
        return params->silence_s || params->cancelled;
}

static int spawn(const ProcessParams *params, bool group, const int fds[3], pid_t *ret_pid, Err **e) {
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        for (int i = 0; i < 3; i++) posix_spawn_file_actions_adddup2(&actions, fds[i], i);
        if (params->directory) posix_spawn_file_actions_addchdir_np(&actions, params->directory);
        posix_spawnattr_t attributes;
        posix_spawnattr_init(&attributes);
        if (group) posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
        char *const *env = params->env ? (char *const *)params->env : environ;
        int r = posix_spawnp(ret_pid, params->argv[0], &actions, &attributes, (char *const *)params->argv, env);
        posix_spawn_file_actions_destroy(&actions);
        posix_spawnattr_destroy(&attributes);
        if (r == 0) return 0;
        if (r == ENOENT) return err_new(e, ERR_NOT_FOUND, "program '%s' is not installed", params->argv[0]);
        errno = r;
        return err_sys(e, "start '%s'", params->argv[0]);
}

/* A filter stays with the thread that it was set for, and with what that thread starts. */
typedef struct SpawnCall {
        const ProcessParams *params;
        const int *fds;
        pid_t *ret_pid;
        Err **e;
        int result;
} SpawnCall;

static void *spawn_without_sync(void *context) {
        SpawnCall *c = context;
        (void)no_sync_enter(); /* where that is not allowed, it is slower */
        c->result = spawn(c->params, has_group(c->params), c->fds, c->ret_pid, c->e);
        return NULL;
}

static int start(const ProcessParams *params, const int fds[3], pid_t *ret_pid, Err **e) {
        SpawnCall call = {.params = params, .fds = fds, .ret_pid = ret_pid, .e = e};
        pthread_t thread;
        if (!params->no_sync || pthread_create(&thread, NULL, spawn_without_sync, &call) != 0)
                return spawn(params, has_group(params), fds, ret_pid, e);
        pthread_join(thread, NULL);
        return call.result;
}

/* Returns 1 while the stream is open, 0 at its end. */
static int collect(int fd, Buf *to, size_t max, Err **e) {
        char chunk[16384];
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n < 0) return errno == EINTR ? 1 : err_sys(e, "read output");
        if (n == 0) return 0;
        if (to && to->n + (size_t)n > max) return err_new(e, ERR_LIMIT, "more than %zu bytes of output", max);
        if (to) buf_add(to, chunk, (size_t)n);
        return 1;
}

/* Wait for output. Returns 0 when there may be some. */
static int wait_output(struct pollfd polls[2], const ProcessParams *params, Err **e) {
        enum { SLICE_MS = 100 };
        int64_t until = clock_monotonic_ns() + (int64_t)params->silence_s * 1000000000;
        for (;;) {
                int r = poll(polls, 2, has_group(params) ? SLICE_MS : -1);
                if (r < 0 && errno != EINTR) return err_sys(e, "wait for output");
                if (params->cancelled && *params->cancelled) return err_new(e, ERR_CANCELLED, "interrupted");
                if (r > 0) return 0;
                if (params->silence_s && clock_monotonic_ns() > until)
                        return err_new(e, ERR_NETWORK, "no sign of life for %u seconds", params->silence_s);
        }
}

static int collect_both(int out_fd, int err_fd, const ProcessParams *params, Buf *output, Buf *errors, Err **e) {
        struct pollfd polls[2] = {{.fd = out_fd, .events = POLLIN}, {.fd = err_fd, .events = POLLIN}};
        Buf *buffers[2] = {output, errors};
        while (polls[0].fd >= 0 || polls[1].fd >= 0) {
                if (wait_output(polls, params, e) < 0) return -1;
                for (int i = 0; i < 2; i++) {
                        if (polls[i].fd < 0 || !polls[i].revents) continue;
                        int r = collect(polls[i].fd, buffers[i], params->output_max, e);
                        if (r < 0) return -1;
                        if (r == 0) polls[i].fd = -1;
                }
        }
        return 0;
}

static int reap(pid_t pid, int *ret_status, Err **e) {
        int status;
        while (waitpid(pid, &status, 0) < 0) {
                if (errno != EINTR) return err_sys(e, "wait for process %d", (int)pid);
        }
        *ret_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        return 0;
}

int process_run(const ProcessParams *params, int *ret_status, Buf *ret_output, Buf *ret_errors, Err **e) {
        AUTO(pipe_close) Pipe out = {-1, -1};
        AUTO(pipe_close) Pipe err = {-1, -1};
        if (pipe_open(&out, e) < 0 || pipe_open(&err, e) < 0) return -1;
        AUTO(closep) int in = input_open(params, e);
        if (in < 0) return -1;
        pid_t pid;
        if (start(params, (int[]){in, out.write_fd, err.write_fd}, &pid, e) < 0) return -1;
        close(TAKE_FD(out.write_fd));
        close(TAKE_FD(err.write_fd));
        int r = collect_both(out.read_fd, err.read_fd, params, ret_output, ret_errors, e);
        if (r < 0) kill(has_group(params) ? -pid : pid, SIGKILL);
        int status = 0;
        if (reap(pid, &status, e) < 0 || r < 0) return -1;
        *ret_status = status;
        return 0;
}

int companion_start(const char *const *argv, Companion *ret_companion, Err **e) {
        AUTO(pipe_close) Pipe in = {-1, -1};
        AUTO(pipe_close) Pipe out = {-1, -1};
        AUTO(closep) int nothing = open("/dev/null", O_WRONLY | O_CLOEXEC);
        if (nothing < 0) return err_sys(e, "open /dev/null");
        if (pipe_open(&in, e) < 0 || pipe_open(&out, e) < 0) return -1;
        ProcessParams params = {.argv = argv};
        Companion c;
        if (spawn(&params, true, (int[]){in.read_fd, out.write_fd, nothing}, &c.pid, e) < 0) return -1;
        c.input_fd = TAKE_FD(in.write_fd);
        c.output_fd = TAKE_FD(out.read_fd);
        *ret_companion = c;
        return 0;
}

int companion_stop(Companion *c) {
        int status = 0;
        closep(&c->input_fd);
        if (reap(c->pid, &status, NULL) < 0) status = -1;
        closep(&c->output_fd);
        return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "os/fs.h"
#include "sandbox/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <sys/wait.h>

enum { STATUS_MAX = 16 << 20, STATUS_CHUNK = 4096, EXIT_SIGNAL_BASE = 128 };

/* Until the launcher and the step's first process have closed their ends. */
static int collect(SandboxProcess *p, Err **e) {
        for (;;) {
                buf_reserve(&p->status, STATUS_CHUNK);
                ssize_t n = read(p->status_fd, p->status.p + p->status.n, STATUS_CHUNK);
                if (n < 0 && errno == EINTR) continue;
                if (n < 0) return err_sys(e, "read the launcher's report");
                if (n == 0) return 0;
                p->status.n += (size_t)n;
                if (p->status.n > STATUS_MAX) return err_new(e, ERR_LIMIT, "the launcher reports without end");
        }
}

static void reap(SandboxProcess *p) {
        if (p->pid <= 0) return;
        while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR) continue;
        p->pid = 0;
}

static int setup_failed(const StatusRecord *r, Str text, Err **e) {
        errno = r->error;
        err_sys(e, "set up the sandbox: " STR_FMT, STR_ARG(text));
        if (r->error == EPERM || r->error == EACCES)
                err_hint(e, "`decant doctor` says what this machine allows and what to enable");
        else if (r->error == EINVAL || r->error == ENOSYS || r->error == ENODEV)
                err_hint(e, "the kernel or the file system of the store lacks something: see `decant doctor`");
        return -1;
}

static int result_of(const SandboxProcess *p, int *ret_status, Err **e) {
        size_t at = 0;
        StatusRecord r;
        Str text;
        int status = -1;
        while (status_next(&p->status, &at, &r, &text)) {
                if (r.tag == STATUS_FAILED) return setup_failed(&r, text, e);
                if (r.tag == STATUS_EXIT) status = r.exit_status;
        }
        if (status == -1) return err_new(e, ERR_SYS, "the launcher was killed");
        *ret_status = WIFSIGNALED(status) ? EXIT_SIGNAL_BASE + WTERMSIG(status) : WEXITSTATUS(status);
        return 0;
}

/* What the step leaves behind outside of its layer. Harmless when done twice. */
static void clean(SandboxProcess *p) {
        stubs_remove(p->upper_dir, &p->status);
        cgroup_remove(&p->cgroup);
        if (p->bundle_dir) tree_remove(AT_FDCWD, p->bundle_dir, NULL);
        free(p->bundle_dir);
        p->bundle_dir = NULL;
}

int sandbox_wait(SandboxProcess *p, int *ret_status, bool *ret_oom, Err **e) {
        if (p->pid <= 0) return err_new(e, ERR_INTERNAL, "the sandbox was waited for already");
        int collected = collect(p, e);
        if (collected < 0) kill(p->pid, SIGKILL); /* its end takes the step along */
        reap(p);
        int status = 0;
        int r = collected < 0 ? -1 : result_of(p, &status, e);
        bool oom = r == 0 && cgroup_oom(&p->cgroup);
        clean(p);
        if (r < 0) return -1;
        *ret_status = status;
        if (ret_oom) *ret_oom = oom;
        return 0;
}

void sandbox_kill(SandboxProcess *p, int signal) {
        unsigned char byte = (unsigned char)signal;
        if (p->control_fd < 0) return;
        /* A launcher that is gone already closed its end: that must not kill us. */
        sigset_t pipe_only, before;
        sigemptyset(&pipe_only);
        sigaddset(&pipe_only, SIGPIPE);
        pthread_sigmask(SIG_BLOCK, &pipe_only, &before);
        if (write(p->control_fd, &byte, 1) < 0 && errno == EPIPE)
                while (sigtimedwait(&pipe_only, NULL, &(struct timespec){0}) < 0 && errno == EINTR) continue;
        pthread_sigmask(SIG_SETMASK, &before, NULL);
}

int sandbox_pid(const SandboxProcess *p) {
        int32_t pid = 0;
        if (pread(p->spec_fd, &pid, sizeof pid, offsetof(LaunchHeader, init_pid)) != sizeof pid) return 0;
        return pid;
}

void sandbox_process_free(SandboxProcess *p) {
        if (!p) return;
        if (p->pid > 0) {
                sandbox_kill(p, SIGKILL);
                int status;
                sandbox_wait(p, &status, NULL, NULL);
        }
        clean(p);
        closep(&p->spec_fd);
        closep(&p->status_fd);
        closep(&p->control_fd);
        buf_done(&p->status);
        free(p->upper_dir);
        free(p);
}

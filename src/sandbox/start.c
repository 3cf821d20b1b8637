/* SPDX-License-Identifier: Apache-2.0 */
#include "os/fs.h"
#include "os/owner.h"
#include "sandbox/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>

/* Descriptors of the launcher are put together from copies above all targets, so that none is overwritten before
 * it was copied. */
enum { FD_LIFT = 16 };

typedef struct Ends {
        int in, out, err;          /* the step's */
        int spec, status, control; /* the launcher's */
        int status_read, control_write;
} Ends;

static void ends_done(Ends *n) {
        int *all = (int *)n;
        for (size_t i = 0; i < sizeof *n / sizeof(int); i++)
                if (all[i] >= 0) close(all[i]);
}

static int lift(int *fd, Err **e) {
        if (*fd >= FD_LIFT) return 0;
        int high = fcntl(*fd, F_DUPFD_CLOEXEC, FD_LIFT);
        if (high < 0) return err_sys(e, "copy a descriptor");
        close(*fd);
        *fd = high;
        return 0;
}

static int copy_end(int fd, int *ret_fd, Err **e) {
        *ret_fd = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, FD_LIFT) : open("/dev/null", O_RDWR | O_CLOEXEC);
        if (*ret_fd < 0) return err_sys(e, "copy a descriptor of the step");
        return lift(ret_fd, e);
}

static int pipe_make(int *ret_read, int *ret_write, Err **e) {
        int fds[2];
        if (pipe2(fds, O_CLOEXEC) < 0) return err_sys(e, "make a pipe");
        *ret_read = fds[0];
        *ret_write = fds[1];
        return 0;
}

static int ends_make(const SandboxSpec *s, const Buf *data, Ends *n, Err **e) {
        if (copy_end(s->stdin_fd, &n->in, e) < 0 || copy_end(s->stdout_fd, &n->out, e) < 0 ||
            copy_end(s->stderr_fd, &n->err, e) < 0)
                return -1;
        if (pipe_make(&n->status_read, &n->status, e) < 0 || pipe_make(&n->control, &n->control_write, e) < 0)
                return -1;
        n->spec = memfd_create("decant-step", MFD_CLOEXEC);
        if (n->spec < 0) return err_sys(e, "make the step's description");
        if (fd_write_all(n->spec, data->p, data->n, e) < 0) return -1;
        if (lift(&n->spec, e) < 0 || lift(&n->status, e) < 0 || lift(&n->control, e) < 0) return -1;
        return 0;
}

static int spawn(const char *path, const Ends *n, pid_t *ret_pid, Err **e) {
        const int from[] = {n->in, n->out, n->err, n->spec, n->status, n->control};
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        posix_spawn_file_actions_init(&actions);
        posix_spawnattr_init(&attributes);
        for (int i = 0; i < (int)ARRAY_SIZE(from); i++) posix_spawn_file_actions_adddup2(&actions, from[i], i);
        sigset_t all;
        sigfillset(&all);
        posix_spawnattr_setsigmask(&attributes, &all);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
        char *argv[] = {(char *)(uintptr_t)path, NULL}, *env[] = {NULL};
        errno = posix_spawn(ret_pid, path, &actions, &attributes, argv, env);
        posix_spawn_file_actions_destroy(&actions);
        posix_spawnattr_destroy(&attributes);
        return errno ? err_sys(e, "start '%s'", path) : 0;
}

/* The filter for these capabilities, made at first use. The sandbox is locked. */
static int filter_for(Sandbox *s, uint64_t capabilities, const Filter **ret_filter, Err **e) {
        uint64_t relevant = seccomp_relevant(capabilities);
        for (size_t i = 0; i < s->filters.n; i++) {
                if (s->filters.v[i]->capabilities != relevant) continue;
                *ret_filter = s->filters.v[i];
                return 0;
        }
        Filter *f = xcalloc(1, sizeof *f);
        f->capabilities = relevant;
        if (seccomp_get(s->cache_dir, relevant, &f->program, e) < 0) {
                free(f);
                return -1;
        }
        vec_push(&s->filters, f);
        *ret_filter = f;
        return 0;
}

static int prepare_locked(Launch *l, Err **e) {
        Sandbox *s = l->sandbox;
        if (assets_make(s, e) < 0 || net_files_make(l, e) < 0) return -1;
        if (l->spec->insecure) return 0;
        return filter_for(s, l->capabilities, &l->filter, e);
}

/* Everything but the start itself. What Launch borrows from the sandbox lives as long as the sandbox. */
static int prepare(Launch *l, Buf *ret_data, Err **e) {
        if (l->spec->argv->n == 0) return err_new(e, ERR_USAGE, "no command to run");
        if (l->spec->lower_dirs->n == 0) return err_new(e, ERR_INTERNAL, "a sandbox needs a layer");
        if (capabilities_choose(l->spec, &l->capabilities, e) < 0) return -1;
        pthread_mutex_lock(&l->sandbox->lock);
        int r = prepare_locked(l, e);
        pthread_mutex_unlock(&l->sandbox->lock);
        if (r < 0) return -1;
        bool foreign = l->sandbox->facts.userns && (l->spec->uid || l->spec->gid);
        if (foreign && owner_check((Owner){l->spec->uid, l->spec->gid}, e) < 0) return -1;
        if (l->spec->memory_bytes && cgroup_make(l->spec, &l->process->cgroup, e) < 0) return -1;
        const RuntimeOps *ops = l->sandbox->runtime == RUNTIME_CRUN ? &runtime_crun : &runtime_launcher;
        return ops->encode(l, ret_data, e);
}

static int start(Launch *l, Err **e) {
        AUTO(buf_done) Buf data = {0};
        if (prepare(l, &data, e) < 0) return -1;
        AUTO(ends_done) Ends ends = {-1, -1, -1, -1, -1, -1, -1, -1};
        if (ends_make(l->spec, &data, &ends, e) < 0) return -1;
        pid_t pid = 0;
        if (spawn(l->sandbox->launcher_path, &ends, &pid, e) < 0) return -1;
        SandboxProcess *p = l->process;
        p->pid = pid;
        p->spec_fd = TAKE_FD(ends.spec);
        p->status_fd = TAKE_FD(ends.status_read);
        p->control_fd = TAKE_FD(ends.control_write);
        return 0;
}

int sandbox_start(Sandbox *s, const SandboxSpec *spec, SandboxProcess **ret_process, Err **e) {
        SandboxProcess *p = xcalloc(1, sizeof *p);
        p->spec_fd = p->status_fd = p->control_fd = -1;
        p->upper_dir = xstrdup(spec->upper_dir);
        Launch launch = {.sandbox = s, .spec = spec, .process = p};
        if (start(&launch, e) < 0) {
                sandbox_process_free(p);
                return -1;
        }
        *ret_process = p;
        return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "build/graph.h"
#include "store/key.h"
#include "build/run_devices.h"
#include "build/run_mounts.h"
#include "layer/users.h"
#include "os/clock.h"
#include "os/fs.h"
#include "sandbox/rootless.h"

/* RUN: a process in a sandbox on top of the parent's layers; what it writes becomes the layer. */

enum { LOG_CHUNK = 32 * 1024 };

typedef struct RunJob {
        Build *b;
        Node *n;
        const PlanRun *run;
        StrVec lower_dirs;
        User user;
        StrVec argv, env;
        RunMounts mounts;
        Draft *draft;
} RunJob;

static void run_job_done(RunJob *j) {
        strvec_done(&j->lower_dirs);
        strvec_done(&j->argv);
        strvec_done(&j->env);
        user_done(&j->user);
        run_mounts_done(&j->mounts);
        if (j->draft) store_draft_discard(j->b->store, j->draft);
}

/* ---- key */

/* Addresses of extra hosts differ between places without meaning anything: names only. */
static void host_names(KeyText *k, const StrVec *hosts) {
        key_number(k, "hosts", hosts->n);
        for (size_t i = 0; i < hosts->n; i++) {
                Str rest = str_of(hosts->v[i]), name;
                str_cut(&rest, ':', &name);
                key_bytes(k, "host", name.p, name.n);
        }
}

static void limit_fields(KeyText *k, const BuildParams *params) {
        key_number(k, "limits", params->limit_count);
        for (size_t i = 0; i < params->limit_count; i++) {
                key_number(k, "resource", (uint64_t)params->limits[i].resource);
                key_number(k, "soft", params->limits[i].soft);
                key_number(k, "hard", params->limits[i].hard);
        }
}

static void run_fields(KeyText *k, Build *b, Node *n) {
        const PlanRun *run = &n->step->run;
        key_digest(k, "parent", &n->parent->result.key);
        key_list(k, "argv", run->argv);
        key_list(k, "env", run->env);
        key_text(k, "cwd", run->cwd);
        key_text(k, "user", run->user);
        key_number(k, "network", run->network);
        key_number(k, "insecure", run->insecure);
        if (run->script) key_bytes(k, "script", run->script->content, run->script->content_size);
        key_text(k, "os", n->step->platform.os);
        key_text(k, "arch", n->step->platform.arch);
        host_names(k, &b->params->extra_hosts);
        limit_fields(k, b->params);
        key_number(k, "shm", b->params->shm_size_bytes);
        run_devices_key(n, k);
        if (b->params->cap_add.n) key_list(k, "cap-add", (const char *const *)b->params->cap_add.v);
        if (b->params->cap_drop.n) key_list(k, "cap-drop", (const char *const *)b->params->cap_drop.v);
}

static int run_key(Build *b, Node *n, Digest *ret_key, Err **e) {
        KeyText k;
        key_begin(&k, "run");
        run_fields(&k, b, n);
        int r = run_mounts_key(b, n, &k, e);
        key_finish_keep(&k, ret_key, node_key_text(n));
        return r;
}

static int run_lookup(Build *b, Node *n, Err **e) {
        if (run_mounts_need_reading(n)) return LOOKUP_MISS;
        Digest key;
        if (run_key(b, n, &key, e) < 0) return -1;
        return node_lookup_key(b, n, &key, e);
}

/* ---- execution */

static int sandbox_get(Build *b, Sandbox **ret_sandbox, Err **e) {
        int r = 0;
        pthread_mutex_lock(&b->lock);
        if (!b->sandbox) {
                AUTO(freep) char *cache = xasprintf("%s/cache", store_root(b->store));
                r = store_scratch(b->store, "sandbox", &b->sandbox_scratch, e);
                SandboxParams params = {
                        .runtime = b->params->runtime, .cache_dir = cache, .scratch_dir = b->sandbox_scratch};
                if (r == 0) r = sandbox_new(&params, &b->sandbox, e);
        }
        *ret_sandbox = b->sandbox;
        pthread_mutex_unlock(&b->lock);
        return r;
}

static int prepare_user(RunJob *j, Err **e) {
        AUTO(view_freep) View *root = NULL;
        if (view_open(&j->lower_dirs, &root, e) < 0) return -1;
        return users_resolve_run(root, j->run->user, &j->user, e);
}

static void prepare_words(RunJob *j) {
        for (size_t i = 0; j->run->argv[i]; i++) strvec_push(&j->argv, j->run->argv[i]);
        for (size_t i = 0; j->run->env[i]; i++) strvec_push(&j->env, j->run->env[i]);
        for (size_t i = 0; j->run->proxy_env && j->run->proxy_env[i]; i++) strvec_push(&j->env, j->run->proxy_env[i]);
        if (!strvec_env_get(&j->env, "HOME")) strvec_env_set(&j->env, "HOME", j->user.home ? j->user.home : "/");
}

/* A parent without any layer (scratch) still needs something to mount. */
static int prepare_layers(RunJob *j, Err **e) {
        node_layer_dirs(j->b, j->n->parent, &j->lower_dirs);
        if (j->lower_dirs.n > 0) return 0;
        char *empty;
        if (store_scratch(j->b->store, "empty", &empty, e) < 0) return -1;
        strvec_push_take(&j->lower_dirs, empty);
        return 0;
}

static int prepare(RunJob *j, Err **e) {
        if (prepare_layers(j, e) < 0) return -1;
        if (prepare_user(j, e) < 0) return -1;
        prepare_words(j);
        if (run_mounts_prepare(j->b, j->n, &j->user, &j->env, &j->mounts, e) < 0) return -1;
        return store_draft_new(j->b->store, &j->draft, e);
}

/* Register the process so that the scheduler can end it. Returns true when it has to end at once. */
static bool register_process(Build *b, Node *n, SandboxProcess *p) {
        pthread_mutex_lock(&b->lock);
        n->process = p;
        bool kill_now = p && n->kill;
        pthread_mutex_unlock(&b->lock);
        return kill_now;
}

/* Copy what comes to the log. Returns false at the end of the stream. */
static bool pass_output(RunJob *j, int fd, int stream) {
        char chunk[LOG_CHUNK];
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n > 0) report_log(j->b, j->n->vertex, stream, chunk, (size_t)n);
        return n > 0 || (n < 0 && errno == EINTR);
}

static void follow_output(RunJob *j, int out_fd, int err_fd) {
        struct pollfd polls[2] = {{.fd = out_fd, .events = POLLIN}, {.fd = err_fd, .events = POLLIN}};
        while (polls[0].fd >= 0 || polls[1].fd >= 0) {
                if (poll(polls, 2, -1) < 0 && errno != EINTR) return;
                for (int i = 0; i < 2; i++) {
                        if (polls[i].fd >= 0 && polls[i].revents && !pass_output(j, polls[i].fd, i + 1))
                                polls[i].fd = -1;
                }
        }
}

typedef struct RunPipes {
        int out[2], err[2];
} RunPipes;

static void run_pipes_done(RunPipes *p) {
        for (int i = 0; i < 2; i++) {
                closep(&p->out[i]);
                closep(&p->err[i]);
        }
}

static void fill_spec(RunJob *j, const RunPipes *pipes, SandboxSpec *ret_spec) {
        const BuildParams *params = j->b->params;
        static const NetworkMode networks[] = {[PLAN_NETWORK_DEFAULT] = NETWORK_DEFAULT,
                                               [PLAN_NETWORK_NONE] = NETWORK_NONE,
                                               [PLAN_NETWORK_HOST] = NETWORK_HOST};
        *ret_spec = (SandboxSpec){
                .lower_dirs = &j->lower_dirs,
                .upper_dir = j->draft->fs_path,
                .work_dir = j->draft->work_path,
                .argv = &j->argv,
                .env = &j->env,
                .cwd = j->run->cwd,
                .uid = j->user.uid,
                .gid = j->user.gid,
                .groups = j->user.groups,
                .group_count = j->user.group_count,
                .network = networks[j->run->network],
                .extra_hosts = &params->extra_hosts,
                .mounts = j->mounts.list.v,
                .mount_count = j->mounts.list.n,
                .limits = params->limits,
                .limit_count = params->limit_count,
                .shm_size_bytes = params->shm_size_bytes,
                .memory_bytes = params->memory_bytes,
                .insecure = j->run->insecure,
                .cap_add = &params->cap_add,
                .cap_drop = &params->cap_drop,
                .stdin_fd = -1,
                .stdout_fd = pipes->out[1],
                .stderr_fd = pipes->err[1],
        };
}

static void sandbox_process_freep(SandboxProcess **p) {
        if (*p) sandbox_process_free(*p);
}

/* Returns the exit status, or -1. */
static int run_process(RunJob *j, bool *ret_oom, Err **e) {
        Sandbox *sandbox;
        if (sandbox_get(j->b, &sandbox, e) < 0) return -1;
        AUTO(run_pipes_done) RunPipes pipes = {{-1, -1}, {-1, -1}};
        if (pipe2(pipes.out, O_CLOEXEC) < 0 || pipe2(pipes.err, O_CLOEXEC) < 0) return err_sys(e, "make a pipe");
        SandboxSpec spec;
        fill_spec(j, &pipes, &spec);
        AUTO(sandbox_process_freep) SandboxProcess *process = NULL;
        if (sandbox_start(sandbox, &spec, &process, e) < 0) return -1;
        if (register_process(j->b, j->n, process)) sandbox_kill(process, SIGKILL);
        close(TAKE_FD(pipes.out[1]));
        close(TAKE_FD(pipes.err[1]));
        follow_output(j, pipes.out[0], pipes.err[0]);
        int status = 0;
        int r = sandbox_wait(process, &status, ret_oom, e);
        register_process(j->b, j->n, NULL);
        return r < 0 ? -1 : status;
}

/* A program that could not write says so in its own words, if at all. */
static bool is_disk_full(const Draft *draft) {
        enum { NOTHING_LEFT = 1 << 20 };
        struct statvfs fs;
        if (!draft || statvfs(draft->path, &fs) < 0) return false;
        return fs.f_bavail * fs.f_frsize < NOTHING_LEFT || (fs.f_files > 0 && fs.f_favail == 0);
}

static int status_error(RunJob *j, int status, bool oom, Err **e) {
        if (atomic_load(&j->b->stopping)) return err_new(e, ERR_CANCELLED, "cancelled");
        Buf words = {0};
        for (size_t i = 0; i < j->argv.n; i++) buf_addf(&words, "%s%s", i ? " " : "", j->argv.v[i]);
        err_new(e, ERR_STEP, "process \"%s\" did not complete successfully: exit code: %d%s", buf_str(&words).p, status,
                oom ? " (killed: out of memory)" : "");
        buf_done(&words);
        if (status == 127)
                err_hint(e, "127: a program that the command names is not in the image (PATH=%s)",
                         strvec_env_get(&j->env, "PATH"));
        const char *command = j->argv.n ? j->argv.v[j->argv.n - 1] : "";
        if (status == 127 && (starts_with(command, "['") || starts_with(command, "[\"")))
                err_hint(e,
                         "this was to be a JSON array and is none, so the shell got it: every word in double quotes, "
                         "commas between, nothing behind the bracket");
        if (is_disk_full(j->draft))
                err_hint(e, "the file system of the store '%s' is full: decant prune makes room",
                         store_root(j->b->store));
        if (rootless_rung() == RUNG_SINGLE_ID)
                err_hint(e, "only your own id is mapped here, so that owners cannot be changed: see `decant doctor`");
        if (oom) err_hint(e, "raise --memory, or let the step use less");
        return err_set_exit_status(e, status);
}

/* ---- a shell in what a failed step left */

static const char *find_shell(RunJob *j) {
        static const char *const shells[] = {"/bin/bash", "/bin/sh", "/usr/bin/sh", "/busybox/sh"};
        AUTO(view_freep) View *root = NULL;
        AUTO(strvec_done) StrVec dirs = {0};
        strvec_copy(&dirs, &j->lower_dirs);
        strvec_push(&dirs, j->draft->fs_path);
        if (view_open(&dirs, &root, NULL) < 0) return NULL;
        for (size_t i = 0; i < ARRAY_SIZE(shells); i++) {
                ViewEntry entry = {0};
                int r = view_lookup(root, shells[i], true, &entry, NULL);
                bool found = r == VIEW_FOUND && S_ISREG(entry.st.st_mode) && entry.st.st_mode & 0111;
                if (r >= 0) view_entry_done(&entry);
                if (found) return shells[i];
        }
        return NULL;
}

/* An overlay that was mounted volatile refuses its work directory the second time. */
static int renew_work_dir(RunJob *j, Err **e) {
        if (tree_remove(AT_FDCWD, j->draft->work_path, e) < 0) return -1;
        return dir_make_all(AT_FDCWD, j->draft->work_path, 0700, e);
}

static int enter(RunJob *j, const char *shell, const char *message, Err **e) {
        Sandbox *sandbox;
        const RunPipes none = {{-1, -1}, {-1, -1}};
        AUTO(strvec_done) StrVec argv = {0};
        SandboxSpec spec;
        strvec_push(&argv, shell);
        fill_spec(j, &none, &spec);
        spec.argv = &argv;
        if (sandbox_get(j->b, &sandbox, e) < 0 || renew_work_dir(j, e) < 0) return -1;
        BuildFailure failure = {j->n->step->name, message, sandbox, &spec};
        return j->b->params->enter_failure(j->b->params->enter_context, &failure, e);
}

/* Everybody else ends first and is not heard meanwhile. What goes wrong with the shell is a hint to the failure. */
static void enter_failed(RunJob *j, Err **e) {
        Build *b = j->b;
        if (!b->params->enter_failure || !e || err_kind(*e) != ERR_STEP || atomic_exchange(&b->entered, true)) return;
        const char *shell = find_shell(j);
        AUTO(err_freep) Err *failure = NULL;
        graph_stop(b);
        pthread_mutex_lock(&b->emit_lock);
        if (!shell)
                err_hint(e, "--on-error=shell: there is no shell in this image");
        else if (enter(j, shell, err_message(*e), &failure) < 0)
                err_hint(e, "--on-error=shell: %s", err_message(failure));
        pthread_mutex_unlock(&b->emit_lock);
}

static int run_and_commit(RunJob *j, const Digest *key, Err **e) {
        if (prepare(j, e) < 0) return -1;
        bool oom = false;
        int status = run_process(j, &oom, e);
        if (status < 0)
                return atomic_load(&j->b->stopping) && e ? (err_clear(e), err_new(e, ERR_CANCELLED, "cancelled")) : -1;
        if (status != 0) {
                status_error(j, status, oom, e);
                enter_failed(j, e);
                return -1;
        }
        return node_commit(j->b, j->n, key, TAKE(j->draft), NULL, e);
}

static int run_execute(Build *b, Node *n, Err **e) {
        Digest key;
        if (run_key(b, n, &key, e) < 0) return node_error(b, n, e);
        int r = run_mounts_need_reading(n) ? node_lookup_key(b, n, &key, e) : LOOKUP_MISS;
        if (r != LOOKUP_MISS) return r;
        int lock_fd;
        r = node_claim(b, n, &key, &lock_fd, e);
        if (r != CLAIM_MINE) return r < 0 ? node_error(b, n, e) : 0;
        AUTO(run_job_done) RunJob j = {.b = b, .n = n, .run = &n->step->run};
        r = run_and_commit(&j, &key, e);
        node_release(b, lock_fd);
        return r < 0 ? node_error(b, n, e) : 0;
}

const StepOps step_run_ops = {run_lookup, run_execute, 1000};

/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "cli/app.h"
#include "cli/relay.h"
#include "cli/run_options.h"
#include "cli/signals.h"
#include "layer/users.h"
#include "layer/view.h"
#include "os/fs.h"

/* Everything that has to go away again, in one place. The container's file system is a draft of the store that is never
 * committed. */
typedef struct Run {
        Store *store;
        RunOptions options;
        User user;
        StrVec lower_dirs;
        Draft *draft;
        char *scratch, *cache;
        int master, slave;
        Sandbox *sandbox;
        SandboxProcess *process;
} Run;

static int find_layers(Run *r, const Image *image, Err **e) {
        for (size_t i = 0; i < image->snapshots.n; i++) {
                strvec_push_take(&r->lower_dirs, store_snapshot_path(r->store, image->snapshots.v[i]));
        }
        if (r->lower_dirs.n) return 0;
        /* an image without layers: overlays need at least one */
        AUTO(freep) char *empty = xasprintf("%s/empty", r->scratch);
        if (dir_make_all(AT_FDCWD, empty, 0755, e) < 0) return -1;
        strvec_push(&r->lower_dirs, empty);
        return 0;
}

static int find_user(Run *r, Err **e) {
        AUTO(view_freep) View *view = NULL;
        if (view_open(&r->lower_dirs, &view, e) < 0) return -1;
        if (users_resolve_run(view, r->options.user, &r->user, e) < 0) return err_wrap(e, "user '%s'", r->options.user);
        if (!r->options.has_home) strvec_env_set(&r->options.env, "HOME", r->user.home ? r->user.home : "/");
        return 0;
}

static int prepare(Run *r, const Image *image, Err **e) {
        if (store_scratch(r->store, "run", &r->scratch, e) < 0) return -1;
        r->cache = xasprintf("%s/cache", store_root(r->store));
        if (find_layers(r, image, e) < 0 || find_user(r, e) < 0) return -1;
        if (store_draft_new(r->store, &r->draft, e) < 0) return -1;
        return r->options.terminal ? terminal_open(&r->master, &r->slave, e) : 0;
}

static SandboxSpec spec_of(const Run *r) {
        const RunOptions *o = &r->options;
        return (SandboxSpec){
                .lower_dirs = &r->lower_dirs,
                .upper_dir = r->draft->fs_path,
                .work_dir = r->draft->work_path,
                .argv = &o->argv,
                .env = &o->env,
                .cwd = o->cwd,
                .uid = r->user.uid,
                .gid = r->user.gid,
                .groups = r->user.groups,
                .group_count = r->user.group_count,
                .hostname = o->hostname,
                .network = o->network,
                .extra_hosts = &o->extra_hosts,
                .mounts = o->mounts.v,
                .mount_count = o->mounts.n,
                .limits = o->limits.v,
                .limit_count = o->limits.n,
                .shm_size_bytes = o->shm_size_bytes,
                .memory_bytes = o->memory_bytes,
                .insecure = o->privileged,
                .cap_add = &o->cap_add,
                .cap_drop = &o->cap_drop,
                .read_only_root = o->read_only,
                .terminal = o->terminal,
                .stdin_fd = o->terminal      ? r->slave
                            : o->interactive ? STDIN_FILENO
                                             : -1,
                .stdout_fd = o->terminal ? r->slave : STDOUT_FILENO,
                .stderr_fd = o->terminal ? r->slave : STDERR_FILENO,
        };
}

static int start_and_wait(Run *r, int *ret_status, Err **e) {
        SandboxParams params = {.runtime = r->options.runtime, .cache_dir = r->cache, .scratch_dir = r->scratch};
        SandboxSpec spec = spec_of(r);
        int signal_fd = signals_collect(e);
        if (signal_fd < 0 || sandbox_new(&params, &r->sandbox, e) < 0) return -1;
        if (sandbox_start(r->sandbox, &spec, &r->process, e) < 0) return -1;
        closep(&r->slave); /* only the container holds it, so that its end shows on our side */
        r->slave = -1;
        Relay *relay = NULL;
        RelayParams relay_params = {r->process, signal_fd, r->master, r->options.interactive};
        if (relay_start(&relay_params, &relay, e) < 0) return -1;
        bool oom = false;
        int result = sandbox_wait(r->process, ret_status, &oom, e);
        relay_stop(relay);
        if (oom) app_printf_error("decant: the container was killed: it needed more memory than --memory allows");
        return result;
}

static void run_done(Run *r) {
        sandbox_process_free(r->process);
        if (r->sandbox) sandbox_free(r->sandbox);
        closep(&r->master);
        closep(&r->slave);
        if (r->draft) store_draft_discard(r->store, r->draft);
        if (r->scratch) tree_remove(AT_FDCWD, r->scratch, NULL);
        free(r->scratch);
        free(r->cache);
        user_done(&r->user);
        strvec_done(&r->lower_dirs);
        run_options_done(&r->options);
}

static int check_terminal(const Args *args, Err **e) {
        if (!args_flag(args, "tty") || !args_flag(args, "interactive") || isatty(STDIN_FILENO)) return 0;
        err_new(e, ERR_USAGE, "standard input is not a terminal");
        return err_hint(e, "leave --tty out");
}

int command_run(App *app, const Args *args, Err **e) {
        AUTO(app_store_done) AppStore store = {.app = app};
        AUTO(image_done) Image image = {0};
        int status = 0;
        if (check_terminal(args, e) < 0 || app_store_open(app, &store.store, e) < 0) return -1;
        if (image_find(store.store, args->operands.v[0], &image, NULL, e) < 0) return -1;
        Run run = {.store = store.store, .master = -1, .slave = -1};
        int r = run_options_init(&run.options, args, &image, e);
        if (r == 0) r = prepare(&run, &image, e);
        if (r == 0) r = start_and_wait(&run, &status, e);
        run_done(&run);
        return r < 0 ? -1 : status;
}

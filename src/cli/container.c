/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/container.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "layer/view.h"
#include "os/fs.h"

static int find_layers(Container *c, const Image *image, Err **e) {
        for (size_t i = 0; i < image->snapshots.n; i++) {
                strvec_push_take(&c->lower_dirs, store_snapshot_path(c->store, image->snapshots.v[i]));
        }
        if (c->lower_dirs.n) return 0;
        /* an image without layers: overlays need at least one */
        AUTO(freep) char *empty = xasprintf("%s/empty", c->scratch);
        if (dir_make_all(AT_FDCWD, empty, 0755, e) < 0) return -1;
        strvec_push(&c->lower_dirs, empty);
        return 0;
}

static int find_user(Container *c, Err **e) {
        AUTO(view_freep) View *view = NULL;
        if (view_open(&c->lower_dirs, &view, e) < 0) return -1;
        if (users_resolve_run(view, c->options->user, &c->user, e) < 0)
                return err_wrap(e, "user '%s'", c->options->user);
        if (!c->options->has_home) strvec_env_set(&c->options->env, "HOME", c->user.home ? c->user.home : "/");
        return 0;
}

int container_init(Container *c, Store *s, const Image *image, RunOptions *options, Err **e) {
        *c = (Container){.store = s, .options = options};
        if (store_scratch(s, "run", &c->scratch, e) < 0) return -1;
        c->cache = xasprintf("%s/cache", store_root(s));
        SandboxParams params = {.runtime = options->runtime, .cache_dir = c->cache, .scratch_dir = c->scratch};
        if (find_layers(c, image, e) < 0 || find_user(c, e) < 0) return -1;
        if (store_draft_new(s, &c->draft, e) < 0) return -1;
        return sandbox_new(&params, &c->sandbox, e);
}

static SandboxSpec spec_of(const Container *c, const ContainerStdio *stdio) {
        const RunOptions *o = c->options;
        return (SandboxSpec){
                .lower_dirs = &c->lower_dirs,
                .upper_dir = c->draft->fs_path,
                .work_dir = c->draft->work_path,
                .argv = &o->argv,
                .env = &o->env,
                .cwd = o->cwd,
                .uid = c->user.uid,
                .gid = c->user.gid,
                .groups = c->user.groups,
                .group_count = c->user.group_count,
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
                .stdin_fd = stdio->in,
                .stdout_fd = stdio->out,
                .stderr_fd = stdio->errors,
        };
}

/* A volatile overlay leaves a mark in its work directory that forbids a second mount. */
static int renew_work_directory(const Container *c, Err **e) {
        if (tree_remove(AT_FDCWD, c->draft->work_path, e) < 0) return -1;
        return mkdir(c->draft->work_path, 0700) < 0 ? err_sys(e, "make '%s'", c->draft->work_path) : 0;
}

int container_start(Container *c, const ContainerStdio *stdio, SandboxProcess **ret_process, Err **e) {
        SandboxSpec spec = spec_of(c, stdio);
        if (c->used && renew_work_directory(c, e) < 0) return -1;
        c->used = true;
        return sandbox_start(c->sandbox, &spec, ret_process, e);
}

void container_done(Container *c) {
        if (c->sandbox) sandbox_free(c->sandbox);
        if (c->draft) store_draft_discard(c->store, c->draft);
        if (c->scratch) tree_remove(AT_FDCWD, c->scratch, NULL);
        free(c->scratch);
        free(c->cache);
        user_done(&c->user);
        strvec_done(&c->lower_dirs);
        *c = (Container){0};
}

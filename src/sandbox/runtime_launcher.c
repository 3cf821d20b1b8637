/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/internal.h"

/* Our own launcher does everything. */

static void add_files(Buf *b, const Launch *l) {
        const SandboxMount files[] = {
                {SANDBOX_BIND, l->hosts_path, "/etc/hosts", true, true, true, true, 0, 0},
                {SANDBOX_BIND, l->resolv_path, "/etc/resolv.conf", true, true, true, true, 0, 0},
        };
        for (size_t i = 0; i < ARRAY_SIZE(files); i++) spec_add_mount(b, &files[i]);
}

static int add_limits(Buf *b, const SandboxSpec *s, Err **e) {
        if (s->limit_count > LAUNCH_LIMITS_MAX)
                return err_new(e, ERR_LIMIT, "more than %d resource limits", LAUNCH_LIMITS_MAX);
        for (size_t i = 0; i < s->limit_count; i++) {
                LaunchLimit l = {.resource = (uint32_t)s->limits[i].resource,
                                 .soft = s->limits[i].soft,
                                 .hard = s->limits[i].hard};
                spec_add(b, TAG_LIMIT, &l, sizeof l);
        }
        return 0;
}

static int add_mounts(Buf *b, const Launch *l, Err **e) {
        const SandboxSpec *s = l->spec;
        if (s->mount_count + 2 > LAUNCH_MOUNTS_MAX)
                return err_new(e, ERR_LIMIT, "more than %d mounts", LAUNCH_MOUNTS_MAX - 2);
        add_files(b, l);
        AUTO(freep) const SandboxMount **sorted = mounts_sorted(s);
        for (size_t i = 0; i < s->mount_count; i++) spec_add_mount(b, sorted[i]);
        return 0;
}

static int encode(const Launch *l, Buf *ret_data, Err **e) {
        const SandboxSpec *s = l->spec;
        spec_begin(ret_data);
        spec_add_basics(ret_data, l, 0);
        if (spec_add_root(ret_data, l, s->work_dir, e) < 0) return -1;
        for (size_t i = 0; i < s->argv->n; i++) spec_add_text(ret_data, TAG_ARG, s->argv->v[i]);
        for (size_t i = 0; s->env && i < s->env->n; i++) spec_add_text(ret_data, TAG_ENV, s->env->v[i]);
        spec_add_text(ret_data, TAG_CWD, s->cwd && s->cwd[0] ? s->cwd : "/");
        spec_add_text(ret_data, TAG_HOSTNAME, l->hostname);
        if (s->group_count >= LAUNCH_GROUPS_MAX)
                return err_new(e, ERR_LIMIT, "%d or more supplementary groups", LAUNCH_GROUPS_MAX);
        size_t group_count;
        AUTO(freep) gid_t *groups = groups_of(s, &group_count);
        spec_add(ret_data, TAG_GROUPS, groups, group_count * sizeof *groups);
        if (l->filter) spec_add(ret_data, TAG_FILTER, l->filter->program.p, l->filter->program.n);
        if (add_limits(ret_data, s, e) < 0 || add_mounts(ret_data, l, e) < 0) return -1;
        if (l->process->cgroup.dir) {
                AUTO(freep) char *procs = xasprintf("%s/cgroup.procs", l->process->cgroup.dir);
                spec_add_text(ret_data, TAG_CGROUP, procs);
        }
        return spec_finish(ret_data, e);
}

const RuntimeOps runtime_launcher = {"launcher", encode};

/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/internal.h"

#include <stddef.h>

enum { SHM_DEFAULT_BYTES = 64 << 20 };

void spec_begin(Buf *b) {
        LaunchHeader h = {.magic = LAUNCH_MAGIC, .version = LAUNCH_VERSION};
        buf_add(b, &h, sizeof h);
}

static void add_padding(Buf *b) {
        static const char zeros[LAUNCH_ALIGN];
        buf_add(b, zeros, -b->n & (LAUNCH_ALIGN - 1));
}

void spec_add(Buf *b, LaunchTag tag, const void *data, size_t size) {
        LaunchRecord r = {.tag = tag, .size = (uint32_t)size};
        buf_add(b, &r, sizeof r);
        buf_add(b, data, size);
        add_padding(b);
}

void spec_add_text(Buf *b, LaunchTag tag, const char *text) {
        spec_add(b, tag, text, strlen(text) + 1);
}

int spec_add_root(Buf *b, const Launch *l, const char *root_at, Err **e) {
        const StrVec *lower = l->spec->lower_dirs;
        if (lower->n + 1 > LAUNCH_LOWER_MAX) {
                err_new(e, ERR_LIMIT, "the image has %zu layers; at most %d can be stacked for a RUN", lower->n,
                        LAUNCH_LOWER_MAX - 1);
                return err_hint(e, "join RUN or COPY instructions, or copy what is needed into a new stage");
        }
        for (size_t i = lower->n; i-- > 0;) spec_add_text(b, TAG_LOWER, lower->v[i]);
        spec_add_text(b, TAG_LOWER, l->sandbox->stub_dir);
        spec_add_text(b, TAG_UPPER, l->spec->upper_dir);
        spec_add_text(b, TAG_WORK, l->spec->work_dir);
        spec_add_text(b, TAG_ROOT_AT, root_at);
        return 0;
}

uint64_t shm_size_of(const SandboxSpec *spec) {
        return spec->shm_size_bytes ? spec->shm_size_bytes : SHM_DEFAULT_BYTES;
}

void spec_add_basics(Buf *b, const Launch *l, uint32_t more_flags) {
        const SandboxSpec *s = l->spec;
        LaunchBasics basics = {
                .capabilities = l->capabilities,
                .shm_size = shm_size_of(s),
                .flags = more_flags | l->sandbox->facts.cgroup,
                .uid = s->uid,
                .gid = s->gid,
        };
        if (l->sandbox->facts.userns) basics.flags |= LAUNCH_USERNS;
        if (s->network == NETWORK_NONE) basics.flags |= LAUNCH_NET_NONE;
        if (s->insecure) basics.flags |= LAUNCH_INSECURE;
        if (s->read_only_root) basics.flags |= LAUNCH_READ_ONLY;
        if (s->terminal) basics.flags |= LAUNCH_TERMINAL;
        spec_add(b, TAG_BASICS, &basics, sizeof basics);
}

void spec_add_mount(Buf *b, const SandboxMount *m) {
        LaunchMount out = {.size_bytes = m->size_bytes, .mode = m->mode};
        if (m->type == SANDBOX_BIND) out.flags |= LAUNCH_MOUNT_BIND;
        if (m->read_only) out.flags |= LAUNCH_MOUNT_RO;
        if (m->no_exec) out.flags |= LAUNCH_MOUNT_NOEXEC;
        if (m->no_suid) out.flags |= LAUNCH_MOUNT_NOSUID;
        if (m->no_dev) out.flags |= LAUNCH_MOUNT_NODEV;
        const char *source = m->source ? m->source : "";
        size_t source_size = strlen(source) + 1, target_size = strlen(m->target) + 1;
        LaunchRecord r = {.tag = TAG_MOUNT, .size = (uint32_t)(sizeof out + source_size + target_size)};
        buf_add(b, &r, sizeof r);
        buf_add(b, &out, sizeof out);
        buf_add(b, source, source_size);
        buf_add(b, m->target, target_size);
        add_padding(b);
}

static int compare_mounts(const void *a, const void *b) {
        const SandboxMount *x = *(const SandboxMount *const *)a, *y = *(const SandboxMount *const *)b;
        int order = strcmp(x->target, y->target);
        if (order) return order;
        return x < y ? -1 : x > y; /* of two on one place the later one covers the earlier, as written */
}

const SandboxMount **mounts_sorted(const SandboxSpec *spec) {
        if (spec->mount_count == 0) return NULL;
        const SandboxMount **list = xcalloc(spec->mount_count, sizeof *list);
        for (size_t i = 0; i < spec->mount_count; i++) list[i] = &spec->mounts[i];
        qsort(list, spec->mount_count, sizeof *list, compare_mounts);
        return list;
}

gid_t *groups_of(const SandboxSpec *spec, size_t *ret_count) {
        gid_t *list = xcalloc(spec->group_count + 1, sizeof *list);
        size_t n = 0;
        list[n++] = spec->gid;
        for (size_t i = 0; i < spec->group_count; i++)
                if (spec->groups[i] != spec->gid) list[n++] = spec->groups[i];
        *ret_count = n;
        return list;
}

int spec_finish(Buf *b, Err **e) {
        if (b->n > LAUNCH_SPEC_MAX)
                return err_new(e, ERR_LIMIT,
                               "arguments, environment and mounts of the step have %zu bytes, more than %d", b->n,
                               LAUNCH_SPEC_MAX);
        uint32_t size = (uint32_t)b->n;
        memcpy(b->p + offsetof(LaunchHeader, size), &size, sizeof size);
        return 0;
}

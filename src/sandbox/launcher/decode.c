/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/launcher/launcher.h"

#include <errno.h>

typedef struct Counts {
        size_t lower, argv, env, cgroups, mounts, limits;
} Counts;

/* The next record at *at; 0 at the end, 1 when there is one, -EINVAL. */
static int record_next(const char *data, size_t size, size_t *at, const LaunchRecord **ret_record) {
        size_t left = size - *at;
        if (left == 0) return 0;
        if (left < sizeof(LaunchRecord)) return -EINVAL;
        const LaunchRecord *r = (const void *)(data + *at);
        size_t padded = ((size_t)r->size + LAUNCH_ALIGN - 1) & ~(size_t)(LAUNCH_ALIGN - 1);
        if (r->size > LAUNCH_SPEC_MAX || padded > left - sizeof *r) return -EINVAL;
        *at += sizeof *r + padded;
        *ret_record = r;
        return 1;
}

static int text_ok(const char *text, size_t size) {
        return size > 0 && text[size - 1] == 0;
}

/* Two texts behind the structure. */
static int mount_ok(const LaunchRecord *r) {
        if (r->size < sizeof(LaunchMount) + 2) return 0;
        const char *text = (const char *)(r + 1) + sizeof(LaunchMount);
        size_t size = r->size - sizeof(LaunchMount), first = 0;
        if (!text_ok(text, size)) return 0;
        while (text[first]) first++;
        return first + 1 < size;
}

static int record_ok(const LaunchRecord *r) {
        const char *body = (const char *)(r + 1);
        switch (r->tag) {
        case TAG_LOWER:
        case TAG_UPPER:
        case TAG_WORK:
        case TAG_ROOT_AT:
        case TAG_ARG:
        case TAG_ENV:
        case TAG_CWD:
        case TAG_HOSTNAME:
        case TAG_CGROUP: return text_ok(body, r->size);
        case TAG_GROUPS: return r->size % sizeof(uint32_t) == 0 && r->size / sizeof(uint32_t) <= LAUNCH_GROUPS_MAX;
        case TAG_FILTER:
                return r->size % sizeof(struct sock_filter) == 0 &&
                       r->size / sizeof(struct sock_filter) <= LAUNCH_FILTER_MAX;
        case TAG_MOUNT: return mount_ok(r);
        case TAG_LIMIT: return r->size == sizeof(LaunchLimit);
        case TAG_BASICS: return r->size == sizeof(LaunchBasics);
        default: return 0;
        }
}

static void count_record(Counts *c, uint32_t tag) {
        switch (tag) {
        case TAG_LOWER: c->lower++; break;
        case TAG_ARG: c->argv++; break;
        case TAG_ENV: c->env++; break;
        case TAG_CGROUP: c->cgroups++; break;
        case TAG_MOUNT: c->mounts++; break;
        case TAG_LIMIT: c->limits++; break;
        default: break;
        }
}

static int count_all(const void *data, size_t size, Counts *ret) {
        const LaunchHeader *h = data;
        if (size < sizeof *h || size > LAUNCH_SPEC_MAX || h->magic != LAUNCH_MAGIC || h->version != LAUNCH_VERSION ||
            h->size != size)
                return -EINVAL;
        Counts c = {0};
        size_t at = sizeof *h;
        const LaunchRecord *r = NULL;
        int more;
        while ((more = record_next(data, size, &at, &r)) > 0) {
                if (!record_ok(r)) return -EINVAL;
                count_record(&c, r->tag);
        }
        if (more < 0 || c.argv == 0 || c.lower == 0 || c.lower > LAUNCH_LOWER_MAX || c.mounts > LAUNCH_MOUNTS_MAX ||
            c.limits > LAUNCH_LIMITS_MAX)
                return -EINVAL;
        *ret = c;
        return 0;
}

size_t spec_room(const void *data, size_t size) {
        Counts c;
        if (count_all(data, size, &c) < 0) return 0;
        return (c.lower + c.argv + c.env + c.cgroups + c.mounts + c.limits + 2) * sizeof(void *);
}

static void store_record(Spec *s, const LaunchRecord *r) {
        const void *body = r + 1;
        switch (r->tag) {
        case TAG_LOWER: s->lower[s->lower_count++] = body; break;
        case TAG_UPPER: s->upper = body; break;
        case TAG_WORK: s->work = body; break;
        case TAG_ROOT_AT: s->root_at = body; break;
        case TAG_ARG: s->argv[s->argc++] = body; break;
        case TAG_ENV: s->env[s->env_count++] = body; break;
        case TAG_CWD: s->cwd = body; break;
        case TAG_HOSTNAME: s->hostname = body; break;
        case TAG_CGROUP: s->cgroups[s->cgroup_count++] = body; break;
        case TAG_GROUPS:
                s->groups = body;
                s->group_count = r->size / sizeof(uint32_t);
                break;
        case TAG_FILTER:
                s->filter = body;
                s->filter_count = r->size / sizeof(struct sock_filter);
                break;
        case TAG_MOUNT: s->mounts[s->mount_count++] = body; break;
        case TAG_LIMIT: s->limits[s->limit_count++] = body; break;
        case TAG_BASICS: s->basics = body; break;
        default: break;
        }
}

int spec_decode(const void *data, size_t size, void *room, Spec *ret_spec) {
        Counts c;
        if (count_all(data, size, &c) < 0) return -EINVAL;
        Spec s = {0};
        const char **list = room;
        s.argv = list;
        s.env = s.argv + c.argv + 1;
        s.lower = s.env + c.env + 1;
        s.cgroups = s.lower + c.lower;
        s.mounts = (const LaunchMount **)(void *)(s.cgroups + c.cgroups);
        s.limits = (const LaunchLimit **)(void *)(s.mounts + c.mounts);
        size_t at = sizeof(LaunchHeader);
        const LaunchRecord *r = NULL;
        while (record_next(data, size, &at, &r) > 0) store_record(&s, r);
        if (!s.upper || !s.work || !s.root_at || !s.cwd || !s.hostname || !s.basics) return -EINVAL;
        *ret_spec = s;
        return 0;
}

const char *mount_source(const LaunchMount *m) {
        return (const char *)(m + 1);
}

const char *mount_target(const LaunchMount *m) {
        const char *text = mount_source(m);
        while (*text) text++;
        return text + 1;
}

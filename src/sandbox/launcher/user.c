/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/launcher/launcher.h"
#include "sandbox/launcher/sys.h"

#include <linux/capability.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <sys/resource.h>

enum { CAPABILITY_MAX = 64 };

void limits_set(const Spec *s) {
        for (size_t i = 0; i < s->limit_count; i++) {
                const LaunchLimit *l = s->limits[i];
                struct rlimit64 value = {.rlim_cur = l->soft, .rlim_max = l->hard};
                long r = SYS(SYS_prlimit64, 0, l->resource, &value, 0);
                if (r < 0) setup_fail("set a resource limit", NULL, r);
        }
}

/* While still privileged: otherwise the kernel would want no_new_privs, and set-uid programs would stop working. */
void filter_load(const Spec *s) {
        if (s->filter_count == 0) return;
        struct sock_fprog program = {.len = (unsigned short)s->filter_count,
                                     .filter = (struct sock_filter *)(uintptr_t)s->filter};
        long r = SYS(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
        if (r < 0) setup_fail("load the seccomp filter", NULL, r);
}

static void bounding_set(uint64_t keep) {
        for (unsigned i = 0; i < CAPABILITY_MAX; i++) {
                if (keep >> i & 1) continue;
                long r = SYS(SYS_prctl, PR_CAPBSET_DROP, i, 0, 0, 0);
                if (r == -EINVAL) return; /* past the last one that the kernel knows */
                if (r < 0) setup_fail("drop a capability", NULL, r);
        }
}

/* Permitted and effective become what of keep is there; inheritable becomes empty. */
static void capabilities_set(uint64_t keep) {
        struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
        struct __user_cap_data_struct data[2];
        long r = SYS(SYS_capget, &header, data);
        for (int i = 0; i < 2; i++) {
                data[i].permitted &= (uint32_t)(keep >> (32 * i));
                data[i].effective = data[i].permitted;
                data[i].inheritable = 0;
        }
        if (r >= 0) r = SYS(SYS_capset, &header, data);
        if (r < 0) setup_fail("set the capabilities", NULL, r);
}

void identity_take(const Spec *s) {
        const LaunchBasics *b = s->basics;
        bounding_set(b->capabilities);
        SYS(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
        long r = SYS(SYS_setgroups, s->group_count, s->groups);
        /* With a single id mapped the kernel allows no setgroups() at all. */
        if (r < 0 && !(r == -EPERM && b->flags & LAUNCH_USERNS)) setup_fail("set the supplementary groups", NULL, r);
        r = SYS(SYS_setresgid, b->gid, b->gid, b->gid);
        if (r < 0) setup_fail("set the group", NULL, r);
        if (b->uid) capabilities_set(~(uint64_t)0); /* the change of user empties all but inheritable */
        r = SYS(SYS_setresuid, b->uid, b->uid, b->uid);
        if (r < 0) setup_fail("set the user", NULL, r);
        if (b->uid == 0) capabilities_set(b->capabilities);
}

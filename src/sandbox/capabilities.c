/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/internal.h"

#include <linux/capability.h>

/* By number. */
static const char *const names[] = {
        "CAP_CHOWN",
        "CAP_DAC_OVERRIDE",
        "CAP_DAC_READ_SEARCH",
        "CAP_FOWNER",
        "CAP_FSETID",
        "CAP_KILL",
        "CAP_SETGID",
        "CAP_SETUID",
        "CAP_SETPCAP",
        "CAP_LINUX_IMMUTABLE",
        "CAP_NET_BIND_SERVICE",
        "CAP_NET_BROADCAST",
        "CAP_NET_ADMIN",
        "CAP_NET_RAW",
        "CAP_IPC_LOCK",
        "CAP_IPC_OWNER",
        "CAP_SYS_MODULE",
        "CAP_SYS_RAWIO",
        "CAP_SYS_CHROOT",
        "CAP_SYS_PTRACE",
        "CAP_SYS_PACCT",
        "CAP_SYS_ADMIN",
        "CAP_SYS_BOOT",
        "CAP_SYS_NICE",
        "CAP_SYS_RESOURCE",
        "CAP_SYS_TIME",
        "CAP_SYS_TTY_CONFIG",
        "CAP_MKNOD",
        "CAP_LEASE",
        "CAP_AUDIT_WRITE",
        "CAP_AUDIT_CONTROL",
        "CAP_SETFCAP",
        "CAP_MAC_OVERRIDE",
        "CAP_MAC_ADMIN",
        "CAP_SYSLOG",
        "CAP_WAKE_ALARM",
        "CAP_BLOCK_SUSPEND",
        "CAP_AUDIT_READ",
        "CAP_PERFMON",
        "CAP_BPF",
        "CAP_CHECKPOINT_RESTORE",
};

static const unsigned char usual[] = {
        CAP_CHOWN,  CAP_DAC_OVERRIDE, CAP_FSETID,  CAP_FOWNER,           CAP_MKNOD,      CAP_NET_RAW, CAP_SETGID,
        CAP_SETUID, CAP_SETFCAP,      CAP_SETPCAP, CAP_NET_BIND_SERVICE, CAP_SYS_CHROOT, CAP_KILL,    CAP_AUDIT_WRITE,
};

const char *capability_name(unsigned number) {
        return number < ARRAY_SIZE(names) ? names[number] : NULL;
}

static uint64_t all_capabilities(void) {
        return ((uint64_t)1 << ARRAY_SIZE(names)) - 1;
}

/* "NET_ADMIN", "cap_net_admin" or "ALL". */
static int capability_parse(const char *text, uint64_t *ret_set, Err **e) {
        static const Str prefix = STR("CAP_");
        Str name = str_of(text);
        if (str_eq_nocase(str_sub(name, 0, prefix.n), prefix)) name = str_sub(name, prefix.n, name.n);
        if (str_eq_nocase(name, STR("ALL"))) {
                *ret_set = all_capabilities();
                return 0;
        }
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                if (!str_eq_nocase(name, str_of(names[i] + prefix.n))) continue;
                *ret_set = (uint64_t)1 << i;
                return 0;
        }
        err_new(e, ERR_USAGE, "unknown capability '%s'", text);
        AUTO(freep) char *full = xasprintf("CAP_" STR_FMT, STR_ARG(name));
        const char *near = nearest_name(full, names, ARRAY_SIZE(names));
        return near ? err_hint(e, "did you mean '%s'?", near) : -1;
}

int capabilities_choose(const SandboxSpec *spec, uint64_t *ret_set, Err **e) {
        uint64_t set = 0, some, added = 0;
        for (size_t i = 0; i < ARRAY_SIZE(usual); i++) set |= (uint64_t)1 << usual[i];
        for (size_t i = 0; spec->cap_add && i < spec->cap_add->n; i++) {
                if (capability_parse(spec->cap_add->v[i], &some, e) < 0) return -1;
                added |= some;
        }
        for (size_t i = 0; spec->cap_drop && i < spec->cap_drop->n; i++) {
                if (capability_parse(spec->cap_drop->v[i], &some, e) < 0) return -1;
                set &= ~some;
                /* "drop ALL, add one" gives the one; "add ALL, drop one" gives all others. */
                if (some != all_capabilities()) added &= ~some;
        }
        *ret_set = spec->insecure ? all_capabilities() : set | added;
        return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/internal.h"

#include <linux/capability.h>
#include <seccomp.h>

/* The runtime specification's config.json, written straight: all of it is known, so no library is needed. */

static void add_quoted(Buf *b, const char *text) {
        buf_addc(b, '"');
        for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
                if (*p == '"' || *p == '\\')
                        buf_addf(b, "\\%c", *p);
                else if (*p < ' ')
                        buf_addf(b, "\\u%04x", *p);
                else
                        buf_addc(b, (char)*p);
        }
        buf_addc(b, '"');
}

static void add_list(Buf *b, const char *const *list, size_t count) {
        buf_addc(b, '[');
        for (size_t i = 0; i < count; i++) {
                if (i) buf_addc(b, ',');
                add_quoted(b, list[i]);
        }
        buf_addc(b, ']');
}

static void add_strings(Buf *b, const char *key, const StrVec *list) {
        buf_addf(b, ",\"%s\":", key);
        add_list(b, list ? (const char *const *)list->v : NULL, list ? list->n : 0);
}

static void add_capabilities(Buf *b, const Launch *l) {
        static const char *const with_root[] = {"bounding", "permitted", "effective"};
        size_t sets = l->spec->uid == 0 ? ARRAY_SIZE(with_root) : 1;
        buf_adds(b, ",\"capabilities\":{");
        for (size_t i = 0; i < sets; i++) {
                buf_addf(b, "%s\"%s\":[", i ? "," : "", with_root[i]);
                bool first = true;
                for (unsigned c = 0; capability_name(c); c++) {
                        if (!(l->capabilities >> c & 1)) continue;
                        buf_addf(b, "%s\"%s\"", first ? "" : ",", capability_name(c));
                        first = false;
                }
                buf_addc(b, ']');
        }
        buf_addc(b, '}');
}

static void add_user(Buf *b, const SandboxSpec *s) {
        buf_addf(b, ",\"user\":{\"uid\":%u,\"gid\":%u,\"umask\":18,\"additionalGids\":[", s->uid, s->gid);
        size_t count;
        AUTO(freep) gid_t *groups = groups_of(s, &count);
        for (size_t i = 0; i < count; i++) buf_addf(b, "%s%u", i ? "," : "", groups[i]);
        buf_adds(b, "]}");
}

static void add_limits(Buf *b, const SandboxSpec *s) {
        buf_adds(b, ",\"rlimits\":[");
        for (size_t i = 0; i < s->limit_count; i++)
                buf_addf(b, "%s{\"type\":\"%s\",\"soft\":%llu,\"hard\":%llu}", i ? "," : "",
                         limit_name(s->limits[i].resource), (unsigned long long)s->limits[i].soft,
                         (unsigned long long)s->limits[i].hard);
        buf_addc(b, ']');
}

static void add_process(Buf *b, const Launch *l) {
        const SandboxSpec *s = l->spec;
        buf_addf(b, "\"process\":{\"terminal\":%s,\"noNewPrivileges\":false", s->terminal ? "true" : "false");
        add_strings(b, "args", s->argv);
        add_strings(b, "env", s->env);
        buf_adds(b, ",\"cwd\":");
        add_quoted(b, s->cwd && s->cwd[0] ? s->cwd : "/");
        add_user(b, s);
        add_capabilities(b, l);
        add_limits(b, s);
        buf_adds(b, "},");
}

typedef struct Entry {
        const char *type, *source, *target, *options; /* options: as JSON list content */
} Entry;

static void add_entry(Buf *b, bool first, Entry entry) {
        buf_addf(b, "%s{\"type\":\"%s\",\"source\":", first ? "" : ",", entry.type);
        add_quoted(b, entry.source);
        buf_adds(b, ",\"destination\":");
        add_quoted(b, entry.target);
        buf_addf(b, ",\"options\":[%s]}", entry.options);
}

static void add_standard_mounts(Buf *b, const Launch *l) {
        const SandboxSpec *s = l->spec;
        bool bound_sys = l->sandbox->facts.userns && s->network != NETWORK_NONE;
        AUTO(freep)
        char *shm = xasprintf("\"nosuid\",\"noexec\",\"nodev\",\"mode=1777\",\"size=%llu\"",
                              (unsigned long long)shm_size_of(s));
        const char *sys_options =
                s->insecure ? "\"nosuid\",\"noexec\",\"nodev\"" : "\"nosuid\",\"noexec\",\"nodev\",\"ro\"";
        const Entry entries[] = {
                {"proc", "proc", "/proc", "\"nosuid\",\"noexec\",\"nodev\""},
                {"tmpfs", "tmpfs", "/dev", "\"nosuid\",\"strictatime\",\"mode=755\",\"size=65536k\""},
                {"devpts", "devpts", "/dev/pts",
                 "\"nosuid\",\"noexec\",\"newinstance\",\"ptmxmode=0666\",\"mode=0620\",\"gid=5\""},
                {"tmpfs", "shm", "/dev/shm", shm},
                {"mqueue", "mqueue", "/dev/mqueue", "\"nosuid\",\"noexec\",\"nodev\""},
                bound_sys ? (Entry){"bind", "/sys", "/sys", "\"rbind\",\"nosuid\",\"noexec\",\"nodev\",\"rro\""}
                          : (Entry){"sysfs", "sysfs", "/sys", sys_options},
                {"bind", l->hosts_path, "/etc/hosts", "\"bind\",\"ro\",\"nosuid\",\"noexec\",\"nodev\""},
                {"bind", l->resolv_path, "/etc/resolv.conf", "\"bind\",\"ro\",\"nosuid\",\"noexec\",\"nodev\""},
        };
        for (size_t i = 0; i < ARRAY_SIZE(entries); i++) add_entry(b, i == 0, entries[i]);
        if (!bound_sys && l->sandbox->facts.cgroup)
                add_entry(b, false,
                          (Entry){"bind", "/sys/fs/cgroup", "/sys/fs/cgroup",
                                  s->insecure ? "\"rbind\"" : "\"rbind\",\"rro\""});
}

static void add_mount(Buf *b, const SandboxMount *m) {
        AUTO(buf_done) Buf o = {0};
        buf_adds(&o, m->type == SANDBOX_BIND ? "\"rbind\"" : "\"rw\"");
        if (m->read_only) buf_adds(&o, ",\"ro\"");
        if (m->no_exec) buf_adds(&o, ",\"noexec\"");
        if (m->no_suid) buf_adds(&o, ",\"nosuid\"");
        if (m->no_dev) buf_adds(&o, ",\"nodev\"");
        if (m->type == SANDBOX_TMPFS && m->size_bytes)
                buf_addf(&o, ",\"size=%llu\"", (unsigned long long)m->size_bytes);
        if (m->type == SANDBOX_TMPFS && m->mode) buf_addf(&o, ",\"mode=%o\"", m->mode);
        bool bind = m->type == SANDBOX_BIND;
        add_entry(b, false, (Entry){bind ? "bind" : "tmpfs", bind ? m->source : "tmpfs", m->target, o.p});
}

static void add_names(Buf *b, const SeccompGroup *g, bool *first) {
        for (size_t i = 0; g->names[i]; i++) {
                buf_addf(b, "%s\"%s\"", *first ? "" : ",", g->names[i]);
                *first = false;
        }
}

/* The same policy in the runtime's own words. */
static void add_seccomp(Buf *b, const Launch *l) {
        bool first = true;
        buf_adds(b, ",\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":1,\"syscalls\":["
                    "{\"action\":\"SCMP_ACT_ALLOW\",\"names\":[");
        for (size_t i = 0; i < seccomp_group_count; i++) {
                int c = seccomp_groups[i].capability;
                if (c < 0 || (l->capabilities >> c & 1)) add_names(b, &seccomp_groups[i], &first);
        }
        buf_adds(b, "]}");
        for (size_t i = 0; i < seccomp_arg_count; i++) {
                const SeccompArg *a = &seccomp_args[i];
                if (a->without >= 0 && (l->capabilities >> a->without & 1)) continue;
                const char *op = a->op == SCMP_CMP_NE ? "NE" : a->op == SCMP_CMP_EQ ? "EQ" : "MASKED_EQ";
                buf_addf(b,
                         ",{\"action\":\"SCMP_ACT_ALLOW\",\"names\":[\"%s\"],\"args\":[{\"index\":%u,\"value\":%llu,"
                         "\"valueTwo\":%llu,\"op\":\"SCMP_CMP_%s\"}]}",
                         a->name, a->index, (unsigned long long)a->a, (unsigned long long)a->b, op);
        }
        if (!(l->capabilities >> CAP_SYS_ADMIN & 1))
                buf_adds(b, ",{\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":38,\"names\":[\"clone3\"]}");
        buf_adds(b, "]}");
}

static void add_linux(Buf *b, const Launch *l) {
        static const char *const masked[] = {
                "/proc/acpi",
                "/proc/asound",
                "/proc/kcore",
                "/proc/keys",
                "/proc/latency_stats",
                "/proc/timer_list",
                "/proc/timer_stats",
                "/proc/sched_debug",
                "/proc/scsi",
                "/sys/firmware",
                "/sys/devices/virtual/powercap",
        };
        static const char *const read_only[] = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
                                                "/proc/sysrq-trigger"};
        buf_adds(b, "\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"ipc\"},{\"type\":\"uts\"},{\"type\":"
                    "\"mount\"}");
        if (l->spec->network == NETWORK_NONE) buf_adds(b, ",{\"type\":\"network\"}");
        if (l->sandbox->facts.cgroup == LAUNCH_CGROUP2) buf_adds(b, ",{\"type\":\"cgroup\"}");
        buf_addc(b, ']');
        if (!l->spec->insecure) {
                buf_adds(b, ",\"maskedPaths\":");
                add_list(b, masked, ARRAY_SIZE(masked));
                buf_adds(b, ",\"readonlyPaths\":");
                add_list(b, read_only, ARRAY_SIZE(read_only));
                add_seccomp(b, l);
        }
        buf_addc(b, '}');
}

void crun_config_render(const Launch *l, const char *root, Buf *ret_json) {
        const SandboxSpec *s = l->spec;
        buf_adds(ret_json, "{\"ociVersion\":\"1.0.2\",");
        add_process(ret_json, l);
        buf_adds(ret_json, "\"root\":{\"path\":");
        add_quoted(ret_json, root);
        buf_addf(ret_json, ",\"readonly\":%s},\"hostname\":", s->read_only_root ? "true" : "false");
        add_quoted(ret_json, l->hostname);
        buf_adds(ret_json, ",\"mounts\":[");
        add_standard_mounts(ret_json, l);
        AUTO(freep) const SandboxMount **sorted = mounts_sorted(s);
        for (size_t i = 0; i < s->mount_count; i++) add_mount(ret_json, sorted[i]);
        buf_adds(ret_json, "],");
        add_linux(ret_json, l);
        buf_adds(ret_json, "}");
}

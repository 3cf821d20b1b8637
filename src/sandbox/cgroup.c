/* SPDX-License-Identifier: Apache-2.0 */
#include "base/num.h"
#include "os/fs.h"
#include "sandbox/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

/* A memory limit wants a cgroup that we may write: below our own, or at the root of the hierarchy. */

enum { CGROUP_FILE_MAX = 1 << 16, REMOVE_TRIES = 50, REMOVE_PAUSE_NS = 2000000 };

static const char mount_v1[] = "/sys/fs/cgroup/memory";
static const char mount_v2[] = "/sys/fs/cgroup";

static int write_setting(const char *dir, const char *name, const char *value) {
        AUTO(freep) char *path = xasprintf("%s/%s", dir, name);
        AUTO(closep) int fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0) return -1;
        return write(fd, value, strlen(value)) < 0 ? -1 : 0;
}

/* Our own place in the hierarchy that has the controller ("" is the unified one). Owned, or NULL. */
static char *own_path(const char *controller) {
        AUTO(freep) char *text = NULL;
        size_t size;
        if (file_read(AT_FDCWD, "/proc/self/cgroup", CGROUP_FILE_MAX, &text, &size, NULL) < 0) return NULL;
        Str rest = str_of(text), line, field, names;
        bool more = true;
        while (more) {
                more = str_cut(&rest, '\n', &line);
                if (!str_cut(&line, ':', &field) || !str_cut(&line, ':', &names)) continue;
                if (str_is(names, controller)) return str_dup(line);
        }
        return NULL;
}

/* Make the controller usable for children of dir. */
static bool unified_ready(const char *dir) {
        AUTO(freep) char *path = xasprintf("%s/cgroup.subtree_control", dir);
        AUTO(freep) char *text = NULL;
        size_t size;
        if (file_read(AT_FDCWD, path, CGROUP_FILE_MAX, &text, &size, NULL) < 0) return false;
        return strstr(text, "memory") || write_setting(dir, "cgroup.subtree_control", "+memory") == 0;
}

static char *make_below(const char *parent) {
        AUTO(freep) char *dir = xasprintf("%s/decant-XXXXXX", parent);
        return mkdtemp(dir) ? TAKE(dir) : NULL;
}

static char *make_v2(void) {
        AUTO(freep) char *own = own_path("");
        if (!own) return NULL;
        AUTO(freep) char *dir = xasprintf("%s%s", mount_v2, streq(own, "/") ? "" : own);
        /* A group that holds processes cannot hand out controllers: mostly it is one of those above that can. */
        for (;;) {
                char *made = unified_ready(dir) ? make_below(dir) : NULL;
                char *slash = strrchr(dir, '/');
                if (made || strlen(dir) <= strlen(mount_v2) || !slash) return made;
                *slash = 0;
        }
}

static char *make_v1(void) {
        AUTO(freep) char *own = own_path("memory");
        if (!own) return NULL;
        AUTO(freep) char *dir = xasprintf("%s%s", mount_v1, own);
        char *made = make_below(dir);
        return made ? made : make_below(mount_v1);
}

int cgroup_make(const SandboxSpec *spec, StepCgroup *ret_cgroup, Err **e) {
        struct statfs fs;
        StepCgroup g = {.unified = statfs(mount_v2, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC};
        g.dir = g.unified ? make_v2() : make_v1();
        char value[32];
        snprintf(value, sizeof value, "%llu", (unsigned long long)spec->memory_bytes);
        if (g.dir && write_setting(g.dir, g.unified ? "memory.max" : "memory.limit_in_bytes", value) == 0) {
                /* Swap would only postpone the end. Not every kernel accounts for it. */
                write_setting(g.dir, g.unified ? "memory.swap.max" : "memory.memsw.limit_in_bytes",
                              g.unified ? "0" : value);
                *ret_cgroup = g;
                return 0;
        }
        cgroup_remove(&g);
        err_new(e, ERR_UNSUPPORTED, "no memory limit can be set here: no cgroup with a memory controller is writable");
        return err_hint(e,
                        "leave the memory limit out, run as root, or start in a delegated cgroup (systemd-run --user "
                        "--scope -p Delegate=yes)");
}

bool cgroup_oom(const StepCgroup *g) {
        if (!g->dir) return false;
        AUTO(freep) char *path = xasprintf("%s/%s", g->dir, g->unified ? "memory.events" : "memory.oom_control");
        AUTO(freep) char *text = NULL;
        size_t size;
        if (file_read(AT_FDCWD, path, CGROUP_FILE_MAX, &text, &size, NULL) < 0) return false;
        Str rest = str_of(text), line;
        bool more = true;
        static const Str key = STR("oom_kill ");
        while (more) {
                more = str_cut(&rest, '\n', &line);
                uint64_t count;
                if (str_starts(line, key) && u64_parse(str_sub(line, key.n, line.n), 10, &count)) return count > 0;
        }
        return false;
}

void cgroup_remove(StepCgroup *g) {
        if (!g->dir) return;
        /* The last process may still be on its way out. */
        for (int i = 0; i < REMOVE_TRIES && rmdir(g->dir) < 0 && errno == EBUSY; i++)
                nanosleep(&(struct timespec){.tv_nsec = REMOVE_PAUSE_NS}, NULL);
        free(g->dir);
        g->dir = NULL;
}

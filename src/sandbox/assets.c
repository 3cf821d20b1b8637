/* SPDX-License-Identifier: Apache-2.0 */
#include "os/fs.h"
#include "sandbox/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

enum { UID_MAP_MAX = 1 << 16 };

void host_facts_find(HostFacts *ret_facts) {
        *ret_facts = (HostFacts){0};
        AUTO(freep) char *map = NULL;
        size_t size;
        if (file_read(AT_FDCWD, "/proc/self/uid_map", UID_MAP_MAX, &map, &size, NULL) == 0) {
                unsigned inside = 1, outside = 1, count = 0;
                int n = sscanf(map, "%u %u %u", &inside, &outside, &count);
                ret_facts->userns = n != 3 || inside || outside || count != UINT32_MAX;
        }
        struct statfs fs;
        if (statfs("/sys/fs/cgroup", &fs) < 0) return;
        if (fs.f_type == CGROUP2_SUPER_MAGIC) ret_facts->cgroup = LAUNCH_CGROUP2;
        if (fs.f_type == TMPFS_MAGIC) ret_facts->cgroup = LAUNCH_CGROUP1;
}

/* The mount points of every step as the lowest layer: where the image has them too, its own are seen. Nothing has to
 * be made in the step's layer, so nothing has to be taken out of it. */
static int stub_layer_make(const char *dir, Err **e) {
        static const char *const directories[] = {"", "/dev", "/proc", "/sys", "/etc"};
        static const char *const files[] = {"/etc/hosts", "/etc/resolv.conf"};
        for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
                AUTO(freep) char *path = xasprintf("%s%s", dir, directories[i]);
                if (mkdir(path, 0755) < 0) return err_sys(e, "make directory '%s'", path);
        }
        for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
                AUTO(freep) char *path = xasprintf("%s%s", dir, files[i]);
                AUTO(closep) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
                if (fd < 0) return err_sys(e, "make file '%s'", path);
        }
        return 0;
}

int assets_make(Sandbox *s, Err **e) {
        if (s->ready) return 0;
        if (!s->launcher_path && launcher_find(&s->launcher_path, e) < 0) return -1;
        host_facts_find(&s->facts);
        if (!s->dir) {
                AUTO(freep) char *dir = xasprintf("%s/sandbox-XXXXXX", s->scratch_dir);
                if (!mkdtemp(dir)) return err_sys(e, "make a directory in '%s'", s->scratch_dir);
                s->dir = TAKE(dir);
                s->stub_dir = xasprintf("%s/points", s->dir);
        }
        if (stub_layer_make(s->stub_dir, e) < 0) return -1;
        s->ready = true;
        return 0;
}

void assets_remove(Sandbox *s) {
        for (size_t i = 0; i < s->files.n; i++) {
                free(s->files.v[i].text);
                free(s->files.v[i].path);
        }
        vec_done(&s->files);
        if (s->dir) tree_remove(AT_FDCWD, s->dir, NULL);
        free(s->dir);
        free(s->stub_dir);
}

static int write_file(const char *path, const Buf *text, Err **e) {
        AUTO(closep) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
        if (fd < 0) return err_sys(e, "make file '%s'", path);
        return fd_write_all(fd, text->n ? text->p : "", text->n, e);
}

int asset_file(Sandbox *s, const char *stem, const Buf *text, const char **ret_path, Err **e) {
        const char *wanted = text->n ? text->p : "";
        for (size_t i = 0; i < s->files.n; i++) {
                if (!streq(s->files.v[i].text, wanted)) continue;
                *ret_path = s->files.v[i].path;
                return 0;
        }
        AUTO(freep) char *path = xasprintf("%s/%s-%zu", s->dir, stem, s->files.n);
        if (write_file(path, text, e) < 0) return -1;
        *ret_path = path;
        vec_push(&s->files, (SharedFile){.text = xstrdup(wanted), .path = TAKE(path)});
        return 0;
}

/* Beside the program, in its libexec, or where the build puts it. */
int launcher_find(char **ret_path, Err **e) {
        static const char *const places[] = {"decant-launcher", "../libexec/decant/decant-launcher",
                                             "../sandbox/decant-launcher"};
        const char *named = getenv("DECANT_LAUNCHER");
        if (named && named[0]) {
                *ret_path = xstrdup(named);
                return 0;
        }
        char self[LAUNCH_PATH_MAX];
        ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
        if (n < 0) return err_sys(e, "find the program's own path");
        self[n] = 0;
        char *slash = strrchr(self, '/');
        if (slash) *slash = 0;
        for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
                AUTO(freep) char *path = xasprintf("%s/%s", self, places[i]);
                if (access(path, X_OK) < 0) continue;
                *ret_path = TAKE(path);
                return 0;
        }
        err_new(e, ERR_NOT_FOUND, "decant-launcher is not installed beside '%s/decant'", self);
        return err_hint(e, "install decant completely, or set DECANT_LAUNCHER to the launcher's path");
}

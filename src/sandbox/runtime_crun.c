/* SPDX-License-Identifier: Apache-2.0 */
#include "os/fs.h"
#include "sandbox/internal.h"

#include <fcntl.h>
#include <sys/stat.h>

/* crun does what a step sees; our launcher only puts the root together, in a mount and a pid namespace of its own, and
 * watches over it: what crun starts ends with that pid namespace, however crun itself ends. */

static const char default_path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

static int bundle_make(const Launch *l, char **ret_root, Err **e) {
        SandboxProcess *p = l->process;
        AUTO(freep) char *dir = xasprintf("%s/bundle-XXXXXX", l->sandbox->dir);
        if (!mkdtemp(dir)) return err_sys(e, "make a directory in '%s'", l->sandbox->dir);
        p->bundle_dir = xstrdup(dir);
        AUTO(freep) char *root = xasprintf("%s/rootfs", dir), *config = xasprintf("%s/config.json", dir);
        if (mkdir(root, 0755) < 0) return err_sys(e, "make directory '%s'", root);
        AUTO(buf_done) Buf json = {0};
        crun_config_render(l, root, &json);
        if (file_write_atomic(AT_FDCWD, config, json.p, json.n, 0600, e) < 0) return -1;
        *ret_root = TAKE(root);
        return 0;
}

static int encode(const Launch *l, Buf *ret_data, Err **e) {
        const SandboxSpec *s = l->spec;
        AUTO(freep) char *root = NULL;
        if (bundle_make(l, &root, e) < 0) return -1;
        const char *bundle = l->process->bundle_dir, *id = strrchr(bundle, '/') + 1;
        spec_begin(ret_data);
        spec_add_basics(ret_data, l, LAUNCH_ROOT_ONLY);
        if (spec_add_root(ret_data, l, root, e) < 0) return -1;
        AUTO(freep) char *state = xasprintf("%s/crun", bundle);
        const char *const argv[] = {"crun",     "--root", state, "--cgroup-manager=disabled", "run", "--no-new-keyring",
                                    "--bundle", bundle,   id};
        for (size_t i = 0; i < ARRAY_SIZE(argv); i++) spec_add_text(ret_data, TAG_ARG, argv[i]);
        const char *path = getenv("PATH");
        AUTO(freep) char *path_entry = path ? xasprintf("PATH=%s", path) : xstrdup(default_path);
        spec_add_text(ret_data, TAG_ENV, path_entry);
        spec_add_text(ret_data, TAG_CWD, "/");
        spec_add_text(ret_data, TAG_HOSTNAME, l->hostname);
        AUTO(freep) const SandboxMount **sorted = mounts_sorted(s);
        for (size_t i = 0; i < s->mount_count; i++) spec_add_mount(ret_data, sorted[i]);
        if (l->process->cgroup.dir) {
                AUTO(freep) char *procs = xasprintf("%s/cgroup.procs", l->process->cgroup.dir);
                spec_add_text(ret_data, TAG_CGROUP, procs);
        }
        return spec_finish(ret_data, e);
}

const RuntimeOps runtime_crun = {"crun", encode};

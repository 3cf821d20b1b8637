/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "distroless/java_keystore.h"
#include "distroless/tool_packages.h"
#include "distroless/tool_run.h"
#include "os/fs.h"

/* A Java runtime of chosen modules, linked by jlink of this machine's architecture from the modules of the image's: they hold classes, which
 * have none, beside programs and libraries, which are only copied. It lies where the package has its own. */

#define RUNTIME_NAME "runtime" /* in TOOL_OUTPUT; jlink wants to make it */

static bool is_wanted(const Recipe *r) {
        return r->java_version != NULL;
}

/* "usr/lib/jvm/java-17-openjdk-amd64" */
static char *java_home(const Recipe *r, const char *architecture) {
        return xasprintf("usr/lib/jvm/java-%s-openjdk-%s", r->java_version, architecture);
}

static void make_command(const Recipe *r, StrVec *argv) {
        AUTO(freep) char *home = java_home(r, tool_architecture());
        AUTO(buf_done) Buf modules = {0};
        for (size_t i = 0; i < r->java_modules.n; i++)
                buf_addf(&modules, "%s%s", i > 0 ? "," : "", r->java_modules.v[i]);
        strvec_pushf(argv, "/%s/bin/jlink", home);
        strvec_push(argv, "-J-XX:-UsePerfData");
        strvec_push(argv, "-J-XX:+UseSerialGC");
        strvec_push(argv, "-J-XX:TieredStopAtLevel=1"); /* it does not run for long */
        strvec_push(argv, "--module-path");
        strvec_push(argv, TOOL_INPUT);
        strvec_push(argv, "--add-modules");
        strvec_push(argv, modules.p);
        strvec_push(argv, "--strip-java-debug-attributes");
        strvec_push(argv, "--exclude-files=**.debuginfo"); /* some modules have a gigabyte of them */
        strvec_push(argv, "--no-header-files");
        strvec_push(argv, "--no-man-pages");
        strvec_push(argv, "--output");
        strvec_push(argv, TOOL_OUTPUT "/" RUNTIME_NAME);
}

static void add_key(const Assembly *a, const BaseLayers *below, KeyText *k) {
        AUTO(strvec_done) StrVec names = {0}, argv = {0};
        (void)below;
        java_runtime_packages(a->recipe, &names);
        for (size_t i = 0; i < names.n; i++) {
                const LockedPackage *p = tool_package_find(a->lock, names.v[i], a->recipe->architecture);
                if (p) key_digest(k, "package", &p->sha256);
        }
        make_command(a->recipe, &argv);
        key_list(k, "command", (const char *const *)argv.v);
        key_text(k, "keystore", a->recipe->java_keystore ? "/" JAVA_KEYSTORE_PATH : NULL);
        strvec_done(&names);
        java_tool_packages(a->recipe, &names);
        tool_key_packages(a, &names, k);
}

/* The folder of modules in the unpacked package. */
static int find_modules(Assembly *a, BaseLayers *layers, char **ret_dir, Err **e) {
        AUTO(strvec_done) StrVec names = {0};
        LockedPackages list = {0};
        java_runtime_packages(a->recipe, &names); /* the first one has them */
        const LockedPackage *p = tool_package_find(a->lock, names.v[0], a->recipe->architecture);
        if (!p) {
                err_new(e, ERR_NOT_FOUND, "the lock does not have the package %s, which 'java-runtime' is made of",
                        names.v[0]);
                return err_hint(e, "lock the recipe again: decant base lock %s", a->recipe->name);
        }
        vec_push(&list, p);
        int r = assembly_unpack_whole(a, &list, layers, e);
        vec_done(&list);
        if (r < 0) return -1;
        AUTO(freep) char *root = store_snapshot_path(a->store, layers->v[0].snapshot);
        AUTO(freep) char *home = java_home(a->recipe, a->recipe->architecture);
        AUTO(freep) char *dir = xasprintf("%s/%s/jmods", root, home);
        if (access(dir, R_OK) < 0)
                return err_new(e, ERR_UNSUPPORTED, "the package %s %s has no modules in /%s/jmods", p->name, p->version,
                               home);
        *ret_dir = TAKE(dir);
        return 0;
}

static int link_runtime(Assembly *a, const char *output, Err **e) {
        AUTO(base_layers_done) BaseLayers layers = {0};
        AUTO(strvec_done) StrVec names = {0}, argv = {0};
        AUTO(freep) char *modules = NULL;
        if (find_modules(a, &layers, &modules, e) < 0) return -1;
        java_tool_packages(a->recipe, &names);
        make_command(a->recipe, &argv);
        const ToolRun run = {"java-runtime", &a->recipe->java_at, &names, &argv, modules, output};
        return tool_run(a, &run, e);
}

/* The authorities are those of the image, as they are for Debian's own runtime. */
static int link_keystore(const char *runtime, Err **e) {
        AUTO(freep) char *path = xasprintf("%s/lib/security/cacerts", runtime);
        if (unlink(path) < 0 && errno != ENOENT) return err_sys(e, "remove '%s'", path);
        return symlink("/" JAVA_KEYSTORE_PATH, path) < 0 ? err_sys(e, "make the link '%s'", path) : 0;
}

static int make(Assembly *a, View *below, const Draft *draft, Err **e) {
        AUTO(freep) char *output = xasprintf("%s/output", draft->path);
        AUTO(freep) char *runtime = xasprintf("%s/" RUNTIME_NAME, output);
        AUTO(freep) char *home = java_home(a->recipe, a->recipe->architecture);
        AUTO(freep) char *parent = xasprintf("%s/usr/lib/jvm", draft->fs_path);
        AUTO(freep) char *place = xasprintf("%s/%s", draft->fs_path, home);
        (void)below;
        if (dir_make_all(AT_FDCWD, output, 0755, e) < 0 || link_runtime(a, output, e) < 0) return -1;
        if (a->recipe->java_keystore && link_keystore(runtime, e) < 0) return -1;
        if (dir_make_all(AT_FDCWD, parent, 0755, e) < 0) return -1;
        if (rename(runtime, place) < 0) return err_sys(e, "move '%s' to '%s'", runtime, place);
        return tool_output_settle(draft->fs_path, e);
}

const ToolKind java_runtime = {"Java runtime of chosen modules", "link the Java runtime", is_wanted, add_key, make};

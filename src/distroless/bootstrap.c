/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "distroless/assembly.h"
#include "layer/unpack.h"
#include "os/fs.h"
#include "os/process.h"
#include "os/root_path.h"
#include "store/key.h"

/* A complete Debian, with a package manager and a shell: made by the program mmdebstrap, which lets the packages' own scripts run, from the
 * repositories that a recipe's packages would come from. apt verifies them with the same keys. */

enum {
        BOOTSTRAP_FORMAT = 1, /* changes when equal repositories give other bytes */
        BOOTSTRAP_ENTRIES_MAX = 2000000,
        BOOTSTRAP_OUTPUT_MAX = 1 << 20,
};
#define BOOTSTRAP_BYTES_MAX (UINT64_C(64) << 30)

void bootstrap_key(const Assembly *a, BaseLayer *l) {
        const Recipe *r = a->recipe;
        KeyText k;
        key_begin(&k, "bootstrap");
        key_number(&k, "version", BOOTSTRAP_FORMAT);
        key_text(&k, "variant", r->bootstrap);
        key_text(&k, "architecture", r->architecture);
        key_list(&k, "keep", (const char *const *)r->keep.v);
        key_list(&k, "drop", (const char *const *)r->drop.v);
        for (size_t i = 0; i < r->packages.n; i++) key_text(&k, "package", r->packages.v[i].name);
        for (size_t i = 0; i < a->lock->suites.n; i++) key_digest(&k, "release", &a->lock->suites.v[i].release);
        key_finish(&k, &l->key);
}

/* ---- what apt is told */

static void add_options(const AptRepository *r, Buf *lines) {
        if (r->keyrings.n == 0 && !r->trusted) return;
        buf_adds(lines, " [");
        for (size_t i = 0; i < r->keyrings.n; i++)
                buf_addf(lines, "%s%s", i > 0 ? "," : "signed-by=", r->keyrings.v[i]);
        buf_addf(lines, "%s]", r->trusted ? r->keyrings.n > 0 ? " trusted=yes" : "trusted=yes" : "");
}

static void add_source(const AptRepository *r, const char *uri, const char *suite, Buf *lines) {
        buf_adds(lines, "deb");
        add_options(r, lines);
        buf_addf(lines, " %s %s", uri, suite);
        for (size_t i = 0; i < r->components.n; i++) buf_addf(lines, " %s", r->components.v[i]);
        buf_addc(lines, '\n');
}

static int source_lines(const Assembly *a, Buf *lines, Err **e) {
        AUTO(apt_repositories_done) AptRepositories list = {0};
        if (assembly_repositories(a->params, &list, e) < 0) return -1;
        for (size_t i = 0; i < list.n; i++) {
                if (list.v[i].inline_key)
                        return err_new(e, ERR_UNSUPPORTED,
                                       "%s: a complete Debian needs the key of its repository as a file",
                                       list.v[i].where);
                for (size_t j = 0; j < list.v[i].suites.n; j++)
                        add_source(&list.v[i], list.v[i].uris.v[0], list.v[i].suites.v[j], lines);
        }
        return 0;
}

/* ---- the program */

static void package_list(const Recipe *r, Buf *list) {
        buf_adds(list, "--include=");
        for (size_t i = 0; i < r->packages.n; i++) buf_addf(list, "%s%s", i > 0 ? "," : "", r->packages.v[i].name);
}

/* The date of the newest release: equal repositories give equal bytes. */
static int64_t newest_date(const BaseLock *lock) {
        int64_t newest = 0;
        for (size_t i = 0; i < lock->suites.n; i++)
                if (lock->suites.v[i].date_s > newest) newest = lock->suites.v[i].date_s;
        return newest;
}

static void make_environment(const Assembly *a, StrVec *env) {
        for (char **v = environ; *v; v++) strvec_push(env, *v);
        AUTO(freep) char *epoch = xasprintf("%lld", (long long)newest_date(a->lock));
        strvec_env_set(env, "SOURCE_DATE_EPOCH", epoch);
        strvec_env_set(env, "LC_ALL", "C.UTF-8");
}

/* The last lines of what it said. */
static int bootstrap_failed(const Buf *errors, int status, Err **e) {
        Str text = str_trim(buf_str(errors));
        size_t from = text.n, lines = 0;
        while (from > 0 && lines < 5)
                if (text.p[--from] == '\n') lines++;
        AUTO(freep) char *tail = str_dup(str_trim(str_sub(text, from, text.n)));
        err_new(e, ERR_STEP, "mmdebstrap ended with status %d", status);
        err_excerpt(e, tail);
        return err_set_exit_status(e, status);
}

static int run_mmdebstrap(const Assembly *a, const char *tar_path, const Buf *sources, Err **e) {
        AUTO(strvec_done) StrVec argv = {0}, env = {0};
        AUTO(buf_done) Buf include = {0}, output = {0}, errors = {0};
        int status;
        package_list(a->recipe, &include);
        strvec_push(&argv, "mmdebstrap");
        strvec_push(&argv, "--format=tar");
        strvec_push(&argv, "--mode=root");
        strvec_pushf(&argv, "--variant=%s", a->recipe->bootstrap);
        strvec_pushf(&argv, "--architectures=%s", a->recipe->architecture);
        strvec_push(&argv, "--aptopt=APT::Install-Recommends \"false\"");
        strvec_push(&argv,
                    "--customize-hook=rm -rf \"$1\"/var/lib/apt/lists/* \"$1\"/var/cache/apt/*.bin \"$1\"/var/log/*");
        if (a->recipe->packages.n > 0) strvec_push(&argv, include.p);
        strvec_push(&argv, a->recipe->codename);
        strvec_push(&argv, tar_path);
        strvec_push(&argv, "-");
        make_environment(a, &env);
        ProcessParams params = {.argv = (const char *const *)argv.v,
                                .env = (const char *const *)env.v,
                                .input = sources->p,
                                .input_size = sources->n,
                                .output_max = BOOTSTRAP_OUTPUT_MAX,
                                .cancelled = a->params->cancelled};
        if (process_run(&params, &status, &output, &errors, e) < 0)
                return err_hint(e, "a complete Debian is made by mmdebstrap: apt-get install mmdebstrap");
        return status == 0 ? 0 : bootstrap_failed(&errors, status, e);
}

/* ---- the layer */

static char *map_path(void *context, const char *name, bool directory) {
        const Assembly *a = context;
        AUTO(freep) char *path = path_clean(name);
        (void)directory;
        return recipe_takes(a->recipe, path) ? TAKE(path) : NULL;
}

static int unpack(Assembly *a, const char *tar_path, const Draft *draft, LayerTotals *ret_totals, Err **e) {
        AUTO(closep) int fd = open(tar_path, O_RDONLY | O_CLOEXEC);
        if (fd < 0) return err_sys(e, "open '%s'", tar_path);
        AUTO(source_freep) Source *source = source_from_fd(fd);
        const UnpackNames names = {map_path, a};
        UnpackParams params = {.fs_path = draft->fs_path,
                               .max_bytes = BOOTSTRAP_BYTES_MAX,
                               .max_entries = BOOTSTRAP_ENTRIES_MAX,
                               .names = &names};
        return layer_unpack(&params, source, ret_totals, e);
}

int bootstrap_fill(Assembly *a, const Draft *draft, LayerTotals *ret_totals, Err **e) {
        AUTO(buf_done) Buf sources = {0};
        AUTO(freep) char *tar_path = xasprintf("%s/debian.tar", draft->path);
        if (a->params->offline) return err_new(e, ERR_NOT_FOUND, "a complete Debian cannot be made offline");
        if (source_lines(a, &sources, e) < 0) return -1;
        int r = run_mmdebstrap(a, tar_path, &sources, e);
        if (r == 0) r = unpack(a, tar_path, draft, ret_totals, e);
        tree_remove(AT_FDCWD, tar_path, NULL);
        return r;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "distroless/assembly.h"
#include "distroless/complete.h"
#include "distroless/local_repository.h"
#include "layer/unpack.h"
#include "os/fs.h"
#include "os/owner.h"
#include "os/process.h"
#include "os/root_path.h"
#include "store/key.h"

/* A complete Debian, with a package manager and a shell: the program mmdebstrap installs the lock's packages, whose own scripts run. It sees
 * them in a repository that is made of the pool (local_repository.h) and asks nobody else; what stands in the image's sources.list
 * is where this machine gets Debian from. */

enum {
        BOOTSTRAP_FORMAT = 3, /* changes when equal packages give other bytes */
        BOOTSTRAP_ENTRIES_MAX = 2000000,
        BOOTSTRAP_OUTPUT_MAX = 1 << 20,
        STATUS_MAX = 64 << 20,
        NOT_EXECUTED = 127, /* what unshare(1) ends with when there is no such program */
};
#define BOOTSTRAP_BYTES_MAX (UINT64_C(64) << 30)

#define MERGED_USR_HOOKS "/usr/share/mmdebstrap/hooks/merged-usr"

/* What mmdebstrap is told in its environment, for its hooks: words of a shell are no place for paths. */
#define ENV_APT_CONF "DECANT_APT_CONF"
#define ENV_WORK "DECANT_WORK"

typedef struct Bootstrap {
        const Assembly *assembly;
        const BaseLayer *layer;
        const Draft *draft;
        Buf sources; /* the image's sources.list */
        char *repository_path, *tar_path, *status_path;
        LocalRepositoryParams repository_params;
        LocalRepository repository;
} Bootstrap;

static void bootstrap_done(Bootstrap *b) {
        buf_done(&b->sources);
        free(b->repository_path);
        free(b->tar_path);
        free(b->status_path);
        local_repository_done(&b->repository);
}

/* ---- the sources.list of the image */

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

/* Whatever is in the packages is in their digests; dates are those of the packages, too. */
int bootstrap_key(const Assembly *a, Digest *ret_key, Err **e) {
        const Recipe *r = a->recipe;
        AUTO(buf_done) Buf sources = {0};
        KeyText k;
        if (source_lines(a, &sources, e) < 0) return -1;
        key_begin(&k, "bootstrap");
        key_number(&k, "version", BOOTSTRAP_FORMAT);
        key_text(&k, "release", r->codename);
        key_text(&k, "architecture", r->architecture);
        key_bytes(&k, "sources", sources.p, sources.n);
        key_list(&k, "keep", (const char *const *)r->keep.v);
        key_list(&k, "drop", (const char *const *)r->drop.v);
        for (size_t i = 0; i < a->lock->packages.n; i++) {
                const LockedPackage *p = &a->lock->packages.v[i];
                if (!lock_use_installs(p->use)) continue;
                key_digest(&k, "package", &p->sha256);
                key_number(&k, "use", p->use);
        }
        key_finish(&k, ret_key);
        return 0;
}

/* ---- the program */

/* What the variant consists of is among what was asked for; essential packages come by themselves. */
static char *include_option(const BaseLayer *l) {
        Buf list = {0};
        for (size_t i = 0; i < l->packages.n; i++)
                if (l->packages.v[i]->use == USE_INSTALLED)
                        buf_addf(&list, "%s%s", list.n > 0 ? "," : "--include=", l->packages.v[i]->name);
        return buf_take(&list);
}

/* Scripts of packages see nothing of ours, be it a secret or a habit. */
static bool has_package(const BaseLayer *l, const char *name) {
        for (size_t i = 0; i < l->packages.n; i++)
                if (streq(l->packages.v[i]->name, name)) return true;
        return false;
}

static void make_environment(const Bootstrap *b, StrVec *env) {
        const char *path = getenv("PATH");
        AUTO(freep) char *epoch = xasprintf("%lld", (long long)b->repository.newest_s);
        strvec_env_set(env, "SOURCE_DATE_EPOCH", epoch);
        if (path)
                strvec_env_set(env, "PATH",
                               path); /* where the program and what it starts are; it adds the usual places */
        strvec_env_set(env, "HOME", "/root");
        strvec_env_set(env, "TZ", "UTC");
        strvec_env_set(env, "LC_ALL", "C.UTF-8");
        strvec_env_set(env, "TMPDIR", b->draft->path);
        strvec_env_set(env, ENV_APT_CONF, b->repository.apt_conf);
        strvec_env_set(env, ENV_WORK, b->draft->path);
}

/* It mounts /dev, /proc and /sys below the draft. Mounts that this machine saw could outlive it, and whoever removed the draft would
 * remove what is in them: so it gets mounts of its own, of which nobody hears.
 * The name of this machine and of its name servers are none of the image's business, and engines bring their own. */
static void make_arguments(const Bootstrap *b, StrVec *argv) {
        static const char *const fixed[] = {
                "unshare",
                "--mount",
                "--",
                "mmdebstrap",
                "--format=tar",
                "--mode=unshare",
                "--variant=essential",
                "--setup-hook=cat \"$" ENV_APT_CONF "\" >>\"$MMDEBSTRAP_APT_CONFIG\"",
                "--customize-hook=rm -rf \"$1\"/var/lib/apt/lists/* \"$1\"/var/cache/apt/*.bin \"$1\"/var/log/* "
                "\"$1\"/etc/hostname \"$1\"/etc/resolv.conf",
                "--customize-hook=cp \"$1\"/var/lib/dpkg/status \"$" ENV_WORK "\"/status",
        };
        for (size_t i = 0; i < ARRAY_SIZE(fixed); i++) strvec_push(argv, fixed[i]);
        strvec_pushf(argv, "--architectures=%s", b->assembly->recipe->architecture);
        if (has_package(b->layer, MERGED_USR_PACKAGE)) strvec_push(argv, "--hook-dir=" MERGED_USR_HOOKS);
        strvec_push_take(argv, include_option(b->layer));
        strvec_push(argv, b->assembly->recipe->codename);
        strvec_push(argv, b->tar_path);
        strvec_push(argv, "-");
}

/* The last lines of what it said, without what it says of its own steps. */
static void add_tail(Str text, Buf *tail) {
        enum { TAIL_LINES = 12 };
        Str lines[TAIL_LINES], line;
        size_t count = 0;
        for (bool more = true; more;) {
                more = str_cut(&text, '\n', &line);
                if (line.n > 0 && !str_starts(line, STR("I: "))) lines[count++ % TAIL_LINES] = line;
        }
        for (size_t i = count > TAIL_LINES ? count - TAIL_LINES : 0; i < count; i++)
                buf_addf(tail, STR_FMT "\n", STR_ARG(lines[i % TAIL_LINES]));
}

static int bootstrap_failed(const Buf *errors, int status, Err **e) {
        AUTO(buf_done) Buf tail = {0};
        add_tail(buf_str(errors), &tail);
        err_new(e, ERR_STEP, "mmdebstrap ended with status %d", status);
        err_excerpt(e, tail.n > 0 ? tail.p : "it said nothing");
        return err_set_exit_status(e, status);
}

static int run_mmdebstrap(const Bootstrap *b, Err **e) {
        AUTO(strvec_done) StrVec argv = {0}, env = {0};
        AUTO(buf_done) Buf output = {0}, errors = {0};
        int status;
        make_arguments(b, &argv);
        make_environment(b, &env);
        ProcessParams params = {.argv = (const char *const *)argv.v,
                                .env = (const char *const *)env.v,
                                .input = b->sources.p,
                                .input_size = b->sources.n,
                                .output_max = BOOTSTRAP_OUTPUT_MAX,
                                .no_sync = true,
                                .cancelled = b->assembly->params->cancelled};
        if (process_run(&params, &status, &output, &errors, e) < 0)
                return err_kind(*e) == ERR_NOT_FOUND ? err_hint(e, "apt-get install util-linux mmdebstrap") : -1;
        if (status == NOT_EXECUTED) {
                err_new(e, ERR_NOT_FOUND, "program 'mmdebstrap' is not installed");
                return err_hint(e, "a complete Debian is made by mmdebstrap: apt-get install mmdebstrap");
        }
        return status == 0 ? 0 : bootstrap_failed(&errors, status, e);
}

/* ---- before and after it */

int bootstrap_check(Err **e) {
        const Owner nobody = {65534, 65534}; /* the highest that Debian's own packages know */
        return owner_check(nobody, e) < 0 ? err_wrap(e, "a complete Debian has files of many owners") : 0;
}

static int make_repository(Bootstrap *b, Err **e) {
        b->repository_params = (LocalRepositoryParams){.directory = b->repository_path,
                                                       .cache_dir = b->assembly->cache_dir,
                                                       .codename = b->assembly->recipe->codename,
                                                       .packages = b->layer->packages.v,
                                                       .count = b->layer->packages.n};
        return local_repository_write(&b->repository_params, &b->repository, e);
}

/* A lock that says something else than what is there would be worse than none. */
static int check_packages(const Bootstrap *b, Err **e) {
        AUTO(freep) char *text = NULL;
        size_t size;
        if (file_read(AT_FDCWD, b->status_path, STATUS_MAX, &text, &size, e) < 0) return -1;
        return local_repository_check_status(&b->repository_params, (Str){text, size}, "dpkg's status", e);
}

static char *map_path(void *context, const char *name, bool directory) {
        const Assembly *a = context;
        AUTO(freep) char *path = path_clean(name);
        (void)directory;
        if (starts_with(path, "/dev/")) return NULL; /* engines bring them, and only root could make them */
        return recipe_takes(a->recipe, path) ? TAKE(path) : NULL;
}

static int unpack(const Bootstrap *b, LayerTotals *ret_totals, Err **e) {
        AUTO(closep) int fd = open(b->tar_path, O_RDONLY | O_CLOEXEC);
        if (fd < 0) return err_sys(e, "open '%s'", b->tar_path);
        AUTO(source_freep) Source *source = source_from_fd(fd);
        const UnpackNames names = {map_path, (void *)b->assembly};
        UnpackParams params = {.fs_path = b->draft->fs_path,
                               .max_bytes = BOOTSTRAP_BYTES_MAX,
                               .max_entries = BOOTSTRAP_ENTRIES_MAX,
                               .names = &names};
        return layer_unpack(&params, source, ret_totals, e);
}

static int fill(Bootstrap *b, LayerTotals *ret_totals, Err **e) {
        if (b->layer->packages.n == 0)
                return err_new(e, ERR_NOT_FOUND, "the lock has no packages that are to be installed: lock it anew");
        if (source_lines(b->assembly, &b->sources, e) < 0 || make_repository(b, e) < 0) return -1;
        if (run_mmdebstrap(b, e) < 0 || check_packages(b, e) < 0) return -1;
        return unpack(b, ret_totals, e);
}

int bootstrap_fill(Assembly *a, const BaseLayer *l, const Draft *draft, LayerTotals *ret_totals, Err **e) {
        AUTO(bootstrap_done)
        Bootstrap b = {.assembly = a,
                       .layer = l,
                       .draft = draft,
                       .repository_path = xasprintf("%s/repository", draft->path),
                       .tar_path = xasprintf("%s/debian.tar", draft->path),
                       .status_path = xasprintf("%s/status", draft->path)};
        int r = fill(&b, ret_totals, e);
        const char *const paths[] = {b.repository_path, b.tar_path, b.status_path};
        for (size_t i = 0; i < ARRAY_SIZE(paths); i++) tree_remove(AT_FDCWD, paths[i], NULL);
        return r;
}

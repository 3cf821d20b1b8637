/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/cleanup.h"
#include "debian/resolve.h"
#include "distroless/assembly.h"
#include "distroless/busybox.h"
#include "distroless/complete.h"
#include "distroless/tool_packages.h"

/* From what a recipe asks for to the packages that it comes to. */

#define LOCALE_PACKAGE "libc-bin"

typedef struct Selection {
        const AssembleParams *params;
        const Recipe *recipe;
        DebianArchive *archive;
        VEC(ResolveRoot) roots;
        StrVec places;         /* of the roots */
        StrVec java;           /* packages that java-runtime is made of */
        bool tools;            /* the roots are what is run here, not what the image is made of */
        bool own_repositories; /* the recipe names them: so does the lock */
} Selection;

static void add_root(Selection *s, const char *name, const RecipePlace *at, bool closure) {
        strvec_pushf(&s->places, "%s:%u", at->file, at->line);
        vec_push(&s->roots, (ResolveRoot){name, s->places.v[s->places.n - 1], closure});
}

/* Packages whose files are not asked for, but something that is made of them; the recipe may ask for their files as well. */
typedef struct Maker {
        const char *package;
        LockUse use;
        bool (*wanted)(const Recipe *r);
} Maker;

static bool wants_certificates(const Recipe *r) {
        return r->ca_bundle || r->java_keystore;
}
static bool wants_locale(const Recipe *r) {
        return r->locale != NULL;
}
static bool wants_busybox(const Recipe *r) {
        return r->busybox != NULL;
}

static const Maker makers[] = {{CERTIFICATES_PACKAGE, USE_CERTIFICATES, wants_certificates},
                               {LOCALE_PACKAGE, USE_LOCALE, wants_locale},
                               {BUSYBOX_PACKAGE, USE_BUSYBOX, wants_busybox}};

static bool is_needed(const Maker *m, const Recipe *r) {
        return m->wanted(r) && !package_rule(r, m->package);
}

/* ---- what the recipe wants, for the lock */

static void asked_of(const Recipe *r, StrVec *ret_list) {
        AUTO(strvec_done) StrVec java = {0};
        if (r->bootstrap) strvec_pushf(ret_list, "%s for bootstrap", r->bootstrap);
        for (size_t i = 0; i < r->packages.n; i++)
                strvec_pushf(ret_list, "%s%s", r->packages.v[i].name, r->packages.v[i].closure ? "" : " alone");
        for (size_t i = 0; i < ARRAY_SIZE(makers); i++)
                if (makers[i].wanted(r))
                        strvec_pushf(ret_list, "%s for %s", makers[i].package, lock_use_name(makers[i].use));
        java_runtime_packages(r, &java);
        for (size_t i = 0; i < java.n; i++)
                strvec_pushf(ret_list, "%s for %s", java.v[i], lock_use_name(USE_JAVA_MODULES));
}

/* Something of list that others do not have; NULL: nothing. */
static const char *find_other(const StrVec *list, const StrVec *others) {
        for (size_t i = 0; i < list->n; i++)
                if (strvec_index(others, list->v[i]) < 0) return list->v[i];
        return NULL;
}

int assembly_check_lock(const Assembly *a, Err **e) {
        AUTO(strvec_done) StrVec asked = {0};
        asked_of(a->recipe, &asked);
        const char *more = find_other(&asked, &a->lock->asked), *less = find_other(&a->lock->asked, &asked);
        if (!more && !less) return 0;
        if (more)
                err_new(e, ERR_SYNTAX, "%s: the recipe asks for '%s', its lock was made without", a->recipe->at.file,
                        more);
        else
                err_new(e, ERR_SYNTAX, "%s: the recipe does not ask for '%s', its lock was made with it",
                        a->recipe->at.file, less);
        return err_hint(e, "'decant base update' locks anew; with --diff it says what would change");
}

/* ---- from there to packages */

static void add_roots(Selection *s) {
        const Recipe *r = s->recipe;
        for (size_t i = 0; i < r->packages.n; i++)
                add_root(s, r->packages.v[i].name, &r->packages.v[i].at, r->packages.v[i].closure);
        for (size_t i = 0; i < ARRAY_SIZE(makers); i++)
                if (is_needed(&makers[i], r)) add_root(s, makers[i].package, &r->at, false);
        java_runtime_packages(r, &s->java);
        for (size_t i = 0; i < s->java.n; i++)
                if (!package_rule(r, s->java.v[i])) add_root(s, s->java.v[i], &r->java_at, false);
}

static LockUse use_of(const Selection *s, Str name) {
        if (s->tools) return USE_TOOL;
        for (size_t i = 0; i < s->java.n; i++)
                if (str_is(name, s->java.v[i]) && !package_rule(s->recipe, s->java.v[i])) return USE_JAVA_MODULES;
        for (size_t i = 0; i < ARRAY_SIZE(makers); i++)
                if (str_is(name, makers[i].package) && is_needed(&makers[i], s->recipe)) return makers[i].use;
        return USE_FILES;
}

static void lock_package(const Selection *s, const DebianPackage *p, LockUse use, BaseLock *lock) {
        const DebianIndex *index = debian_archive_index(s->archive, p->index);
        const LockedPackage locked = {.use = use,
                                      .name = str_dup(p->name),
                                      .version = str_dup(p->version),
                                      .architecture = str_dup(p->architecture),
                                      .source = str_dup(p->source.n > 0 ? p->source : p->name),
                                      .suite = xstrdup(index->suite),
                                      .uri = s->own_repositories ? xstrdup(index->uris->v[0]) : NULL,
                                      .path = str_dup(p->path),
                                      .size = p->size,
                                      .sha256 = p->sha256};
        vec_push(&lock->packages, locked);
}

static void lock_suites(const Selection *s, BaseLock *lock) {
        size_t count;
        const DebianRelease *releases = debian_archive_releases(s->archive, &count);
        for (size_t i = 0; i < count; i++)
                vec_push(&lock->suites, (LockedSuite){.suite = xstrdup(releases[i].suite),
                                                      .uri = s->own_repositories ? xstrdup(releases[i].uri) : NULL,
                                                      .date_s = releases[i].date_s,
                                                      .release = releases[i].digest});
}

static int resolve_roots(Selection *s, BaseLock *lock, Err **e) {
        PackageList list = {0};
        if (debian_resolve(debian_archive_universe(s->archive), s->roots.v, s->roots.n, &list, e) < 0) return -1;
        for (size_t i = 0; i < list.n; i++) lock_package(s, list.v[i], use_of(s, list.v[i]->name), lock);
        return 0;
}

static bool is_locked(const BaseLock *lock, const char *name) {
        for (size_t i = 0; i < lock->packages.n; i++)
                if (streq(lock->packages.v[i].name, name)) return true;
        return false;
}

/* What only something is made of comes besides, unless it is installed. */
static int resolve_complete(Selection *s, BaseLock *lock, Err **e) {
        const Recipe *r = s->recipe;
        AUTO(complete_debian_done) CompleteDebian all = {0};
        if (complete_debian_select(s->archive, r, &all, e) < 0) return -1;
        for (size_t i = 0; i < all.packages.n; i++)
                lock_package(s, all.packages.v[i], all.asked[i] ? USE_INSTALLED : USE_DEPENDENCY, lock);
        for (size_t i = 0; i < ARRAY_SIZE(makers); i++)
                if (makers[i].wanted(r) && !is_locked(lock, makers[i].package))
                        add_root(s, makers[i].package, &r->at, false);
        return resolve_roots(s, lock, e);
}

/* ---- which repositories */

static void recipe_repositories(const Recipe *r, AptRepositories *ret_list) {
        for (size_t i = 0; i < r->repositories.n; i++) {
                const RecipeRepository *from = &r->repositories.v[i];
                AptRepository to = {.where = xasprintf("%s:%u", from->at.file, from->at.line)};
                strvec_push(&to.uris, from->uri);
                strvec_push(&to.suites, from->suite);
                strvec_copy(&to.components, &from->components);
                strvec_copy(&to.keyrings, &from->signed_by);
                vec_push(ret_list, to);
        }
}

int package_sources_read(PackageSources *sources, Err **e) {
        if (sources->repositories.n == 0 && apt_sources_read("/", &sources->repositories, e) < 0) return -1;
        return apt_auth_read("/", &sources->auth, e);
}

void package_sources_done(PackageSources *sources) {
        apt_repositories_done(&sources->repositories);
        apt_auth_done(&sources->auth);
}

int assembly_repositories(const AssembleParams *params, AptRepositories *ret_list, Err **e) {
        if (params->recipe->repositories.n > 0) {
                recipe_repositories(params->recipe, ret_list);
                return 0;
        }
        return apt_sources_for_release(&params->sources->repositories, params->recipe->codename, ret_list, e);
}

DebianArchiveParams assembly_archive_params(Assembly *a) {
        const AssembleParams *params = a->params;
        return (DebianArchiveParams){.cache_dir = a->cache_dir,
                                     .auth = &params->sources->auth,
                                     .architecture = params->recipe->architecture,
                                     .offline = params->offline,
                                     .allow_unsigned = params->allow_unsigned,
                                     .max_age_s = params->max_age_s,
                                     .now_s = params->now_s,
                                     .listener = assembly_listener(a),
                                     .cancelled = params->cancelled};
}

static void selection_done(Selection *s) {
        vec_done(&s->roots);
        strvec_done(&s->places);
        strvec_done(&s->java);
}

static int open_archive(Assembly *a, const char *architecture, DebianArchive **ret_archive, Err **e) {
        AUTO(apt_repositories_done) AptRepositories repositories = {0};
        if (assembly_repositories(a->params, &repositories, e) < 0) return -1;
        DebianArchiveParams params = assembly_archive_params(a);
        params.architecture = architecture;
        return debian_archive_open(&repositories, &params, ret_archive, e);
}

static Selection selection_of(const Assembly *a, DebianArchive *archive) {
        return (Selection){.params = a->params,
                           .recipe = a->recipe,
                           .archive = archive,
                           .own_repositories = a->recipe->repositories.n > 0};
}

/* ---- programs that are run here: of this machine's architecture, whatever the image's is */

static int select_from(Assembly *a, DebianArchive *archive, const StrVec *names, BaseLock *lock, Err **e) {
        AUTO(selection_done) Selection s = selection_of(a, archive);
        s.tools = true;
        for (size_t i = 0; i < names->n; i++) add_root(&s, names->v[i], &a->recipe->at, false);
        return resolve_roots(&s, lock, e);
}

static int select_tools(Assembly *a, DebianArchive *archive, BaseLock *lock, Err **e) {
        AUTO(strvec_done) StrVec names = {0};
        AUTO(debian_archive_freep) DebianArchive *native = NULL;
        const char *here = tool_architecture();
        if (!here) return 0; /* whoever runs one says so */
        tool_packages_missing(a->recipe, lock, here, &names);
        if (names.n == 0) return 0;
        if (streq(here, a->recipe->architecture)) return select_from(a, archive, &names, lock, e);
        if (open_archive(a, here, &native, e) < 0 || select_from(a, native, &names, lock, e) < 0)
                return err_wrap(e, "programs that are run on this machine");
        return 0;
}

static int select_all(Assembly *a, DebianArchive *archive, BaseLock *lock, Err **e) {
        AUTO(selection_done) Selection s = selection_of(a, archive);
        lock->architecture = xstrdup(a->recipe->architecture);
        asked_of(a->recipe, &lock->asked);
        lock_suites(&s, lock);
        if (a->recipe->bootstrap) {
                if (resolve_complete(&s, lock, e) < 0) return -1;
        } else {
                add_roots(&s);
                if (resolve_roots(&s, lock, e) < 0) return -1;
        }
        return select_tools(a, archive, lock, e);
}

int assembly_select(Assembly *a, BaseLock *ret_lock, Err **e) {
        AUTO(debian_archive_freep) DebianArchive *archive = NULL;
        AUTO(base_lock_done) BaseLock lock = {0};
        if (open_archive(a, a->recipe->architecture, &archive, e) < 0 || select_all(a, archive, &lock, e) < 0)
                return -1;
        *ret_lock = lock;
        lock = (BaseLock){0};
        return 0;
}

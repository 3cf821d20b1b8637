/* SPDX-License-Identifier: Apache-2.0 */
#include "debian/archive.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "debian/archive_internal.h"
#include "net/url.h"
#include "os/workers.h"

enum { SUITES_PARALLEL_MAX = 8, INDEXES_MAX = 256 };

typedef struct ArchiveIndex {
        PackageIndex *index; /* until the universe has it */
        const char *component;
        const char *architecture;
        Digest digest;
} ArchiveIndex;

typedef VEC(ArchiveIndex) ArchiveIndexes;

/* One suite of one repository: a thread's work. */
typedef struct ArchiveSuite {
        ArchiveContext *c;
        const AptRepository *repository;
        const char *suite;
        StrVec uris, components;
        SuiteRelease release;
        ArchiveIndexes indexes;
        Err *failure;
} ArchiveSuite;

typedef VEC(ArchiveSuite) ArchiveSuites;

struct DebianArchive {
        PackageUniverse *universe;
        VEC(DebianRelease) releases;
        VEC(DebianIndex) indexes;
        VEC(StrVec *) uris;
        char *architecture;
};

/* ---- one suite */

static void suite_drop_indexes(ArchiveSuite *s) {
        for (size_t i = 0; i < s->indexes.n; i++) package_index_closep(&s->indexes.v[i].index);
        s->indexes.n = 0;
}

static void suite_done(ArchiveSuite *s) {
        suite_drop_indexes(s);
        vec_done(&s->indexes);
        suite_release_done(&s->release);
        strvec_done(&s->uris);
        strvec_done(&s->components);
        err_free(s->failure);
}

static int refuse_missing(const ArchiveSuite *s, const char *component, const char *architecture, Err **e) {
        const ReleaseFile *file = &s->release.file;
        AUTO(strvec_done) StrVec components = {0};
        AUTO(freep) char *shown = url_shown(s->release.info.uri);
        Str rest = file->components, word;
        bool more = true;
        while (more) {
                more = str_cut(&rest, ' ', &word);
                if (word.n) strvec_push_take(&components, str_dup(word));
        }
        if (*component && components.n && strvec_index(&components, component) < 0) {
                AUTO(freep) char *last = xasprintf("updates/%s", component); /* security, before bullseye */
                if (strvec_index(&components, last) < 0)
                        return err_new(e, ERR_NOT_FOUND,
                                       "%s: suite '%s' of '%s' has no component '%s'; it has " STR_FMT,
                                       s->repository->where, s->suite, shown, component, STR_ARG(file->components));
        }
        return err_new(e, ERR_NOT_FOUND,
                       "%s: suite '%s' of '%s' has no packages for architecture '%s' in '%s'; it has " STR_FMT,
                       s->repository->where, s->suite, shown, architecture, component, STR_ARG(file->architectures));
}

/* INDEX_FOUND, INDEX_NONE, INDEX_MISMATCH */
static int add_index(ArchiveSuite *s, const SuiteRequest *suite, const char *component, const char *architecture,
                     Err **e) {
        IndexRequest request = {
                .suite = suite, .release = &s->release, .component = component, .architecture = architecture};
        ArchiveIndex index = {.component = component, .architecture = architecture};
        int r = suite_index_get(s->c, &request, &index.index, &index.digest, e);
        if (r == INDEX_FOUND) vec_push(&s->indexes, index);
        return r;
}

static int add_component(ArchiveSuite *s, const SuiteRequest *suite, const char *component, Err **e) {
        const char *architecture = s->c->params->architecture;
        int r = add_index(s, suite, component, architecture, e);
        if (r == INDEX_NONE) return refuse_missing(s, component, architecture, e);
        if (r != INDEX_FOUND || !s->release.file.all_apart) return r;
        r = add_index(s, suite, component, "all", e);
        return r == INDEX_NONE ? INDEX_FOUND : r;
}

static int load_suite(ArchiveSuite *s, bool refresh, Err **e) {
        SuiteRequest request = {.repository = s->repository, .uris = &s->uris, .suite = s->suite, .refresh = refresh};
        suite_drop_indexes(s);
        suite_release_done(&s->release);
        if (suite_release_get(s->c, &request, &s->release, e) < 0) return -1;
        if (suite_is_flat(s->suite)) return add_component(s, &request, "", e);
        for (size_t i = 0; i < s->components.n; i++) {
                int r = add_component(s, &request, s->components.v[i], e);
                if (r != INDEX_FOUND) return r;
        }
        return 0;
}

/* A mirror may be brought up to date while it is asked: then the Release is fetched again, once. */
static int suite_work(void *context, size_t i) {
        ArchiveSuite *s = &((ArchiveSuite *)context)[i];
        int r = archive_expand_mirrors(s->c, &s->repository->uris, &s->uris, &s->failure);
        if (r < 0) return err_wrap(&s->failure, "%s", s->repository->where);
        r = load_suite(s, false, &s->failure);
        if (r == INDEX_MISMATCH && !s->c->params->offline) {
                err_clear(&s->failure);
                r = load_suite(s, true, &s->failure);
        }
        if (r == INDEX_MISMATCH) {
                err_hint(&s->failure,
                         "the mirror serves files that do not belong together: try later, or another mirror");
                return -1;
        }
        return r;
}

/* ---- which suites */

static bool has_architecture(const AptRepository *r, const char *architecture) {
        return !r->architectures.n || strvec_index(&r->architectures, architecture) >= 0;
}

static void add_missing(StrVec *to, const StrVec *from) {
        for (size_t i = 0; i < from->n; i++)
                if (strvec_index(to, from->v[i]) < 0) strvec_push(to, from->v[i]);
}

/* The same suite named twice is one, with the components of both. */
static void add_suite(ArchiveSuites *suites, ArchiveContext *c, const AptRepository *r, const char *suite) {
        for (size_t i = 0; i < suites->n; i++) {
                ArchiveSuite *known = &suites->v[i];
                if (streq(known->suite, suite) && streq(known->repository->uris.v[0], r->uris.v[0]))
                        return add_missing(&known->components, &r->components);
        }
        ArchiveSuite s = {.c = c, .repository = r, .suite = suite};
        add_missing(&s.components, &r->components);
        vec_push(suites, s);
}

static void list_suites(ArchiveContext *c, const AptRepositories *repositories, ArchiveSuites *suites) {
        for (size_t i = 0; i < repositories->n; i++) {
                const AptRepository *r = &repositories->v[i];
                if (!has_architecture(r, c->params->architecture)) continue;
                for (size_t k = 0; k < r->suites.n; k++) add_suite(suites, c, r, r->suites.v[k]);
        }
}

static void suites_done(ArchiveSuites *suites) {
        for (size_t i = 0; i < suites->n; i++) suite_done(&suites->v[i]);
        vec_done(suites);
}

/* ---- the whole */

static void release_info_done(DebianRelease *r) {
        free(r->uri);
        free(r->suite);
        free(r->codename);
        free(r->origin);
        free(r->version);
        strvec_done(&r->signers);
}

void debian_archive_free(DebianArchive *a) {
        if (!a) return;
        package_universe_freep(&a->universe);
        for (size_t i = 0; i < a->releases.n; i++) release_info_done(&a->releases.v[i]);
        for (size_t i = 0; i < a->indexes.n; i++) free((char *)a->indexes.v[i].component);
        for (size_t i = 0; i < a->uris.n; i++) {
                strvec_done(a->uris.v[i]);
                free(a->uris.v[i]);
        }
        vec_done(&a->releases);
        vec_done(&a->indexes);
        vec_done(&a->uris);
        free(a->architecture);
        free(a);
}

static int take_suite(DebianArchive *a, ArchiveSuite *s, size_t release, Err **e) {
        StrVec *uris = xcalloc(1, sizeof *uris);
        for (size_t i = 0; i < s->uris.n; i++) strvec_push(uris, s->uris.v[(s->release.uri + i) % s->uris.n]);
        vec_push(&a->uris, uris);
        for (size_t i = 0; i < s->indexes.n; i++) {
                ArchiveIndex *index = &s->indexes.v[i];
                DebianIndex info = {.uris = uris,
                                    .suite = a->releases.v[release].suite,
                                    .component = xstrdup(index->component),
                                    .architecture = streq(index->architecture, "all") ? "all" : a->architecture,
                                    .digest = index->digest,
                                    .release = &a->releases.v[release]};
                vec_push(&a->indexes, info);
                if (a->indexes.n > INDEXES_MAX) return err_new(e, ERR_LIMIT, "more than %d indexes", INDEXES_MAX);
                if (package_universe_add(a->universe, TAKE(index->index), e) < 0) return -1;
        }
        return 0;
}

static int assemble(DebianArchive *a, ArchiveSuites *suites, Err **e) {
        for (size_t i = 0; i < suites->n; i++) { /* all of them before anything points into the list */
                vec_push(&a->releases, suites->v[i].release.info);
                suites->v[i].release.info = (DebianRelease){0};
        }
        for (size_t i = 0; i < suites->n; i++)
                if (take_suite(a, &suites->v[i], i, e) < 0) return -1;
        return 0;
}

static int load_suites(ArchiveSuites *suites, Err **e) {
        if (parallel_for_threads(suites->n, SUITES_PARALLEL_MAX, suite_work, suites->v) >= 0) return 0;
        for (size_t i = 0; i < suites->n; i++)
                if (suites->v[i].failure) return err_move(e, &suites->v[i].failure), -1;
        return err_new(e, ERR_INTERNAL, "a suite failed without saying why");
}

int debian_archive_open(const AptRepositories *repositories, const DebianArchiveParams *params,
                        DebianArchive **ret_archive, Err **e) {
        AUTO(archive_context_done) ArchiveContext c = {.cache_fd = -1};
        AUTO(suites_done) ArchiveSuites suites = {0};
        if (archive_context_init(&c, params, e) < 0) return -1;
        list_suites(&c, repositories, &suites);
        if (!suites.n)
                return err_new(e, ERR_NOT_FOUND, "none of %zu apt repositories is for architecture '%s'",
                               repositories->n, params->architecture);
        if (load_suites(&suites, e) < 0) return -1;
        AUTO(debian_archive_freep) DebianArchive *a = xcalloc(1, sizeof *a);
        a->architecture = xstrdup(params->architecture);
        a->universe = package_universe_new(params->architecture);
        if (assemble(a, &suites, e) < 0) return -1;
        *ret_archive = TAKE(a);
        return 0;
}

PackageUniverse *debian_archive_universe(DebianArchive *a) {
        return a->universe;
}

const DebianRelease *debian_archive_releases(const DebianArchive *a, size_t *ret_count) {
        *ret_count = a->releases.n;
        return a->releases.v;
}

const DebianIndex *debian_archive_index(const DebianArchive *a, unsigned index) {
        return index < a->indexes.n ? &a->indexes.v[index] : NULL;
}

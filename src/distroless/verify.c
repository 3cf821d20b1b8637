/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/cleanup.h"
#include "debian/version.h"
#include "distroless/assembly.h"

/* A lock against the world: are the packages' bytes still what it says, and does a signed release still vouch for them? */

static void add_verdict(BaseVerdicts *list, const LockedPackage *p, BaseVerdictKind kind, const DebianPackage *newest,
                        const char *suite) {
        BaseVerdict v = {.package = p, .kind = kind, .suite = suite ? xstrdup(suite) : NULL};
        if (newest) v.newest = str_dup(newest->version);
        vec_push(list, v);
}

/* The package among those of its name that has the same bytes, or NULL. */
static const DebianPackage *find_equal(const PackageList *list, const LockedPackage *p) {
        for (size_t i = 0; i < list->n; i++)
                if (digest_eq(&list->v[i]->sha256, &p->sha256)) return list->v[i];
        return NULL;
}

static bool is_foreign(const Assembly *a, const LockedPackage *p) {
        return !streq(p->architecture, "all") && !streq(p->architecture, a->recipe->architecture);
}

static int verify_package(DebianArchive *archive, const LockedPackage *p, BaseVerdicts *verdicts, Err **e) {
        PackageList list = {0};
        if (package_universe_find(debian_archive_universe(archive), str_of(p->name), &list, e) < 0) return -1;
        const DebianPackage *equal = find_equal(&list, p), *newest = list.n > 0 ? list.v[0] : NULL;
        if (equal && !str_is(equal->version, p->version)) {
                add_verdict(verdicts, p, BASE_OTHER_VERSION, equal, NULL);
                return 0;
        }
        if (equal) {
                add_verdict(verdicts, p, BASE_VOUCHED, newest, debian_archive_index(archive, equal->index)->suite);
                return 0;
        }
        bool other = newest && debian_version_compare(newest->version, str_of(p->version)) == 0;
        add_verdict(verdicts, p, other ? BASE_OTHER_BYTES : newest ? BASE_SUPERSEDED : BASE_GONE, newest, NULL);
        return 0;
}

/* The packages of one architecture: what is run to make an image is of the machine's, not of the image's. */
static int verify_against(Assembly *a, const char *architecture, bool foreign, BaseVerdicts *verdicts, Err **e) {
        AUTO(apt_repositories_done) AptRepositories repositories = {0};
        AUTO(debian_archive_freep) DebianArchive *archive = NULL;
        if (assembly_repositories(a->params, &repositories, e) < 0) return -1;
        DebianArchiveParams params = assembly_archive_params(a);
        params.architecture = architecture;
        AssemblyPhase phase = assembly_begin(a, "verify releases");
        if (assembly_end(a, &phase, debian_archive_open(&repositories, &params, &archive, e), e) < 0) return -1;
        for (size_t i = 0; i < a->lock->packages.n; i++) {
                const LockedPackage *p = &a->lock->packages.v[i];
                if (is_foreign(a, p) != foreign || (foreign && !streq(p->architecture, architecture))) continue;
                if (verify_package(archive, p, verdicts, e) < 0) return -1;
        }
        return 0;
}

static int verify_releases(Assembly *a, BaseVerdicts *verdicts, Err **e) {
        AUTO(strvec_done) StrVec others = {0};
        if (verify_against(a, a->recipe->architecture, false, verdicts, e) < 0) return -1;
        for (size_t i = 0; i < a->lock->packages.n; i++) {
                const LockedPackage *p = &a->lock->packages.v[i];
                if (!is_foreign(a, p) || strvec_index(&others, p->architecture) >= 0) continue;
                strvec_push(&others, p->architecture);
                if (verify_against(a, p->architecture, true, verdicts, e) < 0) return -1;
        }
        return 0;
}

static int verify(Assembly *a, BaseVerdicts *verdicts, Err **e) {
        LockedPackages packages = {0};
        if (verify_releases(a, verdicts, e) < 0) return -1;
        for (size_t i = 0; i < a->lock->packages.n; i++) vec_push(&packages, &a->lock->packages.v[i]);
        AssemblyPhase phase = assembly_begin(a, "verify packages");
        int r = assembly_end(a, &phase, assembly_fetch(a, &packages, e), e);
        vec_done(&packages);
        return r;
}

int base_verify(const AssembleParams *params, BaseVerdicts *ret_verdicts, Err **e) {
        Assembly a;
        if (assembly_init(&a, params, e) < 0) return -1;
        a.lock = params->lock;
        int r = verify(&a, ret_verdicts, e);
        assembly_done(&a);
        return r < 0 ? err_wrap(e, "base image %s (%s)", params->recipe->name, params->recipe->release) : 0;
}

void base_verdicts_done(BaseVerdicts *list) {
        for (size_t i = 0; i < list->n; i++) {
                free(list->v[i].newest);
                free(list->v[i].suite);
        }
        vec_done(list);
}

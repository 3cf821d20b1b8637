/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/cleanup.h"
#include "debian/pool.h"
#include "distroless/assembly.h"

/* The files of locked packages: from wherever this machine gets their suite, unless the lock says where. */

/* NULL: this machine does not have the suite. */
static const StrVec *uris_of_suite(const AptRepositories *repositories, const char *suite) {
        for (size_t i = 0; i < repositories->n; i++)
                if (strvec_index(&repositories->v[i].suites, suite) >= 0) return &repositories->v[i].uris;
        return NULL;
}

static const StrVec *uris_of(const AptRepositories *repositories, const LockedPackage *p, StrVec *own) {
        const StrVec *uris = p->uri ? NULL : uris_of_suite(repositories, p->suite);
        if (p->uri) strvec_push(own, p->uri);
        return uris ? uris : own;
}

const char *assembly_uri(const AptRepositories *repositories, const LockedPackage *p) {
        const StrVec *uris = p->uri ? NULL : uris_of_suite(repositories, p->suite);
        return uris && uris->n > 0 ? uris->v[0] : p->uri;
}

static int fetch_from(Assembly *a, const AptRepositories *repositories, const LockedPackages *packages, Err **e) {
        AUTO(freep) DebFileWanted *wanted = xcalloc(packages->n + 1, sizeof *wanted);
        AUTO(freep) StrVec *own = xcalloc(packages->n + 1, sizeof *own);
        for (size_t i = 0; i < packages->n; i++) {
                const LockedPackage *p = packages->v[i];
                wanted[i] = (DebFileWanted){p->name, p->path, uris_of(repositories, p, &own[i]), p->size, p->sha256};
        }
        DebianArchiveParams params = assembly_archive_params(a);
        int r = debian_pool_fetch(wanted, packages->n, &params, e);
        for (size_t i = 0; i < packages->n; i++) strvec_done(&own[i]);
        return r;
}

int assembly_fetch(Assembly *a, const LockedPackages *packages, Err **e) {
        AUTO(apt_repositories_done) AptRepositories repositories = {0};
        AUTO(err_freep) Err *none = NULL; /* a lock whose packages are all at hand needs no repository */
        if (assembly_repositories(a->params, &repositories, &none) < 0 && !a->params->lock) {
                err_move(e, &none);
                return -1;
        }
        return fetch_from(a, &repositories, packages, e);
}

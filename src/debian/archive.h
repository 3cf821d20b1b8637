/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/vec.h"
#include "codec/sha256.h"
#include "debian/apt_auth.h"
#include "debian/apt_sources.h"
#include "debian/package_index.h"

/* Debian archives: from the names of repositories to verified indexes and package files.
 *
 * What holds: InRelease (or Release with Release.gpg) is taken only with a good signature of a key that the repository names; Packages only
 * with the size and SHA-256 that the signed Release says; a .deb only with those of Packages. Everything verified is kept below cache_dir:
 *     releases/KEY            what was verified, its Date, and how the server named it (KEY: URI and suite)
 *     releases/KEY.InRelease  the bytes as they came (or KEY.Release and KEY.Release.gpg)
 *     indexes/SHA256.text     Packages and its table (SHA256: of the compressed file)
 *     pool/SHA256.deb         packages; .part while they come
 * Many processes may use one cache_dir. A call blocks; objects belong to one thread at a time. */

/* Who wants to know how it goes. Called from one thread at a time, not always the same. Each may be NULL. */
typedef struct DebianListener {
        void (*progress)(void *context, const char *name, uint64_t done,
                         uint64_t total);                 /* bytes of one file; done == total: it is here */
        void (*warning)(void *context, const char *text); /* what a user must see */
        void *context;
} DebianListener;

typedef struct DebianArchiveParams {
        const char *cache_dir;    /* made when it is missing */
        const char *architecture; /* Debian's name: "amd64", "arm64" */
        bool offline;             /* ask nobody: only what the cache holds; a warning says how old it is */
        bool allow_unsigned;      /* take what has no good signature; a warning says so for each suite */
        unsigned max_age_s;       /* a Release that was asked for so recently is not asked for again */
        int64_t now_s;            /* the time, unix */
        const AptAuth *auth;      /* logins of private repositories; NULL: none */
        DebianListener listener;
        const volatile bool *cancelled; /* or NULL */
} DebianArchiveParams;

typedef struct DebianRelease {             /* one a repository and suite */
        char *uri, *suite;                 /* as named */
        char *codename, *origin, *version; /* as the Release says; "" where it does not */
        int64_t date_s, valid_until_s;     /* unix; valid_until_s 0: for ever */
        int64_t checked_s;                 /* when the repository was last asked, unix */
        Digest digest;                     /* of InRelease (or Release) */
        StrVec signers;                    /* fingerprints of the keys that signed; empty: taken unsigned */
} DebianRelease;

typedef struct DebianIndex {                          /* where packages of one index come from */
        const StrVec *uris;                           /* base URIs: DebianPackage.path is relative to each */
        const char *suite, *component, *architecture; /* component "" in a flat repository */
        Digest digest;                                /* of the Packages file, as the Release names it */
        const DebianRelease *release;
} DebianIndex;

typedef struct DebianArchive DebianArchive;
void debian_archive_free(DebianArchive *a);
static inline void debian_archive_freep(DebianArchive **a) {
        if (*a) debian_archive_free(*a);
}

/* Everything that the repositories' suites hold for params->architecture (and "all").
 * ERR_DENIED: no good signature, expired, or older than what was seen before; ERR_FORMAT: bytes that are not what was signed,
 * naming file, expected and found; ERR_NOT_FOUND: no such suite, component or architecture (naming those there are), or not in
 * the cache while offline; ERR_NETWORK. */
int debian_archive_open(const AptRepositories *repositories, const DebianArchiveParams *params,
                        DebianArchive **ret_archive, Err **e);

/* All borrowed, as long as the archive lives. The universe's indexes are in the order of debian_archive_index(). */
PackageUniverse *debian_archive_universe(DebianArchive *a);
const DebianRelease *debian_archive_releases(const DebianArchive *a, size_t *ret_count);
const DebianIndex *debian_archive_index(const DebianArchive *a, unsigned index); /* of DebianPackage.index */

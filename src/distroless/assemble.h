/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/event.h"
#include "debian/archive.h"
#include "distroless/lock.h"
#include "distroless/recipe.h"
#include "image/image.h"
#include "store/store.h"

/* From a recipe to an image of the store: packages are chosen (or taken from a lock), fetched and verified, each layer is unpacked from
 * them or made of what their scripts would have done, and the configuration is written. No script of a package is run, and the few programs
 * that are (distroless/tool_run.h) are this machine's, so that an image for another architecture is made like any other. Equal packages and an
 * equal recipe give equal bytes. */

enum { BASE_RELEASE_AGE_S = 3600 }; /* how old what is known of a repository may be, unless somebody says otherwise */

/* Where packages come from. */
typedef struct PackageSources {
        AptRepositories repositories;
        AptAuth auth;
} PackageSources;
/* Those of this machine. Appended to what is there already, or, where repositories are, only the logins. Errors as apt_sources_read(). */
int package_sources_read(PackageSources *sources, Err **e);
void package_sources_done(PackageSources *sources);

typedef struct AssembleParams {
        Store *store;
        Recipe *recipe;                /* for one architecture; versions are filled in (recipe_fill_versions()) */
        const PackageSources *sources; /* of this machine, or what the user gave */
        const BaseLock *lock;          /* these packages and no others; NULL: the newest that the repositories have */
        bool offline;                  /* nothing is asked for; what is in the store's cache is used */
        bool allow_unsigned;           /* repositories without a good signature are used, with a warning */
        unsigned max_age_s; /* how old a release that was verified here may be before it is asked for again */
        int64_t now_s;
        int64_t epoch_s;         /* of the image and its history; <0: 1970, as distroless images have it */
        const EventSink *events; /* what is going on; NULL: nobody asks */
        unsigned *vertices;      /* how many the listener knows already, and goes on with; unless events is NULL */
        const volatile bool *cancelled;
} AssembleParams;

typedef struct AssembledBase {
        Image image;
        BaseLock lock; /* what it was made of */
        bool cached;   /* it was in the store already */
} AssembledBase;
void assembled_base_done(AssembledBase *base);

/* ERR_NOT_FOUND: an unknown package; ERR_CONFLICT: packages that do not go together, or ship a path differently; ERR_DENIED: a signature; ERR_FORMAT: bytes
 * that are not what was signed; ERR_LIMIT: the recipe's size budget; ERR_NETWORK; ERR_SYNTAX: the recipe, with the place. Any thread. */
int base_assemble(const AssembleParams *params, AssembledBase *ret_base, Err **e);

/* Remove what was fetched and can be fetched again: packages and indexes. What is known of releases stays, since a mirror must not be able to go back
 * behind it. Does nothing while an assembly is under way. *ret_bytes: of what was removed, or with dry_run of what would be. */
int base_cache_remove(Store *s, bool dry_run, uint64_t *ret_bytes, Err **e);

/* Only the packages: what base_assemble() would take now. */
int base_select(const AssembleParams *params, BaseLock *ret_lock, Err **e);

typedef enum BaseVerdictKind {
        BASE_VOUCHED,       /* a signed release names these bytes */
        BASE_SUPERSEDED,    /* it names another version */
        BASE_GONE,          /* it does not name the package any more */
        BASE_OTHER_VERSION, /* it names these bytes as another version */
        BASE_OTHER_BYTES,   /* it names the version, but other bytes: one of them is not Debian's */
} BaseVerdictKind;

typedef struct BaseVerdict {
        const LockedPackage *package; /* of the lock */
        BaseVerdictKind kind;
        char *newest; /* version, or NULL */
        char *suite;  /* that vouches, or NULL */
} BaseVerdict;
typedef VEC(BaseVerdict) BaseVerdicts;
void base_verdicts_done(BaseVerdicts *list);

/* Fetch every package of params->lock, compare its bytes, and look it up in the releases that are signed today. A package whose bytes are not what the
 * lock says is ERR_FORMAT. */
int base_verify(const AssembleParams *params, BaseVerdicts *ret_verdicts, Err **e);

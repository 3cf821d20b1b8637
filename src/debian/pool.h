/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "debian/archive.h"

/* Package files, kept by their digest. Works without an archive that is open, for what a lock file names. Any thread. */

enum { POOL_PARALLEL_MAX = 8 };
#define POOL_FILE_MAX (UINT64_C(8) << 30)

typedef struct DebFileWanted {
        const char *name; /* of the package, for messages */
        const char *path; /* below each of uris: "pool/main/..." */
        const StrVec *uris;
        uint64_t size;
        Digest sha256;
} DebFileWanted;

/* Have all of them in the cache, verified: what is there is hashed, the rest fetched, at most POOL_PARALLEL_MAX at a time; a file that came
 * in part earlier is gone on with. Of params, cache_dir, offline, listener and cancelled count.
 * ERR_FORMAT: bytes of another size or digest, from each place that was asked; ERR_NOT_FOUND: gone, or offline and not in the cache;
 * ERR_NETWORK. The first failure ends the others. */
int debian_pool_fetch(const DebFileWanted *wanted, size_t count, const DebianArchiveParams *params, Err **e);

enum { POOL_FOUND = 0, POOL_ABSENT = 1 };
/* One that was fetched, for reading; *ret_fd is the caller's. */
int debian_pool_open(const char *cache_dir, const Digest *sha256, int *ret_fd, Err **e);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "debian/package_index.h"

/* Which packages must be there so that some of them work: the choices of `apt-get install --no-install-recommends` on an empty
 * system (Depends, Pre-Depends, Conflicts, Breaks; Debian Policy 7). Deterministic: the same indexes and roots give the same packages. */

typedef struct ResolveRoot {
        const char *name;  /* "libpq5", "libpq5=15.6-1", "libpq5 (>= 15)", each may end in " [amd64 !i386]" */
        const char *where; /* "FILE:LINE" that asks for it, for messages; NULL: the command line */
        bool closure; /* with all that it needs; else alone: what it needs is not followed, whoever else brings it */
} ResolveRoot;

enum { RESOLVE_PACKAGES_MAX = 16384 };

/* *ret: the packages, each after those that it (pre-)depends on where there is no circle, ties by name. The list lives as long as u.
 * A virtual package is a root if exactly one package provides it.
 * ERR_NOT_FOUND: an unknown package, or no such version of it (hints: nearest names, which suites were searched, its versions).
 * ERR_CONFLICT: packages exclude each other, or what one needs is not there; the excerpt is the chain that leads there from a root.
 * ERR_SYNTAX: a root is misspelled. ERR_FORMAT: an index is damaged. ERR_LIMIT. Same thread as u. */
int debian_resolve(PackageUniverse *u, const ResolveRoot *roots, size_t count, PackageList *ret, Err **e);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"
#include "layer/view.h"

/* The shared libraries of a tree, chosen as ldconfig(8) of glibc 2.36 to 2.41 chooses them. */

enum { LD_LIBRARIES_MAX = 65536, LD_HWCAPS_MAX = 256 };

typedef struct LdLibrary {
        char *soname; /* what programs ask for */
        char *path; /* what the cache says: the directory as spelled in the configuration, and the name of the link or file */
        uint32_t flags; /* kind of machine and libc, as the cache has them */
        char *hwcaps;   /* "x86-64-v3" for one of a directory glibc-hwcaps/x86-64-v3; else NULL */
} LdLibrary;
typedef VEC(LdLibrary) LdLibraries;
void ld_libraries_done(LdLibraries *list);

/* A link that ldconfig would make, or put in place of another link. */
typedef struct LdLink {
        char *path;   /* absolute, directories resolved */
        char *target; /* the name of the file beside it */
} LdLink;
typedef VEC(LdLink) LdLinks;
void ld_links_done(LdLinks *list);

typedef struct LdScan {
        View *tree;
        const char *architecture; /* Debian's name */
        LdLibraries *libraries;   /* both start empty; filled also when it fails */
        LdLinks *links;
} LdScan;

/* All libraries of the directories, in the order of these. Directories that do not exist, or are another one again, are passed over; so are
 * files that are no libraries of this architecture.
 * ERR_UNSUPPORTED: an architecture whose ELF files are not read (big endian) or not known; ERR_LIMIT, ERR_SYS. One thread. */
int ld_libraries_scan(const LdScan *scan, const StrVec *directories, Err **e);

/* The order of names in which numbers count as such: "libx.so.10" is behind "libx.so.9". Pure. */
int ld_name_compare(const char *a, const char *b);

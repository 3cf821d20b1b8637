/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"
#include "codec/stream.h"
#include "debian/package.h"

/* The packages of a suite. A Packages file (50 MB, 63,000 paragraphs) is kept as a text on disk with a table beside it: for each name
 * that a package has or provides where its paragraph stands. Opening it costs next to nothing, a look-up reads only the paragraphs that
 * it returns. Both files are a cache: private to decant, written once, never changed. One thread. */

enum {
        PACKAGE_PARAGRAPH_MAX = 1 << 20, /* bytes; the largest of Debian has 76 kB */
        PACKAGE_MATCHES_MAX = 1 << 12,   /* packages that have or provide one name */
        PACKAGE_NEAREST_MAX = 3,
};
#define PACKAGE_INDEX_TEXT_MAX ((uint64_t)1 << 30)

/* Write the text and its table, from offset 0 of both descriptors (borrowed, empty, not synced), in one pass with little memory.
 * packages: decompressed, borrowed, read to its end. ERR_FORMAT "line N: ...": no Packages file; ERR_LIMIT. Nothing may be kept of the
 * two files after a failure. */
int package_index_build(Source *packages, int text_fd, int table_fd, Err **e);

typedef struct PackageIndex PackageIndex;

/* Open what was built. label: how messages name it ("bookworm main"); NULL: text_path.
 * ERR_FORMAT: damaged, or of another version of decant: build it again. ERR_SYS. */
int package_index_open(const char *text_path, const char *table_path, const char *label, PackageIndex **ret, Err **e);
void package_index_close(PackageIndex *index);
static inline void package_index_closep(PackageIndex **index) {
        if (*index) package_index_close(*index);
}
size_t package_index_count(const PackageIndex *index); /* paragraphs */
const char *package_index_label(const PackageIndex *index);

/* Several indexes for one architecture. Where two have the same version of a package, that of the index added first is taken.
 * All packages, lists and strings that come out of a universe live as long as it. */
typedef struct PackageUniverse PackageUniverse;

PackageUniverse *package_universe_new(const char *architecture); /* Debian's name: "amd64", "armhf" */
void package_universe_free(PackageUniverse *u);                  /* closes its indexes */
static inline void package_universe_freep(PackageUniverse **u) {
        if (*u) package_universe_free(*u);
}

int package_universe_add(PackageUniverse *u, PackageIndex *index /* taken, also on failure */, Err **e);
const char *package_universe_architecture(const PackageUniverse *u);
size_t package_universe_count(const PackageUniverse *u);                    /* indexes */
const char *package_universe_label(const PackageUniverse *u, size_t index); /* of an index */

typedef struct PackageList {
        const DebianPackage **v;
        size_t n;
} PackageList;

/* The packages of this name that fit the architecture, highest version first; none: n is 0.
 * A package is the same pointer whenever and however it is found. <0: ERR_FORMAT a paragraph is damaged, ERR_SYS. */
int package_universe_find(PackageUniverse *u, Str name, PackageList *ret, Err **e);

/* The packages (any version, of any name but this one) whose Provides has name, in the order of indexes and paragraphs. */
int package_universe_providers(PackageUniverse *u, Str name, PackageList *ret, Err **e);

/* The packages of one index that fit the architecture and have one of these lines ("Essential: yes", NULL after the last), in the order of
 * the text. Reads all the text: some 50 ms for Debian's main. */
int package_universe_with_line(PackageUniverse *u, unsigned index, const char *const *lines, PackageList *ret, Err **e);

/* Add up to PACKAGE_NEAREST_MAX names that may have been meant, the likeliest first. Reads all the text: for errors only. */
int package_universe_nearest(PackageUniverse *u, const char *name, StrVec *ret_names, Err **e);

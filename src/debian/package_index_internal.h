/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "debian/package_index.h"

/* What the files of the package index share. */

/* One paragraph that the scanner passed over. Valid during the call. */
typedef struct ScannedPackage {
        Str name, provides, text;
        uint32_t offset, size; /* in the text */
        size_t line;
} ScannedPackage;

typedef struct PackageScan {
        int (*found)(void *context, const ScannedPackage *package, Err **e);
        int (*passed)(void *context, const void *data, size_t size, Err **e); /* all bytes in order; may be NULL */
        void *context;
} PackageScan;

/* Go once through a Packages file without reading more of each paragraph than its name and what it provides.
 * ERR_FORMAT, ERR_LIMIT, what the callbacks and the source return. */
int package_scan(Source *packages, const PackageScan *scan, uint64_t *ret_size, Err **e);

typedef struct TableEntry {
        uint64_t hash;
        uint32_t offset, size; /* of the paragraph in the text */
} TableEntry;

typedef enum TableKind { TABLE_NAMES, TABLE_PROVIDED, TABLE_KIND_MAX } TableKind;

/* Sorted by hash, then offset: as it stands in the file, in the byte order of the machine. */
typedef struct TableHeader {
        char magic[8];
        uint32_t byte_order, version;
        uint64_t text_size;
        uint64_t counts[TABLE_KIND_MAX]; /* entries follow, those of the first kind first */
} TableHeader;

typedef struct TableRange {
        const TableEntry *v;
        size_t n;
} TableRange;

TableRange package_index_entries(const PackageIndex *index, TableKind kind, Str name);

/* The paragraph, read into arena and checked. */
int package_index_read(const PackageIndex *index, const TableEntry *entry, Arena *arena, DebianPackage *ret, Err **e);

/* Go through all the text. */
int package_index_scan(const PackageIndex *index, const PackageScan *scan, Err **e);

/* The indexes of a universe. */
const PackageIndex *package_universe_index(const PackageUniverse *u, size_t i);

/* What lives as long as the universe. */
Arena *package_universe_arena(PackageUniverse *u);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "codec/sha256.h"

/* The file of a digest index, host byte order (it never leaves the machine):
 *
 *     header | starts[bucket_count + 1] | records[count], sorted by hash | paths, NUL-terminated
 *
 * A record is found through starts[] by the top bits of its path's hash. Each record checks itself, so that opening
 * reads nothing but the header, and a damaged place costs one entry. */

enum {
        DIGEST_FILE_MAX_ENTRIES = 4 << 20,
        DIGEST_FILE_MAX_PATHS = 1 << 30, /* bytes of all paths */
        DIGEST_PATH_MAX = 4096,          /* longer paths are not remembered */
};

typedef struct DigestRecord {
        uint64_t path_hash;
        uint64_t stat_hash; /* device, inode, size, mtime, ctime in one; 0 in snapshots */
        Digest digest;
        uint32_t path_offset;
        uint32_t check; /* over all of the above */
} DigestRecord;

typedef struct DigestHeader {
        char magic[8];
        uint32_t count;
        uint32_t bucket_bits;
        uint32_t paths_size;
        uint32_t header_size;
        uint64_t check; /* over all of the above */
} DigestHeader;

/* A mapped file; {0} when there is none. */
typedef struct DigestFile {
        void *map;
        size_t map_size;
        unsigned bucket_bits;
        uint32_t count;
        const uint32_t *starts;
        const DigestRecord *records;
        const char *paths;
        uint32_t paths_size;
} DigestFile;

/* Absent, foreign or damaged: stays empty. */
void digest_file_open(DigestFile *f, int dir_fd, const char *path);
void digest_file_close(DigestFile *f);
const DigestRecord *digest_file_find(const DigestFile *f, const char *path, uint64_t path_hash);
/* The path of a record, or NULL when the record is damaged. */
const char *digest_file_path(const DigestFile *f, const DigestRecord *r);

/* One entry that is to be written; path is borrowed. */
typedef struct DigestEntry {
        const char *path;
        const DigestRecord *record; /* path_offset and check are filled in on the way */
} DigestEntry;
/* Beside its place, then renamed. entries: sorted by path_hash. */
int digest_file_write(int dir_fd, const char *path, const DigestEntry *entries, size_t count, Err **e);

uint64_t digest_hash_bytes(const void *data, size_t size, uint64_t seed);
uint64_t digest_hash_path(const char *path, size_t size);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "codec/stream.h"
#include "store/store.h"

/* The files of an archive or of a layout directory, found by name. A tar that lies uncompressed in a regular file is
 * read in place; anything else (pipes, compressed archives) is unpacked into one unnamed file in the store's scratch
 * space first. Links between members are followed. After opening, any thread. */
typedef struct ArchiveFiles ArchiveFiles;

enum { ARCHIVE_FILE_FOUND = 0, ARCHIVE_FILE_ABSENT = 1 };

/* fd is borrowed and must stay open; reading begins at its offset. ERR_FORMAT: no tar. ERR_LIMIT: ARCHIVE_MEMBERS_MAX,
 * ARCHIVE_BYTES_MAX. */
int archive_files_open(Store *s, int fd, ArchiveFiles **ret_files, Err **e);
int archive_files_open_directory(const char *path, ArchiveFiles **ret_files, Err **e);
void archive_files_free(ArchiveFiles *f);
static inline void archive_files_freep(ArchiveFiles **f) {
        if (*f) archive_files_free(*f);
}

/* A member's bytes. */
typedef struct ArchiveFile {
        int fd; /* borrowed, or owned when it was opened for this */
        bool owned;
        uint64_t offset, size;
} ArchiveFile;
void archive_file_done(ArchiveFile *f);

int archive_files_find(const ArchiveFiles *f, const char *name, ArchiveFile *ret_file, Err **e);

/* A whole small member; owned, NUL behind it. */
int archive_files_read(const ArchiveFiles *f, const char *name, size_t max_size, char **ret_data, size_t *ret_size,
                       Err **e);

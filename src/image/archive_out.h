/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "codec/sha256.h"
#include "codec/stream.h"

/* Where an archive's files go: a tar on a descriptor, or an OCI layout directory. Members have fixed headers (0644,
 * 0:0, mtime 0), so equal content gives equal bytes, whether the descriptor is seekable or not. One thread. */
typedef struct ArchiveOut ArchiveOut;

/* fd is borrowed; writing begins at its offset. */
ArchiveOut *archive_out_tar(int fd);
/* Made when it is missing. */
int archive_out_directory(const char *path, ArchiveOut **ret_out, Err **e);
void archive_out_free(ArchiveOut *o);
static inline void archive_out_freep(ArchiveOut **o) {
        if (*o) archive_out_free(*o);
}

/* oci-layout and the directories; first. */
int archive_out_begin(ArchiveOut *o, Err **e);
/* The end of the tar; nothing is synced. */
int archive_out_end(ArchiveOut *o, Err **e);

/* A plain member, e.g. "index.json". */
int archive_out_file(ArchiveOut *o, const char *name, const void *data, size_t size, Err **e);

/* blobs/sha256/<hex>. A blob that was written already is not written again. */
int archive_out_blob_data(ArchiveOut *o, const void *data, size_t size, Digest *ret_digest, Err **e);
int archive_out_blob_fd(ArchiveOut *o, int fd, const Digest *digest, uint64_t size, Err **e);

/* A blob whose bytes are being made. produce() writes all of it and finishes sink; it may be called twice (for a tar
 * that cannot be patched) and must give the same bytes.
 * digest: when it is known and produce() itself checks the bytes against it; else NULL, and it is computed. */
typedef struct BlobInput {
        int (*produce)(void *context, Sink *sink, Err **e);
        void *context;
        const Digest *digest;
} BlobInput;
int archive_out_blob(ArchiveOut *o, const BlobInput *in, Digest *ret_digest, uint64_t *ret_size, Err **e);

/* Of a directory: what index.json holds already, "" when there is none; owned. */
int archive_out_read_index(ArchiveOut *o, char **ret_data, size_t *ret_size, Err **e);

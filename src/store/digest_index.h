/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "base/err.h"
#include "codec/sha256.h"
#include "store/store.h"

/* Content digests of files, remembered so that unchanged files are not read again; the idea of git's index.
 *
 * Of a build context: entries are valid while device, inode, size, mtime and ctime are equal and the file was not so
 * young when it was read that a change could hide in the clock's grain.
 * Of a snapshot: snapshots are immutable, so the path alone decides.
 *
 * An index is one file of records sorted by the hash of the path, mapped into memory; saving writes a new file beside
 * it and renames. A DigestIndex may be looked up from many threads at once; digest_index_add() may be called from
 * many threads too. */
typedef struct DigestIndex DigestIndex;

/* Open for the directory open at root_fd; the index is named after its device, inode and absolute path. Absent or
 * damaged: empty. */
int digest_index_open_context(Store *s, int root_fd, const char *root_path, DigestIndex **ret_index, Err **e);
int digest_index_open_snapshot(Store *s, const char *snapshot_id, DigestIndex **ret_index, Err **e);
void digest_index_free(DigestIndex *x);
static inline void digest_index_freep(DigestIndex **x) {
        if (*x) digest_index_free(*x);
}

/* st may be NULL for snapshots. */
bool digest_index_get(const DigestIndex *x, const char *path, const struct stat *st, Digest *ret_digest);
/* st: as it was when the file was opened for reading, by fstat; read_started_ns: wall clock just before. */
void digest_index_add(DigestIndex *x, const char *path, const struct stat *st, int64_t read_started_ns,
                      const Digest *digest);
/* Write the additions, merged with what is there, if there are any. Entries of a context that were neither looked up
 * nor added since opening are kept. */
int digest_index_save(DigestIndex *x, Err **e);
/* Write an index for a draft that is about to be committed: (path, digest) pairs become draft->path/digests. */
int digest_index_save_draft(DigestIndex *x, const Draft *draft, Err **e);
DigestIndex *digest_index_new(void); /* empty, for digest_index_save_draft() */

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <pthread.h>

#include "layer/copy_set.h"
#include "layer/draft_tree.h"
#include "os/owner.h"

/* One run of copy_set_apply(), as the files of it share it. */

typedef struct CopyJob {
        uint32_t from, end; /* in order[] */
        enum { JOB_FILES, JOB_HASH } kind;
} CopyJob;

/* What the two halves of a large file, copied and hashed at the same time, saw of it. */
typedef struct CopyLarge {
        uint32_t entry;
        struct stat copied, hashed;
        Digest digest;
        int64_t started_ns;
} CopyLarge;

/* Inodes of an earlier layer that are linked in already: two names share an inode only when the sources do. */
typedef struct InodeSet {
        pthread_mutex_t lock;
        uint64_t *slots;
        size_t count, capacity;
} InodeSet;
bool inode_set_add(InodeSet *set, uint64_t inode); /* false when it is in */

typedef struct Applying {
        CopySet *set;
        const CopyApply *how;
        DraftTree *tree;
        int earlier_fd; /* -1 when there is none */
        mode_t umask;
        Owner own;               /* what new files belong to by themselves */
        VEC(uint32_t) order;     /* entries to be made on all cores */
        VEC(uint32_t) followers; /* further names of files */
        VEC(uint32_t) archives;  /* items that are unpacked */
        VEC(CopyJob) jobs;
        VEC(CopyLarge) large;
        InodeSet linked;
        pthread_mutex_t lock; /* error, done, progress */
        Err *error;
        uint64_t done, told, total;
} Applying;

static inline int copy_cancelled(const Applying *a, Err **e) {
        const volatile bool *cancelled = a->how->cancelled;
        return cancelled && *cancelled ? err_new(e, ERR_CANCELLED, "cancelled") : 0;
}

/* copy_target.c: where every item goes, and which entries a later source replaces. */
int copy_targets_resolve(Applying *a, Err **e);
/* Path of an entry in the layer. Owned. */
char *copy_target_path(const CopySet *s, const CopyEntry *entry);

/* copy_dirs.c: make the directories and sort everything else into jobs. */
int copy_dirs_make(Applying *a, Err **e);

/* copy_file.c */
int copy_jobs_run(Applying *a, Err **e);
void copy_progress(Applying *a, uint64_t bytes);

/* What a file of the layer looks like. */
DraftMeta copy_wanted(const Applying *a, const CopyEntry *entry);

/* copy_archive.c: is the file of an open entry an archive? 1 yes, 0 no. */
int copy_is_archive(const CopySet *s, const CopyEntry *entry, Err **e);
int copy_archive_unpack(Applying *a, const CopyItem *item, Err **e);

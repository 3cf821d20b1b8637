/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* A few files that no package ships, put together in memory as a tar: what is unpacked into a layer, and what its digest is
 * made of. All times are zero. Entries stay in the order of the calls; directories that they lie in come first and are 0755 root unless
 * they were added before. One thread. */
typedef struct SmallTree SmallTree;

SmallTree *small_tree_new(void);
void small_tree_free(SmallTree *t);
static inline void small_tree_freep(SmallTree **t) {
        if (*t) small_tree_free(*t);
}

typedef struct SmallTreeMeta {
        mode_t mode; /* permission bits, 07777 */
        uid_t uid;
        gid_t gid;
} SmallTreeMeta;

/* Paths are absolute or relative to the root; ".." is ERR_USAGE. */
int small_tree_directory(SmallTree *t, const char *path, SmallTreeMeta meta, Err **e);
int small_tree_file(SmallTree *t, const char *path, SmallTreeMeta meta, Str data, Err **e);
int small_tree_symlink(SmallTree *t, const char *path, const char *target, Err **e);
int small_tree_hardlink(SmallTree *t, const char *path, const char *target, Err **e);

bool small_tree_is_empty(const SmallTree *t);
/* Ends the tar; borrowed. Nothing may be added afterwards. */
int small_tree_tar(SmallTree *t, Str *ret_tar, Err **e);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "layer/view.h"

enum { SMALL_TREE_COPY_MAX = 64 << 20 }; /* bytes of a file below that gets another name */

/* A few files that no package ships, put together in memory as a tar: what is unpacked into a layer, and what its digest is
 * made of. All times are zero. Entries stay in the order of the calls. Directories that they lie in come first: as they were added
 * before, else as they are in the layers below, else 0755 root. One thread. */
typedef struct SmallTree SmallTree;

/* below: borrowed, the layers that the tree is for: links in it are followed on the way to a path ("/bin/x" is "/usr/bin/x" where /bin
 * leads to /usr/bin), so that no directory takes the place of a link. NULL: none. */
SmallTree *small_tree_new(View *below);
void small_tree_free(SmallTree *t);
static inline void small_tree_freep(SmallTree **t) {
        if (*t) small_tree_free(*t);
}

typedef struct SmallTreeMeta {
        mode_t mode; /* permission bits, 07777 */
        uid_t uid;
        gid_t gid;
} SmallTreeMeta;

/* Paths are absolute or relative to the root; ".." is ERR_USAGE. ERR_SYNTAX: a file below is where a directory has to be. */
int small_tree_directory(SmallTree *t, const char *path, SmallTreeMeta meta, Err **e);
int small_tree_file(SmallTree *t, const char *path, SmallTreeMeta meta, Str data, Err **e);
int small_tree_symlink(SmallTree *t, const char *path, SmallTreeMeta owner, const char *target, Err **e);
/* target: a file that was added before, or one below, which is then copied into the tree. The owner and mode are the target's.
 * ERR_NOT_FOUND: there is none; ERR_SYNTAX: it is no regular file; ERR_LIMIT. */
int small_tree_hardlink(SmallTree *t, const char *path, const char *target, Err **e);
/* Take a path of the layers below away, with all that is in it. Nothing happens when it is not there. */
int small_tree_remove(SmallTree *t, const char *path, Err **e);

bool small_tree_is_empty(const SmallTree *t);
/* Ends the tar; borrowed. Nothing may be added afterwards. */
int small_tree_tar(SmallTree *t, Str *ret_tar, Err **e);

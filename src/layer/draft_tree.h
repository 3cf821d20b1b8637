/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/err.h"
#include "layer/view_dir.h"

/* The directories of a layer that is being written. A directory that exists below the layer and gets something new inside
 * is made in the layer with the metadata that it has below ("copied up"); one that exists nowhere is made with those that
 * the caller says. Metadata is put on at the end, when nothing more is created inside. One thread. */

enum { DRAFT_MTIME_KEEP = INT64_MIN };

typedef struct DraftMeta {
        mode_t mode; /* 07777 */
        uid_t uid;
        gid_t gid;
        int64_t mtime_ns; /* DRAFT_MTIME_KEEP: whatever the file system says */
} DraftMeta;

typedef struct DraftTreeParams {
        View *below;            /* NULL or empty: nothing is below */
        int fs_fd;              /* the layer's directory */
        DraftMeta made;         /* of directories that exist nowhere yet */
        int64_t clamp_mtime_ns; /* larger mtimes become this; <0 = no clamp */
        bool replace;           /* a directory may take the place of something else that is below */
} DraftTreeParams;

typedef struct DraftDir {
        char *path;     /* relative to the layer, "" = its root */
        ViewDir below;  /* without layers when the directory is not below */
        ViewList names; /* of below, once asked for */
        bool listed;
        bool fresh;   /* made by this tree: owner is still the process's */
        bool gone;    /* removed again */
        bool changed; /* meta is to be put on */
        DraftMeta meta;
} DraftDir;

typedef struct DraftTree DraftTree;
int draft_tree_new(const DraftTreeParams *params, DraftTree **ret_tree, Err **e);
void draft_tree_free(DraftTree *t);
static inline void draft_tree_freep(DraftTree **t) {
        if (*t) draft_tree_free(*t);
}
void draft_tree_set_replace(DraftTree *t, bool replace);
void draft_tree_set_made(DraftTree *t, const DraftMeta *made);

/* The directory at path (relative, without links): make it and its parents as far as they are missing. ret_dir: borrowed.
 * ERR_CONFLICT when something on the way is not a directory. */
int draft_tree_require(DraftTree *t, const char *path, DraftDir **ret_dir, Err **e);

/* The directory if this tree knows it, else NULL. */
DraftDir *draft_tree_find(const DraftTree *t, const char *path);

/* The tree at path was taken out of the layer: forget it. */
void draft_tree_forget(DraftTree *t, const char *path);

/* What the view below has at name in dir: a DT_ type, DT_UNKNOWN (0) for nothing. */
int draft_dir_below(DraftTree *t, DraftDir *dir, const char *name, unsigned char *ret_type, Err **e);

void draft_dir_set_meta(DraftDir *dir, const DraftMeta *meta);

/* Put metadata on everything that was made or set. */
int draft_tree_finish(DraftTree *t, Err **e);

/* Copy the attributes that travel from one file or directory to another. */
int draft_copy_xattrs(int from_dir_fd, const char *from, int to_dir_fd, const char *to, Err **e);

static inline int64_t stat_mtime_ns(const struct stat *st) {
        return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}
struct timespec timespec_of_ns(int64_t ns);

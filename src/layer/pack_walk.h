/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "codec/tar.h"
#include "layer/view_dir.h"

/* The entries of a layer directory or a view in the order of its canonical tar. */

typedef enum PackKind { PACK_OBJECT, PACK_WHITEOUT, PACK_OPAQUE } PackKind;

typedef struct PackName {
        PackKind kind;
        char *path;     /* in the layer directory, relative; owned. Of PACK_OPAQUE: the directory's */
        char *tar_name; /* owned */
        uint32_t layer;
} PackName;
void pack_name_done(PackName *name);

typedef struct PackWalk PackWalk;

/* whiteouts: the view is one layer, whose whiteouts and opaque directories are entries. */
PackWalk *pack_walk_new(const View *view, bool whiteouts);
void pack_walk_free(PackWalk *w);

/* The next entry. Returns 1 with *ret_name, 0 at the end. */
int pack_walk_next(PackWalk *w, PackName *ret_name, Err **e);

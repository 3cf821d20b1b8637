/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "build/graph.h"
#include "layer/copy.h"

/* Where a step takes files from: a directory context, or the root file system of a stage or image. Internal to build/. */
typedef struct SourceTree {
        CopyRoot root;
        View *view;            /* of a stage or image, or of what was fetched, with the context below it */
        Context *context;      /* of a directory */
        DigestIndex **indexes; /* one a layer: the context's (borrowed), then those of snapshots (owned) */
        size_t index_count;
        bool immutable;    /* it holds snapshots only */
        CopyFilter filter; /* of a context under fetched trees */
} SourceTree;

/* from: the node of the stage or image, or NULL: the context `name`. *ret_tree is zero at first; source_tree_done() in any
 * case. */
int source_tree_open(Build *b, const Node *from, const char *name, SourceTree *ret_tree, Err **e);
/* What an ADD of remote sources takes from: the trees that its node's inputs fetched and, when some source is local, the
 * context. */
int source_tree_open_fetched(Build *b, const Node *n, SourceTree *ret_tree, Err **e);
/* Remember digests of files of a view (those of contexts are saved once, at the end of the build). */
int source_tree_save(SourceTree *t, Err **e);
void source_tree_done(SourceTree *t);

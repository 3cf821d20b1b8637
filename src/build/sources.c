/* SPDX-License-Identifier: Apache-2.0 */
#include "build/sources.h"

#include <stdlib.h>

/* One digest index a layer directory of the view. */
static int open_indexes(Build *b, const Node *from, SourceTree *t, Err **e) {
        StrVec ids = {0};
        node_mounted_ids(from, &ids);
        t->indexes = xcalloc(ids.n + 1, sizeof *t->indexes);
        int r = 0;
        for (size_t i = 0; i < ids.n && r == 0; i++) {
                r = digest_index_open_snapshot(b->store, ids.v[i], &t->indexes[i], e);
                if (r == 0) t->index_count++;
        }
        strvec_done(&ids);
        return r;
}

static int open_stage(Build *b, const Node *from, SourceTree *t, Err **e) {
        if (node_view(b, from, &t->view, e) < 0 || open_indexes(b, from, t, e) < 0) return -1;
        t->root = (CopyRoot){.root_fd = -1,
                             .root_path = from->step->name,
                             .view = t->view,
                             .indexes = t->indexes,
                             .keep_owner = true};
        return 0;
}

static int open_directory(Build *b, const char *name, SourceTree *t, Err **e) {
        if (build_context(b, name, &t->context, e) < 0) return -1;
        t->indexes = xcalloc(1, sizeof *t->indexes);
        t->indexes[0] = t->context->index;
        t->root = (CopyRoot){
                .root_fd = t->context->fd,
                .root_path = t->context->path,
                .filter = t->context->ignore ? &t->context->filter : NULL,
                .indexes = t->indexes,
        };
        return 0;
}

int source_tree_open(Build *b, const Node *from, const char *name, SourceTree *ret_tree, Err **e) {
        return from ? open_stage(b, from, ret_tree, e) : open_directory(b, name, ret_tree, e);
}

int source_tree_save(SourceTree *t, Err **e) {
        for (size_t i = 0; t->view && i < t->index_count; i++) {
                if (digest_index_save(t->indexes[i], e) < 0) return -1;
        }
        return 0;
}

void source_tree_done(SourceTree *t) {
        for (size_t i = 0; t->view && i < t->index_count; i++) digest_index_freep(&t->indexes[i]);
        view_freep(&t->view);
        free(t->indexes);
        *t = (SourceTree){0};
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "build/sources.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/str.h"

/* One digest index a layer directory of the view, behind those that are there. */
static int open_indexes(Build *b, const Node *from, SourceTree *t, Err **e) {
        StrVec ids = {0};
        node_mounted_ids(from, &ids);
        t->indexes = xreallocarray(t->indexes, t->index_count + ids.n + 1, sizeof *t->indexes);
        int r = 0;
        for (size_t i = 0; i < ids.n && r == 0; i++) {
                r = digest_index_open_snapshot(b->store, ids.v[i], &t->indexes[t->index_count], e);
                if (r == 0) t->index_count++;
        }
        strvec_done(&ids);
        return r;
}

/* The context's own index comes first and is not ours. */
static size_t first_owned(const SourceTree *t) {
        return t->context != NULL;
}

static int open_stage(Build *b, const Node *from, SourceTree *t, Err **e) {
        if (node_view(b, from, &t->view, e) < 0 || open_indexes(b, from, t, e) < 0) return -1;
        t->immutable = true;
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
        t->indexes[t->index_count++] = t->context->index;
        t->root = (CopyRoot){
                .root_fd = t->context->fd,
                .keep_owner = t->context->keep_owner,
                .root_path = t->context->path,
                .filter = t->context->ignore || t->context->store_path ? &t->context->filter : NULL,
                .indexes = t->indexes,
        };
        return 0;
}

int source_tree_open(Build *b, const Node *from, const char *name, SourceTree *ret_tree, Err **e) {
        return from ? open_stage(b, from, ret_tree, e) : open_directory(b, name, ret_tree, e);
}

/* The context's rules say nothing about what was fetched. */
static bool fetched_hidden(void *context, const char *path, bool directory, bool *ret_prune) {
        SourceTree *t = context;
        const CopyFilter *filter = &t->context->filter;
        *ret_prune = false;
        return !starts_with(path, PLAN_FETCHED_PREFIX) && filter->hidden(filter->context, path, directory, ret_prune);
}

static char *fetched_explain(void *context, const char *path) {
        SourceTree *t = context;
        return t->context->filter.explain(t->context->filter.context, path);
}

int source_tree_open_fetched(Build *b, const Node *n, SourceTree *t, Err **e) {
        const PlanCopy *copy = &n->step->copy;
        AUTO(strvec_done) StrVec dirs = {0};
        t->immutable = copy->fetched_count == copy->source_count;
        if (!t->immutable) {
                if (open_directory(b, copy->context, t, e) < 0) return -1;
                strvec_pushf(&dirs, "/proc/self/fd/%d", t->context->fd);
        }
        for (size_t i = 0; i < n->step->input_count; i++) {
                const Node *from = node_of(n, n->step->inputs[i]);
                node_layer_dirs(b, from, &dirs);
                if (open_indexes(b, from, t, e) < 0) return -1;
        }
        if (view_open(&dirs, &t->view, e) < 0) return -1;
        t->filter = (CopyFilter){.hidden = fetched_hidden, .explain = fetched_explain, .context = t};
        bool filtered = t->context && t->context->ignore;
        t->root = (CopyRoot){
                .root_fd = -1,
                .root_path = t->context ? t->context->path : NULL,
                .view = t->view,
                .filter = filtered ? &t->filter : NULL,
                .indexes = t->indexes,
                .keep_owner = t->context && t->context->keep_owner,
        };
        return 0;
}

int source_tree_save(SourceTree *t, Err **e) {
        for (size_t i = first_owned(t); i < t->index_count; i++) {
                if (digest_index_save(t->indexes[i], e) < 0) return -1;
        }
        return 0;
}

void source_tree_done(SourceTree *t) {
        for (size_t i = first_owned(t); i < t->index_count; i++) digest_index_freep(&t->indexes[i]);
        view_freep(&t->view);
        free(t->indexes);
        *t = (SourceTree){0};
}

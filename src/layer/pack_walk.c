/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/pack_walk.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "layer/overlay.h"

/* Names are sorted over full paths: "a", "a.b", "a/c", because '.' comes before '/'. So a directory stands twice in the list
 * of the one above it: as an entry under its name, and as what is in it under its name with a slash. */
typedef struct WalkStep {
        char *key;    /* sorting key: the name in the tar, "name/" for contents; owned */
        size_t index; /* in the list; of PACK_OPAQUE steps nothing */
        PackKind kind;
        bool enter;
} WalkStep;

typedef struct WalkFrame {
        ViewDir dir;
        ViewList list;
        WalkStep *steps;
        size_t count, at;
} WalkFrame;

struct PackWalk {
        const View *view;
        bool whiteouts;
        bool started;
        VEC(WalkFrame) stack;
};

void pack_name_done(PackName *name) {
        free(name->path);
        free(name->tar_name);
        *name = (PackName){0};
}

static void frame_done(WalkFrame *f) {
        for (size_t i = 0; i < f->count; i++) free(f->steps[i].key);
        free(f->steps);
        view_dir_done(&f->dir);
        view_list_done(&f->list);
}

PackWalk *pack_walk_new(const View *view, bool whiteouts) {
        PackWalk *w = xcalloc(1, sizeof *w);
        w->view = view;
        w->whiteouts = whiteouts;
        return w;
}

void pack_walk_free(PackWalk *w) {
        for (size_t i = 0; i < w->stack.n; i++) frame_done(&w->stack.v[i]);
        vec_done(&w->stack);
        free(w);
}

static int compare_steps(const void *a, const void *b) {
        return strcmp(((const WalkStep *)a)->key, ((const WalkStep *)b)->key);
}

static void add_step(WalkFrame *f, char *key, size_t index, PackKind kind, bool enter) {
        f->steps[f->count++] = (WalkStep){key, index, kind, enter};
}

static int fill_steps(const PackWalk *w, WalkFrame *f, Err **e) {
        const DirList *list = &f->list.list;
        f->steps = xcalloc(list->n * 2 + 1, sizeof *f->steps);
        for (size_t i = 0; i < list->n; i++) {
                const DirEntry *entry = &list->v[i];
                if (w->whiteouts && starts_with(entry->name, ".wh.")) {
                        err_new(e, ERR_FORMAT, "'/%s%s%s' cannot be in a layer", f->dir.path, *f->dir.path ? "/" : "",
                                entry->name);
                        return err_hint(e, "names that begin with .wh. mark deleted files there: rename it");
                }
                if (entry->type == DT_SOCK) continue;
                if (entry->type == DT_WHT) {
                        add_step(f, xasprintf(".wh.%s", entry->name), i, PACK_WHITEOUT, false);
                        continue;
                }
                add_step(f, xstrdup(entry->name), i, PACK_OBJECT, false);
                if (entry->type == DT_DIR) add_step(f, xasprintf("%s/", entry->name), i, PACK_OBJECT, true);
        }
        if (f->count > 1) qsort(f->steps, f->count, sizeof *f->steps, compare_steps);
        return 0;
}

static int push_frame(PackWalk *w, ViewDir *dir, Err **e) {
        WalkFrame f = {.dir = *dir};
        *dir = (ViewDir){0};
        bool opaque =
                w->whiteouts && *f.dir.path && overlay_is_opaque(view_layer_fd(w->view, f.dir.layers[0]), f.dir.path);
        if (view_dir_list(w->view, &f.dir, w->whiteouts, &f.list, e) < 0 || fill_steps(w, &f, e) < 0) {
                frame_done(&f);
                return -1;
        }
        if (opaque) { /* first in its directory */
                memmove(f.steps + 1, f.steps, f.count++ * sizeof *f.steps);
                f.steps[0] = (WalkStep){.kind = PACK_OPAQUE};
        }
        vec_push(&w->stack, f);
        return 0;
}

static int enter(PackWalk *w, const WalkFrame *f, const WalkStep *step, Err **e) {
        ViewDir child;
        const char *name = f->list.list.v[step->index].name;
        if (view_dir_child(w->view, &f->dir, name, f->list.layers[step->index], &child, e) < 0) return -1;
        return push_frame(w, &child, e);
}

static void name_of_step(const WalkFrame *f, const WalkStep *step, PackName *ret_name) {
        PackName name = {.kind = step->kind};
        if (step->kind == PACK_OPAQUE) {
                name.layer = f->dir.layers[0];
                name.path = xstrdup(f->dir.path);
                name.tar_name = view_path_add(f->dir.path, ".wh..wh..opq");
        } else {
                name.layer = f->list.layers[step->index];
                name.path = view_path_add(f->dir.path, f->list.list.v[step->index].name);
                name.tar_name = step->kind == PACK_OBJECT ? xstrdup(name.path) : view_path_add(f->dir.path, step->key);
        }
        *ret_name = name;
}

int pack_walk_next(PackWalk *w, PackName *ret_name, Err **e) {
        if (!w->started) {
                ViewDir root;
                view_dir_root(w->view, &root);
                w->started = true;
                int r = push_frame(w, &root, e);
                view_dir_done(&root);
                if (r < 0) return r;
        }
        while (w->stack.n > 0) {
                WalkFrame *f = &w->stack.v[w->stack.n - 1];
                if (f->at == f->count) {
                        frame_done(f);
                        w->stack.n--;
                        continue;
                }
                const WalkStep *step = &f->steps[f->at++];
                if (!step->enter) {
                        name_of_step(f, step, ret_name);
                        return 1;
                }
                if (enter(w, f, step, e) < 0) return -1;
        }
        return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "layer/overlay.h"
#include "layer/view_dir.h"

void view_list_done(ViewList *list) {
        dir_list_done(&list->list);
        free(list->layers);
        *list = (ViewList){0};
}

/* A name of one layer on its way into the merged list. order: position of the layer, topmost 0. */
typedef struct Candidate {
        DirEntry entry;
        uint32_t order;
} Candidate;

static int compare_candidates(const void *a, const void *b) {
        const Candidate *x = a, *y = b;
        int order = strcmp(x->entry.name, y->entry.name);
        return order ? order : (x->order > y->order) - (x->order < y->order);
}

static bool is_whiteout(int layer_fd, const char *dir_path, const DirEntry *entry) {
        if (entry->type != DT_CHR) return false;
        AUTO(freep) char *path = view_path_add(dir_path, entry->name);
        struct stat st;
        return fstatat(layer_fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && overlay_is_whiteout(&st);
}

static void mark_whiteouts(const View *v, const ViewDir *dir, uint32_t layer, DirList *list) {
        for (size_t i = 0; i < list->n; i++) {
                if (is_whiteout(view_layer_fd(v, layer), dir->path, &list->v[i])) list->v[i].type = DT_WHT;
        }
}

static void drop_whiteouts(ViewList *list) {
        size_t kept = 0;
        for (size_t i = 0; i < list->list.n; i++) {
                if (list->list.v[i].type == DT_WHT) continue;
                list->list.v[kept] = list->list.v[i];
                list->layers[kept++] = list->layers[i];
        }
        list->list.n = kept;
}

static int list_one(const View *v, const ViewDir *dir, ViewList *ret_list, Err **e) {
        uint32_t layer = dir->layers[0];
        DirList list;
        if (dir_list(view_layer_fd(v, layer), dir->path, &list, e) < 0) return -1;
        mark_whiteouts(v, dir, layer, &list);
        uint32_t *layers = xcalloc(list.n, sizeof *layers);
        for (size_t i = 0; i < list.n; i++) layers[i] = layer;
        *ret_list = (ViewList){list, layers};
        return 0;
}

/* One block of names and one sorted array out of the first of each name. */
static void merge_candidates(const ViewDir *dir, Candidate *all, size_t count, ViewList *ret_list) {
        if (count > 1) qsort(all, count, sizeof *all, compare_candidates);
        size_t bytes = 0, kept = 0;
        for (size_t i = 0; i < count; i++) bytes += strlen(all[i].entry.name) + 1;
        ViewList merged = {.list = {.v = xcalloc(count, sizeof(DirEntry)), .names = xmalloc(bytes + 1)},
                           .layers = xcalloc(count, sizeof(uint32_t))};
        char *name = merged.list.names;
        for (size_t i = 0; i < count; i++) {
                if (i > 0 && streq(all[i].entry.name, all[i - 1].entry.name)) continue;
                size_t n = strlen(all[i].entry.name) + 1;
                memcpy(name, all[i].entry.name, n);
                merged.list.v[kept] = (DirEntry){name, all[i].entry.type, all[i].entry.inode};
                merged.layers[kept++] = dir->layers[all[i].order];
                name += n;
        }
        merged.list.n = kept;
        *ret_list = merged;
}

static int list_many(const View *v, const ViewDir *dir, ViewList *ret_list, Err **e) {
        DirList *lists = xcalloc(dir->layer_count, sizeof *lists);
        VEC(Candidate) all = {0};
        int r = 0;
        for (size_t i = 0; i < dir->layer_count && r == 0; i++) {
                r = dir_list(view_layer_fd(v, dir->layers[i]), dir->path, &lists[i], e);
                if (r < 0) break;
                mark_whiteouts(v, dir, dir->layers[i], &lists[i]);
                for (size_t k = 0; k < lists[i].n; k++) vec_push(&all, (Candidate){lists[i].v[k], (uint32_t)i});
        }
        if (r == 0) merge_candidates(dir, all.v, all.n, ret_list);
        for (size_t i = 0; i < dir->layer_count; i++) dir_list_done(&lists[i]);
        free(lists);
        vec_done(&all);
        return r;
}

int view_dir_list(const View *v, const ViewDir *dir, bool raw, ViewList *ret_list, Err **e) {
        ViewList list = {0};
        int r = 0;
        if (dir->layer_count == 1)
                r = list_one(v, dir, &list, e);
        else if (dir->layer_count > 1)
                r = list_many(v, dir, &list, e);
        if (r < 0) return r;
        if (!raw) drop_whiteouts(&list);
        *ret_list = list;
        return 0;
}

int view_list(View *v, const char *path, DirList *ret_list, Err **e) {
        ViewDir dir;
        int r = view_dir_at(v, path, &dir, e);
        if (r == VIEW_ABSENT) return err_new(e, ERR_NOT_FOUND, "'%s' is not a directory", path);
        if (r < 0) return r;
        ViewList list = {0};
        r = view_dir_list(v, &dir, false, &list, e);
        view_dir_done(&dir);
        if (r < 0) return r;
        free(TAKE(list.layers));
        *ret_list = list.list;
        return 0;
}

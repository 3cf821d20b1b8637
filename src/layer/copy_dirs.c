/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "layer/copy_apply.h"

enum { SMALL_JOB_BYTES = 1 << 20, LARGE_FILE_BYTES = 8 << 20 };

static int64_t first_mtime(const CopySet *s) {
        for (size_t i = 0; i < s->items.n; i++) {
                if (!s->items.v[i].gone) return copy_entry(s, s->items.v[i].root)->mtime_ns;
        }
        return 0;
}

/* Directories that COPY has to make: 0755 or a numeric --chmod, root's or --chown's. Their time is the source's, so that
 * the same input gives the same layer. */
static DraftMeta made_meta(const CopySet *s, bool archive) {
        const CopyParams *p = &s->params;
        bool chmod = p->has_mode && !s->mode.symbolic && !archive;
        return (DraftMeta){.mode = chmod ? s->mode.octal : 0755,
                           .uid = p->has_owner ? p->uid : 0,
                           .gid = p->has_owner ? p->gid : 0,
                           .mtime_ns = first_mtime(s)};
}

/* The directory that a source directory's contents go to keeps what it is but for its time. */
static int make_top(Applying *a, const CopyItem *item, Err **e) {
        DraftDir *dir;
        if (draft_tree_require(a->tree, item->target, &dir, e) < 0) return -1;
        if (item->pattern || !item->directory || !*item->target) return 0;
        dir->meta.mtime_ns = copy_entry(a->set, item->root)->mtime_ns;
        return 0;
}

static int make_directory(Applying *a, const CopyEntry *entry, Err **e) {
        AUTO(freep) char *path = copy_target_path(a->set, entry);
        DraftDir *dir;
        if (draft_tree_require(a->tree, path, &dir, e) < 0) return err_wrap(e, "cannot copy to non-directory");
        DraftMeta meta = copy_wanted(a, entry);
        draft_dir_set_meta(dir, &meta);
        int layer_fd = view_layer_fd(a->set->view, entry->layer);
        return draft_copy_xattrs(layer_fd, entry->path, a->how->draft->fs_fd, path, e);
}

/* ---- everything else, in jobs of one directory each */

typedef struct Sorting {
        Applying *a;
        uint32_t parent; /* of the job that is open, as an entry; COPY_NONE none */
        uint64_t bytes;
        DraftDir *dir; /* destination directory of parent */
} Sorting;

static int check_below(Applying *a, DraftDir *dir, const CopyEntry *entry, const char *name, Err **e) {
        unsigned char type;
        if (draft_dir_below(a->tree, dir, name, &type, e) < 0) return -1;
        if (type != DT_DIR) return 0;
        const char *what = S_ISLNK(entry->mode) ? "link" : "file";
        return err_new(e, ERR_CONFLICT, "cannot replace directory '/%s%s%s' with a %s", dir->path,
                       *dir->path ? "/" : "", name, what);
}

static bool is_large(const Applying *a, const CopyEntry *entry) {
        return S_ISREG(entry->mode) && entry->size >= LARGE_FILE_BYTES &&
               !(entry->flags & (ENTRY_HASHED | ENTRY_INLINE)) && a->earlier_fd < 0 && !a->how->link_from_source;
}

static void push_job(Sorting *sort, uint32_t index, uint32_t parent) {
        Applying *a = sort->a;
        const CopyEntry *entry = copy_entry(a->set, index);
        uint32_t at = (uint32_t)a->order.n;
        vec_push(&a->order, index);
        if (is_large(a, entry)) {
                vec_push(&a->large, (CopyLarge){.entry = index});
                vec_push(&a->jobs, (CopyJob){at, at + 1, JOB_HASH});
        }
        CopyJob *last = a->jobs.n ? &a->jobs.v[a->jobs.n - 1] : NULL;
        bool room = last && last->kind == JOB_FILES && last->end == at && at - last->from < COPY_CHUNK_FILES;
        if (room && parent != COPY_NONE && parent == sort->parent && sort->bytes + entry->size <= SMALL_JOB_BYTES) {
                last->end++;
                sort->bytes += entry->size;
                return;
        }
        vec_push(&a->jobs, (CopyJob){at, at + 1, JOB_FILES});
        sort->parent = parent;
        sort->bytes = entry->size;
}

static int sort_entry(Sorting *sort, uint32_t index, DraftDir *dir, const char *name, Err **e) {
        Applying *a = sort->a;
        const CopyEntry *entry = copy_entry(a->set, index);
        if (check_below(a, dir, entry, name, e) < 0) return -1;
        bool follows = entry->leader != index && !(copy_entry(a->set, entry->leader)->flags & ENTRY_REPLACED);
        if (follows) {
                vec_push(&a->followers, index);
                return 0;
        }
        if (S_ISREG(entry->mode)) a->total += entry->size;
        push_job(sort, index, entry->parent);
        return 0;
}

static int sort_below_item(Sorting *sort, const CopyItem *item, Err **e) {
        Applying *a = sort->a;
        uint32_t parent = COPY_NONE;
        for (uint32_t i = item->from; i < item->end; i++) {
                const CopyEntry *entry = copy_entry(a->set, i);
                if (!copy_entry_live(entry) || entry->flags & ENTRY_REPLACED) continue;
                if (S_ISDIR(entry->mode)) {
                        if (make_directory(a, entry, e) < 0) return -1;
                        continue;
                }
                if (entry->parent != parent) {
                        AUTO(freep) char *path = copy_target_path(a->set, copy_entry(a->set, entry->parent));
                        if (draft_tree_require(a->tree, path, &sort->dir, e) < 0) return -1;
                        parent = entry->parent;
                }
                if (sort_entry(sort, i, sort->dir, copy_entry_name(entry), e) < 0) return -1;
        }
        return 0;
}

static int sort_file_item(Sorting *sort, const CopyItem *item, Err **e) {
        Applying *a = sort->a;
        if (copy_entry(a->set, item->root)->flags & ENTRY_REPLACED) return 0;
        const char *slash = strrchr(item->target, '/');
        AUTO(freep) char *parent = slash ? xstrndup(item->target, (size_t)(slash - item->target)) : xstrdup("");
        DraftDir *dir;
        if (draft_tree_require(a->tree, parent, &dir, e) < 0) return -1;
        return sort_entry(sort, item->root, dir, slash ? slash + 1 : item->target, e);
}

static int sort_item(Sorting *sort, const CopyItem *item, Err **e) {
        Applying *a = sort->a;
        bool archive = copy_entry(a->set, item->root)->flags & ENTRY_UNPACKED;
        DraftMeta made = made_meta(a->set, archive);
        draft_tree_set_made(a->tree, &made);
        if (!item->directory && !archive) return sort_file_item(sort, item, e);
        if (make_top(a, item, e) < 0) return -1;
        return archive ? 0 : sort_below_item(sort, item, e);
}

int copy_dirs_make(Applying *a, Err **e) {
        Sorting sort = {.a = a, .parent = COPY_NONE};
        for (size_t i = 0; i < a->set->items.n; i++) {
                const CopyItem *item = &a->set->items.v[i];
                if (!item->gone && sort_item(&sort, item, e) < 0) return -1;
        }
        return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "layer/copy_set.h"
#include "layer/draft_tree.h"
#include "os/owner.h"
#include "os/workers.h"

/* The walk goes level by level and takes a level in batches of directories: all directories of a batch are listed in
 * parallel, their names become entries in order on one thread, then the entries are looked at in parallel in runs that are
 * independent of how many there are in each directory. One descriptor a directory is open for the time of a batch. */
enum { WALK_BATCH = 64, WALK_RUN = 128 };

typedef struct WalkDir {
        uint32_t entry;
        ViewDir dir;
        ViewList list;
        int fd;        /* of the directory when one layer makes it up, else -1 */
        uint32_t from; /* its first entry */
} WalkDir;

typedef struct WalkRun {
        WalkDir *dir;
        uint32_t from, end; /* entries */
} WalkRun;

typedef struct Walk {
        CopySet *set;
        CopyItem *item;
        VEC(WalkDir) level, next;
        VEC(WalkRun) runs;
        WalkDir *batch;
        pthread_mutex_t lock;
        Err *error; /* the first */
} Walk;

static int walk_fail(Walk *w, Err **e) {
        pthread_mutex_lock(&w->lock);
        err_move(&w->error, e);
        pthread_mutex_unlock(&w->lock);
        return -1;
}

static void walk_dir_done(WalkDir *d) {
        view_dir_done(&d->dir);
        view_list_done(&d->list);
        if (d->fd >= 0) close(d->fd);
        d->fd = -1;
}

static int open_and_list(const CopySet *s, WalkDir *d, Err **e) {
        if (d->dir.layer_count == 1) {
                const char *path = d->dir.path[0] ? d->dir.path : ".";
                d->fd = openat(view_layer_fd(s->view, d->dir.layers[0]), path,
                               O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                if (d->fd < 0) return err_sys(e, "open directory '%s'", d->dir.path);
        }
        return view_dir_list(s->view, &d->dir, false, &d->list, e);
}

static int list_job(void *context, size_t index) {
        Walk *w = context;
        Err *e = NULL;
        return open_and_list(w->set, &w->batch[index], &e) < 0 ? walk_fail(w, &e) : 0;
}

static uint16_t type_of_dirent(unsigned char type) {
        return (uint16_t)DTTOIF(type);
}

static int add_names(Walk *w, WalkDir *d, Err **e) {
        CopySet *s = w->set;
        const char *parent = copy_entry(s, d->entry)->path;
        size_t parent_size = strlen(parent);
        d->from = s->entry_count;
        for (size_t i = 0; i < d->list.list.n; i++) {
                const DirEntry *from = &d->list.list.v[i];
                size_t name_size = strlen(from->name);
                if (parent_size + name_size + 2 > PATH_MAX)
                        return err_new(e, ERR_LIMIT, "path too long below '%s'", parent);
                char *path = arena_alloc(s->arena, parent_size + name_size + 2);
                if (parent_size) {
                        memcpy(path, parent, parent_size);
                        path[parent_size] = '/';
                }
                memcpy(path + parent_size + (parent_size > 0), from->name, name_size);
                CopyEntry entry = {.path = path,
                                   .parent = d->entry,
                                   .item = copy_entry(s, d->entry)->item,
                                   .layer = (uint16_t)d->list.layers[i],
                                   .mode = type_of_dirent(from->type)};
                uint32_t index;
                if (copy_set_add(s, &entry, &index, e) < 0) return -1;
        }
        return 0;
}

/* Decide by name whether the entry counts. */
static void filter_entry(const CopySet *s, CopyEntry *entry) {
        bool directory = S_ISDIR(entry->mode), prune = false;
        const CopyItem *item = &s->items.v[entry->item];
        const char *relative = copy_entry_relative(s, entry);
        if (copy_hidden(s, entry->path, directory, &prune)) {
                entry->flags |= directory && !prune ? ENTRY_LAZY : ENTRY_DROPPED;
        }
        CopyMatch match = item->pattern ? copy_parents_match(item->pattern, relative) : COPY_MATCH_YES;
        if (match == COPY_MATCH_NO || (match == COPY_MATCH_BELOW && !directory)) entry->flags |= ENTRY_DROPPED;
        if (match == COPY_MATCH_BELOW) entry->flags |= ENTRY_LAZY;
        if (s->params.exclude_count == 0 || entry->flags & ENTRY_DROPPED) return;
        CopyMatch excluded = copy_excluded(s, relative, directory);
        if (excluded == COPY_MATCH_YES) entry->flags |= ENTRY_DROPPED;
        if (excluded == COPY_MATCH_BELOW) entry->flags |= ENTRY_LAZY;
}

static bool remembered_digest(const CopySet *s, const CopyEntry *entry, const struct stat *st, Digest *ret_digest) {
        if (!s->root.indexes || !s->root.indexes[entry->layer]) return false;
        return digest_index_get(s->root.indexes[entry->layer], entry->path, st, ret_digest);
}

void copy_entry_fill(const CopySet *s, CopyEntry *entry, const struct stat *st) {
        entry->mode = (uint16_t)st->st_mode;
        Owner owner = owner_of(st);
        entry->uid = owner.uid;
        entry->gid = owner.gid;
        entry->mtime_ns = stat_mtime_ns(st);
        entry->inode = st->st_ino;
        entry->device = st->st_dev;
        if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode)) entry->device_id = (uint32_t)st->st_rdev;
        if (!S_ISREG(st->st_mode)) return;
        entry->size = (uint64_t)st->st_size;
        if (st->st_nlink > 1) entry->flags |= ENTRY_LINKS;
        if (remembered_digest(s, entry, st, &entry->digest)) entry->flags |= ENTRY_HASHED;
}

static int look_at(const CopySet *s, const WalkDir *d, CopyEntry *entry, Err **e) {
        int dir_fd = d->fd >= 0 ? d->fd : view_layer_fd(s->view, entry->layer);
        const char *path = d->fd >= 0 ? copy_entry_name(entry) : entry->path;
        struct stat st;
        if (fstatat(dir_fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0) {
                if (errno != ENOENT) return err_sys(e, "'%s'", entry->path);
                entry->flags |= ENTRY_DROPPED; /* removed since it was listed */
                return 0;
        }
        copy_entry_fill(s, entry, &st);
        if (!S_ISLNK(st.st_mode)) return 0;
        char target[PATH_MAX];
        ssize_t n = readlinkat(dir_fd, path, target, sizeof target - 1);
        if (n < 0) return err_sys(e, "read link '%s'", entry->path);
        entry->target = xstrndup(target, (size_t)n);
        return 0;
}

static int look_job(void *context, size_t index) {
        Walk *w = context;
        const WalkRun *run = &w->runs.v[index];
        Err *e = NULL;
        for (uint32_t i = run->from; i < run->end; i++) {
                CopyEntry *entry = copy_entry(w->set, i);
                filter_entry(w->set, entry);
                if (entry->flags & ENTRY_DROPPED) continue;
                if (look_at(w->set, run->dir, entry, &e) < 0) return walk_fail(w, &e);
        }
        return 0;
}

static int queue_directories(Walk *w, WalkDir *d, uint32_t end, Err **e) {
        for (uint32_t i = d->from; i < end; i++) {
                const CopyEntry *entry = copy_entry(w->set, i);
                if (!S_ISDIR(entry->mode) || entry->flags & ENTRY_DROPPED) continue;
                WalkDir child = {.entry = i, .fd = -1};
                const char *name = copy_entry_name(entry);
                if (view_dir_child(w->set->view, &d->dir, name, entry->layer, &child.dir, e) < 0) return -1;
                vec_push(&w->next, child);
        }
        return 0;
}

static int parallel_part(Walk *w, size_t count, int (*job)(void *, size_t), Err **e) {
        if (parallel_for(count, job, w) == 0) return 0;
        err_move(e, &w->error);
        return -1;
}

static int walk_batch(Walk *w, WalkDir *batch, size_t count, Err **e) {
        CopySet *s = w->set;
        w->batch = batch;
        if (parallel_part(w, count, list_job, e) < 0) return -1;
        w->runs.n = 0;
        for (size_t i = 0; i < count; i++) {
                if (add_names(w, &batch[i], e) < 0) return -1;
                for (uint32_t from = batch[i].from; from < s->entry_count; from += WALK_RUN) {
                        uint32_t end = from + WALK_RUN < s->entry_count ? from + WALK_RUN : s->entry_count;
                        vec_push(&w->runs, (WalkRun){&batch[i], from, end});
                }
        }
        if (parallel_part(w, w->runs.n, look_job, e) < 0) return -1;
        for (size_t i = 0; i < count; i++) {
                uint32_t end = i + 1 < count ? batch[i + 1].from : s->entry_count;
                if (queue_directories(w, &batch[i], end, e) < 0) return -1;
        }
        return 0;
}

static int walk_level(Walk *w, Err **e) {
        for (size_t at = 0; at < w->level.n; at += WALK_BATCH) {
                size_t count = w->level.n - at < WALK_BATCH ? w->level.n - at : WALK_BATCH;
                int r = walk_batch(w, &w->level.v[at], count, e);
                for (size_t i = 0; i < count; i++) walk_dir_done(&w->level.v[at + i]);
                if (r < 0) return r;
        }
        return 0;
}

static int walk_item(CopySet *s, CopyItem *item, Err **e) {
        const CopyEntry *root = copy_entry(s, item->root);
        Walk w = {.set = s, .item = item, .lock = PTHREAD_MUTEX_INITIALIZER};
        WalkDir top = {.entry = item->root, .fd = -1};
        int r = view_dir_at(s->view, root->path, &top.dir, e);
        if (r > 0) return err_new(e, ERR_NOT_FOUND, "'%s' is no directory any more", root->path);
        if (r < 0) return r;
        vec_push(&w.next, top);
        while (r == 0 && w.next.n > 0) {
                vec_done(&w.level);
                w.level.v = TAKE(w.next.v);
                w.level.n = w.next.n;
                w.next.n = w.next.capacity = 0;
                r = walk_level(&w, e);
        }
        for (size_t i = 0; i < w.level.n; i++) walk_dir_done(&w.level.v[i]);
        for (size_t i = 0; i < w.next.n; i++) walk_dir_done(&w.next.v[i]);
        vec_done(&w.level);
        vec_done(&w.next);
        vec_done(&w.runs);
        return r;
}

int copy_walk(CopySet *s, Err **e) {
        for (size_t i = 0; i < s->items.n; i++) {
                CopyItem *item = &s->items.v[i];
                item->from = s->entry_count;
                if (item->directory && walk_item(s, item, e) < 0) return err_wrap(e, "COPY source '%s'", item->name);
                item->end = s->entry_count;
        }
        return 0;
}

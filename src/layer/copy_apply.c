/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/copy_apply.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/num.h"
#include "base/str.h"

enum { PROGRESS_STEP = 8 << 20 };

/* The umask without changing it for a moment under other threads' feet. */
static mode_t current_umask(void) {
        AUTO(freep) char *status = NULL;
        size_t size;
        if (file_read(AT_FDCWD, "/proc/self/status", 1 << 16, &status, &size, NULL) < 0) return 0777;
        const char *line = strstr(status, "\nUmask:\t");
        return line ? (mode_t)strtoul(line + strlen("\nUmask:\t"), NULL, 8) : 0777;
}

static void inode_set_done(InodeSet *set) {
        free(set->slots);
        pthread_mutex_destroy(&set->lock);
}

static bool inode_insert(uint64_t *slots, size_t capacity, uint64_t inode) {
        size_t at = (size_t)((inode * 0x9e3779b97f4a7c15u) >> 20) & (capacity - 1);
        for (; slots[at]; at = (at + 1) & (capacity - 1)) {
                if (slots[at] == inode) return false;
        }
        slots[at] = inode;
        return true;
}

bool inode_set_add(InodeSet *set, uint64_t inode) {
        pthread_mutex_lock(&set->lock);
        if (set->count * 2 >= set->capacity) {
                size_t capacity = set->capacity ? set->capacity * 2 : 1024;
                uint64_t *slots = xcalloc(capacity, sizeof *slots);
                for (size_t i = 0; i < set->capacity; i++) {
                        if (set->slots[i]) inode_insert(slots, capacity, set->slots[i]);
                }
                free(set->slots);
                set->slots = slots;
                set->capacity = capacity;
        }
        bool added = inode_insert(set->slots, set->capacity, inode);
        set->count += added;
        pthread_mutex_unlock(&set->lock);
        return added;
}

DraftMeta copy_wanted(const Applying *a, const CopyEntry *entry) {
        int64_t clamp = a->how->clamp_mtime_ns;
        DraftMeta meta = {.mode = copy_entry_mode(a->set, entry), .mtime_ns = entry->mtime_ns};
        if (clamp >= 0 && meta.mtime_ns > clamp) meta.mtime_ns = clamp;
        copy_entry_owner(a->set, entry, &meta.uid, &meta.gid);
        return meta;
}

void copy_progress(Applying *a, uint64_t bytes) {
        pthread_mutex_lock(&a->lock);
        a->done += bytes;
        bool worth_telling = a->done - a->told >= PROGRESS_STEP || a->done == a->total;
        if (a->how->progress && worth_telling) {
                a->told = a->done;
                a->how->progress(a->how->progress_context, a->done, a->total);
        }
        pthread_mutex_unlock(&a->lock);
}

static int apply_open(Applying *a, Err **e) {
        a->umask = current_umask();
        a->own = owner_of_new_files();
        DraftTreeParams params = {
                .below = a->how->below,
                .fs_fd = a->how->draft->fs_fd,
                .made = {0755, 0, 0, DRAFT_MTIME_KEEP},
                .clamp_mtime_ns = a->how->clamp_mtime_ns,
        };
        if (draft_tree_new(&params, &a->tree, e) < 0) return -1;
        if (!a->how->earlier_path || !a->how->earlier) return 0;
        /* What is gone or cannot be read is no help, and no failure either. */
        a->earlier_fd = open(a->how->earlier_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        return 0;
}

static void apply_done(Applying *a) {
        if (a->tree) draft_tree_free(a->tree);
        closep(&a->earlier_fd);
        vec_done(&a->order);
        vec_done(&a->followers);
        vec_done(&a->archives);
        vec_done(&a->jobs);
        vec_done(&a->large);
        inode_set_done(&a->linked);
        pthread_mutex_destroy(&a->lock);
        err_clear(&a->error);
}

static int remove_name(int fs_fd, const char *path, Err **e) {
        return unlinkat(fs_fd, path, 0) < 0 && errno != ENOENT ? err_sys(e, "replace '/%s'", path) : 0;
}

static int link_follower(Applying *a, uint32_t index, Err **e) {
        CopySet *s = a->set;
        const CopyEntry *entry = copy_entry(s, index), *leader = copy_entry(s, entry->leader);
        AUTO(freep) char *path = copy_target_path(s, entry);
        AUTO(freep) char *first = copy_target_path(s, leader);
        int fd = a->how->draft->fs_fd;
        int r = linkat(fd, first, fd, path, 0);
        if (r < 0 && errno == EEXIST && remove_name(fd, path, e) == 0) r = linkat(fd, first, fd, path, 0);
        if (r < 0) return e && *e ? -1 : err_sys(e, "link '/%s' to '/%s'", path, first);
        if (a->how->record && leader->flags & ENTRY_HASHED) {
                digest_index_add(a->how->record, path, NULL, 0, &leader->digest);
        }
        return 0;
}

static int link_followers(Applying *a, Err **e) {
        for (size_t i = 0; i < a->followers.n; i++) {
                if (link_follower(a, a->followers.v[i], e) < 0) return -1;
        }
        return 0;
}

static int unpack_archives(Applying *a, Err **e) {
        for (size_t i = 0; i < a->archives.n; i++) {
                const CopyItem *item = &a->set->items.v[a->archives.v[i]];
                if (copy_archive_unpack(a, item, e) < 0) return err_wrap(e, "unpack '%s'", item->name);
        }
        return 0;
}

static int apply_run(Applying *a, Err **e) {
        if (apply_open(a, e) < 0) return -1;
        if (copy_targets_resolve(a, e) < 0 || copy_dirs_make(a, e) < 0) return -1;
        if (copy_jobs_run(a, e) < 0 || link_followers(a, e) < 0 || unpack_archives(a, e) < 0) return -1;
        return draft_tree_finish(a->tree, e);
}

int copy_set_apply(CopySet *s, const CopyApply *apply, Err **e) {
        Applying a = {
                .set = s,
                .how = apply,
                .earlier_fd = -1,
                .linked = {.lock = PTHREAD_MUTEX_INITIALIZER},
                .lock = PTHREAD_MUTEX_INITIALIZER,
        };
        int r = apply_run(&a, e);
        apply_done(&a);
        return r;
}

bool copy_set_changed(const CopySet *s) {
        return s->changed;
}

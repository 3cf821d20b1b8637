/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/draft_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/map.h"
#include "base/str.h"
#include "layer/copy.h"
#include "layer/overlay.h"
#include "os/owner.h"

struct DraftTree {
        DraftTreeParams params;
        View *nothing; /* stands in when there is no view below */
        Map *dirs;     /* path -> DraftDir */
};

struct timespec timespec_of_ns(int64_t ns) {
        int64_t seconds = ns / 1000000000, rest = ns % 1000000000;
        if (rest < 0) {
                rest += 1000000000;
                seconds--;
        }
        return (struct timespec){.tv_sec = seconds, .tv_nsec = rest};
}

static DraftDir *tree_add(DraftTree *t, const char *path) {
        DraftDir *dir = xcalloc(1, sizeof *dir);
        dir->path = xstrdup(path);
        DraftDir *old = map_put(t->dirs, path, strlen(path), dir);
        if (old) { /* forgotten before */
                view_dir_done(&old->below);
                view_list_done(&old->names);
                free(old->path);
                free(old);
        }
        return dir;
}

static DraftMeta meta_of_stat(const struct stat *st) {
        Owner owner = owner_of(st);
        return (DraftMeta){st->st_mode & 07777, owner.uid, owner.gid, stat_mtime_ns(st)};
}

/* The layer's own root shows through a mount, so it takes over what the root below looks like. */
static int adopt_root(DraftTree *t, Err **e) {
        DraftDir *root = tree_add(t, "");
        view_dir_root(t->params.below, &root->below);
        struct stat st;
        if (root->below.layer_count == 0) return 0;
        int layer_fd = view_layer_fd(t->params.below, root->below.layers[0]);
        if (fstatat(layer_fd, ".", &st, 0) < 0) return err_sys(e, "read root directory of the layer below");
        DraftMeta meta = meta_of_stat(&st);
        draft_dir_set_meta(root, &meta);
        return draft_copy_xattrs(layer_fd, ".", t->params.fs_fd, ".", e);
}

int draft_tree_new(const DraftTreeParams *params, DraftTree **ret_tree, Err **e) {
        AUTO(draft_tree_freep) DraftTree *t = xcalloc(1, sizeof *t);
        t->params = *params;
        t->dirs = map_new();
        if (!t->params.below) {
                StrVec none = {0};
                if (view_open(&none, &t->nothing, e) < 0) return -1;
                t->params.below = t->nothing;
        }
        if (adopt_root(t, e) < 0) return -1;
        *ret_tree = TAKE(t);
        return 0;
}

void draft_tree_free(DraftTree *t) {
        for (size_t i = 0; t->dirs && i < map_count(t->dirs); i++) {
                DraftDir *dir = map_at(t->dirs, i, NULL, NULL);
                view_dir_done(&dir->below);
                view_list_done(&dir->names);
                free(dir->path);
                free(dir);
        }
        map_free(t->dirs);
        view_free(t->nothing);
        free(t);
}

void draft_tree_set_replace(DraftTree *t, bool replace) {
        t->params.replace = replace;
}

void draft_tree_set_made(DraftTree *t, const DraftMeta *made) {
        t->params.made = *made;
}

DraftDir *draft_tree_find(const DraftTree *t, const char *path) {
        DraftDir *dir = map_get(t->dirs, path, strlen(path));
        return dir && !dir->gone ? dir : NULL;
}

void draft_tree_forget(DraftTree *t, const char *path) {
        size_t n = strlen(path);
        for (size_t i = 0; i < map_count(t->dirs); i++) {
                DraftDir *dir = map_at(t->dirs, i, NULL, NULL);
                if (strncmp(dir->path, path, n) == 0 && (dir->path[n] == '\0' || dir->path[n] == '/')) dir->gone = true;
        }
}

void draft_dir_set_meta(DraftDir *dir, const DraftMeta *meta) {
        dir->meta = *meta;
        dir->changed = true;
}

int draft_copy_xattrs(int from_dir_fd, const char *from, int to_dir_fd, const char *to, Err **e) {
        AUTO(xattr_list_done) XattrList list = {0};
        if (xattr_list(from_dir_fd, from, &list, e) < 0) return -1;
        for (size_t i = 0; i < list.n; i++) {
                if (!overlay_copies_xattr(list.v[i].name)) continue;
                if (overlay_put_xattr(to_dir_fd, to, &list.v[i], e) < 0) return -1;
        }
        return 0;
}

static int not_a_directory(const char *path, Err **e) {
        return err_new(e, ERR_CONFLICT, "'/%s' is not a directory", path);
}

/* Something of that name is in the layer already: fine when it is a directory. Creating things in it will move its
 * mtime, so that is put back. */
static int adopt_existing(DraftTree *t, DraftDir *dir, Err **e) {
        struct stat st;
        if (fstatat(t->params.fs_fd, dir->path, &st, AT_SYMLINK_NOFOLLOW) < 0) return err_sys(e, "'/%s'", dir->path);
        if (!S_ISDIR(st.st_mode)) return not_a_directory(dir->path, e);
        DraftMeta meta = meta_of_stat(&st);
        draft_dir_set_meta(dir, &meta);
        return 0;
}

static int make_dir(DraftTree *t, DraftDir *dir, const ViewEntry *below, Err **e) {
        if (mkdirat(t->params.fs_fd, dir->path, 0700) < 0) {
                return errno == EEXIST ? adopt_existing(t, dir, e) : err_sys(e, "make directory '/%s'", dir->path);
        }
        dir->fresh = true;
        DraftMeta meta = below ? meta_of_stat(&below->st) : t->params.made;
        draft_dir_set_meta(dir, &meta);
        if (!below) return 0;
        return draft_copy_xattrs(view_layer_fd(t->params.below, below->layer), dir->path, t->params.fs_fd, dir->path,
                                 e);
}

static int tree_step(DraftTree *t, DraftDir *parent, const char *path, DraftDir **ret_dir, Err **e) {
        const char *slash = strrchr(path, '/');
        AUTO(view_entry_done) ViewEntry entry = {0};
        ViewDir child = {0};
        int r = VIEW_ABSENT;
        if (parent->below.layer_count > 0) {
                r = view_dir_step(t->params.below, &parent->below, slash ? slash + 1 : path, &entry, &child, e);
                if (r < 0) return r;
        }
        bool directory = r == VIEW_FOUND && S_ISDIR(entry.st.st_mode);
        if (r == VIEW_FOUND && !directory && !t->params.replace) return not_a_directory(path, e);
        DraftDir *dir = tree_add(t, path);
        dir->below = child;
        r = make_dir(t, dir, directory ? &entry : NULL, e);
        if (r < 0)
                dir->gone = true;
        else
                *ret_dir = dir;
        return r;
}

int draft_tree_require(DraftTree *t, const char *path, DraftDir **ret_dir, Err **e) {
        DraftDir *dir = draft_tree_find(t, path);
        AUTO(freep) char *prefix = xstrdup(path);
        size_t at = 0;
        for (DraftDir *parent = dir ? NULL : draft_tree_find(t, ""); parent; parent = dir) {
                if (path[at] == '\0') break;
                at += strcspn(path + at, "/");
                prefix[at] = '\0';
                dir = draft_tree_find(t, prefix);
                if (!dir && tree_step(t, parent, prefix, &dir, e) < 0) return -1;
                if (path[at]) prefix[at++] = '/';
        }
        *ret_dir = dir;
        return 0;
}

static int find_name(const void *key, const void *entry) {
        return strcmp(key, ((const DirEntry *)entry)->name);
}

int draft_dir_below(DraftTree *t, DraftDir *dir, const char *name, unsigned char *ret_type, Err **e) {
        *ret_type = DT_UNKNOWN;
        if (dir->below.layer_count == 0) return 0;
        if (!dir->listed && view_dir_list(t->params.below, &dir->below, false, &dir->names, e) < 0) return -1;
        dir->listed = true;
        const DirList *list = &dir->names.list;
        const DirEntry *found = list->n ? bsearch(name, list->v, list->n, sizeof *list->v, find_name) : NULL;
        if (found) *ret_type = found->type;
        return 0;
}

static int finish_dir(const DraftTree *t, const DraftDir *dir, Err **e) {
        const char *path = dir->path[0] ? dir->path : ".";
        const DraftMeta *meta = &dir->meta;
        int fd = t->params.fs_fd;
        Owner owner = {meta->uid, meta->gid}, own = owner_of_new_files();
        bool owned = dir->fresh && owner.uid == own.uid && owner.gid == own.gid;
        if (!owned && owner_set_at(fd, path, owner) < 0) return owner_failed(dir->path, owner, e);
        if (fchmodat(fd, path, meta->mode, 0) < 0) return err_sys(e, "change mode of '/%s'", dir->path);
        if (meta->mtime_ns == DRAFT_MTIME_KEEP) return 0;
        int64_t clamp = t->params.clamp_mtime_ns;
        int64_t mtime = clamp >= 0 && meta->mtime_ns > clamp ? clamp : meta->mtime_ns;
        struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, timespec_of_ns(mtime)};
        if (utimensat(fd, path, times, AT_SYMLINK_NOFOLLOW) < 0) return err_sys(e, "set time of '/%s'", dir->path);
        return 0;
}

int draft_tree_finish(DraftTree *t, Err **e) {
        /* Children stand behind their parents in the map; a parent's mode may forbid to reach them. */
        for (size_t i = map_count(t->dirs); i-- > 0;) {
                DraftDir *dir = map_at(t->dirs, i, NULL, NULL);
                if (!dir->gone && dir->changed && finish_dir(t, dir, e) < 0) return -1;
        }
        return 0;
}

int layer_make_dirs(View *below, Draft *draft, const MakeDirsParams *params, Err **e) {
        AUTO(view_entry_done) ViewEntry entry = {0};
        int r = view_lookup(below, params->path, true, &entry, e);
        if (r < 0) return r;
        if (r == VIEW_FOUND && !S_ISDIR(entry.st.st_mode)) return not_a_directory(entry.path + 1, e);
        if (r == VIEW_FOUND) return 0;
        DraftTreeParams tree_params = {.below = below,
                                       .fs_fd = draft->fs_fd,
                                       .made = {0755, params->uid, params->gid, params->mtime_ns},
                                       .clamp_mtime_ns = -1};
        AUTO(draft_tree_freep) DraftTree *tree = NULL;
        DraftDir *dir;
        if (draft_tree_new(&tree_params, &tree, e) < 0) return -1;
        if (draft_tree_require(tree, entry.path + 1, &dir, e) < 0) return -1;
        return draft_tree_finish(tree, e);
}

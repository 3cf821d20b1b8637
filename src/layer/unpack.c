/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/unpack.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "layer/overlay.h"
#include "layer/unpack_internal.h"
#include "os/root_path.h"

#define WHITEOUT_PREFIX ".wh."

int unpack_format(const TarEntry *entry, Err **e, const char *what) {
        return err_new(e, ERR_FORMAT, "tar entry '%s': %s", entry->name, what);
}

/* Forget the parent kept open when it lies in a tree that is gone. */
static void unpack_forget_parent(Unpack *u) {
        closep(&u->parent_fd);
        u->parent_fd = -1;
        free(TAKE(u->parent_text));
}

/* ---- where an entry goes. Links are followed inside the base only, whether they come from the tar or lay there before. */

static int resolve_parent(Unpack *u, const TarEntry *entry, const char *parent, char **ret_path, Err **e) {
        const UnpackJob *job = u->job;
        AUTO(freep) char *plain = *parent ? view_path_add(job->base, parent) : xstrdup(job->base);
        if (draft_tree_find(job->tree, plain)) { /* a directory that was made here: no links on the way */
                *ret_path = TAKE(plain);
                return 0;
        }
        AUTO(view_entry_done) ViewEntry found = {0};
        int r = view_lookup_below(job->merged, job->base, parent, true, &found, e);
        if (r < 0) return err_wrap(e, "tar entry '%s'", entry->name);
        if (r == VIEW_FOUND && !S_ISDIR(found.st.st_mode))
                return unpack_format(entry, e, "what it lies in is not a directory");
        *ret_path = xstrdup(found.path + 1);
        return 0;
}

static int enter_parent(Unpack *u, const TarEntry *entry, const char *parent, Err **e) {
        if (u->parent_text && streq(u->parent_text, parent)) return 0;
        unpack_forget_parent(u);
        AUTO(freep) char *path = NULL;
        if (resolve_parent(u, entry, parent, &path, e) < 0) return -1;
        if (draft_tree_require(u->job->tree, path, &u->parent, e) < 0)
                return err_wrap(e, "tar entry '%s'", entry->name);
        u->parent_fd = openat(u->job->fs_fd, *path ? path : ".", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (u->parent_fd < 0) return err_sys(e, "open directory '/%s'", path);
        u->parent_text = xstrdup(parent);
        return 0;
}

static DraftMeta meta_of_entry(const UnpackJob *job, const TarEntry *entry) {
        DraftMeta meta = {entry->mode & 07777, entry->uid, entry->gid, entry->mtime_ns};
        if (job->has_owner) {
                meta.uid = job->uid;
                meta.gid = job->gid;
        }
        if (job->clamp_mtime_ns >= 0 && meta.mtime_ns > job->clamp_mtime_ns) meta.mtime_ns = job->clamp_mtime_ns;
        return meta;
}

static void expect_parents(Unpack *u, const DraftMeta *like) {
        const UnpackJob *job = u->job;
        DraftMeta made = {0755, job->has_owner ? job->uid : 0, job->has_owner ? job->gid : 0, like->mtime_ns};
        draft_tree_set_made(job->tree, &made);
}

/* ---- whiteouts */

int unpack_clear(Unpack *u, const UnpackPlace *p, unsigned char *ret_kind, Err **e) {
        struct stat st;
        *ret_kind = DT_UNKNOWN;
        if (fstatat(u->parent_fd, p->name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
                return errno == ENOENT ? 0 : err_sys(e, "'/%s'", p->path);
        }
        *ret_kind = overlay_is_whiteout(&st) ? DT_WHT : (unsigned char)IFTODT(st.st_mode);
        if (!S_ISDIR(st.st_mode)) {
                return unlinkat(u->parent_fd, p->name, 0) < 0 ? err_sys(e, "replace '/%s'", p->path) : 0;
        }
        draft_tree_forget(u->job->tree, p->path);
        return tree_remove(u->parent_fd, p->name, e);
}

static int apply_opaque(Unpack *u, Err **e) {
        /* Where nothing is below there is nothing to hide, and equal trees are to be equal. */
        if (u->job->whiteouts == WHITEOUTS_APPLY && u->parent->below.layer_count == 0) return 0;
        return overlay_set_opaque(u->job->fs_fd, u->parent->path, e);
}

static int hide_in_layer(Unpack *u, const UnpackPlace *p, Err **e) {
        struct stat st;
        if (fstatat(u->parent_fd, p->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return overlay_make_whiteout(u->parent_fd, p->name, e);
        /* The layer has the name too: what it has stays, what is below goes. */
        return S_ISDIR(st.st_mode) ? overlay_set_opaque(u->job->fs_fd, p->path, e) : 0;
}

static int hide_below(Unpack *u, const UnpackPlace *p, Err **e) {
        unsigned char kind, below;
        if (unpack_clear(u, p, &kind, e) < 0) return -1;
        if (draft_dir_below(u->job->tree, u->parent, p->name, &below, e) < 0) return -1;
        return below != DT_UNKNOWN ? overlay_make_whiteout(u->parent_fd, p->name, e) : 0;
}

static int unpack_whiteout(Unpack *u, const UnpackPlace *p, Err **e) {
        if (streq(p->name, ".wh..wh..opq")) return apply_opaque(u, e);
        if (starts_with(p->name, ".wh..wh.")) return 0; /* bookkeeping of aufs */
        UnpackPlace hidden = *p;
        hidden.name = p->name + strlen(WHITEOUT_PREFIX);
        if (!*hidden.name || streq(hidden.name, ".") || streq(hidden.name, "..")) {
                return unpack_format(p->entry, e, "a whiteout without a name");
        }
        hidden.path = view_path_add(u->parent->path, hidden.name);
        int r = u->job->whiteouts == WHITEOUTS_APPLY ? hide_below(u, &hidden, e) : hide_in_layer(u, &hidden, e);
        free(hidden.path);
        return r;
}

/* ---- entries */

static int unpack_base(Unpack *u, const TarEntry *entry, Err **e) {
        if (u->job->keep_base || entry->type != TAR_DIR) return 0;
        DraftDir *dir;
        if (draft_tree_require(u->job->tree, u->job->base, &dir, e) < 0) return -1;
        DraftMeta meta = meta_of_entry(u->job, entry);
        draft_dir_set_meta(dir, &meta);
        return 0;
}

static int unpack_place(Unpack *u, const UnpackPlace *p, Err **e) {
        bool whiteout = u->job->whiteouts != WHITEOUTS_ARE_NAMES && starts_with(p->name, WHITEOUT_PREFIX);
        if (whiteout) return unpack_whiteout(u, p, e);
        switch (p->entry->type) {
        case TAR_DIR: return unpack_directory(u, p, e);
        case TAR_FILE: return unpack_file(u, p, e);
        case TAR_HARDLINK: return unpack_link(u, p, e);
        default: return unpack_special(u, p, e);
        }
}

static int count_entry(Unpack *u, const TarEntry *entry, Err **e) {
        const UnpackJob *job = u->job;
        if (job->cancelled && *job->cancelled) return err_new(e, ERR_CANCELLED, "cancelled");
        u->totals.entry_count++;
        if (job->max_entries && u->totals.entry_count > job->max_entries) {
                return err_new(e, ERR_LIMIT, "the tar has more than %llu entries",
                               (unsigned long long)job->max_entries);
        }
        if (entry->type != TAR_FILE) return 0;
        bool wrapped = __builtin_add_overflow(u->totals.size_bytes, entry->size, &u->totals.size_bytes);
        if (job->max_bytes && (wrapped || u->totals.size_bytes > job->max_bytes)) {
                return err_new(e, ERR_LIMIT, "the files of the tar have more than %llu bytes",
                               (unsigned long long)job->max_bytes);
        }
        return 0;
}

static int unpack_named(Unpack *u, const TarEntry *entry, Err **e) {
        AUTO(freep) char *clean = path_clean(entry->name);
        if (!clean[1]) return unpack_base(u, entry, e);
        char *slash = strrchr(clean, '/');
        *slash = '\0';
        UnpackPlace p = {.entry = entry, .name = slash + 1, .meta = meta_of_entry(u->job, entry)};
        expect_parents(u, &p.meta);
        if (enter_parent(u, entry, clean[0] ? clean + 1 : "", e) < 0) return -1;
        p.path = view_path_add(u->parent->path, p.name);
        int r = unpack_place(u, &p, e);
        free(p.path);
        return r;
}

static int unpack_entry(Unpack *u, const TarEntry *entry, Err **e) {
        const UnpackNames *names = u->job->names;
        if (count_entry(u, entry, e) < 0) return -1;
        if (!names) return unpack_named(u, entry, e);
        AUTO(freep) char *name = names->map(names->context, entry->name, entry->type == TAR_DIR);
        AUTO(freep) char *link = NULL;
        if (!name) {
                u->totals.entry_count--;
                if (entry->type == TAR_FILE) u->totals.size_bytes -= entry->size;
                return 0;
        }
        TarEntry renamed = *entry;
        renamed.name = name;
        if (entry->type == TAR_HARDLINK) {
                link = names->map(names->context, entry->link, false);
                if (!link) return unpack_format(entry, e, "a hard link to a file that is left out");
                renamed.link = link;
        }
        return unpack_named(u, &renamed, e);
}

int unpack_tar(const UnpackJob *job, Source *tar, LayerTotals *ret_totals, Err **e) {
        Unpack u = {.job = job, .reader = tar_reader_new(tar), .parent_fd = -1, .own = owner_of_new_files()};
        u.buffer = xmalloc(UNPACK_BUFFER_SIZE);
        TarEntry entry;
        int r;
        while ((r = tar_reader_next(u.reader, &entry, e)) == TAR_ENTRY) {
                r = unpack_entry(&u, &entry, e);
                if (r < 0) break;
        }
        unpack_forget_parent(&u);
        tar_reader_free(u.reader);
        free(u.buffer);
        if (r == 0 && ret_totals) *ret_totals = u.totals;
        return r;
}

int layer_unpack(const UnpackParams *params, Source *tar, LayerTotals *ret_totals, Err **e) {
        AUTO(closep) int fs_fd = open(params->fs_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fs_fd < 0) return err_sys(e, "open directory '%s'", params->fs_path);
        AUTO(view_freep) View *merged = NULL;
        AUTO(draft_tree_freep) DraftTree *tree = NULL;
        DraftTreeParams tree_params = {.fs_fd = fs_fd, .clamp_mtime_ns = -1, .replace = true};
        if (view_open_fd(fs_fd, &merged, e) < 0 || draft_tree_new(&tree_params, &tree, e) < 0) return -1;
        UnpackJob job = {
                .tree = tree,
                .merged = merged,
                .fs_fd = fs_fd,
                .base = "",
                .whiteouts = params->layer ? WHITEOUTS_OF_LAYER : WHITEOUTS_ARE_NAMES,
                .has_owner = params->has_owner,
                .uid = params->uid,
                .gid = params->gid,
                .clamp_mtime_ns = -1,
                .names = params->names,
                .max_bytes = params->max_bytes,
                .max_entries = params->max_entries,
        };
        if (unpack_tar(&job, tar, ret_totals, e) < 0) return -1;
        return draft_tree_finish(tree, e);
}

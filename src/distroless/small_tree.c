/* SPDX-License-Identifier: Apache-2.0 */
#include "distroless/small_tree.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/map.h"
#include "base/vec.h"
#include "codec/tar.h"
#include "os/owner.h"
#include "os/root_path.h"

struct SmallTree {
        View *below;
        Arena *arena;
        Map *files; /* clean paths of files and hard links -> SmallTreeMeta, in the arena */
        Buf tar;
        Sink *sink;
        TarWriter *writer;
        StrVec directories; /* clean paths that are in the tar */
        size_t entries;
        bool ended;
};

SmallTree *small_tree_new(View *below) {
        SmallTree *t = xcalloc(1, sizeof *t);
        t->below = below;
        t->arena = arena_new();
        t->files = map_new();
        t->sink = sink_to_buf(&t->tar);
        t->writer = tar_writer_new(t->sink);
        return t;
}

void small_tree_free(SmallTree *t) {
        tar_writer_free(t->writer);
        t->sink->free(t->sink);
        buf_done(&t->tar);
        strvec_done(&t->directories);
        map_free(t->files);
        arena_free(t->arena);
        free(t);
}

static int add_entry(SmallTree *t, const TarEntry *entry, Str data, Err **e) {
        t->entries++;
        if (tar_writer_entry(t->writer, entry, e) < 0) return -1;
        return data.n > 0 ? tar_writer_data(t->writer, data.p, data.n, e) : 0;
}

static int add_directory(SmallTree *t, const char *clean, SmallTreeMeta meta, Err **e) {
        TarEntry entry = {.type = TAR_DIR,
                          .name = clean[1] ? clean + 1 : ".",
                          .mode = meta.mode,
                          .uid = meta.uid,
                          .gid = meta.gid};
        if (clean[1]) strvec_push(&t->directories, clean);
        return add_entry(t, &entry, (Str){0}, e);
}

/* What a directory has that nobody described: what it has below, or what new ones have. */
static int meta_of_parent(const SmallTree *t, const char *clean, SmallTreeMeta *ret_meta, Err **e) {
        AUTO(view_entry_done) ViewEntry entry = {0};
        *ret_meta = (SmallTreeMeta){.mode = 0755};
        int r = t->below ? view_lookup(t->below, clean, false, &entry, e) : VIEW_ABSENT;
        if (r != VIEW_FOUND) return r < 0 ? -1 : 0;
        if (!S_ISDIR(entry.st.st_mode)) return err_new(e, ERR_SYNTAX, "'%s' is no directory in the image", clean);
        Owner owner = owner_of(&entry.st);
        *ret_meta = (SmallTreeMeta){entry.st.st_mode & 07777, owner.uid, owner.gid};
        return 0;
}

static int add_parents(SmallTree *t, const char *clean, Err **e) {
        for (const char *slash = strchr(clean + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
                AUTO(freep) char *parent = xstrndup(clean, (size_t)(slash - clean));
                SmallTreeMeta meta;
                if (strvec_index(&t->directories, parent) >= 0) continue;
                if (meta_of_parent(t, parent, &meta, e) < 0 || add_directory(t, parent, meta, e) < 0) return -1;
        }
        return 0;
}

/* Where path leads: a link of the layers below stays one, and what lies "in" it lies where it points to. Owned. */
static int resolve(const SmallTree *t, const char *path, bool follow, char **ret_clean, Err **e) {
        AUTO(freep) char *padded = xasprintf("/%s/", path);
        AUTO(view_entry_done) ViewEntry entry = {0};
        if (strstr(padded, "/../")) return err_new(e, ERR_USAGE, "'%s' is no path of a file in an image", path);
        if (t->below && view_lookup(t->below, path, follow, &entry, e) < 0) return -1;
        *ret_clean = path_clean(entry.path ? entry.path : path);
        return 0;
}

/* The same with its directories in the tar, of something that cannot be the root. */
static int named_path(SmallTree *t, const char *path, char **ret_clean, Err **e) {
        AUTO(freep) char *clean = NULL;
        if (resolve(t, path, false, &clean, e) < 0) return -1;
        if (!clean[1]) return err_new(e, ERR_USAGE, "'%s' names the root directory", path);
        if (add_parents(t, clean, e) < 0) return -1;
        *ret_clean = TAKE(clean);
        return 0;
}

int small_tree_directory(SmallTree *t, const char *path, SmallTreeMeta meta, Err **e) {
        AUTO(freep) char *clean = NULL;
        if (resolve(t, path, true, &clean, e) < 0 || add_parents(t, clean, e) < 0) return -1;
        return add_directory(t, clean, meta, e);
}

static void remember_file(SmallTree *t, const char *clean, SmallTreeMeta meta) {
        SmallTreeMeta *kept = arena_alloc(t->arena, sizeof *kept);
        *kept = meta;
        map_puts(t->files, clean, kept);
}

int small_tree_file(SmallTree *t, const char *path, SmallTreeMeta meta, Str data, Err **e) {
        AUTO(freep) char *clean = NULL;
        if (named_path(t, path, &clean, e) < 0) return -1;
        TarEntry entry = {.type = TAR_FILE,
                          .name = clean + 1,
                          .mode = meta.mode,
                          .uid = meta.uid,
                          .gid = meta.gid,
                          .size = data.n};
        remember_file(t, clean, meta);
        return add_entry(t, &entry, data, e);
}

int small_tree_symlink(SmallTree *t, const char *path, SmallTreeMeta owner, const char *target, Err **e) {
        AUTO(freep) char *clean = NULL;
        if (named_path(t, path, &clean, e) < 0) return -1;
        TarEntry entry = {.type = TAR_SYMLINK,
                          .name = clean + 1,
                          .link = target,
                          .mode = 0777,
                          .uid = owner.uid,
                          .gid = owner.gid};
        return add_entry(t, &entry, (Str){0}, e);
}

/* A file of the layers below becomes one of this layer: no link leads out of a layer. */
static int copy_up(SmallTree *t, const char *clean, Err **e) {
        AUTO(view_entry_done) ViewEntry entry = {0};
        AUTO(freep) char *data = NULL;
        size_t size;
        int r = t->below ? view_lookup(t->below, clean, false, &entry, e) : VIEW_ABSENT;
        if (r < 0) return -1;
        if (r != VIEW_FOUND) return err_new(e, ERR_NOT_FOUND, "there is no file '%s' in the image to link to", clean);
        if (!S_ISREG(entry.st.st_mode))
                return err_new(e, ERR_SYNTAX, "'%s' cannot have a hard link: it is no regular file", clean);
        r = view_read_file(t->below, clean, SMALL_TREE_COPY_MAX, &data, &size, e);
        if (r != VIEW_FOUND) return -1;
        Owner owner = owner_of(&entry.st);
        return small_tree_file(t, clean, (SmallTreeMeta){entry.st.st_mode & 07777, owner.uid, owner.gid},
                               (Str){data, size}, e);
}

int small_tree_hardlink(SmallTree *t, const char *path, const char *target, Err **e) {
        AUTO(freep) char *clean = NULL;
        AUTO(freep) char *to = NULL;
        if (resolve(t, target, false, &to, e) < 0) return -1;
        if (!map_gets(t->files, to) && copy_up(t, to, e) < 0) return -1;
        if (named_path(t, path, &clean, e) < 0) return -1;
        const SmallTreeMeta meta = *(const SmallTreeMeta *)map_gets(t->files, to); /* one file, one owner and mode */
        TarEntry entry = {.type = TAR_HARDLINK,
                          .name = clean + 1,
                          .link = to + 1,
                          .mode = meta.mode,
                          .uid = meta.uid,
                          .gid = meta.gid};
        remember_file(t, clean, meta);
        return add_entry(t, &entry, (Str){0}, e);
}

int small_tree_remove(SmallTree *t, const char *path, Err **e) {
        AUTO(freep) char *clean = NULL;
        AUTO(view_entry_done) ViewEntry entry = {0};
        int r = t->below ? view_lookup(t->below, path, false, &entry, e) : VIEW_ABSENT;
        if (r != VIEW_FOUND) return r < 0 ? -1 : 0;
        if (named_path(t, path, &clean, e) < 0) return -1;
        const char *name = strrchr(clean, '/') + 1;
        AUTO(freep) char *mark = xasprintf("%.*s.wh.%s", (int)(name - clean - 1), clean + 1, name);
        TarEntry whiteout = {.type = TAR_FILE, .name = mark, .mode = 0644};
        return add_entry(t, &whiteout, (Str){0}, e);
}

bool small_tree_is_empty(const SmallTree *t) {
        return t->entries == 0;
}

int small_tree_tar(SmallTree *t, Str *ret_tar, Err **e) {
        if (!t->ended && tar_writer_finish(t->writer, e) < 0) return -1;
        t->ended = true;
        *ret_tar = (Str){t->tar.p, t->tar.n};
        return 0;
}

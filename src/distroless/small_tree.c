/* SPDX-License-Identifier: Apache-2.0 */
#include "distroless/small_tree.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/vec.h"
#include "codec/tar.h"
#include "os/root_path.h"

struct SmallTree {
        Buf tar;
        Sink *sink;
        TarWriter *writer;
        StrVec directories; /* clean paths that are in the tar */
        size_t entries;
        bool ended;
};

SmallTree *small_tree_new(void) {
        SmallTree *t = xcalloc(1, sizeof *t);
        t->sink = sink_to_buf(&t->tar);
        t->writer = tar_writer_new(t->sink);
        return t;
}

void small_tree_free(SmallTree *t) {
        tar_writer_free(t->writer);
        t->sink->free(t->sink);
        buf_done(&t->tar);
        strvec_done(&t->directories);
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

static int add_parents(SmallTree *t, const char *clean, Err **e) {
        for (const char *slash = strchr(clean + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
                AUTO(freep) char *parent = xstrndup(clean, (size_t)(slash - clean));
                if (strvec_index(&t->directories, parent) >= 0) continue;
                if (add_directory(t, parent, (SmallTreeMeta){.mode = 0755}, e) < 0) return -1;
        }
        return 0;
}

/* "/a/b" without anything special in it. Owned. */
static int clean_path(SmallTree *t, const char *path, char **ret_clean, Err **e) {
        AUTO(freep) char *clean = path_clean(path);
        AUTO(freep) char *padded = xasprintf("/%s/", path);
        if (strstr(padded, "/../")) return err_new(e, ERR_USAGE, "'%s' is no path of a file in an image", path);
        if (add_parents(t, clean, e) < 0) return -1;
        *ret_clean = TAKE(clean);
        return 0;
}

/* The same, of something that cannot be the root. */
static int named_path(SmallTree *t, const char *path, char **ret_clean, Err **e) {
        AUTO(freep) char *clean = path_clean(path);
        if (!clean[1]) return err_new(e, ERR_USAGE, "'%s' names the root directory", path);
        return clean_path(t, path, ret_clean, e);
}

int small_tree_directory(SmallTree *t, const char *path, SmallTreeMeta meta, Err **e) {
        AUTO(freep) char *clean = NULL;
        if (clean_path(t, path, &clean, e) < 0) return -1;
        return add_directory(t, clean, meta, e);
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
        return add_entry(t, &entry, data, e);
}

static int add_link(SmallTree *t, TarType type, const char *path, const char *target, Err **e) {
        AUTO(freep) char *clean = NULL;
        if (named_path(t, path, &clean, e) < 0) return -1;
        TarEntry entry = {.type = type, .name = clean + 1, .link = target, .mode = 0777};
        return add_entry(t, &entry, (Str){0}, e);
}

int small_tree_symlink(SmallTree *t, const char *path, const char *target, Err **e) {
        return add_link(t, TAR_SYMLINK, path, target, e);
}

int small_tree_hardlink(SmallTree *t, const char *path, const char *target, Err **e) {
        AUTO(freep) char *clean = path_clean(target);
        return add_link(t, TAR_HARDLINK, path, clean + 1, e);
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

/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/pack.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/map.h"
#include "codec/tar.h"
#include "layer/draft_tree.h"
#include "layer/outline.h"
#include "layer/pack_batch.h"

static int open_layer(const char *fs_path, View **ret_view, Err **e) {
        AUTO(closep) int fd = open(fs_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0) return err_sys(e, "open layer '%s'", fs_path);
        return view_open_fd(fd, ret_view, e);
}

static int write_header(TarWriter *w, const BatchItem *item, int64_t clamp_s, Err **e) {
        TarEntry entry = batch_item_entry(item, clamp_s);
        return tar_writer_entry(w, &entry, e);
}

static int write_batch(TarWriter *w, const Batch *b, int64_t clamp_s, Err **e) {
        for (size_t i = 0; i < b->count; i++) {
                const BatchItem *item = &b->items[i];
                if (item->header && write_header(w, item, clamp_s, e) < 0) return err_wrap(e, "'/%s'", item->name.path);
                if (item->data_size == 0) continue;
                if (tar_writer_data(w, b->data + item->data_at, item->data_size, e) < 0) return -1;
        }
        return 0;
}

/* Where what was read goes; any of them may be NULL. */
typedef struct PackTo {
        TarWriter *writer;
        Outline *outline;
        Map *names; /* of the trees so far -> their titles */
        const char *title;
} PackTo;

/* Drop the directories that an earlier tree has; anything else that it has is in the way. */
static int drop_known(const PackTo *to, Batch *b, Err **e) {
        size_t kept = 0;
        for (size_t i = 0; i < b->count; i++) {
                BatchItem *item = &b->items[i];
                const char *name = item->name.tar_name;
                const char *other = item->header ? map_gets(to->names, name) : NULL;
                if (other && other != to->title && !S_ISDIR(item->st.st_mode)) {
                        err_new(e, ERR_CONFLICT, "'/%s' is in the tree of %s and in that of %s", name, other,
                                to->title);
                        return err_hint(e, "leave out platform-split=false: each platform gets a directory then");
                }
                if (item->header && !other) map_puts(to->names, name, (void *)to->title);
                if (other) {
                        batch_item_done(item);
                } else {
                        BatchItem moved = *item;
                        b->items[kept++] = moved;
                }
        }
        b->count = kept;
        return 0;
}

/* Walk, read and hand out in order. */
static int pack_batches(const BatchReaderParams *params, int64_t clamp_s, const PackTo *to, Err **e) {
        AUTO(batch_reader_freep) BatchReader *reader = NULL;
        if (batch_reader_start(params, &reader, e) < 0) return -1;
        for (bool last = false; !last;) {
                Batch *b;
                if (batch_reader_next(reader, &b, e) < 0) return -1;
                if (to->names && drop_known(to, b, e) < 0) return -1;
                if (to->writer && write_batch(to->writer, b, clamp_s, e) < 0) return -1;
                if (to->outline && outline_add(to->outline, b, e) < 0) return -1;
                last = b->last || (!to->writer && !outline_is_known(to->outline));
                batch_reader_release(reader, b);
        }
        return 0;
}

int layer_pack(const PackParams *params, Sink *sink, Err **e) {
        AUTO(view_freep) View *view = NULL;
        if (open_layer(params->fs_path, &view, e) < 0) return -1;
        AUTO(tar_writer_freep) TarWriter *writer = tar_writer_new(sink);
        BatchReaderParams reading = {.view = view, .whiteouts = true, .cancelled = params->cancelled};
        if (pack_batches(&reading, params->clamp_mtime_s, &(PackTo){.writer = writer}, e) < 0) return -1;
        return tar_writer_finish(writer, e);
}

/* The directory that a tree becomes: as old as the root directory of its uppermost layer. */
static int write_prefix(TarWriter *w, const PackTree *tree, int64_t clamp_s, Err **e) {
        size_t layers = view_layer_count(tree->view);
        struct stat st = {0};
        if (layers > 0 && fstat(view_layer_fd(tree->view, layers - 1), &st) < 0)
                return err_sys(e, "the root directory");
        int64_t mtime_s = st.st_mtim.tv_sec;
        if (clamp_s >= 0 && mtime_s > clamp_s) mtime_s = clamp_s;
        TarEntry entry = {.type = TAR_DIR, .name = tree->prefix, .mode = 0755, .mtime_ns = mtime_s * 1000000000};
        return tar_writer_entry(w, &entry, e);
}

int trees_pack(const PackTree *trees, size_t count, int64_t clamp_mtime_s, Sink *sink, Err **e) {
        AUTO(tar_writer_freep) TarWriter *writer = tar_writer_new(sink);
        AUTO(map_freep) Map *names = map_new();
        for (size_t i = 0; i < count; i++) {
                bool shared = count > 1 && !*trees[i].prefix;
                PackTo to = {.writer = writer, .names = shared ? names : NULL, .title = trees[i].title};
                BatchReaderParams reading = {.view = trees[i].view, .prefix = trees[i].prefix};
                if (*trees[i].prefix && write_prefix(writer, &trees[i], clamp_mtime_s, e) < 0) return -1;
                if (pack_batches(&reading, clamp_mtime_s, &to, e) < 0) return -1;
        }
        return tar_writer_finish(writer, e);
}

int layer_digest(const PackParams *params, LayerDigest *ret_digest, Err **e) {
        LayerDigest result = {0};
        AUTO(view_freep) View *view = NULL;
        if (open_layer(params->fs_path, &view, e) < 0) return -1;
        AUTO(sink_freep) Sink *sink = sink_hashing(NULL, &result.diff_id, &result.size);
        AUTO(tar_writer_freep) TarWriter *writer = tar_writer_new(sink);
        AUTO(outline_freep) Outline *outline = outline_new(params->digests, params->clamp_mtime_s);
        BatchReaderParams reading = {.view = view, .whiteouts = true, .cancelled = params->cancelled};
        PackTo to = {.writer = writer, .outline = outline};
        if (pack_batches(&reading, params->clamp_mtime_s, &to, e) < 0 || tar_writer_finish(writer, e) < 0) return -1;
        if (sink_finish(sink, e) < 0) return -1;
        int r = outline_finish(outline, &result.fingerprint, e);
        if (r < 0) return -1;
        result.has_fingerprint = r == FINGERPRINT_MADE;
        *ret_digest = result;
        return 0;
}

int layer_fingerprint(const PackParams *params, Digest *ret_fingerprint, Err **e) {
        AUTO(view_freep) View *view = NULL;
        if (open_layer(params->fs_path, &view, e) < 0) return -1;
        AUTO(outline_freep) Outline *outline = outline_new(params->digests, params->clamp_mtime_s);
        BatchReaderParams reading = {
                .view = view, .whiteouts = true, .no_contents = true, .cancelled = params->cancelled};
        if (pack_batches(&reading, params->clamp_mtime_s, &(PackTo){.outline = outline}, e) < 0) return -1;
        return outline_finish(outline, ret_fingerprint, e);
}

/* ---- counting */

typedef struct Counting {
        const View *view;
        LayerTotals totals;
        Map *counted; /* inodes of files with several names */
} Counting;

static void count_file(Counting *c, const struct stat *st) {
        if (!S_ISREG(st->st_mode)) return;
        uint64_t key[2] = {st->st_dev, st->st_ino};
        if (st->st_nlink > 1 && map_put(c->counted, key, sizeof key, c)) return;
        c->totals.size_bytes += (uint64_t)st->st_size;
}

static int count_dir(Counting *c, const ViewDir *dir, Err **e) {
        int layer_fd = view_layer_fd(c->view, 0);
        AUTO(closep) int fd = openat(layer_fd, *dir->path ? dir->path : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0) return err_sys(e, "open directory '/%s'", dir->path);
        AUTO(view_list_done) ViewList list = {0};
        if (view_dir_list(c->view, dir, true, &list, e) < 0) return -1;
        for (size_t i = 0; i < list.list.n; i++) {
                const DirEntry *entry = &list.list.v[i];
                struct stat st;
                c->totals.entry_count++;
                if (entry->type == DT_REG) {
                        if (fstatat(fd, entry->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                                return err_sys(e, "'%s'", entry->name);
                        count_file(c, &st);
                } else if (entry->type == DT_DIR) {
                        ViewDir child;
                        if (view_dir_child(c->view, dir, entry->name, 0, &child, e) < 0) return -1;
                        int r = count_dir(c, &child, e);
                        view_dir_done(&child);
                        if (r < 0) return r;
                }
        }
        return 0;
}

int layer_totals(const char *fs_path, LayerTotals *ret_totals, Err **e) {
        AUTO(view_freep) View *view = NULL;
        if (open_layer(fs_path, &view, e) < 0) return -1;
        AUTO(map_freep) Map *counted = map_new();
        Counting c = {.view = view, .counted = counted};
        ViewDir root;
        view_dir_root(view, &root);
        int r = count_dir(&c, &root, e);
        view_dir_done(&root);
        if (r == 0) *ret_totals = c.totals;
        return r;
}

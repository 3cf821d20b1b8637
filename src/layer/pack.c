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

/* Walk, read and hand out in order. Either of writer and outline may be NULL. */
static int pack_batches(const BatchReaderParams *params, int64_t clamp_s, TarWriter *writer, Outline *outline,
                        Err **e) {
        AUTO(batch_reader_freep) BatchReader *reader = NULL;
        if (batch_reader_start(params, &reader, e) < 0) return -1;
        for (bool last = false; !last;) {
                Batch *b;
                if (batch_reader_next(reader, &b, e) < 0) return -1;
                if (writer && write_batch(writer, b, clamp_s, e) < 0) return -1;
                if (outline && outline_add(outline, b, e) < 0) return -1;
                last = b->last || (!writer && !outline_is_known(outline));
                batch_reader_release(reader, b);
        }
        return writer ? tar_writer_finish(writer, e) : 0;
}

int layer_pack(const PackParams *params, Sink *sink, Err **e) {
        AUTO(view_freep) View *view = NULL;
        if (open_layer(params->fs_path, &view, e) < 0) return -1;
        AUTO(tar_writer_freep) TarWriter *writer = tar_writer_new(sink);
        BatchReaderParams reading = {.view = view, .whiteouts = true, .cancelled = params->cancelled};
        return pack_batches(&reading, params->clamp_mtime_s, writer, NULL, e);
}

int view_pack(View *view, int64_t clamp_mtime_s, Sink *sink, Err **e) {
        AUTO(tar_writer_freep) TarWriter *writer = tar_writer_new(sink);
        BatchReaderParams reading = {.view = view};
        return pack_batches(&reading, clamp_mtime_s, writer, NULL, e);
}

int layer_digest(const PackParams *params, LayerDigest *ret_digest, Err **e) {
        LayerDigest result = {0};
        AUTO(view_freep) View *view = NULL;
        if (open_layer(params->fs_path, &view, e) < 0) return -1;
        AUTO(sink_freep) Sink *sink = sink_hashing(NULL, &result.diff_id, &result.size);
        AUTO(tar_writer_freep) TarWriter *writer = tar_writer_new(sink);
        AUTO(outline_freep) Outline *outline = outline_new(params->digests, params->clamp_mtime_s);
        BatchReaderParams reading = {.view = view, .whiteouts = true, .cancelled = params->cancelled};
        if (pack_batches(&reading, params->clamp_mtime_s, writer, outline, e) < 0) return -1;
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
        if (pack_batches(&reading, params->clamp_mtime_s, NULL, outline, e) < 0) return -1;
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

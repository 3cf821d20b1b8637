/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "codec/stream.h"
#include "codec/tar.h"
#include "layer/copy_apply.h"
#include "layer/unpack.h"

bool archive_begins(int fd) {
        AUTO(source_freep) Source *file = source_from_fd(fd);
        AUTO(source_freep) Source *plain = NULL;
        Compression compression;
        if (source_decompressing(file, 0, &compression, &plain, NULL) < 0) return false;
        AUTO(tar_reader_freep) TarReader *reader = tar_reader_new(plain);
        TarEntry entry;
        return tar_reader_next(reader, &entry, NULL) == TAR_ENTRY;
}

int copy_is_archive(const CopySet *s, const CopyEntry *entry, Err **e) {
        if (entry->flags & ENTRY_INLINE || entry->size == 0) return 0;
        AUTO(closep) int fd = -1;
        struct stat st;
        if (copy_open_entry(s, entry, &fd, &st, e) < 0) return -1;
        return archive_begins(fd);
}

/* What one archive may become; an image's layer may be no larger. */
enum { UNPACKED_ENTRIES_MAX = 20 * 1000 * 1000 };
#define UNPACKED_BYTES_MAX (UINT64_C(1) << 40)

static int unpack_from(Applying *a, const CopyItem *item, View *merged, int fd, Err **e) {
        const CopyParams *params = &a->set->params;
        AUTO(source_freep) Source *file = source_from_fd(fd);
        AUTO(source_freep) Source *plain = NULL;
        Compression compression;
        if (source_decompressing(file, 0, &compression, &plain, e) < 0) return -1;
        UnpackJob job = {
                .tree = a->tree,
                .merged = merged,
                .fs_fd = a->how->draft->fs_fd,
                .base = item->target,
                .keep_base = true,
                .whiteouts = WHITEOUTS_APPLY,
                .has_owner = params->has_owner,
                .uid = params->uid,
                .gid = params->gid,
                .clamp_mtime_ns = a->how->clamp_mtime_ns,
                .max_bytes = UNPACKED_BYTES_MAX,
                .max_entries = UNPACKED_ENTRIES_MAX,
                .cancelled = a->how->cancelled,
        };
        return unpack_tar(&job, plain, NULL, e);
}

int copy_archive_unpack(Applying *a, const CopyItem *item, Err **e) {
        CopyEntry *entry = copy_entry(a->set, item->root);
        AUTO(closep) int fd = -1;
        struct stat st;
        AUTO(view_freep) View *merged = NULL;
        if (copy_open_entry(a->set, entry, &fd, &st, e) < 0) return -1;
        if (view_open_stack(a->how->below, a->how->draft->fs_fd, &merged, e) < 0) return -1;
        draft_tree_set_replace(a->tree, true);
        return unpack_from(a, item, merged, fd, e);
}

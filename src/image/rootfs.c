/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "image/image_internal.h"
#include "image/relay.h"
#include "image/streams.h"
#include "layer/pack.h"
#include "os/clock.h"

/* Decompress on another thread, unpack on this one. The layer becomes an own one: its canonical tar is made when bytes are
 * asked for, so the bytes of the import are kept nowhere. */
static int unpack_rootfs(int fd, const char *fs_path, LayerTotals *ret_totals, Err **e) {
        Compression compression;
        AUTO(source_freep) Source *in = source_from_fd(fd);
        AUTO(source_freep) Source *plain = NULL;
        AUTO(source_freep) Source *ahead = NULL;
        if (source_decompressing(in, LAYER_BYTES_MAX, &compression, &plain, e) < 0) return -1;
        if (relay_source_ahead(plain, &ahead, e) < 0) return -1;
        UnpackParams params = {
                .fs_path = fs_path, .layer = false, .max_bytes = LAYER_BYTES_MAX, .max_entries = LAYER_ENTRIES_MAX};
        if (layer_unpack(&params, ahead, ret_totals, e) < 0) return -1;
        if (source_drain(ahead, e) < 0) return -1;
        if (ret_totals->entry_count > 0) return 0;
        err_new(e, ERR_FORMAT, "the tar is empty");
        return -1;
}

static int import_snapshot(Store *s, int fd, SnapshotInfo *info, Err **e) {
        Draft *draft = NULL;
        if (store_draft_new(s, &draft, e) < 0) return -1;
        LayerTotals totals = {0};
        if (unpack_rootfs(fd, draft->fs_path, &totals, e) < 0) {
                store_draft_discard(s, draft);
                return -1;
        }
        info->size_bytes = totals.size_bytes;
        info->entry_count = totals.entry_count;
        return store_draft_commit(s, draft, info, e);
}

static void import_config(const ImageConfig *given, const char *message, ImageConfig *ret_config) {
        if (given) {
                image_config_copy(ret_config, given);
        } else {
                image_config_init(ret_config);
        }
        if (!ret_config->platform.os[0]) platform_host(&ret_config->platform);
        if (!ret_config->has_created) ret_config->created_ns = clock_now_ns();
        ret_config->has_created = true;
        HistoryEntry entry = {.created_ns = ret_config->created_ns, .has_created = true};
        AUTO(freep) char *comment = xstrdup(message && *message ? message : "Imported from -");
        entry.comment = comment;
        image_config_add_history(ret_config, &entry);
}

int rootfs_import(Store *s, int fd, const ImageConfig *config, const char *message, Digest *ret_id, Err **e) {
        SnapshotInfo info = {0};
        if (import_snapshot(s, fd, &info, e) < 0) return err_wrap(e, "import the root file system");
        ImageConfig own;
        import_config(config, message, &own);
        AUTO(strvec_done) StrVec snapshots = {0};
        strvec_push(&snapshots, info.id);
        AUTO(image_done) Image image = {0};
        int r = image_create(s, &own, &snapshots, -1, &image, e);
        if (r >= 0) *ret_id = image.id;
        image_config_done(&own);
        return r;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "image/image_internal.h"
#include "image/relay.h"
#include "layer/pack.h"
#include "layer/view.h"
#include "os/fs.h"
#include "os/workers.h"

static int open_view(Store *s, const StrVec *snapshots, View **ret_view, Err **e) {
        AUTO(strvec_done) StrVec dirs = {0};
        for (size_t i = 0; i < snapshots->n; i++) strvec_push_take(&dirs, store_snapshot_path(s, snapshots->v[i]));
        return view_open(&dirs, ret_view, e);
}

static int pack_to_fd(View *view, int64_t clamp_mtime_s, int fd, Err **e) {
        AUTO(sink_freep) Sink *file = sink_to_fd(fd);
        AUTO(sink_freep) Sink *relay = NULL;
        if (relay_sink_new(file, &relay, e) < 0) return -1;
        if (view_pack(view, clamp_mtime_s, relay, e) < 0) return -1;
        return sink_finish(relay, e);
}

int export_tree_tar(Store *s, const StrVec *snapshots, int64_t clamp_mtime_s, int fd, Err **e) {
        AUTO(view_freep) View *view = NULL;
        if (open_view(s, snapshots, &view, e) < 0) return err_wrap(e, "export the tree");
        if (pack_to_fd(view, clamp_mtime_s, fd, e) < 0) return err_wrap(e, "export the tree");
        return 0;
}

typedef struct TreePack {
        View *view;
        int64_t clamp_mtime_s;
} TreePack;

static int fill_tree(void *context, Sink *to, Err **e) {
        const TreePack *pack = context;
        return view_pack(pack->view, pack->clamp_mtime_s, to, e);
}

/* The tree travels as a tar from one thread to the other, so that there is one writer of files with one set of rules about
 * what may be written where. Owners are the caller's, as every local exporter does it. */
static int unpack_into(View *view, int64_t clamp_mtime_s, const char *path, Err **e) {
        TreePack pack = {view, clamp_mtime_s};
        AUTO(source_freep) Source *tar = NULL;
        if (relay_source_new(fill_tree, &pack, &tar, e) < 0) return -1;
        UnpackParams params = {.fs_path = path, .has_owner = true, .uid = geteuid(), .gid = getegid()};
        return layer_unpack(&params, tar, NULL, e);
}

int export_tree_directory(Store *s, const StrVec *snapshots, int64_t clamp_mtime_s, const char *path, Err **e) {
        AUTO(view_freep) View *view = NULL;
        if (open_view(s, snapshots, &view, e) < 0) return err_wrap(e, "export the tree");
        if (dir_make_all(AT_FDCWD, path, 0755, e) < 0) return err_wrap(e, "export the tree");
        if (unpack_into(view, clamp_mtime_s, path, e) < 0) return err_wrap(e, "export the tree to '%s'", path);
        return 0;
}

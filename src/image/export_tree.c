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
#include "os/owner.h"
#include "os/workers.h"

typedef struct TreePacks {
        PackTree *trees;
        size_t count;
        int64_t clamp_mtime_s;
} TreePacks;

static void tree_packs_done(TreePacks *packs) {
        for (size_t i = 0; i < packs->count; i++) view_freep(&packs->trees[i].view);
        free(packs->trees);
}

static int open_view(Store *s, const StrVec *snapshots, View **ret_view, Err **e) {
        AUTO(strvec_done) StrVec dirs = {0};
        for (size_t i = 0; i < snapshots->n; i++) strvec_push_take(&dirs, store_snapshot_path(s, snapshots->v[i]));
        return view_open(&dirs, ret_view, e);
}

static int open_packs(Store *s, const ExportParams *params, TreePacks *packs, Err **e) {
        *packs = (TreePacks){.clamp_mtime_s = params->clamp_mtime_s};
        packs->trees = xcalloc(params->count + 1, sizeof *packs->trees);
        for (size_t i = 0; i < params->count; i++) {
                const ExportTree *from = &params->trees[i];
                PackTree *to = &packs->trees[packs->count++];
                *to = (PackTree){.prefix = from->prefix, .title = from->title};
                if (open_view(s, from->snapshots, &to->view, e) < 0) return -1;
        }
        return 0;
}

static int write_packs(void *context, Sink *to, Err **e) {
        const TreePacks *packs = context;
        return trees_pack(packs->trees, packs->count, packs->clamp_mtime_s, to, e);
}

static int pack_to_fd(TreePacks *packs, int fd, Err **e) {
        AUTO(sink_freep) Sink *file = sink_to_fd(fd);
        AUTO(sink_freep) Sink *relay = NULL;
        if (relay_sink_new(file, &relay, e) < 0) return -1;
        if (write_packs(packs, relay, e) < 0) return -1;
        return sink_finish(relay, e);
}

int export_trees_tar(Store *s, const ExportParams *params, int fd, Err **e) {
        AUTO(tree_packs_done) TreePacks packs = {0};
        if (open_packs(s, params, &packs, e) < 0) return err_wrap(e, "export the tree");
        if (pack_to_fd(&packs, fd, e) < 0) return err_wrap(e, "export the tree");
        return 0;
}

/* The trees travel as a tar from one thread to the other, so that there is one writer of files with one set of rules about
 * what may be written where. Owners are the caller's, as every local exporter does it. */
static int unpack_into(TreePacks *packs, const char *path, Err **e) {
        AUTO(source_freep) Source *tar = NULL;
        if (relay_source_new(write_packs, packs, &tar, e) < 0) return -1;
        Owner own = owner_of_new_files();
        UnpackParams params = {.fs_path = path, .has_owner = true, .uid = own.uid, .gid = own.gid};
        return layer_unpack(&params, tar, NULL, e);
}

int export_trees_directory(Store *s, const ExportParams *params, const char *path, Err **e) {
        AUTO(tree_packs_done) TreePacks packs = {0};
        if (open_packs(s, params, &packs, e) < 0) return err_wrap(e, "export the tree");
        if (dir_make_all(AT_FDCWD, path, 0755, e) < 0) return err_wrap(e, "export the tree");
        if (unpack_into(&packs, path, e) < 0) return err_wrap(e, "export the tree to '%s'", path);
        return 0;
}

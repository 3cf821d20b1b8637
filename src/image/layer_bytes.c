/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "image/image_internal.h"
#include "image/relay.h"
#include "image/streams.h"
#include "layer/pack.h"
#include "oci/manifest.h"
#include "os/workers.h"

#define MEDIA_DOCKER_LAYER "application/vnd.docker.image.rootfs.diff.tar"

static const struct {
        Compression form;
        const char *oci, *docker;
} layer_media[] = {
        {COMPRESSION_NONE, MEDIA_OCI_LAYER, MEDIA_DOCKER_LAYER},
        {COMPRESSION_GZIP, MEDIA_OCI_LAYER_GZIP, MEDIA_DOCKER_LAYER_GZIP},
        {COMPRESSION_ZSTD, MEDIA_OCI_LAYER_ZSTD, NULL},
};

const char *layer_form_media(Compression form, bool docker) {
        for (size_t i = 0; i < ARRAY_SIZE(layer_media); i++)
                if (layer_media[i].form == form) return docker ? layer_media[i].docker : layer_media[i].oci;
        return NULL;
}

static Compression layer_media_form(const char *media_type) {
        if (ends_with(media_type, "gzip")) return COMPRESSION_GZIP;
        if (ends_with(media_type, "zstd")) return COMPRESSION_ZSTD;
        return COMPRESSION_NONE;
}

void layer_ref_done(LayerRef *l) {
        if (l->has_blob) layer_blob_done(&l->blob);
        memset(l, 0, sizeof *l);
}

static int no_layer(const LayerRef *l, const char *what, Err **e) {
        char text[DIGEST_TEXT_SIZE];
        digest_text(&l->diff_id, text);
        err_new(e, ERR_STORE, "the %s of layer %s is not in the store", what, text);
        return err_hint(e, "check the store with: decant doctor --store");
}

/* A record of a form whose file is gone counts as none. */
static int find_blob(LayerRef *l, Err **e) {
        int r = store_layer_blob_get(l->store, &l->diff_id, &l->blob, e);
        if (r < 0) return -1;
        if (r == STORE_ABSENT) return 0;
        l->has_blob = true;
        l->blob_form = layer_media_form(l->blob.media_type);
        AUTO(closep) int fd = -1;
        uint64_t size;
        r = store_blob_open(l->store, &l->blob.digest, &fd, &size, e);
        if (r < 0) return -1;
        if (r == STORE_FOUND && size == l->blob.size) return 0;
        layer_blob_done(&l->blob);
        l->has_blob = false;
        return 0;
}

int layer_ref_get(Store *s, const char *snapshot_id, const Digest *diff_id, LayerRef *ret_layer, Err **e) {
        AUTO(layer_ref_done) LayerRef l = {.store = s, .diff_id = *diff_id, .clamp_mtime_s = -1};
        int r = store_snapshot_get(s, snapshot_id, &l.info, e);
        if (r < 0) return -1;
        if (r == STORE_ABSENT) return no_layer(&l, "snapshot", e);
        if (find_blob(&l, e) < 0) return -1;
        if (l.info.foreign && !l.has_blob) return no_layer(&l, "blob", e);
        bool own_times = l.info.has_diff_id && digest_eq(&l.info.diff_id, diff_id);
        if (!own_times && layer_clamp_get(s, diff_id, &l.clamp_mtime_s, e) < 0) return -1;
        *ret_layer = l;
        l.has_blob = false; /* moved */
        return 0;
}

static int write_from_blob(const LayerRef *l, Sink *sink, Err **e) {
        AUTO(closep) int fd = -1;
        uint64_t size;
        int r = store_blob_open(l->store, &l->blob.digest, &fd, &size, e);
        if (r < 0) return -1;
        if (r == STORE_ABSENT) return no_layer(l, "blob", e);
        AUTO(source_freep) Source *file = source_from_range(fd, 0, size);
        AUTO(source_freep) Source *plain = NULL;
        Compression detected;
        if (source_decompressing(file, LAYER_BYTES_MAX, &detected, &plain, e) < 0) return -1;
        return source_to_sink(plain, sink, e);
}

/* The uncompressed bytes; sink is not finished. A foreign layer can only come from its blob, an own one from its
 * snapshot, which needs no decompression. */
static int write_plain(const LayerRef *l, Sink *sink, Err **e) {
        if (l->info.foreign) return write_from_blob(l, sink, e);
        AUTO(freep) char *path = store_snapshot_path(l->store, l->info.id);
        PackParams params = {.fs_path = path, .clamp_mtime_s = l->clamp_mtime_s};
        return layer_pack(&params, sink, e);
}

static int check_diff_id(const LayerRef *l, const Digest *got, Err **e) {
        if (digest_eq(got, &l->diff_id)) return 0;
        char want_text[DIGEST_TEXT_SIZE], got_text[DIGEST_TEXT_SIZE];
        digest_text(&l->diff_id, want_text);
        digest_text(got, got_text);
        err_new(e, ERR_STORE, "snapshot %s should give layer %s and gives %s", l->info.id, want_text, got_text);
        return err_hint(e, "something has changed the store's files; decant doctor --store --deep looks further");
}

int layer_ref_write(const LayerRef *l, Compression form, int level, Sink *sink, Err **e) {
        AUTO(sink_freep) Sink *compress = NULL;
        AUTO(sink_freep) Sink *hash = NULL;
        Digest got;
        if (form != COMPRESSION_NONE && sink_compressing(sink, form, level, &compress, e) < 0) return -1;
        hash = sink_hashing(compress ? compress : sink, &got, NULL);
        if (write_plain(l, hash, e) < 0) return -1;
        if (sink_finish(hash, e) < 0) return -1;
        return check_diff_id(l, &got, e);
}

int layer_ref_compress(LayerRef *l, Compression form, Err **e) {
        BlobWriter *writer = NULL;
        if (blob_writer_new(l->store, &writer, e) < 0) return -1;
        AUTO(sink_freep) Sink *sink = sink_to_blob(writer);
        if (layer_ref_write(l, form, -1, sink, e) < 0) {
                blob_writer_free(writer);
                return -1;
        }
        LayerBlob blob = {.diff_id = l->diff_id};
        if (blob_writer_commit(writer, NULL, &blob.digest, &blob.size, e) < 0) return -1;
        blob.media_type = xstrdup(layer_form_media(form, false));
        if (store_layer_blob_put(l->store, &blob, e) < 0) {
                layer_blob_done(&blob);
                return -1;
        }
        if (l->has_blob) layer_blob_done(&l->blob);
        l->blob = blob;
        l->blob_form = form;
        l->has_blob = true;
        return 0;
}

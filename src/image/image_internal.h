/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "image/image.h"

/* What the files of this folder share. */

/* Limits of what comes from outside. */
enum {
        IMAGE_LAYERS_MAX = 1024,          /* layers of one image */
        ARCHIVE_IMAGES_MAX = 4096,        /* images of one archive */
        ARCHIVE_MEMBERS_MAX = 200000,     /* files of one archive */
        ARCHIVE_LINKS_MAX = 16,           /* links from one member to the next */
        ARCHIVE_INDEX_DEPTH_MAX = 4,      /* an index in an index in ... */
        DOCKER_MANIFEST_MAX = 4 << 20,    /* bytes of manifest.json */
        LAYER_ENTRIES_MAX = 20 * 1000000, /* files of one layer */
};
#define LAYER_BYTES_MAX ((uint64_t)1 << 40)   /* of one layer, unpacked */
#define ARCHIVE_BYTES_MAX ((uint64_t)1 << 42) /* of one archive, decompressed */

/* ---- layers as bytes (layer_bytes.c) */

/* One layer of an image: how its bytes can be had. */
typedef struct LayerRef {
        Store *store;
        SnapshotInfo info;
        Digest diff_id;        /* of these bytes, which may differ from the snapshot's when times are clamped */
        int64_t clamp_mtime_s; /* for a layer that is packed from its snapshot; <0 none */
        bool has_blob;
        LayerBlob blob; /* a form that is kept in blobs/ */
        Compression blob_form;
} LayerRef;
void layer_ref_done(LayerRef *l);

/* ERR_STORE when the snapshot or, for a foreign layer, the blob is gone. */
int layer_ref_get(Store *s, const char *snapshot_id, const Digest *diff_id, LayerRef *ret_layer, Err **e);

/* Write the layer in the given form and finish sink. The uncompressed bytes are checked against diff_id (ERR_STORE). */
int layer_ref_write(const LayerRef *l, Compression form, int level, Sink *sink, Err **e);

/* Make the compressed form (default level) into blobs/ and remember it: l->blob is it afterwards. */
int layer_ref_compress(LayerRef *l, Compression form, Err **e);

/* NULL when docker's media types have none for it. */
const char *layer_form_media(Compression form, bool docker);

/* ---- diff ids (create.c) */

/* Layers that are packed with clamped times: which clamp gave diff_id; -1 when none is remembered. */
int layer_clamp_get(Store *s, const Digest *diff_id, int64_t *ret_clamp_s, Err **e);

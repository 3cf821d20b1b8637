/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "image/archive_files.h"
#include "image/image.h"

/* Images out of members of an archive: layers are unpacked into snapshots, several at a time, each in one pass over its
 * bytes, and the image is recorded. */

typedef struct ImportLayer {
        const char *member; /* name in the archive */
        bool has_digest;    /* of the member as it is */
        Digest digest;
} ImportLayer;

typedef struct ImportImage {
        const char *config; /* exact bytes; their digest is the image's id */
        size_t config_size;
        const ImportLayer *layers; /* lowest first */
        size_t layer_count;
} ImportImage;

/* Layers whose diff_id the store has are not read. ERR_FORMAT for damage of any kind. */
int image_import(Store *s, const ArchiveFiles *files, const ImportImage *import, Digest *ret_id, Err **e);

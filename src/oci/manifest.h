/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"
#include "codec/sha256.h"
#include "oci/image_config.h"
#include "oci/platform.h"

/* Descriptors, manifests and indexes (OCI image-spec, docker manifest v2 schema 2). Text <-> struct. */

#define MEDIA_OCI_INDEX "application/vnd.oci.image.index.v1+json"
#define MEDIA_OCI_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define MEDIA_OCI_CONFIG "application/vnd.oci.image.config.v1+json"
#define MEDIA_OCI_LAYER "application/vnd.oci.image.layer.v1.tar"
#define MEDIA_OCI_LAYER_GZIP "application/vnd.oci.image.layer.v1.tar+gzip"
#define MEDIA_OCI_LAYER_ZSTD "application/vnd.oci.image.layer.v1.tar+zstd"
#define MEDIA_DOCKER_LIST "application/vnd.docker.distribution.manifest.list.v2+json"
#define MEDIA_DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"
#define MEDIA_DOCKER_CONFIG "application/vnd.docker.container.image.v1+json"
#define MEDIA_DOCKER_LAYER_GZIP "application/vnd.docker.image.rootfs.diff.tar.gzip"

typedef struct Descriptor {
        char *media_type; /* NULL when the document has none */
        Digest digest;
        uint64_t size;
        bool has_platform;
        Platform platform;
        StringPairs annotations;
} Descriptor;

typedef VEC(Descriptor) Descriptors;

typedef struct Manifest {
        bool is_index;
        char *media_type;   /* NULL when the document has none (OCI allows it) */
        Descriptor config;  /* unless is_index */
        Descriptors layers; /* layers, or the manifests of an index */
        StringPairs annotations;
} Manifest;

enum { MANIFEST_MAX = 4 << 20, MANIFEST_ENTRIES_MAX = 10000 };

void descriptor_done(Descriptor *d);
const char *descriptor_annotation(const Descriptor *d, const char *key); /* borrowed or NULL */
void manifest_init(Manifest *m);
void manifest_done(Manifest *m);

/* ERR_FORMAT (not JSON, wrong types, both a manifest and an index), ERR_LIMIT, ERR_UNSUPPORTED (schema version 1,
 * digests other than sha256). Unknown members are dropped. *ret_manifest is set only on success. */
int manifest_parse(Str json, Manifest *ret_manifest, Err **e);
void manifest_render(const Manifest *m,
                     Buf *ret_json); /* two-space indent, members in Go's struct order, as BuildKit */

/* Which entry of an index serves the platform best; -1 when none does. Attestation entries are never chosen. */
int manifest_select_platform(const Manifest *index, const Platform *want);

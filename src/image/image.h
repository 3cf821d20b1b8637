/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/event.h"
#include "base/vec.h"
#include "codec/sha256.h"
#include "codec/stream.h"
#include "oci/image_config.h"
#include "oci/platform.h"
#include "store/store.h"

/* Images of the store: find, make from layers, read from and write to archives. Any thread, one call per image. */

typedef struct Image {
        Digest id;         /* of config_json */
        char *config_json; /* exact bytes */
        size_t config_size;
        ImageConfig config;
        StrVec snapshots;    /* one a layer, lowest first */
        uint64_t size_bytes; /* sum of the layers' file sizes */
} Image;
void image_done(Image *i);

/* By name ("ubuntu", "debian:bookworm"), by id or unique id prefix ("sha256:ab12", "ab12..."). ERR_NOT_FOUND says what was
 * searched and the nearest name; ERR_CONFLICT for an ambiguous prefix. *ret_name: the full name when found by name, else NULL;
 * owned; may be NULL. */
int image_find(Store *s, const char *text, Image *ret_image, char **ret_name, Err **e);
/* The same, of a name that stands for several platforms the image that serves platform best (NULL, or none does: what the name
 * alone stands for). */
int image_find_platform(Store *s, const char *text, const Platform *platform, Image *ret_image, char **ret_name,
                        Err **e);
/* The same for FROM and its like, where an id has at least 12 digits or "sha256:" before it. */
int image_find_base(Store *s, const char *text, const Platform *platform, Image *ret_image, char **ret_name, Err **e);
int image_load(Store *s, const Digest *id, Image *ret_image, Err **e); /* STORE_FOUND/ABSENT */

/* Make an image of snapshots and a config whose diff_ids are filled in here (computed where not yet known, in
 * parallel). Blob and records are written. */
int image_create(Store *s, ImageConfig *config, const StrVec *snapshots, int64_t clamp_mtime_s, Image *ret_image,
                 Err **e);

/* The annotations that the image's manifest has when the image leaves the store. They are no part of the image: those that it was last
 * made, built or loaded with stay until it is removed. What is built from it does not inherit them. Setting none removes them. */
int image_set_annotations(Store *s, const Digest *id, const StringPairs *annotations, Err **e);
int image_get_annotations(Store *s, const Digest *id, StringPairs *ret_annotations,
                          Err **e); /* initialised by the call */

/* ---- archives */

typedef enum ArchiveFormat { ARCHIVE_OCI, ARCHIVE_DOCKER } ArchiveFormat;

/* Where an annotation goes. A manifest's descriptor is its entry in the index of all platforms; an index's descriptor (and
 * that of a manifest without such an index) is the archive's entry in index.json. */
typedef enum AnnotationTarget {
        ANNOTATE_MANIFEST,
        ANNOTATE_INDEX,
        ANNOTATE_MANIFEST_DESCRIPTOR,
        ANNOTATE_INDEX_DESCRIPTOR,
} AnnotationTarget;
typedef struct Annotation {
        AnnotationTarget target;
        bool has_platform; /* only for images of platform; else for all */
        Platform platform;
        const char *key, *value;
} Annotation;
typedef struct AnnotationList {
        const Annotation *v;
        size_t n;
} AnnotationList;
/* Add those for this place to pairs; a later one of the same key replaces. platform: of the image, NULL for an index. */
void annotations_choose(const AnnotationList *list, AnnotationTarget target, const Platform *platform,
                        StringPairs *pairs);

/* What stands at the top of an archive: a manifest, or the index of all platforms. */
typedef struct ArchiveTop {
        Digest digest;
        uint64_t size;
        const char *media_type; /* of a table */
        bool has_platform;
        Platform platform;
} ArchiveTop;

typedef struct ArchiveParams {
        ArchiveFormat format;
        Compression compression;  /* of layers: NONE, GZIP, ZSTD */
        int compression_level;    /* <0 default */
        bool force_compression;   /* recompress layers that have another form already */
        const char *const *names; /* full references, per image in the order of images; NULL entry = none */
        bool docker_media_types;  /* whose manifests have no annotations */
        bool kept_annotations;    /* those that the store has of each image go into its manifest, before these: */
        const Annotation *annotations;
        size_t annotation_count;
        /* The images are one for several platforms: an index of them, listed once under each of these names (one entry
         * without a name when there is none). names is not looked at. OCI form only. */
        const StrVec *index_names;
        ArchiveTop *ret_top; /* NULL: nobody asks */
} ArchiveParams;

/* Write images as one archive. The OCI form holds oci-layout, index.json, blobs/..., and for docker also manifest.json and
 * repositories, so that docker, podman and skopeo read either. fd: any descriptor; when it is seekable layers are hashed and
 * written in one pass. names[i] belongs to images[i] (several names: repeat the image). *ret_manifest: digest of the first
 * manifest, may be NULL. */
int archive_write(Store *s, const Image *const *images, size_t count, const ArchiveParams *params, int fd,
                  Digest *ret_manifest, Err **e);
/* The OCI form as a directory (tar=false). */
int archive_write_layout(Store *s, const Image *const *images, size_t count, const ArchiveParams *params,
                         const char *path, Digest *ret_manifest, Err **e);

/* Read a docker archive (docker save, old and new) or an OCI archive, plain or compressed with
 * gzip, zstd, xz or bzip2. Every blob is verified. platform: which image of an index (NULL: host's; all runnable ones of a
 * docker archive are read). tag: record the names that the archive holds. *ret_images: (id, name or NULL). */
typedef struct LoadedImage {
        Digest id;
        char *name; /* full reference or NULL */
} LoadedImage;
typedef struct LoadedImages {
        LoadedImage *v;
        size_t n;
} LoadedImages;
void loaded_images_done(LoadedImages *l);
int archive_read(Store *s, int fd, const Platform *platform, bool tag, LoadedImages *ret_images, Err **e);
/* The same of a directory, such as an OCI layout; names are recorded. */
int archive_read_directory(Store *s, const char *path, const Platform *platform, LoadedImages *ret_images, Err **e);
/* which: tag (ref.name annotation) or "@sha256:..." inside the layout; NULL: the only one, or "latest". Nothing is tagged. */
int layout_read(Store *s, const char *path, const char *which, const Platform *platform, Digest *ret_id, Err **e);

/* A root file system tar (any compression) as an image of one layer. config: its settings (may be NULL). */
int rootfs_import(Store *s, int fd, const ImageConfig *config, const char *message, Digest *ret_id, Err **e);

/* ---- exporters of flattened trees */
typedef struct ExportTree {
        const StrVec *snapshots; /* lowest first */
        const char *prefix;      /* the directory of the result that it becomes; "": the result itself */
        const char *title;       /* for messages, where several trees become the result itself */
} ExportTree;
typedef struct ExportParams {
        const ExportTree *trees;
        size_t count;
        int64_t clamp_mtime_s; /* <0: none */
} ExportParams;
/* ERR_CONFLICT: two trees without a prefix have the same file. The directory is made where it is missing, and gets the caller as
 * the owner of everything. */
int export_trees_tar(Store *s, const ExportParams *params, int fd, Err **e);
int export_trees_directory(Store *s, const ExportParams *params, const char *path, Err **e);

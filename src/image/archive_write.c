/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/map.h"
#include "codec/json.h"
#include "image/archive_out.h"
#include "image/docker_manifest.h"
#include "image/image_internal.h"
#include "oci/manifest.h"
#include "oci/reference.h"

#define ANNOTATION_IMAGE_NAME "io.containerd.image.name"
#define ANNOTATION_REF_NAME "org.opencontainers.image.ref.name"

/* A layer that the archive has, under the diff_id by which others find it. */
typedef struct WrittenLayer {
        Digest diff_id, digest;
        uint64_t size;
        const char *media_type; /* of a table */
} WrittenLayer;

typedef struct Writer {
        Store *store;
        const ArchiveParams *params;
        ArchiveOut *out;
        Map *layers; /* diff_id -> WrittenLayer, owned */
        Manifest index;
        DockerManifest docker;
} Writer;

static void writer_done(Writer *w) {
        for (size_t i = 0; w->layers && i < map_count(w->layers); i++) free(map_at(w->layers, i, NULL, NULL));
        if (w->layers) map_free(w->layers);
        manifest_done(&w->index);
        docker_manifest_done(&w->docker);
}

/* ---- layers */

static Compression choose_form(const Writer *w, const LayerRef *l) {
        if (!l->info.foreign || w->params->force_compression) return w->params->compression;
        bool sayable = layer_form_media(l->blob_form, w->params->docker_media_types) != NULL;
        return sayable ? l->blob_form : COMPRESSION_GZIP;
}

static int copy_blob(Writer *w, const LayerRef *l, WrittenLayer *out, Err **e) {
        AUTO(closep) int fd = -1;
        uint64_t size;
        int r = store_blob_open(w->store, &l->blob.digest, &fd, &size, e);
        if (r < 0) return -1;
        if (r == STORE_ABSENT) return err_new(e, ERR_STORE, "the blob of a layer went away");
        out->digest = l->blob.digest;
        out->size = size;
        return archive_out_blob_fd(w->out, fd, &l->blob.digest, size, e);
}

typedef struct Production {
        const LayerRef *layer;
        Compression form;
        int level;
} Production;

static int produce_layer(void *context, Sink *sink, Err **e) {
        const Production *p = context;
        return layer_ref_write(p->layer, p->form, p->level, sink, e);
}

/* A compressed form of an own layer at the default level is made into the store, so that nobody compresses it again;
 * everything else is made on the way. */
static int put_layer(Writer *w, LayerRef *l, Compression form, WrittenLayer *out, Err **e) {
        bool any_level = w->params->compression_level < 0 || form == COMPRESSION_NONE;
        if (l->has_blob && l->blob_form == form && (l->info.foreign || any_level)) return copy_blob(w, l, out, e);
        if (form != COMPRESSION_NONE && any_level && !l->info.foreign) {
                if (layer_ref_compress(l, form, e) < 0) return -1;
                return copy_blob(w, l, out, e);
        }
        Production production = {l, form, w->params->compression_level};
        BlobInput in = {.produce = produce_layer,
                        .context = &production,
                        .digest = form == COMPRESSION_NONE ? &l->diff_id : NULL};
        return archive_out_blob(w->out, &in, &out->digest, &out->size, e);
}

static int write_layer(Writer *w, const char *snapshot, const Digest *diff_id, const WrittenLayer **ret_layer,
                       Err **e) {
        *ret_layer = map_get(w->layers, diff_id, sizeof *diff_id);
        if (*ret_layer) return 0;
        AUTO(layer_ref_done) LayerRef layer = {0};
        if (layer_ref_get(w->store, snapshot, diff_id, &layer, e) < 0) return -1;
        Compression form = choose_form(w, &layer);
        WrittenLayer out = {.diff_id = *diff_id, .media_type = layer_form_media(form, w->params->docker_media_types)};
        if (put_layer(w, &layer, form, &out, e) < 0) return -1;
        WrittenLayer *kept = xmemdup(&out, sizeof out);
        map_put(w->layers, diff_id, sizeof *diff_id, kept);
        *ret_layer = kept;
        return 0;
}

/* ---- images */

static void pair_push(Descriptor *d, const char *key, const char *value) {
        string_pairs_set(&d->annotations, key, value);
}

static void add_layer(Manifest *m, const WrittenLayer *layer) {
        Descriptor d = {.media_type = xstrdup(layer->media_type), .digest = layer->digest, .size = layer->size};
        vec_push(&m->layers, d);
}

static int write_layers(Writer *w, const Image *image, Manifest *m, DockerImage *docker, Err **e) {
        size_t n = image->snapshots.n;
        if (n != image->config.diff_ids.n) {
                return err_new(e, ERR_STORE, "the image has %zu layers and its configuration %zu", n,
                               image->config.diff_ids.n);
        }
        for (size_t i = 0; i < n; i++) {
                const WrittenLayer *layer;
                if (write_layer(w, image->snapshots.v[i], &image->config.diff_ids.v[i], &layer, e) < 0)
                        return err_wrap(e, "layer %zu of %zu", i + 1, n);
                add_layer(m, layer);
                char hex[DIGEST_HEX_SIZE];
                digest_hex(&layer->digest, hex);
                strvec_pushf(&docker->layers, "blobs/sha256/%s", hex);
        }
        return 0;
}

static void annotate(const Writer *w, AnnotationTarget target, const Platform *platform, StringPairs *pairs) {
        const AnnotationList list = {w->params->annotations, w->params->annotation_count};
        annotations_choose(&list, target, platform, pairs);
}

static int manifest_begin(const Writer *w, const Image *image, Manifest *m, Err **e) {
        bool docker = w->params->docker_media_types;
        manifest_init(m);
        m->media_type = xstrdup(docker ? MEDIA_DOCKER_MANIFEST : MEDIA_OCI_MANIFEST);
        m->config.media_type = xstrdup(docker ? MEDIA_DOCKER_CONFIG : MEDIA_OCI_CONFIG);
        m->config.size = image->config_size;
        if (w->params->kept_annotations && !docker &&
            image_get_annotations(w->store, &image->id, &m->annotations, e) < 0)
                return -1;
        annotate(w, ANNOTATE_MANIFEST, &image->config.platform, &m->annotations);
        return 0;
}

static int write_manifest(Writer *w, const Image *image, DockerImage *docker, Descriptor *ret_manifest, Err **e) {
        AUTO(manifest_done) Manifest m = {0};
        if (manifest_begin(w, image, &m, e) < 0) return -1;
        if (write_layers(w, image, &m, docker, e) < 0) return -1;
        if (archive_out_blob_data(w->out, image->config_json, image->config_size, &m.config.digest, e) < 0) return -1;
        char hex[DIGEST_HEX_SIZE];
        digest_hex(&m.config.digest, hex);
        docker->config = xasprintf("blobs/sha256/%s", hex);
        AUTO(buf_done) Buf json = {0};
        manifest_render(&m, &json);
        *ret_manifest = (Descriptor){.size = json.n, .has_platform = true, .platform = image->config.platform};
        if (archive_out_blob_data(w->out, json.p, json.n, &ret_manifest->digest, e) < 0) return -1;
        ret_manifest->media_type = xstrdup(m.media_type);
        annotate(w, ANNOTATE_MANIFEST_DESCRIPTOR, &image->config.platform, &ret_manifest->annotations);
        return 0;
}

static int name_manifest(const char *name, Descriptor *d, DockerImage *docker, Err **e) {
        if (!name) return 0;
        AUTO(reference_done) Reference reference = {0};
        if (reference_parse(str_of(name), &reference, e) < 0) return -1;
        AUTO(freep) char *full = reference_render(&reference);
        pair_push(d, ANNOTATION_IMAGE_NAME, full);
        if (!reference.tag) return 0;
        pair_push(d, ANNOTATION_REF_NAME, reference.tag);
        strvec_push_take(&docker->tags, reference_familiar(&reference));
        return 0;
}

static bool listed_already(const Manifest *index, const Descriptor *d) {
        const char *name = descriptor_annotation(d, ANNOTATION_IMAGE_NAME);
        for (size_t i = 0; i < index->layers.n; i++) {
                const char *other = descriptor_annotation(&index->layers.v[i], ANNOTATION_IMAGE_NAME);
                if (!digest_eq(&index->layers.v[i].digest, &d->digest)) continue;
                if (name && other ? streq(name, other) : name == other) return true;
        }
        return false;
}

/* An image that comes again costs its entry in the index for another name, and nothing for the same. */
static int write_image(Writer *w, const Image *image, const char *name, Err **e) {
        DockerImage docker = {0};
        Descriptor d = {0};
        int r = write_manifest(w, image, &docker, &d, e);
        if (r >= 0) r = name_manifest(name, &d, &docker, e);
        if (r < 0) {
                descriptor_done(&d);
                docker_image_done(&docker);
                return -1;
        }
        if (listed_already(&w->index, &d))
                descriptor_done(&d);
        else
                vec_push(&w->index.layers, d);
        docker_manifest_add(&w->docker, &docker);
        return 0;
}

/* ---- one index for several platforms */

static int write_platforms(Writer *w, const Image *const *images, size_t count, Descriptor *ret_index, Err **e) {
        AUTO(manifest_done) Manifest index = {0};
        manifest_init(&index);
        index.is_index = true;
        index.media_type = xstrdup(w->params->docker_media_types ? MEDIA_DOCKER_LIST : MEDIA_OCI_INDEX);
        annotate(w, ANNOTATE_INDEX, NULL, &index.annotations);
        for (size_t i = 0; i < count; i++) {
                AUTO(docker_image_done) DockerImage unused = {0};
                Descriptor d = {0};
                if (write_manifest(w, images[i], &unused, &d, e) < 0) return -1;
                vec_push(&index.layers, d);
        }
        AUTO(buf_done) Buf json = {0};
        manifest_render(&index, &json);
        *ret_index = (Descriptor){.size = json.n};
        if (archive_out_blob_data(w->out, json.p, json.n, &ret_index->digest, e) < 0) return -1;
        ret_index->media_type = xstrdup(index.media_type);
        annotate(w, ANNOTATE_INDEX_DESCRIPTOR, NULL, &ret_index->annotations);
        return 0;
}

static int list_index(Writer *w, const Descriptor *index, const char *name, Err **e) {
        AUTO(docker_image_done) DockerImage unused = {0};
        Descriptor d = *index;
        d.media_type = xstrdup(index->media_type);
        string_pairs_copy(&d.annotations, &index->annotations);
        int r = name_manifest(name, &d, &unused, e);
        if (r < 0 || listed_already(&w->index, &d))
                descriptor_done(&d);
        else
                vec_push(&w->index.layers, d);
        return r;
}

static int write_index_of_platforms(Writer *w, const Image *const *images, size_t count, Err **e) {
        const StrVec *names = w->params->index_names;
        AUTO(descriptor_done) Descriptor index = {0};
        if (write_platforms(w, images, count, &index, e) < 0) return -1;
        if (names->n == 0) return list_index(w, &index, NULL, e);
        for (size_t i = 0; i < names->n; i++)
                if (list_index(w, &index, names->v[i], e) < 0) return -1;
        return 0;
}

/* ---- the files at the end */

static bool same_name(const Descriptor *a, const Descriptor *b) {
        const char *x = descriptor_annotation(a, ANNOTATION_IMAGE_NAME);
        const char *y = descriptor_annotation(b, ANNOTATION_IMAGE_NAME);
        if (!x || !y) { /* written by others, perhaps only with the tag */
                x = descriptor_annotation(a, ANNOTATION_REF_NAME);
                y = descriptor_annotation(b, ANNOTATION_REF_NAME);
        }
        if (x && y) return streq(x, y);
        return !x && !y && digest_eq(&a->digest, &b->digest);
}

static bool replaced(const Manifest *index, size_t new_count, const Descriptor *old) {
        for (size_t i = 0; i < new_count; i++)
                if (same_name(&index->layers.v[i], old)) return true;
        return false;
}

/* What a layout directory lists already stays, unless its name is given to something new. */
static int merge_index(Writer *w, Err **e) {
        AUTO(freep) char *data = NULL;
        size_t size;
        if (archive_out_read_index(w->out, &data, &size, e) < 0) return -1;
        if (!data) return 0;
        AUTO(manifest_done) Manifest old = {0};
        if (manifest_parse((Str){data, size}, &old, e) < 0) return err_wrap(e, "index.json of the directory");
        if (!old.is_index) return err_new(e, ERR_FORMAT, "index.json of the directory is not an index");
        size_t new_count = w->index.layers.n;
        for (size_t i = 0; i < old.layers.n; i++) {
                if (replaced(&w->index, new_count, &old.layers.v[i])) continue;
                vec_push(&w->index.layers, old.layers.v[i]);
                old.layers.v[i] = (Descriptor){0};
        }
        return 0;
}

static int write_index(Writer *w, Err **e) {
        AUTO(buf_done) Buf json = {0};
        manifest_render(&w->index, &json);
        return archive_out_file(w->out, "index.json", json.p, json.n, e);
}

static int write_docker_files(Writer *w, Err **e) {
        AUTO(buf_done) Buf manifest = {0}, repositories = {0};
        docker_manifest_render(&w->docker, &manifest);
        if (archive_out_file(w->out, "manifest.json", manifest.p, manifest.n, e) < 0) return -1;
        if (!docker_repositories_render(&w->docker, &repositories)) return 0;
        return archive_out_file(w->out, "repositories", repositories.p, repositories.n, e);
}

static int check_params(const ArchiveParams *p, size_t count, Err **e) {
        if (count == 0) return err_new(e, ERR_USAGE, "no image to write");
        if (!layer_form_media(p->compression, false))
                return err_new(e, ERR_UNSUPPORTED, "layers cannot be written as %s", compression_name(p->compression));
        if (!layer_form_media(p->compression, p->docker_media_types)) {
                err_new(e, ERR_UNSUPPORTED, "docker's media types have none for %s layers",
                        compression_name(p->compression));
                return err_hint(e, "write OCI media types, or compress with gzip");
        }
        if (p->index_names && p->format == ARCHIVE_DOCKER) {
                err_new(e, ERR_UNSUPPORTED, "a docker archive cannot hold an image of several platforms");
                return err_hint(e, "write type=oci, or build one platform");
        }
        if (p->docker_media_types && p->annotation_count > 0) {
                err_new(e, ERR_UNSUPPORTED, "docker's manifest has no annotations");
                return err_hint(e, "write OCI media types");
        }
        return 0;
}

static int write_images(Writer *w, const Image *const *images, size_t count, Err **e) {
        if (w->params->index_names) return write_index_of_platforms(w, images, count, e);
        for (size_t i = 0; i < count; i++)
                if (write_image(w, images[i], w->params->names ? w->params->names[i] : NULL, e) < 0) return -1;
        return 0;
}

/* Media types that outlive the documents. */
static const char *known_media(const char *text) {
        static const char *const all[] = {MEDIA_OCI_MANIFEST, MEDIA_OCI_INDEX, MEDIA_DOCKER_MANIFEST,
                                          MEDIA_DOCKER_LIST};
        for (size_t i = 0; i < ARRAY_SIZE(all); i++)
                if (streq(all[i], text)) return all[i];
        return MEDIA_OCI_MANIFEST;
}

static void tell_top(const Writer *w) {
        const Descriptor *d = &w->index.layers.v[0];
        if (!w->params->ret_top) return;
        *w->params->ret_top = (ArchiveTop){.digest = d->digest,
                                           .size = d->size,
                                           .media_type = known_media(d->media_type),
                                           .has_platform = d->has_platform,
                                           .platform = d->platform};
}

static int write_all(Writer *w, const Image *const *images, size_t count, Err **e) {
        if (archive_out_begin(w->out, e) < 0) return -1;
        if (write_images(w, images, count, e) < 0 || merge_index(w, e) < 0) return -1;
        if (write_index(w, e) < 0) return -1;
        if (w->params->format == ARCHIVE_DOCKER && write_docker_files(w, e) < 0) return -1;
        return archive_out_end(w->out, e);
}

static int write_to(Writer *w, const Image *const *images, size_t count, Digest *ret_manifest, Err **e) {
        w->layers = map_new();
        manifest_init(&w->index);
        w->index.is_index = true;
        w->index.media_type = xstrdup(MEDIA_OCI_INDEX);
        if (write_all(w, images, count, e) < 0) return -1;
        if (ret_manifest) *ret_manifest = w->index.layers.v[0].digest;
        tell_top(w);
        return 0;
}

int archive_write(Store *s, const Image *const *images, size_t count, const ArchiveParams *params, int fd,
                  Digest *ret_manifest, Err **e) {
        if (check_params(params, count, e) < 0) return -1;
        AUTO(archive_out_freep) ArchiveOut *out = archive_out_tar(fd);
        AUTO(writer_done) Writer w = {.store = s, .params = params, .out = out};
        if (write_to(&w, images, count, ret_manifest, e) < 0) return err_wrap(e, "write the archive");
        return 0;
}

int archive_write_layout(Store *s, const Image *const *images, size_t count, const ArchiveParams *params,
                         const char *path, Digest *ret_manifest, Err **e) {
        if (check_params(params, count, e) < 0) return -1;
        AUTO(archive_out_freep) ArchiveOut *out = NULL;
        if (archive_out_directory(path, &out, e) < 0) return -1;
        AUTO(writer_done) Writer w = {.store = s, .params = params, .out = out};
        if (write_to(&w, images, count, ret_manifest, e) < 0) return err_wrap(e, "write the layout '%s'", path);
        return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "image/oci_read.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "image/image_internal.h"
#include "image/layer_import.h"
#include "oci/reference.h"

#define ANNOTATION_IMAGE_NAME "io.containerd.image.name"
#define ANNOTATION_REF_NAME "org.opencontainers.image.ref.name"
#define ANNOTATION_REFERENCE_TYPE "vnd.docker.reference.type"

typedef struct OciReader {
        Store *store;
        const ArchiveFiles *files;
        const Platform *platform;
} OciReader;

static char *blob_member(const Digest *digest) {
        char hex[DIGEST_HEX_SIZE];
        digest_hex(digest, hex);
        return xasprintf("blobs/sha256/%s", hex);
}

/* A small blob, checked against its descriptor. */
static int blob_read(const OciReader *r, const Descriptor *d, size_t max_size, char **ret_data, size_t *ret_size,
                     Err **e) {
        AUTO(freep) char *member = blob_member(&d->digest);
        AUTO(freep) char *data = NULL;
        size_t size;
        int found = archive_files_read(r->files, member, max_size, &data, &size, e);
        if (found < 0) return -1;
        if (found == ARCHIVE_FILE_ABSENT) return err_new(e, ERR_FORMAT, "'%s' is not in the archive", member);
        Digest digest;
        sha256_of(data, size, &digest);
        if (!digest_eq(&digest, &d->digest)) return err_new(e, ERR_FORMAT, "'%s' does not have that digest", member);
        *ret_data = TAKE(data);
        *ret_size = size;
        return 0;
}

static int manifest_read(const OciReader *r, const Descriptor *d, Manifest *ret_manifest, Err **e) {
        AUTO(freep) char *json = NULL;
        size_t size;
        if (blob_read(r, d, MANIFEST_MAX, &json, &size, e) < 0) return -1;
        return manifest_parse((Str){json, size}, ret_manifest, e);
}

static int import_manifest(const OciReader *r, const Manifest *m, Digest *ret_id, Err **e) {
        size_t n = m->layers.n;
        if (n > IMAGE_LAYERS_MAX)
                return err_new(e, ERR_LIMIT, "an image of %zu layers; at most %d are read", n, IMAGE_LAYERS_MAX);
        AUTO(freep) char *config = NULL;
        size_t config_size;
        if (blob_read(r, &m->config, IMAGE_CONFIG_MAX, &config, &config_size, e) < 0) return -1;
        AUTO(strvec_done) StrVec members = {0};
        AUTO(freep) ImportLayer *layers = xcalloc(n + 1, sizeof *layers);
        for (size_t i = 0; i < n; i++) {
                strvec_push_take(&members, blob_member(&m->layers.v[i].digest));
                layers[i] = (ImportLayer){members.v[i], true, m->layers.v[i].digest};
        }
        ImportImage import = {.config = config, .config_size = config_size, .layers = layers, .layer_count = n};
        if (image_import(r->store, r->files, &import, ret_id, e) < 0) return -1;
        return image_set_annotations(r->store, ret_id, &m->annotations, e);
}

static int no_platform(const OciReader *r, const Manifest *index, Err **e) {
        char want[96];
        platform_render(r->platform, want);
        AUTO(buf_done) Buf have = {0};
        for (size_t i = 0; i < index->layers.n && i < 20; i++) {
                char text[96];
                if (!index->layers.v[i].has_platform) continue;
                platform_render(&index->layers.v[i].platform, text);
                buf_addf(&have, "%s%s", have.n ? ", " : "", text);
        }
        err_new(e, ERR_NOT_FOUND, "the archive has no image for %s", want);
        if (have.n) err_hint(e, "it has %s", have.p);
        return -1;
}

/* Down through indexes to the manifest for the platform. */
static int import_descriptor(const OciReader *r, const Descriptor *d, int depth, Digest *ret_id, Err **e) {
        if (depth > ARCHIVE_INDEX_DEPTH_MAX)
                return err_new(e, ERR_LIMIT, "indexes are nested deeper than %d", ARCHIVE_INDEX_DEPTH_MAX);
        AUTO(manifest_done) Manifest m = {0};
        if (manifest_read(r, d, &m, e) < 0) return -1;
        if (!m.is_index) return import_manifest(r, &m, ret_id, e);
        int chosen = manifest_select_platform(&m, r->platform);
        if (chosen < 0) return no_platform(r, &m, e);
        return import_descriptor(r, &m.layers.v[chosen], depth + 1, ret_id, e);
}

/* ---- index.json */

static bool is_attestation(const Descriptor *d) {
        return descriptor_annotation(d, ANNOTATION_REFERENCE_TYPE) != NULL ||
               (d->has_platform && streq(d->platform.os, "unknown"));
}

static const char *annotated_name(const Descriptor *d) {
        const char *name = descriptor_annotation(d, ANNOTATION_IMAGE_NAME);
        return name ? name : descriptor_annotation(d, ANNOTATION_REF_NAME);
}

/* The full reference of an entry, or NULL. A ref.name alone is often no more than a tag, which names nothing. */
static char *full_name(const Descriptor *d) {
        const char *name = descriptor_annotation(d, ANNOTATION_IMAGE_NAME);
        if (!name) {
                name = descriptor_annotation(d, ANNOTATION_REF_NAME);
                if (!name || (!strchr(name, '/') && !strchr(name, ':'))) return NULL;
        }
        AUTO(reference_done) Reference reference = {0};
        if (reference_parse(str_of(name), &reference, NULL) < 0) return NULL;
        return reference_render(&reference);
}

static bool same_group(const Descriptor *a, const Descriptor *b) {
        const char *x = annotated_name(a), *y = annotated_name(b);
        return x && y ? streq(x, y) : x == y;
}

/* Entries of one name for several platforms are one image; the first of a group stands for it. */
static bool represents_group(const Manifest *index, size_t i) {
        if (!index->layers.v[i].has_platform) return true;
        for (size_t j = 0; j < i; j++)
                if (index->layers.v[j].has_platform && !is_attestation(&index->layers.v[j]) &&
                    same_group(&index->layers.v[j], &index->layers.v[i]))
                        return false;
        return true;
}

/* Which member of i's group to read; a group of one is taken whatever its platform. */
static int choose_in_group(const OciReader *r, const Manifest *index, size_t i, size_t *ret_chosen, Err **e) {
        *ret_chosen = i;
        if (!index->layers.v[i].has_platform) return 0;
        size_t members = 0;
        int best = 0;
        for (size_t j = i; j < index->layers.n; j++) {
                const Descriptor *d = &index->layers.v[j];
                if (!d->has_platform || is_attestation(d) || !same_group(d, &index->layers.v[i])) continue;
                members++;
                int match = platform_match(r->platform, &d->platform);
                if (match > best) {
                        best = match;
                        *ret_chosen = j;
                }
        }
        return members > 1 && best == 0 ? no_platform(r, index, e) : 0;
}

static int read_group(const OciReader *r, const Manifest *index, size_t i, LoadedImage *ret_image, Err **e) {
        size_t chosen;
        if (choose_in_group(r, index, i, &chosen, e) < 0) return -1;
        Digest id;
        if (import_descriptor(r, &index->layers.v[chosen], 0, &id, e) < 0) return -1;
        *ret_image = (LoadedImage){.id = id, .name = full_name(&index->layers.v[i])};
        return 0;
}

static bool loaded_already(const LoadedList *list, const LoadedImage *image) {
        for (size_t i = 0; i < list->n; i++) {
                if (!digest_eq(&list->v[i].id, &image->id)) continue;
                if (!image->name || (list->v[i].name && streq(list->v[i].name, image->name))) return true;
        }
        return false;
}

static int read_index(const ArchiveFiles *files, Manifest *ret_index, Err **e) {
        AUTO(freep) char *json = NULL;
        size_t size;
        int r = archive_files_read(files, "index.json", MANIFEST_MAX, &json, &size, e);
        if (r < 0) return -1;
        if (r == ARCHIVE_FILE_ABSENT) return err_new(e, ERR_FORMAT, "there is no index.json");
        if (manifest_parse((Str){json, size}, ret_index, e) < 0) return err_wrap(e, "index.json");
        if (ret_index->is_index) return 0;
        manifest_done(ret_index);
        return err_new(e, ERR_FORMAT, "index.json is not an index");
}

int oci_index_names(const ArchiveFiles *files, bool *ret_named, Err **e) {
        AUTO(manifest_done) Manifest index = {0};
        if (read_index(files, &index, e) < 0) return -1;
        *ret_named = false;
        for (size_t i = 0; i < index.layers.n; i++)
                if (descriptor_annotation(&index.layers.v[i], ANNOTATION_IMAGE_NAME)) *ret_named = true;
        return 0;
}

int oci_read(Store *s, const ArchiveFiles *files, const Platform *platform, LoadedList *list, Err **e) {
        OciReader r = {s, files, platform};
        AUTO(manifest_done) Manifest index = {0};
        if (read_index(files, &index, e) < 0) return -1;
        if (index.layers.n == 0) return err_new(e, ERR_FORMAT, "index.json lists no image");
        if (index.layers.n > ARCHIVE_IMAGES_MAX)
                return err_new(e, ERR_LIMIT, "index.json lists %zu images; at most %d are read", index.layers.n,
                               ARCHIVE_IMAGES_MAX);
        for (size_t i = 0; i < index.layers.n; i++) {
                if (is_attestation(&index.layers.v[i]) || !represents_group(&index, i)) continue;
                LoadedImage image;
                if (read_group(&r, &index, i, &image, e) < 0)
                        return err_wrap(e, "image %zu of %zu", i + 1, index.layers.n);
                if (loaded_already(list, &image))
                        free(image.name);
                else
                        vec_push(list, image);
        }
        return 0;
}

/* ---- one image of a layout */

/* "latest", or the whole reference that ends so. */
static bool answers_to(const Descriptor *d, const char *which) {
        if (which[0] == '@') {
                char text[DIGEST_TEXT_SIZE];
                digest_text(&d->digest, text);
                return streq(text, which + 1);
        }
        const char *ref = descriptor_annotation(d, ANNOTATION_REF_NAME);
        if (ref && streq(ref, which)) return true;
        const char *name = descriptor_annotation(d, ANNOTATION_IMAGE_NAME);
        if (name && streq(name, which)) return true;
        const char *colon = ref ? strrchr(ref, ':') : NULL;
        return colon && streq(colon + 1, which);
}

static int no_such_entry(const Manifest *index, const char *which, Err **e) {
        err_new(e, ERR_NOT_FOUND, "the layout has no image '%s'", which);
        for (size_t i = 0; i < index->layers.n && i < 20; i++) {
                const char *ref = descriptor_annotation(&index->layers.v[i], ANNOTATION_REF_NAME);
                char text[DIGEST_TEXT_SIZE];
                digest_text(&index->layers.v[i].digest, text);
                err_hint(e, "it has %s%s%s", ref ? ref : "@", ref ? " @" : "", text);
        }
        return -1;
}

/* First match by which; NULL: the only group, else "latest". A digest may also be one that only a blob has. */
static int choose_entry(const OciReader *r, const Manifest *index, const char *which, Digest *ret_id, Err **e) {
        size_t groups = 0, only = 0;
        for (size_t i = 0; i < index->layers.n; i++) {
                if (is_attestation(&index->layers.v[i])) continue;
                if (which && answers_to(&index->layers.v[i], which)) {
                        size_t chosen = i;
                        if (which[0] != '@' && choose_in_group(r, index, i, &chosen, e) < 0) return -1;
                        return import_descriptor(r, &index->layers.v[chosen], 0, ret_id, e);
                }
                if (represents_group(index, i)) {
                        groups++;
                        only = i;
                }
        }
        if (which && which[0] == '@') {
                Descriptor d = {0};
                if (digest_parse(str_of(which + 1), &d.digest, e) < 0) return -1;
                return import_descriptor(r, &d, 0, ret_id, e);
        }
        if (which) return no_such_entry(index, which, e);
        if (groups != 1) return choose_entry(r, index, "latest", ret_id, e);
        if (choose_in_group(r, index, only, &only, e) < 0) return -1;
        return import_descriptor(r, &index->layers.v[only], 0, ret_id, e);
}

int layout_read(Store *s, const char *path, const char *which, const Platform *platform, Digest *ret_id, Err **e) {
        Platform host;
        platform_host(&host);
        AUTO(archive_files_freep) ArchiveFiles *files = NULL;
        if (archive_files_open_directory(path, &files, e) < 0) return -1;
        OciReader r = {s, files, platform ? platform : &host};
        AUTO(manifest_done) Manifest index = {0};
        int result = read_index(files, &index, e);
        if (result >= 0) result = choose_entry(&r, &index, which, ret_id, e);
        return result < 0 ? err_wrap(e, "OCI layout '%s'", path) : 0;
}

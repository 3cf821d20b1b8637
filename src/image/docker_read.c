/* SPDX-License-Identifier: Apache-2.0 */
#include "image/docker_read.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "image/docker_manifest.h"
#include "image/image_internal.h"
#include "image/layer_import.h"
#include "oci/reference.h"

/* The digest that a member's name promises: "<hex>.json", "<hex>.tar" or ".../sha256/<hex>". A "<hex>/layer.tar" promises
 * nothing: that is an id of another kind. */
static bool promised_digest(const char *member, Digest *ret_digest) {
        const char *slash = strrchr(member, '/');
        Str name = str_of(slash ? slash + 1 : member);
        if (name.n < DIGEST_HEX_SIZE - 1) return false;
        Str rest = str_sub(name, DIGEST_HEX_SIZE - 1, name.n);
        if (rest.n && !str_is(rest, ".json") && !str_is(rest, ".tar")) return false;
        return digest_parse(str_sub(name, 0, DIGEST_HEX_SIZE - 1), ret_digest, NULL) >= 0;
}

static int config_read(const ArchiveFiles *files, const char *member, char **ret_data, size_t *ret_size, Err **e) {
        AUTO(freep) char *data = NULL;
        size_t size = 0;
        int r = archive_files_read(files, member, IMAGE_CONFIG_MAX, &data, &size, e);
        if (r < 0) return -1;
        if (r == ARCHIVE_FILE_ABSENT)
                return err_new(e, ERR_FORMAT, "the configuration '%s' is not in the archive", member);
        Digest promised, got;
        sha256_of(data, size, &got);
        if (promised_digest(member, &promised) && !digest_eq(&promised, &got))
                return err_new(e, ERR_FORMAT, "the configuration '%s' does not have that digest", member);
        *ret_data = TAKE(data);
        *ret_size = size;
        return 0;
}

static int image_read(Store *s, const ArchiveFiles *files, const DockerImage *image, Digest *ret_id, Err **e) {
        AUTO(freep) char *config = NULL;
        size_t size = 0;
        if (config_read(files, image->config, &config, &size, e) < 0) return -1;
        AUTO(freep) ImportLayer *layers = xcalloc(image->layers.n + 1, sizeof *layers);
        for (size_t i = 0; i < image->layers.n; i++) {
                layers[i].member = image->layers.v[i];
                layers[i].has_digest = strstr(layers[i].member, "blobs/sha256/") == layers[i].member &&
                                       promised_digest(layers[i].member, &layers[i].digest);
        }
        ImportImage import = {.config = config, .config_size = size, .layers = layers, .layer_count = image->layers.n};
        return image_import(s, files, &import, ret_id, e);
}

static int add_names(const DockerImage *image, const Digest *id, LoadedList *list, Err **e) {
        for (size_t i = 0; i < image->tags.n; i++) {
                AUTO(reference_done) Reference reference = {0};
                if (reference_parse(str_of(image->tags.v[i]), &reference, e) < 0) return -1;
                LoadedImage loaded = {.id = *id, .name = reference_render(&reference)};
                vec_push(list, loaded);
        }
        if (image->tags.n == 0) vec_push(list, (LoadedImage){.id = *id});
        return 0;
}

static int read_images(Store *s, const ArchiveFiles *files, const DockerManifest *m, LoadedList *list, Err **e) {
        for (size_t i = 0; i < m->images.n; i++) {
                Digest id;
                if (image_read(s, files, &m->images.v[i], &id, e) < 0 || add_names(&m->images.v[i], &id, list, e) < 0)
                        return err_wrap(e, "image %zu of %zu", i + 1, m->images.n);
        }
        return 0;
}

int docker_read(Store *s, const ArchiveFiles *files, LoadedList *list, Err **e) {
        AUTO(freep) char *json = NULL;
        size_t size = 0;
        int r = archive_files_read(files, "manifest.json", DOCKER_MANIFEST_MAX, &json, &size, e);
        if (r < 0) return -1;
        if (r == ARCHIVE_FILE_ABSENT) return err_new(e, ERR_FORMAT, "there is no manifest.json");
        AUTO(docker_manifest_done) DockerManifest m = {0};
        if (docker_manifest_parse((Str){json, size}, &m, e) < 0) return -1;
        return read_images(s, files, &m, list, e);
}

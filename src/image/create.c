/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/num.h"
#include "image/image_internal.h"
#include "layer/pack.h"
#include "os/workers.h"

/* A snapshot remembers the diff_id of its own times. With clamped times the bytes are others, so those diff_ids are
 * kept as values of the store, in both directions: "clamped/<snapshot>/<clamp>" -> diff_id, "clamp/<diff_id>" -> clamp. */

static char *clamped_name(const char *snapshot, int64_t clamp_s) {
        return xasprintf("clamped/%s/%lld", snapshot, (long long)clamp_s);
}

static char *clamp_name(const Digest *diff_id) {
        char hex[DIGEST_HEX_SIZE];
        digest_hex(diff_id, hex);
        return xasprintf("clamp/%s", hex);
}

int layer_clamp_get(Store *s, const Digest *diff_id, int64_t *ret_clamp_s, Err **e) {
        AUTO(freep) char *name = clamp_name(diff_id);
        AUTO(freep) char *value = NULL;
        int r = store_value_get(s, name, &value, e);
        if (r < 0) return -1;
        if (r == STORE_ABSENT) {
                *ret_clamp_s = -1;
                return 0;
        }
        if (!i64_parse(str_of(value), ret_clamp_s)) return err_new(e, ERR_STORE, "value '%s' is damaged", name);
        return 0;
}

/* STORE_FOUND/ABSENT */
static int clamped_get(Store *s, const char *snapshot, int64_t clamp_s, Digest *ret_diff_id, Err **e) {
        AUTO(freep) char *name = clamped_name(snapshot, clamp_s);
        AUTO(freep) char *value = NULL;
        int r = store_value_get(s, name, &value, e);
        if (r != STORE_FOUND) return r;
        return digest_parse(str_of(value), ret_diff_id, NULL) < 0 ? STORE_ABSENT : STORE_FOUND;
}

static int clamped_put(Store *s, const char *snapshot, int64_t clamp_s, const Digest *diff_id, Err **e) {
        AUTO(freep) char *to_diff = clamped_name(snapshot, clamp_s);
        AUTO(freep) char *to_clamp = clamp_name(diff_id);
        AUTO(freep) char *clamp = xasprintf("%lld", (long long)clamp_s);
        char text[DIGEST_TEXT_SIZE];
        digest_text(diff_id, text);
        if (store_value_set(s, to_clamp, clamp, e) < 0) return -1;
        return store_value_set(s, to_diff, text, e);
}

typedef struct CreateLayer {
        SnapshotInfo info;
        Digest diff_id;
        bool known;
} CreateLayer;

typedef struct Create {
        Store *store;
        int64_t clamp_s;
        CreateLayer *layers;
        size_t count;
        size_t *missing; /* indexes of layers whose diff_id has to be computed */
        size_t missing_count;
        pthread_mutex_t error_lock;
        Err *error;
} Create;

static int layer_known(Create *c, CreateLayer *l, const char *id, Err **e) {
        int r = store_snapshot_get(c->store, id, &l->info, e);
        if (r < 0) return -1;
        if (r == STORE_ABSENT) return err_new(e, ERR_STORE, "snapshot %s is not in the store", id);
        /* a foreign layer stays what it was received as; an empty one has no time that a clamp could change */
        if (c->clamp_s < 0 || l->info.foreign || l->info.empty) {
                l->known = l->info.has_diff_id;
                l->diff_id = l->info.diff_id;
                return 0;
        }
        r = clamped_get(c->store, id, c->clamp_s, &l->diff_id, e);
        if (r < 0) return -1;
        l->known = r == STORE_FOUND;
        return 0;
}

static bool seen_before(const Create *c, const StrVec *snapshots, size_t i) {
        for (size_t j = 0; j < c->missing_count; j++)
                if (streq(snapshots->v[c->missing[j]], snapshots->v[i])) return true;
        return false;
}

/* Aliases lead from what is cheap to have to the diff_id of an equal layer: from the fingerprint, and, so that no fingerprint is
 * made in vain, from the mere counts of the layer. */
static void alias_of(const char *kind, const void *data, size_t size, Digest *ret_alias) {
        AUTO(sha256_freep) Sha256 *h = sha256_new();
        sha256_add(h, kind, strlen(kind) + 1);
        sha256_add(h, data, size);
        sha256_finish(h, ret_alias);
}

static void counts_alias(const Create *c, const CreateLayer *l, Digest *ret_alias) {
        uint64_t counts[3] = {l->info.entry_count, l->info.size_bytes, (uint64_t)c->clamp_s};
        alias_of("layer counts 1", counts, sizeof counts, ret_alias);
}

static void fingerprint_alias(const Digest *fingerprint, Digest *ret_alias) {
        alias_of("layer fingerprint 1", fingerprint->bytes, sizeof fingerprint->bytes, ret_alias);
}

/* STORE_FOUND or STORE_ABSENT. */
static int find_equal_layer(Create *c, CreateLayer *l, const PackParams *params, Err **e) {
        Digest alias, fingerprint, some;
        counts_alias(c, l, &alias);
        int r = store_alias_get(c->store, &alias, &some, e);
        if (r != STORE_FOUND) return r;
        r = layer_fingerprint(params, &fingerprint, e);
        if (r != FINGERPRINT_MADE) return r < 0 ? -1 : STORE_ABSENT;
        fingerprint_alias(&fingerprint, &alias);
        return store_alias_get(c->store, &alias, &l->diff_id, e);
}

static int remember_layer(Create *c, const CreateLayer *l, const Digest *fingerprint, Err **e) {
        Digest alias;
        counts_alias(c, l, &alias);
        if (store_alias_put(c->store, &alias, &l->diff_id, e) < 0) return -1;
        fingerprint_alias(fingerprint, &alias);
        return store_alias_put(c->store, &alias, &l->diff_id, e);
}

/* A layer that was made again (other parent, same files) has a diff_id that is known: no file is read. */
static int compute_diff_id(Create *c, CreateLayer *l, Err **e) {
        AUTO(freep) char *path = store_snapshot_path(c->store, l->info.id);
        AUTO(digest_index_freep) DigestIndex *digests = NULL;
        if (digest_index_open_snapshot(c->store, l->info.id, &digests, e) < 0) return -1;
        PackParams params = {.fs_path = path, .clamp_mtime_s = c->clamp_s, .digests = digests};
        int found = find_equal_layer(c, l, &params, e);
        if (found != STORE_ABSENT) return found;
        LayerDigest digest;
        if (layer_digest(&params, &digest, e) < 0) return -1;
        l->diff_id = digest.diff_id;
        return digest.has_fingerprint ? remember_layer(c, l, &digest.fingerprint, e) : 0;
}

static int compute_one(Create *c, CreateLayer *l, Err **e) {
        if (compute_diff_id(c, l, e) < 0) return -1;
        l->known = true;
        if (c->clamp_s < 0 || l->info.empty) return store_snapshot_set_diff_id(c->store, l->info.id, &l->diff_id, e);
        return clamped_put(c->store, l->info.id, c->clamp_s, &l->diff_id, e);
}

static int compute_worker(void *context, size_t index) {
        Create *c = context;
        size_t i = c->missing[index];
        AUTO(err_freep) Err *error = NULL;
        if (compute_one(c, &c->layers[i], &error) >= 0) return 0;
        err_wrap(&error, "digest of layer %zu of %zu", i + 1, c->count);
        pthread_mutex_lock(&c->error_lock);
        err_move(&c->error, &error);
        pthread_mutex_unlock(&c->error_lock);
        return -1;
}

static int compute_missing(Create *c, const StrVec *snapshots, Err **e) {
        for (size_t i = 0; i < snapshots->n; i++) {
                if (layer_known(c, &c->layers[i], snapshots->v[i], e) < 0) return -1;
                if (!c->layers[i].known && !seen_before(c, snapshots, i)) c->missing[c->missing_count++] = i;
        }
        if (parallel_for(c->missing_count, compute_worker, c) < 0) {
                err_move(e, &c->error);
                return -1;
        }
        for (size_t i = 0; i < c->count; i++) /* one snapshot may be several layers */
                for (size_t j = 0; !c->layers[i].known && j < c->missing_count; j++)
                        if (streq(snapshots->v[c->missing[j]], snapshots->v[i]))
                                c->layers[i] = c->layers[c->missing[j]];
        return 0;
}

static int image_record(Store *s, const Image *image, Err **e) {
        ImageRecord record = {.id = image->id,
                              .created_ns = image->config.has_created ? image->config.created_ns : 0,
                              .size_bytes = image->size_bytes};
        strvec_copy(&record.snapshots, &image->snapshots);
        int r = store_image_put(s, &record, e);
        strvec_done(&record.snapshots);
        return r;
}

static int create_publish(const Create *c, ImageConfig *config, const StrVec *snapshots, Image *ret_image, Err **e) {
        config->diff_ids.n = 0;
        uint64_t size_bytes = 0;
        for (size_t i = 0; i < c->count; i++) {
                vec_push(&config->diff_ids, c->layers[i].diff_id);
                size_bytes += c->layers[i].info.size_bytes;
        }
        AUTO(image_done) Image image = {.size_bytes = size_bytes};
        image_config_copy(&image.config, config);
        strvec_copy(&image.snapshots, snapshots);
        AUTO(buf_done) Buf json = {0};
        image_config_render(config, &json);
        if (json.n > IMAGE_CONFIG_MAX) {
                err_new(e, ERR_LIMIT,
                        "the image's configuration has %zu bytes with a history of %zu entries; at most %d are "
                        "possible",
                        json.n, config->history.n, IMAGE_CONFIG_MAX);
                return err_hint(e, "put several instructions into one: ENV A=1 B=2");
        }
        if (store_blob_put(c->store, json.p, json.n, &image.id, e) < 0) return -1;
        image.config_size = json.n;
        image.config_json = buf_take(&json);
        if (image_record(c->store, &image, e) < 0) return -1;
        *ret_image = image;
        memset(&image, 0, sizeof image);
        return 0;
}

int image_create(Store *s, ImageConfig *config, const StrVec *snapshots, int64_t clamp_mtime_s, Image *ret_image,
                 Err **e) {
        if (snapshots->n > IMAGE_LAYERS_MAX)
                return err_new(e, ERR_LIMIT, "an image of %zu layers; at most %d are possible", snapshots->n,
                               IMAGE_LAYERS_MAX);
        AUTO(freep) CreateLayer *layers = xcalloc(snapshots->n + 1, sizeof *layers);
        AUTO(freep) size_t *missing = xcalloc(snapshots->n + 1, sizeof *missing);
        Create c = {.store = s,
                    .clamp_s = clamp_mtime_s,
                    .layers = layers,
                    .count = snapshots->n,
                    .missing = missing,
                    .error_lock = PTHREAD_MUTEX_INITIALIZER};
        if (compute_missing(&c, snapshots, e) < 0) return err_wrap(e, "make the image");
        if (create_publish(&c, config, snapshots, ret_image, e) < 0) return err_wrap(e, "make the image");
        return 0;
}

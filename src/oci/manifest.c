/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/manifest.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "oci/document.h"

/* ---- values ---- */

void descriptor_done(Descriptor *d) {
        free(d->media_type);
        string_pairs_done(&d->annotations);
        *d = (Descriptor){0};
}

const char *descriptor_annotation(const Descriptor *d, const char *key) {
        return string_pairs_get(&d->annotations, key);
}

void manifest_init(Manifest *m) {
        *m = (Manifest){0};
}

void manifest_done(Manifest *m) {
        free(m->media_type);
        descriptor_done(&m->config);
        for (size_t i = 0; i < m->layers.n; i++) descriptor_done(&m->layers.v[i]);
        vec_done(&m->layers);
        string_pairs_done(&m->annotations);
        *m = (Manifest){0};
}

/* ---- parsing ---- */

static int parse_size(const json_t *object, uint64_t *ret_size, Err **e) {
        int64_t size = -1;
        if (json_get_i64(object, "size", &size, e) < 0) return -1;
        if (size < 0) return err_new(e, ERR_FORMAT, "'size' is missing or negative");
        *ret_size = (uint64_t)size;
        return 0;
}

static int parse_descriptor(const json_t *object, Descriptor *d, Err **e) {
        json_t *platform = NULL;
        if (!json_is_object(object)) return err_new(e, ERR_FORMAT, "it is not an object");
        if (json_get_text(object, "mediaType", &d->media_type, e) < 0 ||
            document_get_digest(object, "digest", &d->digest, e) < 0 || parse_size(object, &d->size, e) < 0 ||
            document_get_pairs(object, "annotations", &d->annotations, e) < 0 ||
            json_get_object(object, "platform", &platform, e) < 0) {
                return -1;
        }
        d->has_platform = platform != NULL;
        return platform ? document_get_platform(platform, &d->platform, e) : 0;
}

static int parse_list(const json_t *root, const char *key, Descriptors *list, Err **e) {
        json_t *array = NULL, *item;
        size_t i;
        if (json_get_array(root, key, &array, e) < 0) return -1;
        if (json_array_size(array) > MANIFEST_ENTRIES_MAX) {
                return err_new(e, ERR_LIMIT, "'%s' has more than %d entries", key, MANIFEST_ENTRIES_MAX);
        }
        json_array_foreach(array, i, item) {
                vec_push(list, (Descriptor){0});
                if (parse_descriptor(item, &list->v[i], e) < 0) return err_wrap(e, "'%s', entry %zu", key, i + 1);
        }
        return 0;
}

static bool is_set(const json_t *root, const char *key) {
        const json_t *value = json_object_get(root, key);
        return value && !json_is_null(value);
}

static bool is_index_type(const char *media_type) {
        return streq(media_type, MEDIA_OCI_INDEX) || streq(media_type, MEDIA_DOCKER_LIST);
}

static bool is_manifest_type(const char *media_type) {
        return streq(media_type, MEDIA_OCI_MANIFEST) || streq(media_type, MEDIA_DOCKER_MANIFEST);
}

/* One document must not be read as two different things by two programs: a document that could be either is refused. */
static int parse_kind(const json_t *root, Manifest *m, Err **e) {
        int64_t version = 0;
        bool list = is_set(root, "manifests"), single = is_set(root, "config") || is_set(root, "layers");
        if (json_get_i64(root, "schemaVersion", &version, e) < 0 ||
            json_get_text(root, "mediaType", &m->media_type, e) < 0) {
                return -1;
        }
        if (version == 1) return err_new(e, ERR_UNSUPPORTED, "docker's schema version 1 is not supported");
        if (version != 2) return err_new(e, ERR_FORMAT, "'schemaVersion' is not 2");
        if (list && single) return err_new(e, ERR_FORMAT, "both 'manifests' and 'config' or 'layers' are there");
        if (!list && !single) return err_new(e, ERR_FORMAT, "neither 'manifests' nor 'config' is there");
        const char *type = m->media_type ? m->media_type : "";
        if ((list && is_manifest_type(type)) || (single && is_index_type(type))) {
                return err_new(e, ERR_FORMAT, "media type '%s' does not fit the content", type);
        }
        m->is_index = list;
        return 0;
}

static int parse_root(const json_t *root, Manifest *m, Err **e) {
        json_t *config = NULL;
        if (!json_is_object(root)) return err_new(e, ERR_FORMAT, "it is not a JSON object");
        if (parse_kind(root, m, e) < 0 || document_get_pairs(root, "annotations", &m->annotations, e) < 0) return -1;
        if (m->is_index) return parse_list(root, "manifests", &m->layers, e);
        if (json_get_object(root, "config", &config, e) < 0) return -1;
        if (!config) return err_new(e, ERR_FORMAT, "'config' is missing");
        if (parse_descriptor(config, &m->config, e) < 0) return err_wrap(e, "'config'");
        return parse_list(root, "layers", &m->layers, e);
}

int manifest_parse(Str json, Manifest *ret_manifest, Err **e) {
        json_auto_t *root = NULL;
        Manifest m;
        if (json_document_parse(json, MANIFEST_MAX, "manifest", &root, e) < 0) return -1;
        manifest_init(&m);
        if (parse_root(root, &m, e) < 0) {
                manifest_done(&m);
                return err_wrap(e, "manifest");
        }
        *ret_manifest = m;
        return 0;
}

/* ---- rendering ---- */

/* Begin a member on a line of its own; a comma unless it is the first. */
static void add_member(Buf *b, int depth, const char *key) {
        bool first = b->p[b->n - 1] == '{';
        buf_addf(b, "%s\n%*s", first ? "" : ",", 2 * depth, "");
        json_add_text(b, key);
        buf_adds(b, ": ");
}

static void add_close(Buf *b, int depth, char bracket) {
        buf_addf(b, "\n%*s%c", 2 * depth, "", bracket);
}

static void add_text(Buf *b, int depth, const char *key, const char *text) {
        if (!text || *text == '\0') return;
        add_member(b, depth, key);
        json_add_text(b, text);
}

static void add_pairs(Buf *b, int depth, const char *key, const StringPairs *pairs) {
        if (pairs->n == 0) return;
        add_member(b, depth, key);
        buf_addc(b, '{');
        for (size_t i = 0; i < pairs->n; i++) {
                add_member(b, depth + 1, pairs->v[i].key);
                json_add_text(b, pairs->v[i].value);
        }
        add_close(b, depth, '}');
}

static void add_platform(Buf *b, int depth, const Platform *p) {
        add_member(b, depth, "platform");
        buf_addc(b, '{');
        add_member(b, depth + 1, "architecture");
        json_add_text(b, p->arch);
        add_member(b, depth + 1, "os");
        json_add_text(b, p->os);
        add_text(b, depth + 1, "os.version", p->os_version);
        add_text(b, depth + 1, "variant", p->variant);
        add_close(b, depth, '}');
}

/* depth is that of the brackets. */
static void add_descriptor(Buf *b, int depth, const Descriptor *d) {
        char digest[DIGEST_TEXT_SIZE];
        digest_text(&d->digest, digest);
        buf_addc(b, '{');
        add_text(b, depth + 1, "mediaType", d->media_type);
        add_text(b, depth + 1, "digest", digest);
        add_member(b, depth + 1, "size");
        buf_addf(b, "%" PRIu64, d->size);
        add_pairs(b, depth + 1, "annotations", &d->annotations);
        if (d->has_platform) add_platform(b, depth + 1, &d->platform);
        add_close(b, depth, '}');
}

static void add_list(Buf *b, const char *key, const Descriptors *list) {
        add_member(b, 1, key);
        buf_addc(b, '[');
        for (size_t i = 0; i < list->n; i++) {
                buf_addf(b, "%s\n    ", i > 0 ? "," : "");
                add_descriptor(b, 2, &list->v[i]);
        }
        if (list->n > 0)
                add_close(b, 1, ']');
        else
                buf_addc(b, ']');
}

void manifest_render(const Manifest *m, Buf *ret_json) {
        Buf *b = ret_json;
        buf_addc(b, '{');
        add_member(b, 1, "schemaVersion");
        buf_addc(b, '2');
        add_text(b, 1, "mediaType", m->media_type);
        if (!m->is_index) {
                add_member(b, 1, "config");
                add_descriptor(b, 1, &m->config);
        }
        add_list(b, m->is_index ? "manifests" : "layers", &m->layers);
        add_pairs(b, 1, "annotations", &m->annotations);
        add_close(b, 0, '}');
}

/* ---- choosing ---- */

static bool is_attestation(const Descriptor *d) {
        const char *kind = descriptor_annotation(d, "vnd.docker.reference.type");
        if (kind && streq(kind, "attestation-manifest")) return true;
        return d->has_platform && streq(d->platform.os, "unknown") && streq(d->platform.arch, "unknown");
}

/* An entry without a platform may be anything: better than nothing. */
static int serves(const Descriptor *d, const Platform *want) {
        if (is_attestation(d)) return 0;
        return d->has_platform ? 2 * platform_match(want, &d->platform) : 1;
}

int manifest_select_platform(const Manifest *index, const Platform *want) {
        int best = -1, best_score = 0;
        for (size_t i = 0; i < index->layers.n; i++) {
                int score = serves(&index->layers.v[i], want);
                if (score <= best_score) continue;
                best = (int)i;
                best_score = score;
        }
        return best;
}

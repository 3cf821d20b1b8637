/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/cleanup.h"
#include "codec/json.h"
#include "image/image.h"
#include "oci/manifest.h"

void annotations_choose(const AnnotationList *list, AnnotationTarget target, const Platform *platform,
                        StringPairs *pairs) {
        for (size_t i = 0; i < list->n; i++) {
                const Annotation *a = &list->v[i];
                if (a->target != target || (a->has_platform && !(platform && platform_eq(&a->platform, platform))))
                        continue;
                string_pairs_set(pairs, a->key, a->value);
        }
}

/* Kept as the manifest has them: {"key":"value"}. */

static char *render(const StringPairs *pairs) {
        Buf text = {0};
        string_pairs_render(pairs, &text);
        return buf_take(&text);
}

static int parse(const char *text, StringPairs *pairs, Err **e) {
        json_auto_t *root = NULL;
        const char *key;
        json_t *value;
        if (json_document_parse(str_of(text), MANIFEST_MAX, "annotations", &root, e) < 0) return -1;
        json_object_foreach(root, key, value) {
                if (json_is_string(value)) string_pairs_set(pairs, key, json_string_value(value));
        }
        return 0;
}

int image_set_annotations(Store *s, const Digest *id, const StringPairs *annotations, Err **e) {
        AUTO(freep) char *before = NULL;
        AUTO(freep) char *now = annotations->n > 0 ? render(annotations) : NULL;
        char hex[DIGEST_HEX_SIZE];
        digest_hex(id, hex);
        if (store_note_get(s, NOTE_ANNOTATIONS, hex, &before, e) < 0) return -1;
        if (before ? now && streq(before, now) : !now) return 0; /* no transaction for what is there already */
        return store_note_set(s, NOTE_ANNOTATIONS, hex, now, e);
}

int image_get_annotations(Store *s, const Digest *id, StringPairs *ret_annotations, Err **e) {
        AUTO(string_pairs_done) StringPairs pairs = {0};
        AUTO(freep) char *text = NULL;
        char hex[DIGEST_HEX_SIZE];
        digest_hex(id, hex);
        int r = store_note_get(s, NOTE_ANNOTATIONS, hex, &text, e);
        if (r < 0 || (r == STORE_FOUND && parse(text, &pairs, e) < 0))
                return err_wrap(e, "annotations of image %.12s", hex);
        *ret_annotations = pairs;
        pairs = (StringPairs){0};
        return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/document.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/* ---- sorted pairs ---- */

/* Where key is, or where it belongs. */
static size_t pairs_place(const StringPairs *pairs, const char *key, bool *ret_found) {
        size_t low = 0, high = pairs->n;
        *ret_found = false;
        while (low < high && !*ret_found) {
                size_t middle = low + (high - low) / 2;
                int order = strcmp(key, pairs->v[middle].key);
                if (order > 0)
                        low = middle + 1;
                else
                        high = middle;
                *ret_found = order == 0;
        }
        return *ret_found ? high : low;
}

void string_pairs_set(StringPairs *pairs, const char *key, const char *value) {
        bool found;
        size_t i = pairs_place(pairs, key, &found);
        char *copy = xstrdup(value);
        if (found) {
                free(pairs->v[i].value);
                pairs->v[i].value = copy;
                return;
        }
        StringPair pair = {xstrdup(key), copy};
        vec_push(pairs, pair);
        memmove(pairs->v + i + 1, pairs->v + i, (pairs->n - 1 - i) * sizeof *pairs->v);
        pairs->v[i] = pair;
}

const char *string_pairs_get(const StringPairs *pairs, const char *key) {
        bool found;
        size_t i = pairs_place(pairs, key, &found);
        return found ? pairs->v[i].value : NULL;
}

void string_pairs_copy(StringPairs *to, const StringPairs *from) {
        *to = (StringPairs){0};
        for (size_t i = 0; i < from->n; i++) {
                StringPair pair = {xstrdup(from->v[i].key), xstrdup(from->v[i].value)};
                vec_push(to, pair);
        }
}

void string_pairs_done(StringPairs *pairs) {
        for (size_t i = 0; i < pairs->n; i++) {
                free(pairs->v[i].key);
                free(pairs->v[i].value);
        }
        vec_done(pairs);
}

void string_pairs_render(const StringPairs *pairs, Buf *out) {
        buf_addc(out, '{');
        for (size_t i = 0; i < pairs->n; i++) {
                json_add_key(out, pairs->v[i].key);
                json_add_text(out, pairs->v[i].value);
        }
        buf_addc(out, '}');
}

static int pair_compare(const void *a, const void *b) {
        return strcmp(((const StringPair *)a)->key, ((const StringPair *)b)->key);
}

/* ---- members ---- */

int document_get_pairs(const json_t *object, const char *key, StringPairs *pairs, Err **e) {
        json_t *map = NULL, *value;
        const char *name;
        if (json_get_object(object, key, &map, e) < 0) return -1;
        json_object_foreach(map, name, value) {
                if (!json_is_string(value) && !json_is_null(value)) {
                        return err_new(e, ERR_FORMAT, "'%s' is not an object of strings", key);
                }
                StringPair pair = {xstrdup(name), xstrdup(json_is_null(value) ? "" : json_string_value(value))};
                vec_push(pairs, pair);
        }
        if (pairs->n > 0) qsort(pairs->v, pairs->n, sizeof *pairs->v, pair_compare);
        return 0;
}

static int get_field(const json_t *object, const char *key, char *field, size_t capacity, Err **e) {
        AUTO(freep) char *text = NULL;
        if (json_get_text(object, key, &text, e) < 0) return -1;
        if (!text) return 0;
        size_t n = strlen(text);
        if (n >= capacity) return err_new(e, ERR_FORMAT, "'%s' is longer than %zu bytes", key, capacity - 1);
        memcpy(field, text, n + 1);
        return 0;
}

int document_get_platform(const json_t *object, Platform *ret_platform, Err **e) {
        Platform p = {0};
        if (get_field(object, "os", p.os, sizeof p.os, e) < 0 ||
            get_field(object, "architecture", p.arch, sizeof p.arch, e) < 0 ||
            get_field(object, "variant", p.variant, sizeof p.variant, e) < 0 ||
            get_field(object, "os.version", p.os_version, sizeof p.os_version, e) < 0) {
                return -1;
        }
        *ret_platform = p;
        return 0;
}

int document_digest_parse(const char *text, Digest *ret_digest, Err **e) {
        Str s = str_of(text);
        if (str_starts(s, STR("sha512:")) || str_starts(s, STR("sha384:"))) {
                return err_new(e, ERR_UNSUPPORTED, "digest '%.20s...': only sha256 is supported", text);
        }
        if (!str_starts(s, STR("sha256:"))) return err_new(e, ERR_FORMAT, "'%.100s' is not a digest", text);
        return digest_parse(s, ret_digest, e);
}

int document_get_digest(const json_t *object, const char *key, Digest *ret_digest, Err **e) {
        AUTO(freep) char *text = NULL;
        if (json_get_text(object, key, &text, e) < 0) return -1;
        if (!text) return err_new(e, ERR_FORMAT, "'%s' is missing", key);
        if (document_digest_parse(text, ret_digest, e) < 0) return err_wrap(e, "'%s'", key);
        return 0;
}

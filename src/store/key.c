/* SPDX-License-Identifier: Apache-2.0 */
#include "store/key.h"

#include <string.h>

void key_begin(KeyText *k, const char *kind) {
        *k = (KeyText){0};
        key_number(k, "format", KEY_FORMAT);
        key_text(k, "kind", kind);
}

void key_bytes(KeyText *k, const char *field, const void *data, size_t size) {
        buf_add(&k->text, field, strlen(field) + 1);
        buf_add_u64(&k->text, size);
        buf_add(&k->text, data, size);
}

void key_text(KeyText *k, const char *field, const char *value) {
        if (value) {
                key_bytes(k, field, value, strlen(value));
        } else {
                buf_add(&k->text, field, strlen(field) + 1);
                buf_add_u64(&k->text, UINT64_MAX);
        }
}

void key_number(KeyText *k, const char *field, uint64_t value) {
        buf_add(&k->text, field, strlen(field) + 1);
        buf_add_u64(&k->text, 8);
        buf_add_u64(&k->text, value);
}

void key_digest(KeyText *k, const char *field, const Digest *digest) {
        key_bytes(k, field, digest->bytes, sizeof digest->bytes);
}

void key_list(KeyText *k, const char *field, const char *const *list) {
        size_t count = 0;
        while (list && list[count]) count++;
        key_number(k, field, count);
        for (size_t i = 0; i < count; i++) key_text(k, "item", list[i]);
}

void key_finish(KeyText *k, Digest *ret_key) {
        sha256_of(k->text.p, k->text.n, ret_key);
        buf_done(&k->text);
}

void key_finish_keep(KeyText *k, Digest *ret_key, Buf *ret_text) {
        sha256_of(k->text.p, k->text.n, ret_key);
        if (ret_text) {
                buf_done(ret_text);
                *ret_text = k->text;
                k->text = (Buf){0};
        } else {
                buf_done(&k->text);
        }
}

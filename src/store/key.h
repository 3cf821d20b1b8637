/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

#include "base/buf.h"
#include "codec/sha256.h"

/* Cache keys: a canonical text of named fields, hashed. Field order is the order of the calls; every field carries its
 * length, so no two descriptions have the same bytes. Nothing that differs between hosts may go in: no inode, no mtime, no
 * path of the host. KEY_FORMAT changes whenever the meaning of a field does. One thread. */
enum { KEY_FORMAT = 1 };

typedef struct KeyText {
        Buf text;
} KeyText;

void key_begin(KeyText *k, const char *kind);
void key_text(KeyText *k, const char *field, const char *value); /* NULL and "" differ */
void key_bytes(KeyText *k, const char *field, const void *data, size_t size);
void key_number(KeyText *k, const char *field, uint64_t value);
void key_digest(KeyText *k, const char *field, const Digest *digest);
void key_list(KeyText *k, const char *field, const char *const *list); /* NULL-terminated; NULL = empty */
void key_finish(KeyText *k, Digest *ret_key);                          /* releases the text */
/* The same, but the text goes to *ret_text (which is released first); NULL: released. */
void key_finish_keep(KeyText *k, Digest *ret_key, Buf *ret_text);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"

/* JSON: writing by hand as Go's encoding/json writes it, because digests depend on the bytes; reading with jansson.
 * Any thread. */

/* Append s in quotes. Bytes that are no UTF-8 become \ufffd, U+2028 and U+2029 are escaped; with HTML escaping also
 * < > & (json.Marshal does it, an Encoder with SetEscapeHTML(false) does not). */
void json_add_string(Buf *b, Str s);
void json_add_string_plain(Buf *b, Str s);    /* without HTML escaping */
void json_add_text(Buf *b, const char *text); /* json_add_string() of a C string; NULL gives "" */

/* Where the first byte stands that is no part of UTF-8 (RFC 3629); s.n when there is none. */
size_t json_find_no_utf8(Str s);

/* Append "key": and, unless the last byte so far opens an object or list, a comma before it. */
void json_add_key(Buf *b, const char *key);

/* Append a list of strings: ["a","b"]. */
void json_add_list(Buf *b, const StrVec *list);

/* Parse a whole document of at most max_size bytes. what names it in errors: "manifest". Owned, json_decref() or
 * json_auto_t. ERR_LIMIT, ERR_FORMAT (with line and column). */
int json_document_parse(Str text, size_t max_size, const char *what, json_t **ret_root, Err **e);

/* Members of an object. Absent and null are the same: *ret_x stays as it is and 0 is returned. ERR_FORMAT names the
 * key when the type is another one. */
int json_get_text(const json_t *object, const char *key, char **ret_text, Err **e); /* owned; frees what was there */
int json_get_bool(const json_t *object, const char *key, bool *ret_value, Err **e);
int json_get_i64(const json_t *object, const char *key, int64_t *ret_value, Err **e);
int json_get_strings(const json_t *object, const char *key, StrVec *ret_list, Err **e); /* appends */

/* The member if it is an object (a list); *ret_member borrowed, NULL when absent or null. */
int json_get_object(const json_t *object, const char *key, json_t **ret_member, Err **e);
int json_get_array(const json_t *object, const char *key, json_t **ret_member, Err **e);

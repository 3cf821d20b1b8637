/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/json.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/cleanup.h"

/* ---- writing ---- */

/* Length of the UTF-8 sequence at p, 0 when it is none: over-long forms, surrogates and what lies above U+10FFFF are
 * none. */
static size_t utf8_length(const uint8_t *p, size_t n, uint32_t *ret_rune) {
        static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
        size_t length = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
        if (p[0] < 0xc2 || p[0] > 0xf4 || length > n) return 0;
        uint32_t rune = p[0] & (0xffu >> (length + 1));
        for (size_t i = 1; i < length; i++) {
                if ((p[i] & 0xc0) != 0x80) return 0;
                rune = rune << 6 | (p[i] & 0x3fu);
        }
        if (rune < smallest[length] || rune > 0x10ffff || (rune >= 0xd800 && rune <= 0xdfff)) return 0;
        *ret_rune = rune;
        return length;
}

size_t json_find_no_utf8(Str s) {
        const uint8_t *p = (const uint8_t *)s.p;
        uint32_t rune;
        for (size_t i = 0; i < s.n;) {
                size_t length = p[i] < 0x80 ? 1 : utf8_length(p + i, s.n - i, &rune);
                if (length == 0) return i;
                i += length;
        }
        return s.n;
}

static void add_escaped_ascii(Buf *b, char c) {
        static const char short_forms[] = "\bb\ff\nn\rr\tt\"\"\\\\";
        for (const char *p = short_forms; *p; p += 2) {
                if (*p != c) continue;
                buf_addc(b, '\\');
                buf_addc(b, p[1]);
                return;
        }
        buf_addf(b, "\\u%04x", (unsigned)(unsigned char)c);
}

static bool ascii_is_plain(uint8_t c, bool html) {
        if (c < 0x20 || c == '"' || c == '\\') return false;
        return !html || (c != '<' && c != '>' && c != '&');
}

static void add_string(Buf *b, Str s, bool html) {
        const uint8_t *p = (const uint8_t *)s.p;
        size_t from = 0, i = 0;
        buf_addc(b, '"');
        while (i < s.n) {
                uint32_t rune = 0;
                size_t length = p[i] < 0x80 ? 1 : utf8_length(p + i, s.n - i, &rune);
                bool plain = p[i] < 0x80 ? ascii_is_plain(p[i], html) : length > 0 && rune != 0x2028 && rune != 0x2029;
                if (plain) {
                        i += length;
                        continue;
                }
                buf_add(b, s.p + from, i - from);
                if (p[i] < 0x80) {
                        add_escaped_ascii(b, s.p[i]);
                } else {
                        buf_adds(b, length == 0 ? "\\ufffd" : rune == 0x2028 ? "\\u2028" : "\\u2029");
                }
                i += length ? length : 1;
                from = i;
        }
        buf_add(b, s.p + from, s.n - from);
        buf_addc(b, '"');
}

void json_add_string(Buf *b, Str s) {
        add_string(b, s, true);
}

void json_add_string_plain(Buf *b, Str s) {
        add_string(b, s, false);
}

void json_add_text(Buf *b, const char *text) {
        add_string(b, str_of(text), true);
}

void json_add_key(Buf *b, const char *key) {
        if (b->n > 0 && b->p[b->n - 1] != '{' && b->p[b->n - 1] != '[') buf_addc(b, ',');
        json_add_text(b, key);
        buf_addc(b, ':');
}

void json_add_list(Buf *b, const StrVec *list) {
        buf_addc(b, '[');
        for (size_t i = 0; i < list->n; i++) {
                if (i > 0) buf_addc(b, ',');
                json_add_text(b, list->v[i]);
        }
        buf_addc(b, ']');
}

/* ---- reading ---- */

int json_document_parse(Str text, size_t max_size, const char *what, json_t **ret_root, Err **e) {
        if (text.n > max_size) {
                return err_new(e, ERR_LIMIT, "%s of %zu bytes is larger than %zu", what, text.n, max_size);
        }
        json_error_t error;
        json_t *root = json_loadb(text.p ? text.p : "", text.n, 0, &error);
        if (!root) {
                return err_new(e, ERR_FORMAT, "%s is not JSON: line %d, column %d: %s", what, error.line, error.column,
                               error.text);
        }
        *ret_root = root;
        return 0;
}

/* NULL for null, so that both mean "not there". */
static json_t *member(const json_t *object, const char *key) {
        json_t *value = json_object_get(object, key);
        return json_is_null(value) ? NULL : value;
}

static int wrong_type(const char *key, const char *expected, Err **e) {
        return err_new(e, ERR_FORMAT, "'%s' is not %s", key, expected);
}

int json_get_text(const json_t *object, const char *key, char **ret_text, Err **e) {
        json_t *value = member(object, key);
        if (!value) return 0;
        if (!json_is_string(value)) return wrong_type(key, "a string", e);
        free(*ret_text);
        *ret_text = xstrdup(json_string_value(value));
        return 0;
}

int json_get_bool(const json_t *object, const char *key, bool *ret_value, Err **e) {
        json_t *value = member(object, key);
        if (!value) return 0;
        if (!json_is_boolean(value)) return wrong_type(key, "true or false", e);
        *ret_value = json_is_true(value);
        return 0;
}

int json_get_i64(const json_t *object, const char *key, int64_t *ret_value, Err **e) {
        json_t *value = member(object, key);
        if (!value) return 0;
        if (!json_is_integer(value)) return wrong_type(key, "a whole number", e);
        *ret_value = json_integer_value(value);
        return 0;
}

int json_get_strings(const json_t *object, const char *key, StrVec *ret_list, Err **e) {
        json_t *list = NULL, *item;
        size_t i;
        if (json_get_array(object, key, &list, e) < 0) return -1;
        json_array_foreach(list, i, item) {
                if (!json_is_string(item)) return wrong_type(key, "a list of strings", e);
        }
        json_array_foreach(list, i, item) strvec_push(ret_list, json_string_value(item));
        return 0;
}

int json_get_object(const json_t *object, const char *key, json_t **ret_member, Err **e) {
        json_t *value = member(object, key);
        if (value && !json_is_object(value)) return wrong_type(key, "an object", e);
        *ret_member = value;
        return 0;
}

int json_get_array(const json_t *object, const char *key, json_t **ret_member, Err **e) {
        json_t *value = member(object, key);
        if (value && !json_is_array(value)) return wrong_type(key, "a list", e);
        *ret_member = value;
        return 0;
}

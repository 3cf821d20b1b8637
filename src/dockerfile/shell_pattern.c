/* SPDX-License-Identifier: Apache-2.0 */
#include "dockerfile/shell_pattern.h"

#include <stdint.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "dockerfile/text.h"

/* Both sides become arrays of characters; wildcards are values beyond all characters. */
enum { PATTERN_ANY = 0x200000, PATTERN_STAR = 0x200001 };

typedef struct Chars {
        uint32_t *v;
        size_t *offset; /* of character i in the bytes; n + 1 entries; NULL for patterns */
        size_t n;
} Chars;

static void chars_done(Chars *c) {
        free(c->v);
        free(c->offset);
}

static Chars chars_of(Str text) {
        Chars c = {xreallocarray(NULL, text.n + 1, sizeof(uint32_t)), xreallocarray(NULL, text.n + 1, sizeof(size_t)),
                   0};
        size_t at = 0, size;
        for (; at < text.n; at += size) {
                c.v[c.n] = text_char(str_sub(text, at, text.n), &size);
                c.offset[c.n++] = at;
        }
        c.offset[c.n] = at;
        return c;
}

static Chars pattern_of(Str text) {
        Chars c = {xreallocarray(NULL, text.n + 1, sizeof(uint32_t)), NULL, 0};
        for (size_t at = 0, size; at < text.n; at += size) {
                bool escaped = text.p[at] == '\\' && at + 1 < text.n;
                if (escaped) at++;
                uint32_t ch = text_char(str_sub(text, at, text.n), &size);
                if (!escaped && ch == '*') ch = PATTERN_STAR;
                if (!escaped && ch == '?') ch = PATTERN_ANY;
                c.v[c.n++] = ch;
        }
        return c;
}

static void reverse(uint32_t *v, size_t n) {
        for (size_t i = 0; i < n / 2; i++) {
                uint32_t other = v[n - 1 - i];
                v[n - 1 - i] = v[i];
                v[i] = other;
        }
}

static bool piece_at(const Chars *value, size_t at, const uint32_t *piece, size_t n) {
        if (n > value->n - at) return false;
        for (size_t i = 0; i < n; i++) {
                if (piece[i] != PATTERN_ANY && piece[i] != value->v[at + i]) return false;
        }
        return true;
}

static size_t piece_size(const Chars *pattern, size_t from) {
        size_t n = 0;
        while (from + n < pattern->n && pattern->v[from + n] != PATTERN_STAR) n++;
        return n;
}

static bool find_piece(const Chars *value, size_t *at, const uint32_t *piece, size_t n) {
        for (size_t i = *at; i + n <= value->n; i++) {
                if (!piece_at(value, i, piece, n)) continue;
                *at = i;
                return true;
        }
        return false;
}

/* Where the last piece ends when it stands as far to the right as it can, but not before from. */
static size_t last_piece_end(const Chars *value, size_t from, const uint32_t *piece, size_t n) {
        size_t at = value->n - n;
        while (at > from && !piece_at(value, at, piece, n)) at--;
        return at + n;
}

/* The end of the match that begins at start. The pieces between stars are put as far to the left as they go: if that
 * fails, nothing matches; if it works, it leaves the most room for the last one.
 * *ret_hopeless: no later start matches. */
static bool match_end(const Chars *value, size_t start, const Chars *pattern, bool longest, size_t *ret_end,
                      bool *ret_hopeless) {
        size_t n = piece_size(pattern, 0), at = start;
        *ret_hopeless = false;
        if (!piece_at(value, at, pattern->v, n)) return false;
        at += n;
        for (size_t i = n; i < pattern->n;) { /* pattern->v[i] is a star */
                const uint32_t *piece = pattern->v + i + 1;
                n = piece_size(pattern, i + 1);
                i += n + 1;
                if (!find_piece(value, &at, piece, n)) {
                        *ret_hopeless = true;
                        return false;
                }
                at = i == pattern->n && longest ? last_piece_end(value, at, piece, n) : at + n;
        }
        *ret_end = at;
        return true;
}

Str shell_pattern_strip(Str text, Str pattern_text, bool suffix, bool longest) {
        AUTO(chars_done) Chars value = chars_of(text);
        AUTO(chars_done) Chars pattern = pattern_of(pattern_text);
        size_t end;
        bool hopeless;
        if (suffix) {
                reverse(value.v, value.n);
                reverse(pattern.v, pattern.n);
        }
        if (!match_end(&value, 0, &pattern, longest, &end, &hopeless)) return text;
        if (suffix) return str_sub(text, 0, value.offset[value.n - end]);
        return str_sub(text, value.offset[end], text.n);
}

static bool find_match(const Chars *value, const Chars *pattern, size_t from, size_t *ret_start, size_t *ret_end) {
        bool hopeless = false;
        for (size_t i = from; i <= value->n && !hopeless; i++) {
                if (!match_end(value, i, pattern, true, ret_end, &hopeless)) continue;
                *ret_start = i;
                return true;
        }
        return false;
}

static bool add_limited(Buf *out, Str text, size_t size_max) {
        if (out->n + text.n > size_max) return false;
        buf_add_str(out, text);
        return true;
}

int shell_pattern_replace(const ShellReplace *what, size_t size_max, Buf *out) {
        AUTO(chars_done) Chars value = chars_of(what->value);
        AUTO(chars_done) Chars pattern = pattern_of(what->pattern);
        size_t done = 0, start, end;
        for (size_t from = 0; from <= value.n && find_match(&value, &pattern, from, &start, &end);) {
                Str before = str_sub(what->value, value.offset[done], value.offset[start] - value.offset[done]);
                if (!add_limited(out, before, size_max)) return -1;
                /* An empty match right behind another one is no match. */
                bool counts = end > done || start == 0;
                if (counts && !add_limited(out, what->replacement, size_max)) return -1;
                done = end;
                from = end > start ? end : end + 1;
                if (!what->all) break;
        }
        Str rest = str_sub(what->value, value.offset[done], what->value.n);
        return add_limited(out, rest, size_max) ? 0 : -1;
}

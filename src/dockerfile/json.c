/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/num.h"
#include "base/vec.h"
#include "dockerfile/parser.h"

enum { JSON_DEPTH_MAX = 200 };

typedef struct Json {
        const char *p, *end;
        unsigned depth;
} Json;

static bool json_value(Json *j);

static void json_blank(Json *j) {
        while (j->p < j->end && (*j->p == ' ' || *j->p == '\t' || *j->p == '\n' || *j->p == '\r')) j->p++;
}

static bool json_take(Json *j, char c) {
        json_blank(j);
        if (j->p >= j->end || *j->p != c) return false;
        j->p++;
        return true;
}

static void add_utf8(Buf *out, uint32_t c) {
        char bytes[4];
        size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
        for (size_t i = n; i-- > 1; c >>= 6) bytes[i] = (char)(0x80 | (c & 0x3F));
        bytes[0] = (char)(lead[n] | c);
        buf_add(out, bytes, n);
}

static bool json_hex(Json *j, uint32_t *ret_value) {
        if (j->end - j->p < 4 || !u32_parse((Str){j->p, 4}, 16, ret_value)) return false;
        j->p += 4;
        return true;
}

/* Behind "\u". A surrogate without its partner becomes the replacement character. NUL fits no C string: not JSON. */
static bool json_unicode(Json *j, Buf *out) {
        uint32_t c, low;
        if (!json_hex(j, &c) || c == 0) return false;
        if (c >= 0xD800 && c < 0xDC00 && j->end - j->p >= 6 && j->p[0] == '\\' && j->p[1] == 'u') {
                Json ahead = {.p = j->p + 2, .end = j->end};
                if (!json_hex(&ahead, &low)) return false;
                if (low >= 0xDC00 && low < 0xE000) {
                        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
                        j->p = ahead.p;
                }
        }
        add_utf8(out, c >= 0xD800 && c < 0xE000 ? 0xFFFD : c);
        return true;
}

static bool json_escape(Json *j, Buf *out) {
        static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
        if (j->p >= j->end) return false;
        char c = *j->p++;
        if (c == 'u') return json_unicode(j, out);
        const char *at = c ? strchr(from, c) : NULL;
        if (!at) return false;
        buf_addc(out, to[at - from]);
        return true;
}

/* A string, its quote not yet taken. */
static bool json_string(Json *j, Buf *out) {
        if (!json_take(j, '"')) return false;
        while (j->p < j->end) {
                unsigned char c = (unsigned char)*j->p++;
                if (c == '"') return true;
                if (c < ' ') return false;
                if (c == '\\') {
                        if (!json_escape(j, out)) return false;
                } else {
                        buf_addc(out, (char)c);
                }
        }
        return false;
}

static bool json_skip_string(Json *j) {
        Buf text = {0};
        bool good = json_string(j, &text);
        buf_done(&text);
        return good;
}

static bool json_digits(Json *j) {
        const char *start = j->p;
        while (j->p < j->end && *j->p >= '0' && *j->p <= '9') j->p++;
        return j->p > start;
}

static bool json_number(Json *j) {
        if (j->p < j->end && *j->p == '-') j->p++;
        bool zero = j->p < j->end && *j->p == '0';
        const char *start = j->p;
        if (!json_digits(j) || (zero && j->p - start > 1)) return false;
        if (j->p < j->end && *j->p == '.') {
                j->p++;
                if (!json_digits(j)) return false;
        }
        if (j->p < j->end && (*j->p == 'e' || *j->p == 'E')) {
                j->p++;
                if (j->p < j->end && (*j->p == '+' || *j->p == '-')) j->p++;
                if (!json_digits(j)) return false;
        }
        return true;
}

static bool json_members(Json *j, char close) {
        if (json_take(j, close)) return true;
        do {
                if (close == '}' && (!json_skip_string(j) || !json_take(j, ':'))) return false;
                if (!json_value(j)) return false;
        } while (json_take(j, ','));
        return json_take(j, close);
}

static bool json_literal(Json *j) {
        static const Str literals[] = {{"true", 4}, {"false", 5}, {"null", 4}};
        for (size_t i = 0; i < ARRAY_SIZE(literals); i++) {
                if (!str_starts((Str){j->p, (size_t)(j->end - j->p)}, literals[i])) continue;
                j->p += literals[i].n;
                return true;
        }
        return false;
}

static bool json_value(Json *j) {
        bool good;
        json_blank(j);
        if (j->p >= j->end || j->depth >= JSON_DEPTH_MAX) return false;
        j->depth++;
        switch (*j->p) {
        case '"': good = json_skip_string(j); break;
        case '[': j->p++, good = json_members(j, ']'); break;
        case '{': j->p++, good = json_members(j, '}'); break;
        case 't':
        case 'f':
        case 'n': good = json_literal(j); break;
        default: good = json_number(j); break;
        }
        j->depth--;
        return good;
}

typedef VEC(const char *) Words;

static bool json_elements(Json *j, Arena *a, Words *words, bool *ret_strings) {
        Buf text = {0};
        bool good = json_take(j, '[');
        if (good && json_take(j, ']')) return true;
        while (good) {
                json_blank(j);
                if (j->p < j->end && *j->p == '"') {
                        buf_clear(&text);
                        good = json_string(j, &text);
                        if (good) vec_push(words, arena_str(a, buf_str(&text)));
                } else {
                        *ret_strings = false;
                        good = json_value(j);
                }
                if (!good || !json_take(j, ',')) break;
        }
        buf_done(&text);
        return good && json_take(j, ']');
}

int json_words(Arena *a, Str text, const char *const **ret_words, size_t *ret_count) {
        Json j = {.p = text.p, .end = text.p + text.n, .depth = 1};
        Words words = {0};
        bool strings = true;
        if (text.n == 0 || text.p[0] != '[') return JSON_NONE;
        bool good = json_elements(&j, a, &words, &strings);
        json_blank(&j);
        if (good && j.p == j.end && strings) {
                const char **copy = arena_array(a, words.n + 1, sizeof *copy);
                if (words.n) memcpy(copy, words.v, words.n * sizeof *copy);
                *ret_words = copy;
                *ret_count = words.n;
        }
        vec_done(&words);
        if (!good || j.p != j.end) return JSON_NONE;
        return strings ? JSON_WORDS : -1;
}

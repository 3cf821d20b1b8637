/* SPDX-License-Identifier: Apache-2.0 */
#include "dockerfile/text.h"

#include <ctype.h>

#include "base/cleanup.h"

static bool continues(Str s, size_t from, size_t count) {
        if (s.n < from + count) return false;
        for (size_t i = from; i < from + count; i++) {
                if (((unsigned char)s.p[i] & 0xC0) != 0x80) return false;
        }
        return true;
}

static uint32_t tail_bits(Str s, size_t at) {
        return (unsigned char)s.p[at] & 0x3FU;
}

uint32_t text_char(Str s, size_t *ret_size) {
        unsigned char first = (unsigned char)s.p[0];
        *ret_size = 1;
        if (first < 0x80) return first;
        uint32_t c = TEXT_INVALID;
        size_t size = 1;
        if (first >= 0xC2 && first < 0xE0 && continues(s, 1, 1)) {
                c = (first & 0x1FU) << 6 | tail_bits(s, 1);
                size = 2;
        } else if (first >= 0xE0 && first < 0xF0 && continues(s, 1, 2)) {
                c = (first & 0x0FU) << 12 | tail_bits(s, 1) << 6 | tail_bits(s, 2);
                size = 3;
                if (c < 0x800 || (c >= 0xD800 && c < 0xE000)) c = TEXT_INVALID;
        } else if (first >= 0xF0 && first < 0xF5 && continues(s, 1, 3)) {
                c = (first & 0x07U) << 18 | tail_bits(s, 1) << 12 | tail_bits(s, 2) << 6 | tail_bits(s, 3);
                size = 4;
                if (c < 0x10000 || c > 0x10FFFF) c = TEXT_INVALID;
        }
        if (c == TEXT_INVALID) return TEXT_INVALID + first;
        *ret_size = size;
        return c;
}

static bool is_space_char(uint32_t c) {
        return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 ||
               c == 0x202F || c == 0x205F || c == 0x3000;
}

size_t text_space(Str s) {
        if (s.n == 0) return 0;
        unsigned char first = (unsigned char)s.p[0];
        if (first < 0x80) return first == ' ' || (first >= '\t' && first <= '\r') ? 1 : 0;
        size_t size;
        return is_space_char(text_char(s, &size)) ? size : 0;
}

Str text_trim_left(Str s) {
        for (size_t size; (size = text_space(s)) > 0;) s = (Str){s.p + size, s.n - size};
        return s;
}

Str text_trim(Str s) {
        s = text_trim_left(s);
        while (s.n > 0) {
                size_t size = 1; /* a white space character has at most three bytes */
                while (size < 3 && size < s.n && ((unsigned char)s.p[s.n - size] & 0xC0) == 0x80) size++;
                if (text_space(str_sub(s, s.n - size, size)) != size) break;
                s.n -= size;
        }
        return s;
}

bool text_word(Str *s, Str *ret_word) {
        while (s->n > 0 && text_is_blank(s->p[0])) *s = (Str){s->p + 1, s->n - 1};
        if (s->n == 0) return false;
        size_t n = 0;
        while (n < s->n && !text_is_blank(s->p[n])) n++;
        *ret_word = (Str){s->p, n};
        *s = (Str){s->p + n, s->n - n};
        return true;
}

/* Beyond ASCII this knows the blocks of punctuation and symbols that people paste into files, not all of Unicode. */
static bool is_letter(uint32_t c) {
        if (c < 0x80) return isalpha((int)c) || c == '_';
        if (c < 0xC0) return c == 0xAA || c == 0xB5 || c == 0xBA;
        if (c == 0xD7 || c == 0xF7 || c >= TEXT_INVALID) return false;
        if (c >= 0x2000 && c < 0x2C00) return false;
        if (c >= 0x3000 && c < 0x3040) return c == 0x3005 || c == 0x3006;
        return c < 0xE000 || (c >= 0xF900 && c < 0xFE00) || (c >= 0x10000 && c < 0x1F000) || c >= 0x20000;
}

static bool is_digit(char c) {
        return c >= '0' && c <= '9';
}

size_t text_name(Str s) {
        size_t n = 0;
        if (s.n == 0) return 0;
        if (is_digit(s.p[0])) {
                while (n < s.n && is_digit(s.p[n])) n++;
                return n;
        }
        if (strchr("@*#?-$!", s.p[0]) && s.p[0]) return 1;
        while (n < s.n) {
                size_t size;
                uint32_t c = text_char(str_sub(s, n, s.n), &size);
                if (!is_letter(c) && !is_digit(s.p[n])) break;
                n += size;
        }
        return n;
}

static bool is_swapped(Str a, Str b) {
        size_t i = 0;
        if (a.n != b.n) return false;
        while (i < a.n && tolower((unsigned char)a.p[i]) == tolower((unsigned char)b.p[i])) i++;
        return i + 1 < a.n && tolower((unsigned char)a.p[i]) == tolower((unsigned char)b.p[i + 1]) &&
               tolower((unsigned char)a.p[i + 1]) == tolower((unsigned char)b.p[i]) &&
               str_eq_nocase(str_sub(a, i + 2, a.n), str_sub(b, i + 2, b.n));
}

const char *text_suggest(Str name, const char *const *names, size_t count) {
        for (size_t i = 0; i < count; i++) {
                if (is_swapped(name, str_of(names[i]))) return names[i];
        }
        AUTO(freep) char *text = str_dup(name);
        return nearest_name(text, names, count);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/vec.h"

enum { COLUMN_MIN = 10, COLUMN_GAP = 3, TAB_WIDTH = 8 };

/* The next character: its bytes (at least 1) and code point; 0xfffd for bytes that are no UTF-8. */
static size_t take_character(Str s, uint32_t *ret_code) {
        unsigned char c = (unsigned char)s.p[0];
        size_t n = c < 0x80 ? 1 : c >= 0xc2 && c < 0xe0 ? 2 : c >= 0xe0 && c < 0xf0 ? 3 : c >= 0xf0 && c < 0xf5 ? 4 : 0;
        *ret_code = 0xfffd;
        if (n == 0 || n > s.n) return 1;
        uint32_t code = n == 1 ? c : c & (0x7fu >> n);
        for (size_t i = 1; i < n; i++) {
                if (((unsigned char)s.p[i] & 0xc0) != 0x80) return 1;
                code = code << 6 | ((unsigned char)s.p[i] & 0x3f);
        }
        *ret_code = code;
        return n;
}

/* Blocks of the Unicode tables that are not one column wide. */
static const struct {
        uint32_t first, last;
        size_t columns;
} widths[] = {
        {0x0300, 0x036f, 0}, {0x1100, 0x115f, 2}, {0x200b, 0x200f, 0},   {0x2e80, 0xa4cf, 2},
        {0xac00, 0xd7a3, 2}, {0xf900, 0xfaff, 2}, {0xfe00, 0xfe0f, 0},   {0xfe30, 0xfe6f, 2},
        {0xff00, 0xff60, 2}, {0xffe0, 0xffe6, 2}, {0x1f300, 0x1faff, 2}, {0x20000, 0x3fffd, 2},
};

static size_t character_columns(uint32_t code) {
        for (size_t i = 0; i < ARRAY_SIZE(widths) && code >= widths[i].first; i++) {
                if (code <= widths[i].last) return widths[i].columns;
        }
        return 1;
}

size_t text_columns(Str text) {
        size_t columns = 0;
        uint32_t code;
        while (text.n > 0) {
                text = str_sub(text, take_character(text, &code), text.n);
                columns += character_columns(code);
        }
        return columns;
}

size_t text_add_clipped(Buf *out, Str text, size_t columns) {
        size_t used = 0;
        uint32_t code;
        while (text.n > 0) {
                size_t n = take_character(text, &code);
                if (used + character_columns(code) > columns) break;
                used += character_columns(code);
                buf_add(out, text.p, n);
                text = str_sub(text, n, text.n);
        }
        return used;
}

/* Bytes of the escape sequence that text begins with. */
static size_t escape_size(Str text) {
        if (text.n < 2) return text.n;
        size_t i = 2;
        if (text.p[1] == '[') { /* CSI: parameters, then one final byte */
                while (i < text.n && (unsigned char)text.p[i] < 0x40) i++;
                return i < text.n ? i + 1 : text.n;
        }
        if (text.p[1] == ']') { /* OSC: up to BEL or ESC \ */
                while (i < text.n && text.p[i] != '\a' && text.p[i] != '\033') i++;
                if (i < text.n && text.p[i] == '\033') i++;
                return i < text.n ? i + 1 : text.n;
        }
        return 2;
}

void text_add_plain(Buf *out, Str line) {
        while (line.n > 0 && (line.p[line.n - 1] == '\r' || line.p[line.n - 1] == '\n')) line.n--;
        const char *overwritten = line.n ? memrchr(line.p, '\r', line.n) : NULL;
        if (overwritten) line = str_sub(line, (size_t)(overwritten + 1 - line.p), line.n);
        size_t start = out->n;
        while (line.n > 0) {
                uint32_t code;
                size_t n = take_character(line, &code);
                if (code == 0x1b) {
                        n = escape_size(line);
                } else if (code == '\t') {
                        do buf_addc(out, ' ');
                        while ((out->n - start) % TAB_WIDTH);
                } else if (code == 0xfffd && n == 1) {
                        buf_addc(out, '?');
                } else if (code >= 0x20 && code != 0x7f && !(code >= 0x80 && code < 0xa0)) {
                        buf_add(out, line.p, n);
                }
                line = str_sub(line, n, line.n);
        }
}

void text_add_safe(Buf *out, Str text) {
        while (text.n > 0) {
                uint32_t code;
                size_t n = take_character(text, &code);
                bool control = (code < 0x20 && code != '\n' && code != '\t') || (code >= 0x7f && code < 0xa0);
                if (control) {
                        buf_addc(out, '?');
                } else {
                        buf_add(out, text.p, n);
                }
                text = str_sub(text, n, text.n);
        }
}

enum { TABLE_COLUMNS_MAX = 64 };

static void measure(Str text, size_t *widest) {
        Str line, cell;
        bool more_lines, more;
        do {
                more_lines = str_cut(&text, '\n', &line);
                size_t i = 0;
                do { /* the last cell of a line does not widen its column */
                        more = str_cut(&line, '\t', &cell);
                        size_t columns = text_columns(cell) + COLUMN_GAP;
                        if (more && i < TABLE_COLUMNS_MAX && columns > widest[i]) widest[i] = columns;
                        i++;
                } while (more);
        } while (more_lines);
}

static void add_table(Buf *out, Str text) {
        size_t widest[TABLE_COLUMNS_MAX];
        for (size_t i = 0; i < TABLE_COLUMNS_MAX; i++) widest[i] = COLUMN_MIN;
        measure(text, widest);
        Str line, cell;
        while (text.n > 0) {
                if (!str_cut(&text, '\n', &line)) text.n = 0;
                bool more;
                size_t i = 0;
                do {
                        more = str_cut(&line, '\t', &cell);
                        buf_add_str(out, cell);
                        size_t width = i < TABLE_COLUMNS_MAX ? widest[i] : COLUMN_MIN;
                        for (size_t n = text_columns(cell); more && n < width; n++) buf_addc(out, ' ');
                        i++;
                } while (more);
                buf_addc(out, '\n');
        }
}

void text_add_table(Buf *out, Str text) {
        Buf safe = {0};
        text_add_safe(&safe, text);
        add_table(out, buf_str(&safe));
        buf_done(&safe);
}

void text_add_base64(Buf *out, const void *data, size_t size) {
        static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        const unsigned char *p = data;
        buf_reserve(out, size / 3 * 4 + 5);
        for (size_t i = 0; i < size; i += 3) {
                size_t n = size - i > 2 ? 3 : size - i;
                unsigned bits = (unsigned)p[i] << 16 | (n > 1 ? (unsigned)p[i + 1] << 8 : 0) | (n > 2 ? p[i + 2] : 0);
                char quad[4] = {digits[bits >> 18], digits[bits >> 12 & 63], n > 1 ? digits[bits >> 6 & 63] : '=',
                                n > 2 ? digits[bits & 63] : '='};
                buf_add(out, quad, sizeof quad);
        }
}

/* Characters of XML 1.0 in the shortest form of UTF-8. */
static bool is_xml(uint32_t code, size_t bytes) {
        static const uint32_t shortest[] = {0, 0, 0x80, 0x800, 0x10000};
        if (code < ' ') return code == '\t' || code == '\n' || code == '\r';
        return code >= shortest[bytes] && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) && code != 0xfffe &&
               code != 0xffff;
}

void text_add_xml(Buf *out, Str text) {
        static const struct {
                char c;
                const char *name;
        } escapes[] = {{'<', "&lt;"},    {'>', "&gt;"},   {'&', "&amp;"},
                       {'\'', "&apos;"}, {'"', "&quot;"}, {'\r', "&#13;"}};
        while (text.n > 0) {
                uint32_t code;
                size_t n = take_character(text, &code), i = 0;
                while (i < ARRAY_SIZE(escapes) && escapes[i].c != text.p[0]) i++;
                if (i < ARRAY_SIZE(escapes)) {
                        buf_adds(out, escapes[i].name);
                } else if (is_xml(code, n) && (n > 1 || code != 0xfffd)) {
                        buf_add(out, text.p, n);
                } else {
                        buf_adds(out, code < ' ' ? " " : "\xef\xbf\xbd");
                }
                text = str_sub(text, n, text.n);
        }
}

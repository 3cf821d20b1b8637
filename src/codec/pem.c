/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/pem.h"

#include <stdbool.h>
#include <stdint.h>

#define BEGIN "-----BEGIN "
#define END "-----END "
#define DASHES "-----"

typedef struct Reader {
        Str text;
        size_t offset;
        const char *where;
        Err **e;
} Reader;

/* Lines end in \n or \r\n; what is returned has neither, nor white space at its end. */
static bool next_line(Reader *r, Str *ret_line, size_t *ret_start) {
        if (r->offset >= r->text.n) return false;
        Str rest = str_sub(r->text, r->offset, r->text.n), line;
        *ret_start = r->offset;
        str_cut(&rest, '\n', &line);
        r->offset += line.n + (r->offset + line.n < r->text.n);
        while (line.n && (line.p[line.n - 1] == '\r' || line.p[line.n - 1] == ' ' || line.p[line.n - 1] == '\t'))
                line.n--;
        *ret_line = line;
        return true;
}

static size_t line_number(const Reader *r, size_t offset) {
        size_t line = 1;
        for (size_t i = 0; i < offset; i++) line += r->text.p[i] == '\n';
        return line;
}

static int damaged(const Reader *r, size_t offset, const char *what) {
        return err_new(r->e, ERR_FORMAT, "%s:%zu: %s", r->where, line_number(r, offset), what);
}

/* "-----BEGIN LABEL-----" -> LABEL */
static bool take_label(Str line, Str mark, Str *ret_label) {
        if (!str_starts(line, mark) || !str_ends(line, STR(DASHES)) || line.n < mark.n + sizeof DASHES - 1)
                return false;
        *ret_label = str_sub(line, mark.n, line.n - mark.n - (sizeof DASHES - 1));
        return true;
}

typedef struct Base64 {
        uint32_t bits;
        unsigned count; /* of letters in bits */
        unsigned padding;
} Base64;

static int letter_value(char c) {
        if (c >= 'A' && c <= 'Z') return c - 'A';
        if (c >= 'a' && c <= 'z') return c - 'a' + 26;
        if (c >= '0' && c <= '9') return c - '0' + 52;
        return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static bool add_letter(Base64 *b, char c, Buf *out) {
        int value = letter_value(c);
        if (c == '=') {
                b->padding++;
                return b->count + b->padding <= 4 && b->count >= 2;
        }
        if (value < 0 || b->padding) return false;
        b->bits = b->bits << 6 | (uint32_t)value;
        if (++b->count == 4) {
                const char bytes[] = {(char)(b->bits >> 16), (char)(b->bits >> 8), (char)b->bits};
                buf_add(out, bytes, sizeof bytes);
                *b = (Base64){0};
        }
        return true;
}

/* One or two bytes may be left over; the bits below them are zero. */
static bool finish(const Base64 *b, Buf *out) {
        if (b->count == 0) return true;
        if (b->count + b->padding != 4) return false;
        unsigned spare = b->count == 2 ? 4 : 2;
        if (b->bits & ((1U << spare) - 1)) return false;
        uint32_t bytes = b->bits >> spare;
        if (b->count == 3) buf_addc(out, (char)(bytes >> 8));
        buf_addc(out, (char)bytes);
        return true;
}

static int read_block(Reader *r, size_t begin, PemBlock *block, Buf *ret_data) {
        Base64 b = {0};
        Str line, label;
        size_t start;
        while (next_line(r, &line, &start)) {
                if (r->offset - begin > PEM_BLOCK_MAX)
                        return err_new(r->e, ERR_LIMIT, "%s:%zu: a block of more than %d bytes", r->where,
                                       line_number(r, begin), PEM_BLOCK_MAX);
                if (take_label(line, STR(END), &label)) {
                        if (!str_eq(label, block->label)) return damaged(r, start, "END with another label than BEGIN");
                        if (!finish(&b, ret_data)) return damaged(r, start, "the base64 text above is not whole");
                        block->text = (Str){r->text.p + begin, (size_t)(line.p + line.n - (r->text.p + begin))};
                        return 1;
                }
                if (line.n && memchr(line.p, ':', line.n)) continue; /* a header */
                for (size_t i = 0; i < line.n; i++)
                        if (line.p[i] != ' ' && line.p[i] != '\t' && !add_letter(&b, line.p[i], ret_data))
                                return damaged(r, start, "expected base64 text or an END line");
        }
        return damaged(r, begin, "BEGIN without END");
}

int pem_next(Str text, const char *where, size_t *offset, PemBlock *ret_block, Buf *ret_data, Err **e) {
        Reader r = {text, *offset, where, e};
        PemBlock block = {0};
        Str line;
        size_t start;
        buf_clear(ret_data);
        while (next_line(&r, &line, &start)) {
                if (!take_label(line, STR(BEGIN), &block.label)) continue;
                block.line = line_number(&r, start);
                if (read_block(&r, start, &block, ret_data) < 0) return -1;
                *ret_block = block;
                *offset = r.offset;
                return 1;
        }
        *offset = r.offset;
        return 0;
}

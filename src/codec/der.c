/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/der.h"

/* The length that begins at byte 1 of s; its own size in *ret_size. */
static bool read_length(Str s, size_t *ret_length, size_t *ret_size) {
        const uint8_t *p = (const uint8_t *)s.p;
        if (s.n < 2) return false;
        if (p[1] < 0x80) {
                *ret_length = p[1];
                *ret_size = 1;
                return true;
        }
        size_t bytes = p[1] & 0x7f, length = 0;
        if (bytes == 0 || bytes > 4 || s.n < 2 + bytes || p[2] == 0) return false;
        for (size_t i = 0; i < bytes; i++) length = length << 8 | p[2 + i];
        if (length < 0x80) return false;
        *ret_length = length;
        *ret_size = 1 + bytes;
        return true;
}

bool der_next(Str *rest, Der *ret_element) {
        size_t length, size;
        if (!read_length(*rest, &length, &size) || length > rest->n - 1 - size) return false;
        if ((rest->p[0] & 0x1f) == 0x1f) return false; /* a tag of several bytes */
        *ret_element = (Der){
                .tag = (uint8_t)rest->p[0],
                .whole = {rest->p, 1 + size + length},
                .content = {rest->p + 1 + size, length},
        };
        rest->p += ret_element->whole.n;
        rest->n -= ret_element->whole.n;
        return true;
}

bool der_take(Str *rest, uint8_t tag, Der *ret_element) {
        Str after = *rest;
        Der element;
        if (!der_next(&after, &element) || element.tag != tag) return false;
        *rest = after;
        *ret_element = element;
        return true;
}

void der_add(Buf *out, uint8_t tag, Str content) {
        unsigned bytes = 1;
        buf_addc(out, (char)tag);
        if (content.n >= 0x80) {
                while (bytes < 4 && content.n >> (8 * bytes)) bytes++;
                buf_addc(out, (char)(0x80 | bytes));
        }
        while (bytes--) buf_addc(out, (char)(content.n >> (8 * bytes)));
        buf_add_str(out, content);
}

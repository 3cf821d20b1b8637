/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

void buf_reserve(Buf *b, size_t more) {
        size_t need = b->n + more + 1;
        if (need <= b->capacity) return;
        size_t capacity = b->capacity ? b->capacity : 64;
        while (capacity < need) capacity *= 2;
        b->p = xrealloc(b->p, capacity);
        b->capacity = capacity;
}

void buf_add(Buf *b, const void *data, size_t size) {
        buf_reserve(b, size);
        if (size) memcpy(b->p + b->n, data, size);
        b->n += size;
        b->p[b->n] = '\0';
}

void buf_add_str(Buf *b, Str s) {
        buf_add(b, s.p, s.n);
}

void buf_adds(Buf *b, const char *text) {
        buf_add(b, text, strlen(text));
}

void buf_addc(Buf *b, char c) {
        buf_add(b, &c, 1);
}

void buf_addvf(Buf *b, const char *format, va_list ap) {
        char *text = xvasprintf(format, ap);
        buf_adds(b, text);
        free(text);
}

void buf_addf(Buf *b, const char *format, ...) {
        va_list ap;
        va_start(ap, format);
        buf_addvf(b, format, ap);
        va_end(ap);
}

void buf_add_u32(Buf *b, uint32_t v) {
        unsigned char bytes[4];
        for (int i = 0; i < 4; i++) bytes[i] = (unsigned char)(v >> (8 * i));
        buf_add(b, bytes, sizeof bytes);
}

void buf_add_u64(Buf *b, uint64_t v) {
        buf_add_u32(b, (uint32_t)v);
        buf_add_u32(b, (uint32_t)(v >> 32));
}

void buf_clear(Buf *b) {
        b->n = 0;
        if (b->p) b->p[0] = '\0';
}

void buf_done(Buf *b) {
        free(b->p);
        *b = (Buf){0};
}

char *buf_take(Buf *b) {
        buf_reserve(b, 0);
        b->p[b->n] = '\0';
        char *p = b->p;
        *b = (Buf){0};
        return p;
}

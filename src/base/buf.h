/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdarg.h>
#include <stdint.h>

#include "base/str.h"

/* A growing byte buffer. p is always NUL-terminated once something was added (the NUL is not counted).
 * Start with {0}; release with buf_done(). Growth is not limited here: who fills it from outside input checks
 * a named limit first. One thread. */
typedef struct Buf {
        char *p;
        size_t n;
        size_t capacity;
} Buf;

void buf_add(Buf *b, const void *data, size_t size);
void buf_add_str(Buf *b, Str s);
void buf_adds(Buf *b, const char *text);
void buf_addc(Buf *b, char c);
void buf_addf(Buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_addvf(Buf *b, const char *format, va_list ap) __attribute__((format(printf, 2, 0)));
void buf_add_u32(Buf *b, uint32_t v); /* little endian */
void buf_add_u64(Buf *b, uint64_t v);
void buf_reserve(Buf *b, size_t more);
void buf_clear(Buf *b); /* keeps the memory */
void buf_done(Buf *b);
char *buf_take(Buf *b); /* owned, never NULL; the buffer is empty afterwards */
static inline Str buf_str(const Buf *b) {
        return (Str){b->p, b->n};
}

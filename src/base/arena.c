/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

enum { ARENA_BLOCK_SIZE = 16 * 1024 };

typedef struct ArenaBlock {
        struct ArenaBlock *next;
        size_t used;
        size_t size;
        max_align_t data[];
} ArenaBlock;

struct Arena {
        ArenaBlock *blocks;
        size_t used;
};

Arena *arena_new(void) {
        return xcalloc(1, sizeof(Arena));
}

void arena_free(Arena *a) {
        if (!a) return;
        for (ArenaBlock *block = a->blocks, *next; block; block = next) {
                next = block->next;
                free(block);
        }
        free(a);
}

static ArenaBlock *arena_block(Arena *a, size_t size) {
        size_t capacity = size > ARENA_BLOCK_SIZE ? size : ARENA_BLOCK_SIZE;
        ArenaBlock *block = xmalloc(sizeof *block + capacity);
        *block = (ArenaBlock){.next = a->blocks, .size = capacity};
        a->blocks = block;
        return block;
}

void *arena_alloc(Arena *a, size_t size) {
        size_t align = _Alignof(max_align_t);
        size = (size + align - 1) / align * align;
        ArenaBlock *block = a->blocks;
        if (!block || block->size - block->used < size) block = arena_block(a, size);
        void *p = (char *)block->data + block->used;
        block->used += size;
        a->used += size;
        return memset(p, 0, size);
}

void *arena_array(Arena *a, size_t count, size_t size) {
        size_t total;
        if (__builtin_mul_overflow(count, size, &total)) abort();
        return arena_alloc(a, total);
}

char *arena_str(Arena *a, Str s) {
        char *copy = arena_alloc(a, s.n + 1);
        if (s.n) memcpy(copy, s.p, s.n);
        return copy;
}

char *arena_strdup(Arena *a, const char *text) {
        return text ? arena_str(a, str_of(text)) : NULL;
}

char *arena_printf(Arena *a, const char *format, ...) {
        va_list ap;
        va_start(ap, format);
        char *text = xvasprintf(format, ap);
        va_end(ap);
        char *copy = arena_strdup(a, text);
        free(text);
        return copy;
}

size_t arena_used(const Arena *a) {
        return a->used;
}

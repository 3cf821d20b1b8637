/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>

#include "base/str.h"

/* Memory that is freed whole: one arena per parse, plan or request. Results are aligned for any type and
 * zeroed. One thread. */
typedef struct Arena Arena;

Arena *arena_new(void);
void arena_free(Arena *a);
static inline void arena_freep(Arena **a) {
        if (*a) arena_free(*a);
}

void *arena_alloc(Arena *a, size_t size);
void *arena_array(Arena *a, size_t count, size_t size);
char *arena_strdup(Arena *a, const char *text); /* NULL gives NULL */
char *arena_str(Arena *a, Str s);               /* NUL-terminated copy */
char *arena_printf(Arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
size_t arena_used(const Arena *a); /* bytes handed out */

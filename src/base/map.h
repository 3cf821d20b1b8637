/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* A hash map from byte strings to pointers. Keys are copied; values belong to the owner. Iteration goes in
 * insertion order, so that what is derived from it is reproducible. One thread. */
typedef struct Map Map;

Map *map_new(void);
void map_free(Map *m); /* keys only */
static inline void map_freep(Map **m) {
        if (*m) map_free(*m);
}

/* Returns the value that stood there before, or NULL. value must not be NULL. */
void *map_put(Map *m, const void *key, size_t key_size, void *value);
void *map_get(const Map *m, const void *key, size_t key_size); /* NULL when absent */
void *map_puts(Map *m, const char *key, void *value);          /* text keys */
void *map_gets(const Map *m, const char *key);
size_t map_count(const Map *m);

/* Entry i in insertion order, 0 <= i < map_count(). *ret_key is NUL-terminated. */
void *map_at(const Map *m, size_t i, const char **ret_key, size_t *ret_key_size);

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

typedef struct MapEntry {
        char *key;
        size_t key_size;
        uint64_t hash;
        void *value;
} MapEntry;

struct Map {
        MapEntry *entries;
        size_t count;
        size_t capacity;
        uint32_t *slots; /* entry index + 1; 0 is empty */
        size_t slot_count;
};

static uint64_t hash_bytes(const void *data, size_t size) {
        const unsigned char *p = data;
        uint64_t h = 14695981039346656037ULL; /* FNV-1a */
        for (size_t i = 0; i < size; i++) h = (h ^ p[i]) * 1099511628211ULL;
        return h ^ (h >> 29);
}

Map *map_new(void) {
        return xcalloc(1, sizeof(Map));
}

void map_free(Map *m) {
        if (!m) return;
        for (size_t i = 0; i < m->count; i++) free(m->entries[i].key);
        free(m->entries);
        free(m->slots);
        free(m);
}

static void map_insert_slot(Map *m, size_t index) {
        size_t at = m->entries[index].hash & (m->slot_count - 1);
        while (m->slots[at]) at = (at + 1) & (m->slot_count - 1);
        m->slots[at] = (uint32_t)(index + 1);
}

static void map_grow(Map *m) {
        if (m->count < m->capacity) return;
        m->capacity = m->capacity ? m->capacity * 2 : 16;
        m->entries = xreallocarray(m->entries, m->capacity, sizeof *m->entries);
        free(m->slots);
        m->slot_count = m->capacity * 2;
        m->slots = xcalloc(m->slot_count, sizeof *m->slots);
        for (size_t i = 0; i < m->count; i++) map_insert_slot(m, i);
}

static MapEntry *map_find(const Map *m, const void *key, size_t key_size, uint64_t hash) {
        if (m->slot_count == 0) return NULL;
        for (size_t at = hash & (m->slot_count - 1); m->slots[at]; at = (at + 1) & (m->slot_count - 1)) {
                MapEntry *entry = &m->entries[m->slots[at] - 1];
                if (entry->hash == hash && entry->key_size == key_size && memcmp(entry->key, key, key_size) == 0) {
                        return entry;
                }
        }
        return NULL;
}

void *map_put(Map *m, const void *key, size_t key_size, void *value) {
        uint64_t hash = hash_bytes(key, key_size);
        MapEntry *entry = map_find(m, key, key_size, hash);
        if (entry) {
                void *old = entry->value;
                entry->value = value;
                return old;
        }
        map_grow(m);
        char *copy = xmalloc(key_size + 1);
        memcpy(copy, key, key_size);
        copy[key_size] = '\0';
        m->entries[m->count] = (MapEntry){copy, key_size, hash, value};
        map_insert_slot(m, m->count++);
        return NULL;
}

void *map_get(const Map *m, const void *key, size_t key_size) {
        MapEntry *entry = map_find(m, key, key_size, hash_bytes(key, key_size));
        return entry ? entry->value : NULL;
}

void *map_puts(Map *m, const char *key, void *value) {
        return map_put(m, key, strlen(key), value);
}

void *map_gets(const Map *m, const char *key) {
        return map_get(m, key, strlen(key));
}

size_t map_count(const Map *m) {
        return m->count;
}

void *map_at(const Map *m, size_t i, const char **ret_key, size_t *ret_key_size) {
        if (ret_key) *ret_key = m->entries[i].key;
        if (ret_key_size) *ret_key_size = m->entries[i].key_size;
        return m->entries[i].value;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/alloc.h"
#include "layer/copy_set.h"

/* An open-addressed table of entries by source inode. A file of a view belongs to one layer: equal inodes in two layers
 * are two files that share their bytes in the store. */
typedef struct LinkTable {
        uint32_t *slots; /* entry index, COPY_NONE = free */
        size_t mask;
} LinkTable;

static bool is_candidate(const CopyEntry *entry) {
        return copy_entry_live(entry) && (entry->flags & ENTRY_LINKS);
}

static size_t hash_inode(const CopyEntry *entry, bool exact) {
        uint64_t h = entry->inode * 0x9e3779b97f4a7c15u ^ entry->device * 0xc2b2ae3d27d4eb4fu;
        if (exact) h ^= (entry->item * 0x165667b1u + entry->layer) * 0x27d4eb2f165667c5u;
        return (size_t)(h ^ h >> 29);
}

static bool same_file(const CopyEntry *a, const CopyEntry *b, bool exact) {
        if (a->inode != b->inode || a->device != b->device) return false;
        return !exact || (a->item == b->item && a->layer == b->layer);
}

/* The entry of the same file that was put in first, which is index itself when there is none. */
static uint32_t table_put(const CopySet *s, LinkTable *t, uint32_t index, bool exact) {
        const CopyEntry *entry = copy_entry(s, index);
        for (size_t at = hash_inode(entry, exact) & t->mask;; at = (at + 1) & t->mask) {
                if (t->slots[at] == COPY_NONE) return t->slots[at] = index;
                if (same_file(copy_entry(s, t->slots[at]), entry, exact)) return t->slots[at];
        }
}

static LinkTable table_new(size_t count) {
        size_t size = 16;
        while (size < count * 2) size *= 2;
        LinkTable t = {.slots = xcalloc(size, sizeof(uint32_t)), .mask = size - 1};
        for (size_t i = 0; i < size; i++) t.slots[i] = COPY_NONE;
        return t;
}

void copy_find_links(CopySet *s) {
        size_t count = 0;
        for (uint32_t i = 0; i < s->entry_count; i++) count += is_candidate(copy_entry(s, i));
        if (count < 2) return;
        LinkTable leaders = table_new(count), inodes = table_new(count);
        for (uint32_t i = 0; i < s->entry_count; i++) {
                CopyEntry *entry = copy_entry(s, i);
                if (!is_candidate(entry)) continue;
                entry->leader = table_put(s, &leaders, i, true);
                if (entry->leader != i) continue;
                if (table_put(s, &inodes, i, false) != i) entry->flags |= ENTRY_APART;
        }
        free(leaders.slots);
        free(inodes.slots);
}

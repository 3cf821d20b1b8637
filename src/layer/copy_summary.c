/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/map.h"
#include "layer/copy_set.h"

/* What a selection consists of, for people: how much, and which entries of the sources hold most of it. */

/* Where the name of the entry of a source that path belongs to ends. */
static size_t share_end(const CopySet *s, const CopyEntry *entry) {
        const char *root = copy_entry(s, s->items.v[entry->item].root)->path;
        size_t at = strlen(root);
        if (entry->path[at] == '/') at++;
        const char *slash = strchr(entry->path + at, '/');
        return slash ? (size_t)(slash - entry->path) : strlen(entry->path);
}

static CopyShare *share_of(Map *shares, const CopySet *s, const CopyEntry *entry) {
        size_t end = share_end(s, entry);
        CopyShare *share = map_get(shares, entry->path, end);
        if (share) return share;
        share = xcalloc(1, sizeof *share);
        share->path = xstrndup(entry->path, end);
        map_put(shares, entry->path, end, share);
        return share;
}

static int by_size(const void *a, const void *b) {
        const CopyShare *x = *(CopyShare *const *)a, *y = *(CopyShare *const *)b;
        if (x->bytes != y->bytes) return x->bytes < y->bytes ? 1 : -1;
        if (x->files != y->files) return x->files < y->files ? 1 : -1;
        return strcmp(x->path, y->path);
}

static void take_largest(const Map *shares, CopySummary *summary) {
        size_t n = map_count(shares);
        AUTO(freep) CopyShare **sorted = xcalloc(n + 1, sizeof(CopyShare *));
        for (size_t i = 0; i < n; i++) sorted[i] = map_at(shares, i, NULL, NULL);
        qsort(sorted, n, sizeof *sorted, by_size);
        for (size_t i = 0; i < n; i++) {
                if (i < COPY_SHARES_MAX)
                        summary->largest[summary->n++] = *sorted[i];
                else
                        free(sorted[i]->path);
                free(sorted[i]);
        }
}

void copy_set_summary(const CopySet *s, CopySummary *ret_summary) {
        AUTO(map_freep) Map *shares = map_new();
        *ret_summary = (CopySummary){0};
        for (uint32_t i = 0; i < s->entry_count; i++) {
                const CopyEntry *entry = copy_entry(s, i);
                if (!copy_entry_live(entry) || !S_ISREG(entry->mode) || entry->flags & ENTRY_INLINE) continue;
                CopyShare *share = share_of(shares, s, entry);
                uint64_t bytes = entry->leader == i ? entry->size : 0;
                share->files++;
                share->bytes += bytes;
                ret_summary->files++;
                ret_summary->bytes += bytes;
        }
        take_largest(shares, ret_summary);
}

void copy_summary_done(CopySummary *summary) {
        for (size_t i = 0; i < summary->n; i++) free(summary->largest[i].path);
        *summary = (CopySummary){0};
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "build/squash.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "store/key.h"
#include "layer/merge.h"
#include "layer/pack.h"
#include "os/clock.h"

static void squash_key(const StrVec *ids, size_t kept, Digest *ret_key) {
        KeyText k;
        key_begin(&k, "squash");
        key_number(&k, "kept", kept);
        key_list(&k, "layers", (const char *const *)ids->v);
        key_finish(&k, ret_key);
}

static void layer_paths(Build *b, const StrVec *ids, size_t from, size_t to, StrVec *ret_dirs) {
        for (size_t i = from; i < to; i++) strvec_push_take(ret_dirs, store_snapshot_path(b->store, ids->v[i]));
}

static int merge_into(Build *b, const StrVec *ids, size_t kept, Draft *draft, Err **e) {
        AUTO(strvec_done) StrVec lower = {0}, upper = {0};
        AUTO(view_freep) View *below = NULL;
        layer_paths(b, ids, 0, kept, &lower);
        layer_paths(b, ids, kept, ids->n, &upper);
        if (view_open(&lower, &below, e) < 0) return -1;
        return layer_merge(&upper, below, draft->fs_fd, e);
}

static int make(Build *b, const StrVec *ids, size_t kept, StepRecord *ret_record, Err **e) {
        Draft *draft;
        LayerTotals totals = {0};
        int64_t started = clock_monotonic_ns();
        if (store_draft_new(b->store, &draft, e) < 0) return -1;
        if (merge_into(b, ids, kept, draft, e) < 0 || layer_totals(draft->fs_path, &totals, e) < 0) {
                store_draft_discard(b->store, draft);
                return -1;
        }
        SnapshotInfo info = {
                .size_bytes = totals.size_bytes, .entry_count = totals.entry_count, .empty = totals.entry_count == 0};
        if (store_draft_commit(b->store, draft, &info, e) < 0) return -1;
        *ret_record = (StepRecord){.created_ns = clock_now_ns(), .duration_ns = clock_monotonic_ns() - started};
        memcpy(ret_record->snapshot, info.id, sizeof ret_record->snapshot);
        return 0;
}

int squash_layers(Build *b, StrVec *ids, size_t kept, Err **e) {
        if (ids->n < kept + 2) return 0;
        Digest key;
        StepRecord record;
        squash_key(ids, kept, &key);
        int64_t started = clock_monotonic_ns();
        unsigned vertex = report_vertex(b, "squashing layers");
        report_start(b, vertex);
        int r = store_step_get(b->store, &key, &record, e);
        bool cached = r == STORE_FOUND;
        if (r == STORE_ABSENT) {
                r = make(b, ids, kept, &record, e);
                if (r == 0) r = store_step_put(b->store, &key, &record, "squash", e);
        }
        if (r < 0) err_wrap(e, "squash");
        report_done(b, vertex,
                    r < 0    ? VERTEX_FAILED
                    : cached ? VERTEX_CACHED
                             : VERTEX_DONE,
                    r < 0 && e ? err_message(*e) : NULL, clock_monotonic_ns() - started);
        if (r < 0) return -1;
        for (size_t i = kept; i < ids->n; i++) free(ids->v[i]);
        ids->n = kept;
        strvec_push(ids, record.snapshot);
        return 0;
}

void squash_history(ImageConfig *config, size_t first) {
        size_t last = SIZE_MAX;
        for (size_t i = first; i < config->history.n; i++) {
                if (config->history.v[i].empty_layer) continue;
                if (last != SIZE_MAX) config->history.v[last].empty_layer = true;
                last = i;
        }
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "build/explain.h"
#include "build/graph.h"
#include "store/key.h"
#include "layer/pack.h"
#include "os/clock.h"

static const StepOps *const ops_by_kind[] = {
        [STEP_IMAGE] = &step_image_ops, [STEP_SCRATCH] = &step_scratch_ops, [STEP_RUN] = &step_run_ops,
        [STEP_COPY] = &step_copy_ops,   [STEP_WORKDIR] = &step_workdir_ops, [STEP_FETCH] = &step_fetch_ops,
};

const StepOps *step_ops(StepKind kind) {
        return ops_by_kind[kind];
}

int node_commit(Build *b, Node *n, const Digest *key, Draft *draft, const Digest *content, Err **e) {
        LayerTotals totals = {0};
        if (layer_totals(draft->fs_path, &totals, e) < 0) {
                store_draft_discard(b->store, draft);
                return -1;
        }
        SnapshotInfo info = {
                .size_bytes = totals.size_bytes, .entry_count = totals.entry_count, .empty = totals.entry_count == 0};
        if (store_draft_commit(b->store, draft, &info, e) < 0) return -1;
        StepRecord record = {.created_ns = clock_now_ns(), .duration_ns = clock_monotonic_ns() - n->started_ns};
        memcpy(record.snapshot, info.id, sizeof record.snapshot);
        if (content) record.content = *content;
        if (store_step_put(b->store, key, &record, n->step->name, e) < 0) return -1;
        explain_remember(b, n);
        NodeResult result = {.key = *key, .empty = info.empty, .created_ns = record.created_ns};
        memcpy(result.snapshot, info.id, sizeof result.snapshot);
        pthread_mutex_lock(&b->lock);
        n->result = result;
        pthread_mutex_unlock(&b->lock);
        return 0;
}

int node_error(const Build *b, const Node *n, Err **e) {
        (void)b;
        if (!e || !*e || n->step->first_line == 0) return -1;
        AUTO(freep)
        char *excerpt = dockerfile_excerpt(n->plan->dockerfile, n->step->first_line, n->step->last_line, NULL);
        if (excerpt) err_excerpt(e, excerpt);
        return err_wrap(e, "%s:%u", n->plan->dockerfile->name, n->step->first_line);
}

/* ---- roots of a stage: nothing to execute */

/* The key is what the layers hold, not the name and not the settings: a re-tagged base still hits. */
static int image_lookup(Build *b, Node *n, Err **e) {
        (void)b;
        (void)e;
        const PlanImage *image = n->step->image;
        KeyText k;
        key_begin(&k, "image");
        for (size_t i = 0; i < image->config.diff_ids.n; i++) key_digest(&k, "layer", &image->config.diff_ids.v[i]);
        key_text(&k, "os", image->config.platform.os);
        key_text(&k, "arch", image->config.platform.arch);
        key_finish(&k, &n->result.key);
        n->result.cached = true;
        return LOOKUP_HIT;
}

static int scratch_lookup(Build *b, Node *n, Err **e) {
        (void)b;
        (void)e;
        KeyText k;
        key_begin(&k, "scratch");
        key_finish(&k, &n->result.key);
        n->result.cached = true;
        return LOOKUP_HIT;
}

static int root_execute(Build *b, Node *n, Err **e) {
        (void)b;
        return err_new(e, ERR_INTERNAL, "'%s' needs no execution", n->step->name);
}

const StepOps step_image_ops = {image_lookup, root_execute, 1};
const StepOps step_scratch_ops = {scratch_lookup, root_execute, 1};

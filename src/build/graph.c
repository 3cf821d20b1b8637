/* SPDX-License-Identifier: Apache-2.0 */
#include "build/graph.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "build/explain.h"
#include "os/fs.h"

static void node_link(Node *node, Node *input) {
        for (size_t i = 0; i < node->inputs.n; i++) {
                if (node->inputs.v[i] == input) return;
        }
        vec_push(&node->inputs, input);
        vec_push(&input->dependents, node);
        node->open_inputs++;
}

/* Steps are in topological order: what builds on a node has a larger index. */
static void weigh_nodes(Build *b) {
        for (size_t i = b->node_count; i-- > 0;) {
                Node *node = &b->nodes[i];
                uint64_t behind = 0;
                for (size_t j = 0; j < node->dependents.n; j++) {
                        if (node->dependents.v[j]->weight > behind) behind = node->dependents.v[j]->weight;
                }
                node->weight = step_ops(node->step->kind)->weight + behind;
        }
}

static void target_nodes(BuildTarget *t, Node *nodes) {
        t->nodes = nodes;
        for (size_t i = 0; i < t->plan->step_count; i++) {
                Node *node = &nodes[i];
                node->step = t->plan->steps[i];
                node->plan = t->plan;
                node->family = nodes;
                node->parent = node_of(node, node->step->parent);
                if (node->parent) node_link(node, node->parent);
                for (size_t j = 0; j < node->step->input_count; j++)
                        node_link(node, node_of(node, node->step->inputs[j]));
                node->state = node->open_inputs == 0 ? NODE_READY : NODE_WAITING;
        }
}

void graph_new(Build *b) {
        for (size_t i = 0; i < b->targets.n; i++) b->node_count += b->targets.v[i].plan->step_count;
        b->nodes = xcalloc(b->node_count, sizeof *b->nodes);
        Node *next = b->nodes;
        for (size_t i = 0; i < b->targets.n; i++) {
                target_nodes(&b->targets.v[i], next);
                next += b->targets.v[i].plan->step_count;
        }
        weigh_nodes(b);
        b->finished_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

void graph_free(Build *b) {
        for (size_t i = 0; i < b->node_count; i++) {
                vec_done(&b->nodes[i].inputs);
                vec_done(&b->nodes[i].dependents);
                buf_done(&b->nodes[i].key_text);
                err_free(b->nodes[i].error);
        }
        free(b->nodes);
        map_freep(&b->claims);
        b->claims = NULL;
        if (b->node_count) close(b->finished_fd);
}

/* ---- the layers of a node */

void node_chain(const Node *n, ConstNodeList *ret_chain) {
        size_t count = 0;
        for (const Node *p = n; p; p = p->parent) count++;
        *ret_chain = (ConstNodeList){.v = xcalloc(count, sizeof(Node *)), .n = count, .capacity = count};
        for (const Node *p = n; p; p = p->parent) ret_chain->v[--count] = p;
}

/* mounted: without layers that hold nothing. */
static void layer_ids(const Node *n, bool mounted, StrVec *ret_ids) {
        ConstNodeList chain;
        node_chain(n, &chain);
        if (chain.v[0]->step->kind == STEP_IMAGE) {
                const StrVec *layers = &chain.v[0]->step->image->snapshots;
                for (size_t i = 0; i < layers->n; i++) strvec_push(ret_ids, layers->v[i]);
        }
        for (size_t i = 0; i < chain.n; i++) {
                const NodeResult *result = &chain.v[i]->result;
                if (result->snapshot[0] && !(mounted && result->empty)) strvec_push(ret_ids, result->snapshot);
        }
        vec_done(&chain);
}

void node_mounted_ids(const Node *n, StrVec *ret_ids) {
        layer_ids(n, true, ret_ids);
}

void node_layer_ids(const Node *n, StrVec *ret_ids) {
        layer_ids(n, false, ret_ids);
}

void node_layer_dirs(Build *b, const Node *n, StrVec *ret_dirs) {
        StrVec ids = {0};
        node_mounted_ids(n, &ids);
        for (size_t i = 0; i < ids.n; i++) strvec_push_take(ret_dirs, store_snapshot_path(b->store, ids.v[i]));
        strvec_done(&ids);
}

int node_view(Build *b, const Node *n, View **ret_view, Err **e) {
        StrVec dirs = {0};
        node_layer_dirs(b, n, &dirs);
        int r = view_open(&dirs, ret_view, e);
        strvec_done(&dirs);
        return r;
}

/* ---- keys */

static int result_of_record(Build *b, Node *n, const Digest *key, const StepRecord *record, Err **e) {
        NodeResult result = {.key = *key, .cached = true, .created_ns = record->created_ns};
        memcpy(result.snapshot, record->snapshot, sizeof result.snapshot);
        if (record->snapshot[0]) {
                SnapshotInfo info;
                int r = store_snapshot_get(b->store, record->snapshot, &info, e);
                if (r != STORE_FOUND) return r < 0 ? -1 : LOOKUP_MISS;
                result.empty = info.empty;
        }
        n->result = result;
        return LOOKUP_HIT;
}

static int lookup_record(Build *b, Node *n, const Digest *key, Err **e) {
        StepRecord record;
        int r = store_step_get(b->store, key, &record, e);
        if (r != STORE_FOUND) return r < 0 ? -1 : LOOKUP_MISS;
        return result_of_record(b, n, key, &record, e);
}

int node_lookup_key(Build *b, Node *n, const Digest *key, Err **e) {
        return n->step->no_cache ? LOOKUP_MISS : lookup_record(b, n, key, e);
}

/* A claim stays when its node is done, so that equal steps of one build run once even with no_cache. The result's
 * key is set first; the snapshot (or the failure) when it is released. */
static int claim_in_build(Build *b, Node *n, const Digest *key, Err **e) {
        pthread_mutex_lock(&b->lock);
        if (!b->claims) b->claims = map_new();
        Node *other = map_get(b->claims, key->bytes, sizeof key->bytes);
        if (!other) {
                n->result.key = *key;
                map_put(b->claims, key->bytes, sizeof key->bytes, n);
                pthread_mutex_unlock(&b->lock);
                return CLAIM_MINE;
        }
        while (other->state == NODE_RUNNING && !other->result.created_ns) pthread_cond_wait(&b->key_done, &b->lock);
        bool good = other->result.created_ns != 0;
        if (good) {
                n->result = other->result;
                n->result.cached = true;
        }
        pthread_mutex_unlock(&b->lock);
        return good ? CLAIM_DONE : err_new(e, ERR_CANCELLED, "an equal step failed");
}

typedef struct Waiting {
        Build *b;
        Node *n;
} Waiting;

static void report_waiting(void *context, int pid) {
        Waiting *waiting = context;
        char text[96];
        if (pid > 0 && pid != (int)getpid()) {
                snprintf(text, sizeof text, "waiting for process %d, which executes the same step\n", pid);
        } else {
                snprintf(text, sizeof text, "waiting for another build, which executes the same step\n");
        }
        report_log(waiting->b, waiting->n->vertex, 2, text, strlen(text));
}

static int claim(Build *b, Node *n, const Digest *key, int *ret_lock_fd, Err **e) {
        *ret_lock_fd = -1;
        int r = claim_in_build(b, n, key, e);
        int64_t since = n->step->no_cache ? b->params->fresh_since_ns : 0;
        if (r != CLAIM_MINE || (n->step->no_cache && !since)) return r;
        Waiting waiting = {b, n};
        StepLockWait wait = {.waiting = report_waiting, .context = &waiting, .cancelled = &b->cancelled};
        r = store_step_lock(b->store, key, &wait, ret_lock_fd, e);
        if (r == STEP_LOCK_CANCELLED) return err_new(e, ERR_CANCELLED, "cancelled");
        if (r < 0) return -1;
        Node found = *n;
        r = lookup_record(b, &found, key, e); /* somebody else may have been faster */
        if (r < 0) return -1;
        if (r == LOOKUP_MISS || found.result.created_ns < since) return CLAIM_MINE;
        pthread_mutex_lock(&b->lock);
        n->result = found.result;
        pthread_mutex_unlock(&b->lock);
        node_release(b, TAKE_FD(*ret_lock_fd));
        return CLAIM_DONE;
}

int node_claim(Build *b, Node *n, const Digest *key, int *ret_lock_fd, Err **e) {
        int r = claim(b, n, key, ret_lock_fd, e);
        if (r == CLAIM_MINE) explain_step(b, n);
        return r;
}

void node_release(Build *b, int lock_fd) {
        closep(&lock_fd);
        pthread_mutex_lock(&b->lock);
        pthread_cond_broadcast(&b->key_done);
        pthread_mutex_unlock(&b->lock);
}

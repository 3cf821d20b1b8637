/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/cleanup.h"
#include "build/explain.h"
#include "build/explain_files.h"
#include "build/fetch.h"
#include "build/graph.h"
#include "store/key.h"
#include "build/large_context.h"
#include "build/sources.h"
#include "layer/copy.h"
#include "layer/users.h"
#include "os/clock.h"

/* COPY and ADD of files.
 *
 * The key holds the content of what is selected, so finding it may mean reading files. Three shortcuts keep that off the way:
 *  - sources in a stage or image cannot change: an alias (definition + the layers looked into) leads straight to the key;
 *  - digests of context files are remembered; a second build only stats them;
 *  - when the same COPY was never made before, nothing can be found, and files are hashed while they are copied.
 * The last key of the same COPY (its "lineage") names the snapshot whose unchanged files are hard-linked. */

typedef struct CopyJob {
        Build *b;
        Node *n;
        View *below; /* the parent */
        SourceTree source;
        CopySet *set;
        uid_t uid;
        gid_t gid;
        Digest lineage;
} CopyJob;

static void copy_job_done(CopyJob *j) {
        copy_set_freep(&j->set);
        view_freep(&j->below);
        source_tree_done(&j->source);
}

/* Everything that the Dockerfile says; nothing of where it is built. */
static void definition_fields(KeyText *k, const PlanCopy *copy) {
        key_number(k, "add", copy->add);
        key_number(k, "sources", copy->source_count);
        for (size_t i = 0, fetched = 0; i < copy->source_count; i++) {
                bool remote = copy->remote && copy->remote[i]; /* where it came from does not matter */
                key_text(k, "source", remote ? copy->fetched[fetched++]->fetch.name : copy->sources[i]);
        }
        for (size_t i = 0; i < copy->inline_count; i++) {
                key_text(k, "inline", copy->inlines[i].name);
                key_bytes(k, "data", copy->inlines[i].data, copy->inlines[i].size);
        }
        key_text(k, "destination", copy->destination);
        key_text(k, "chown", copy->chown);
        key_text(k, "chmod", copy->chmod);
        key_number(k, "link", copy->link);
        key_number(k, "parents", copy->parents);
        for (size_t i = 0; i < copy->exclude_count; i++) key_text(k, "exclude", copy->excludes[i]);
        key_number(k, "unpack", (uint64_t)copy->unpack + 1);
}

static Node *source_node(const Node *n) {
        return node_of(n, n->step->copy.from);
}

/* Everything that it looks into cannot change. */
static bool has_alias(const PlanCopy *copy) {
        return copy->from || (copy->fetched_count && copy->fetched_count == copy->source_count);
}

/* Times of fetched files are part of what is copied, unlike those of a context's. */
static void fetched_fields(const Build *b, KeyText *k, const Node *n) {
        const PlanCopy *copy = &n->step->copy;
        for (size_t i = 0; i < copy->fetched_count; i++) {
                if (copy->fetched[i]->fetch.kind == FETCH_FILE)
                        key_number(k, "modified", (uint64_t)(fetch_time_s(b, node_of(n, copy->fetched[i])) + 1));
        }
}

/* Definition, parent and the exact layers that are looked into. */
static void alias_key(Node *n, Digest *ret_alias) {
        StrVec layers = {0};
        const PlanCopy *copy = &n->step->copy;
        if (copy->from) node_layer_ids(source_node(n), &layers);
        for (size_t i = 0; i < copy->fetched_count; i++) node_layer_ids(node_of(n, copy->fetched[i]), &layers);
        KeyText k;
        key_begin(&k, "copy-alias");
        key_digest(&k, "parent", &n->parent->result.key);
        definition_fields(&k, &n->step->copy);
        key_list(&k, "layers", (const char *const *)layers.v);
        key_finish(&k, ret_alias);
        strvec_done(&layers);
}

static int copy_lookup(Build *b, Node *n, Err **e) {
        if (!has_alias(&n->step->copy) || n->step->no_cache) return LOOKUP_MISS;
        Digest alias, key;
        alias_key(n, &alias);
        int r = store_alias_get(b->store, &alias, &key, e);
        if (r != STORE_FOUND) return r < 0 ? -1 : LOOKUP_MISS;
        return node_lookup_key(b, n, &key, e);
}

/* ---- selecting */

static int select_files(CopyJob *j, Err **e) {
        const PlanCopy *copy = &j->n->step->copy;
        if (copy->chown && users_resolve_chown(j->below, copy->chown, &j->uid, &j->gid, e) < 0) return -1;
        CopyInline *inlines = xcalloc(copy->inline_count + 1, sizeof *inlines);
        for (size_t i = 0; i < copy->inline_count; i++) {
                inlines[i] = (CopyInline){copy->inlines[i].name, copy->inlines[i].data, copy->inlines[i].size};
        }
        CopyParams params = {
                .root = &j->source.root,
                .sources = copy->sources,
                .source_count = copy->source_count,
                .inlines = inlines,
                .inline_count = copy->inline_count,
                .destination = copy->destination,
                .excludes = copy->excludes,
                .exclude_count = copy->exclude_count,
                .parents = copy->parents,
                .unpack_archives = copy->unpack >= 0 ? copy->unpack == 1 : copy->add,
                .packed = copy->unpack >= 0 ? NULL : copy->remote,
                .has_owner = copy->chown != NULL,
                .uid = j->uid,
                .gid = j->gid,
                .has_mode = copy->chmod != NULL,
                .mode = copy->chmod,
        };
        int r = copy_set_new(&params, &j->set, e);
        free(inlines);
        return r;
}

static int copy_job_open(CopyJob *j, Err **e) {
        if (node_view(j->b, j->n->parent, &j->below, e) < 0) return -1;
        const PlanCopy *copy = &j->n->step->copy;
        bool needs_source = copy->source_count > 0; /* heredocs alone need none */
        if (copy->fetched_count) {
                if (source_tree_open_fetched(j->b, j->n, &j->source, e) < 0) return -1;
        } else if (needs_source) {
                if (source_tree_open(j->b, source_node(j->n), copy->context, &j->source, e) < 0) return -1;
        }
        if (!needs_source) j->source.root = (CopyRoot){.root_fd = -1, .root_path = ""};
        return select_files(j, e);
}

/* --link: the layer is made onto nothing, so it stays when what is below changes. With --chmod BuildKit makes an ordinary
 * copy of it. */
static bool is_independent(const PlanCopy *copy) {
        return copy->link && !copy->chmod;
}

static int content_key(CopyJob *j, Digest *ret_content, Digest *ret_key, Err **e) {
        if (copy_set_digest(j->set, ret_content, e) < 0) return -1;
        KeyText k;
        key_begin(&k, "copy");
        if (!is_independent(&j->n->step->copy)) key_digest(&k, "parent", &j->n->parent->result.key);
        definition_fields(&k, &j->n->step->copy);
        key_number(&k, "uid", j->uid);
        key_number(&k, "gid", j->gid);
        fetched_fields(j->b, &k, j->n);
        key_digest(&k, "content", ret_content);
        key_finish_keep(&k, ret_key, node_key_text(j->n));
        return 0;
}

static void lineage_key(CopyJob *j) {
        KeyText k;
        key_begin(&k, "copy-lineage");
        definition_fields(&k, &j->n->step->copy);
        key_text(&k, "root", j->source.context ? j->source.context->path : NULL);
        key_text(&k, "file", j->b->plan->dockerfile->name);
        key_finish(&k, &j->lineage);
}

/* ---- making */

typedef struct Earlier {
        char *path;
        DigestIndex *index;
} Earlier;

static void earlier_done(Earlier *earlier) {
        free(earlier->path);
        digest_index_freep(&earlier->index);
}

/* The snapshot that the same COPY made last time. 0 found, 1 none. */
static int find_earlier(CopyJob *j, Earlier *ret_earlier, Err **e) {
        Digest key;
        StepRecord record;
        int r = store_alias_get(j->b->store, &j->lineage, &key, e);
        if (r != STORE_FOUND) return r;
        r = store_step_get(j->b->store, &key, &record, e);
        if (r != STORE_FOUND || !record.snapshot[0]) return r < 0 ? -1 : 1;
        ret_earlier->path = store_snapshot_path(j->b->store, record.snapshot);
        return digest_index_open_snapshot(j->b->store, record.snapshot, &ret_earlier->index, e);
}

static void report_copied(void *context, uint64_t done, uint64_t total) {
        CopyJob *j = context;
        report_status(j->b, j->n->vertex, "copying", done, total);
}

static int fill_draft(CopyJob *j, Draft *draft, Err **e) {
        AUTO(earlier_done) Earlier earlier = {0};
        AUTO(digest_index_freep) DigestIndex *record = digest_index_new();
        AUTO(view_freep) View *nothing = NULL;
        bool independent = is_independent(&j->n->step->copy);
        if (!j->n->step->no_cache && find_earlier(j, &earlier, e) < 0) return -1;
        if (independent && view_open(&(StrVec){0}, &nothing, e) < 0) return -1;
        CopyApply apply = {
                .below = independent ? nothing : j->below,
                .draft = draft,
                .record = record,
                .earlier_path = earlier.path,
                .earlier = earlier.index,
                .link_from_source = j->source.immutable,
                .clamp_mtime_ns = -1, /* times are clamped where a layer's bytes are made */
                .cancelled = &j->b->cancelled,
                .progress = report_copied,
                .progress_context = j,
        };
        if (copy_set_apply(j->set, &apply, e) < 0) return -1;
        if (j->b->params->explanations && earlier.path) {
                AUTO(buf_done) Buf files = {0};
                explain_files(&(LayerFiles){earlier.path, earlier.index}, &(LayerFiles){draft->fs_path, record},
                              &files);
                explain_more(j->b, j->n, files.n ? files.p : "");
        }
        return digest_index_save_draft(record, draft, e);
}

static int make_draft(CopyJob *j, Draft **ret_draft, Err **e) {
        if (j->source.context) large_context_warn(j->b, j->n, j->source.context, j->set);
        Draft *draft;
        if (store_draft_new(j->b->store, &draft, e) < 0) return -1;
        if (fill_draft(j, draft, e) < 0) {
                store_draft_discard(j->b->store, draft);
                return -1;
        }
        *ret_draft = draft;
        return 0;
}

static int remember_aliases(CopyJob *j, const Digest *key, Err **e) {
        if (has_alias(&j->n->step->copy)) {
                Digest alias;
                alias_key(j->n, &alias);
                if (store_alias_put(j->b->store, &alias, key, e) < 0 || source_tree_save(&j->source, e) < 0) return -1;
        }
        Digest known;
        int r = store_alias_get(j->b->store, &j->lineage, &known, e);
        if (r < 0) return -1;
        if (r == STORE_FOUND && digest_eq(&known, key)) return 0;
        return store_alias_put(j->b->store, &j->lineage, key, e);
}

/* The key is known: look it up, else make the layer. */
static int copy_by_key(CopyJob *j, Err **e) {
        Digest content, key;
        if (content_key(j, &content, &key, e) < 0) return -1;
        int r = node_lookup_key(j->b, j->n, &key, e);
        if (r != LOOKUP_MISS) return r < 0 ? -1 : remember_aliases(j, &key, e);
        int lock_fd;
        r = node_claim(j->b, j->n, &key, &lock_fd, e);
        if (r != CLAIM_MINE) return r < 0 ? -1 : remember_aliases(j, &key, e);
        Draft *draft;
        r = make_draft(j, &draft, e);
        if (r == 0 && copy_set_changed(j->set)) r = content_key(j, &content, &key, e); /* somebody writes the context */
        if (r == 0) r = node_commit(j->b, j->n, &key, draft, &content, e);
        if (r == 0) r = remember_aliases(j, &key, e);
        node_release(j->b, lock_fd);
        return r;
}

/* Never made before: copy and hash in one read; the key is known afterwards. */
static int copy_first(CopyJob *j, Err **e) {
        Draft *draft;
        if (make_draft(j, &draft, e) < 0) return -1;
        Digest content, key;
        int r = content_key(j, &content, &key, e);
        int lock_fd = -1;
        if (r == 0) r = node_claim(j->b, j->n, &key, &lock_fd, e);
        if (r != CLAIM_MINE) { /* an equal one was made meanwhile, or a failure */
                store_draft_discard(j->b->store, draft);
                return r < 0 ? -1 : remember_aliases(j, &key, e);
        }
        r = node_commit(j->b, j->n, &key, draft, &content, e);
        if (r == 0) r = remember_aliases(j, &key, e);
        node_release(j->b, lock_fd);
        return r;
}

static int copy_execute(Build *b, Node *n, Err **e) {
        AUTO(copy_job_done) CopyJob j = {.b = b, .n = n};
        if (copy_job_open(&j, e) < 0) return node_error(b, n, e);
        lineage_key(&j);
        Digest earlier;
        int seen = store_alias_get(b->store, &j.lineage, &earlier, e);
        if (seen < 0) return -1;
        bool first = seen == STORE_ABSENT && copy_set_needs_reading(j.set);
        int r = first ? copy_first(&j, e) : copy_by_key(&j, e);
        return r < 0 ? node_error(b, n, e) : 0;
}

const StepOps step_copy_ops = {copy_lookup, copy_execute, 100};

/* SPDX-License-Identifier: Apache-2.0 */
#include "distroless/assemble.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "distroless/assembly.h"
#include "distroless/busybox.h"
#include "distroless/tool_packages.h"
#include "layer/view.h"
#include "os/clock.h"
#include "os/fs.h"
#include "os/workers.h"
#include "store/key.h"

enum {
        ASSEMBLY_FORMAT =
                4, /* changes when equal packages and an equal recipe give another image, or more is kept of it */
        USR_MERGED_SINCE = 13,
        SOURCE_FILE_MAX = 64 << 20,
        TOOL_LAYER_FORMAT = 2, /* changes when equal packages give another layer of a ToolKind */
};

void base_layer_done(BaseLayer *l) {
        free(l->title);
        vec_done(&l->packages);
        small_tree_freep(&l->tree);
        *l = (BaseLayer){0};
}

void base_layers_done(BaseLayers *list) {
        for (size_t i = 0; i < list->n; i++) base_layer_done(&list->v[i]);
        vec_done(list);
}

void assembled_base_done(AssembledBase *base) {
        image_done(&base->image);
        base_lock_done(&base->lock);
        *base = (AssembledBase){0};
}

/* ---- layers: looked up by key, made where they are missing */

static int look_up(const Assembly *a, BaseLayer *l, Err **e) {
        StepRecord record;
        int r = store_step_get(a->store, &l->key, &record, e);
        if (r < 0) return -1;
        l->found = r == STORE_FOUND;
        if (l->found) memcpy(l->snapshot, record.snapshot, sizeof l->snapshot);
        return 0;
}

static int fill(Assembly *a, const BaseLayer *l, const Draft *draft, LayerTotals *ret_totals, Err **e) {
        Str tar;
        if (l->bootstrap) return bootstrap_fill(a, l, draft, ret_totals, e);
        if (l->tool) return l->tool->make(a, l->below, draft, e) < 0 ? -1 : layer_totals(draft->fs_path, ret_totals, e);
        if (!l->tree) return package_layer_fill(a, l, draft, ret_totals, e);
        if (small_tree_tar(l->tree, &tar, e) < 0) return -1;
        AUTO(source_freep) Source *source = source_from_memory(tar.p, tar.n);
        UnpackParams params = {.fs_path = draft->fs_path, .layer = true};
        return layer_unpack(&params, source, ret_totals, e);
}

static int make(Assembly *a, BaseLayer *l, Err **e) {
        Draft *draft;
        LayerTotals totals = {0};
        int64_t started = clock_monotonic_ns();
        if (store_draft_new(a->store, &draft, e) < 0) return -1;
        if (fill(a, l, draft, &totals, e) < 0) {
                store_draft_discard(a->store, draft);
                return -1;
        }
        SnapshotInfo info = {
                .size_bytes = totals.size_bytes, .entry_count = totals.entry_count, .empty = totals.entry_count == 0};
        if (store_draft_commit(a->store, draft, &info, e) < 0) return -1;
        memcpy(l->snapshot, info.id, sizeof l->snapshot);
        StepRecord record = {.created_ns = clock_now_ns(), .duration_ns = clock_monotonic_ns() - started};
        memcpy(record.snapshot, info.id, sizeof record.snapshot);
        return store_step_put(a->store, &l->key, &record, l->title, e);
}

/* Two processes that want the same layer make it once. */
static int make_once(Assembly *a, BaseLayer *l, Err **e) {
        AUTO(closep) int lock_fd = -1;
        StepLockWait wait = {.cancelled = a->params->cancelled};
        int r = store_step_lock(a->store, &l->key, &wait, &lock_fd, e);
        if (r == STEP_LOCK_CANCELLED) return err_new(e, ERR_CANCELLED, "cancelled");
        if (r < 0 || look_up(a, l, e) < 0) return -1;
        if (!l->found && make(a, l, e) < 0) return err_wrap(e, "layer of %s", l->title);
        return 0;
}

typedef struct MakeJob {
        Assembly *assembly;
        BaseLayer **missing;
        pthread_mutex_t error_lock;
        Err *error;
} MakeJob;

static int make_worker(void *context, size_t index) {
        MakeJob *job = context;
        AUTO(err_freep) Err *error = NULL;
        if (make_once(job->assembly, job->missing[index], &error) >= 0) return 0;
        pthread_mutex_lock(&job->error_lock);
        err_move(&job->error, &error);
        pthread_mutex_unlock(&job->error_lock);
        return -1;
}

static int make_all(Assembly *a, BaseLayer **missing, size_t count, Err **e) {
        MakeJob job = {.assembly = a, .missing = missing, .error_lock = PTHREAD_MUTEX_INITIALIZER};
        int r = parallel_for(count, make_worker, &job);
        if (r < 0) err_move(e, &job.error);
        return r < 0 ? -1 : 0;
}

static int fetch_and_make(Assembly *a, BaseLayer **missing, size_t count, const char *title, Err **e) {
        if (count == 0) return 0;
        LockedPackages wanted = {0};
        for (size_t i = 0; i < count; i++)
                for (size_t j = 0; j < missing[i]->packages.n; j++) vec_push(&wanted, missing[i]->packages.v[j]);
        AssemblyPhase phase = assembly_begin(a, "fetch packages");
        int r = assembly_end(a, &phase, assembly_fetch(a, &wanted, e), e);
        vec_done(&wanted);
        if (r < 0) return -1;
        phase = assembly_begin(a, title);
        return assembly_end(a, &phase, make_all(a, missing, count, e), e);
}

static int package_layers(Assembly *a, BaseLayers *layers, Err **e) {
        AUTO(freep) BaseLayer **missing = xcalloc(layers->n + 1, sizeof *missing);
        size_t count = 0;
        for (size_t i = 0; i < layers->n; i++) {
                package_layer_key(a, &layers->v[i]);
                if (look_up(a, &layers->v[i], e) < 0) return -1;
                if (!layers->v[i].found) missing[count++] = &layers->v[i];
        }
        return fetch_and_make(a, missing, count, "unpack packages", e);
}

static int view_of(const Assembly *a, const BaseLayers *layers, View **ret_view, Err **e) {
        AUTO(strvec_done) StrVec dirs = {0};
        for (size_t i = 0; i < layers->n; i++)
                strvec_push_take(&dirs, store_snapshot_path(a->store, layers->v[i].snapshot));
        return view_open(&dirs, ret_view, e);
}

/* ---- all files of the packages of which the image gets only what is made of them */

static bool is_source(const Assembly *a, const LockedPackage *p) {
        if (p->use == USE_TOOL) return false;
        if (p->use == USE_CERTIFICATES || p->use == USE_BUSYBOX) return true;
        bool wanted = a->recipe->ca_bundle || a->recipe->java_keystore;
        return (wanted && streq(p->name, CERTIFICATES_PACKAGE)) ||
               (a->recipe->busybox && streq(p->name, BUSYBOX_PACKAGE));
}

int assembly_unpack_whole(Assembly *a, const LockedPackages *packages, BaseLayers *ret_layers, Err **e) {
        for (size_t i = 0; i < packages->n; i++) {
                BaseLayer layer = {.title = xstrdup(packages->v[i]->name), .whole = true};
                vec_push(&layer.packages, packages->v[i]);
                vec_push(ret_layers, layer);
        }
        return package_layers(a, ret_layers, e);
}

static int sources_view(Assembly *a, BaseLayers *hidden, View **ret_view, Err **e) {
        LockedPackages sources = {0};
        for (size_t i = 0; i < a->lock->packages.n; i++)
                if (is_source(a, &a->lock->packages.v[i])) vec_push(&sources, &a->lock->packages.v[i]);
        int r = assembly_unpack_whole(a, &sources, hidden, e);
        vec_done(&sources);
        return r < 0 ? -1 : view_of(a, hidden, ret_view, e);
}

/* ---- what a program makes of the layers so far */

void tool_key_packages(const Assembly *a, const StrVec *names, KeyText *k) {
        const char *architecture = tool_architecture();
        for (size_t i = 0; i < names->n && architecture; i++) {
                const LockedPackage *p = tool_package_find(a->lock, names->v[i], architecture);
                if (p) key_digest(k, "tool", &p->sha256);
        }
}

static void tool_key(const Assembly *a, const ToolKind *kind, const BaseLayers *below, Digest *ret_key) {
        KeyText k;
        key_begin(&k, "tool");
        key_number(&k, "version", TOOL_LAYER_FORMAT);
        key_text(&k, "title", kind->title);
        key_text(&k, "architecture", a->recipe->architecture);
        kind->add_key(a, below, &k);
        key_finish(&k, ret_key);
}

static int add_tool_layer(Assembly *a, const ToolKind *kind, BaseLayers *layers, Err **e) {
        AUTO(view_freep) View *below = NULL;
        if (!kind->wanted(a->recipe)) return 0;
        BaseLayer layer = {.title = xstrdup(kind->title), .tool = kind};
        tool_key(a, kind, layers, &layer.key);
        AssemblyPhase phase = assembly_begin(a, kind->phase);
        int r = view_of(a, layers, &below, e);
        layer.below = below;
        if (r == 0) r = make_once(a, &layer, e);
        layer.below = NULL;
        assembly_end(a, &phase, r, e);
        vec_push(layers, layer);
        return r;
}

static int bootstrap(Assembly *a, BaseLayers *layers, Err **e) {
        if (!a->recipe->bootstrap) return 0;
        char *title = xasprintf("mmdebstrap --variant=%s %s", a->recipe->bootstrap, a->recipe->codename);
        vec_push(layers, (BaseLayer){.title = title, .bootstrap = true});
        BaseLayer *l = &layers->v[layers->n - 1];
        for (size_t i = 0; i < a->lock->packages.n; i++)
                if (lock_use_installs(a->lock->packages.v[i].use)) vec_push(&l->packages, &a->lock->packages.v[i]);
        if (bootstrap_key(a, &l->key, e) < 0 || look_up(a, l, e) < 0) return -1;
        if (l->found) return 0;
        return bootstrap_check(e) < 0 ? -1 : fetch_and_make(a, &l, 1, title, e);
}

static int add_round(Assembly *a, DerivedRound round, View *sources, BaseLayers *layers, Err **e) {
        AUTO(view_freep) View *below = NULL;
        size_t first = layers->n;
        if (view_of(a, layers, &below, e) < 0) return -1;
        if (round == DERIVED_ALTERNATIVES && conflicts_check(a, below, e) < 0) return -1;
        const DerivedViews views = {below, sources};
        if (derived_layers(a, round, &views, layers, e) < 0) return -1;
        for (size_t i = first; i < layers->n; i++)
                if (make_once(a, &layers->v[i], e) < 0) return -1;
        return 0;
}

static int add_derived(Assembly *a, BaseLayers *layers, Err **e) {
        AUTO(view_freep) View *sources = NULL;
        AUTO(base_layers_done) BaseLayers hidden = {0};
        if (sources_view(a, &hidden, &sources, e) < 0) return -1;
        for (DerivedRound round = 0; round < DERIVED_ROUNDS; round++)
                if (add_round(a, round, sources, layers, e) < 0) return -1;
        return add_tool_layer(a, &python_bytecode, layers, e);
}

/* ---- the image */

static int too_large(const Assembly *a, const BaseLayers *layers, uint64_t size_bytes, Err **e) {
        char size[16], budget[16], one[16];
        size_render(size_bytes, size);
        size_render(a->recipe->size_budget, budget);
        err_new(e, ERR_LIMIT, "%s:%u: the image has %s, its size budget is %s", a->recipe->budget_at.file,
                a->recipe->budget_at.line, size, budget);
        if (!streq(a->recipe->budget_at.file, a->recipe->at.file))
                err_hint(e, "%s may say its own 'size-budget'", a->recipe->at.file);
        AUTO(freep) bool *shown = xcalloc(layers->n, sizeof *shown);
        for (int round = 0; round < 5; round++) {
                size_t best = SIZE_MAX;
                for (size_t i = 0; i < layers->n; i++)
                        if (!shown[i] && (best == SIZE_MAX || layers->v[i].size_bytes > layers->v[best].size_bytes))
                                best = i;
                if (best == SIZE_MAX) break;
                shown[best] = true;
                size_render(layers->v[best].size_bytes, one);
                err_hint(e, "%s: %s", one, layers->v[best].title);
        }
        return -1;
}

static int check_size(const Assembly *a, BaseLayers *layers, Err **e) {
        uint64_t total = 0;
        for (size_t i = 0; i < layers->n; i++) {
                SnapshotInfo info;
                int r = store_snapshot_get(a->store, layers->v[i].snapshot, &info, e);
                if (r != STORE_FOUND)
                        return r < 0 ? -1 : err_new(e, ERR_STORE, "layer %zu vanished from the store", i + 1);
                layers->v[i].size_bytes = info.size_bytes;
                total += info.size_bytes;
        }
        return a->recipe->size_budget && total > a->recipe->size_budget ? too_large(a, layers, total, e) : 0;
}

static int make_image(Assembly *a, BaseLayers *layers, Image *ret_image, Err **e) {
        AUTO(strvec_done) StrVec snapshots = {0};
        ImageConfig config;
        if (check_size(a, layers, e) < 0) return -1;
        for (size_t i = 0; i < layers->n; i++) strvec_push(&snapshots, layers->v[i].snapshot);
        base_config(a, layers, &config);
        int r = image_create(a->store, &config, &snapshots, -1, ret_image, e);
        image_config_done(&config);
        return r;
}

static int assemble(Assembly *a, Image *ret_image, Err **e) {
        AUTO(base_layers_done) BaseLayers layers = {0};
        layering_of(a, &layers);
        if (package_layers(a, &layers, e) < 0 || bootstrap(a, &layers, e) < 0) return -1;
        if (add_tool_layer(a, &java_runtime, &layers, e) < 0) return -1;
        AssemblyPhase phase = assembly_begin(a, "assemble image");
        int r = add_derived(a, &layers, e);
        if (r == 0) r = make_image(a, &layers, ret_image, e);
        if (r == 0) r = origins_record(a, &layers, e);
        return assembly_end(a, &phase, r, e);
}

/* ---- what was assembled before is not assembled again */

static int key_source(KeyText *k, const char *path, Err **e) {
        AUTO(freep) char *data = NULL;
        size_t size;
        if (file_read(AT_FDCWD, path, SOURCE_FILE_MAX, &data, &size, e) < 0) return -1;
        key_bytes(k, "file", data, size);
        return 0;
}

static int key_sources(const Assembly *a, KeyText *k, Err **e) {
        const Recipe *r = a->recipe;
        for (size_t i = 0; i < r->paths.n; i++)
                if (r->paths.v[i].source && key_source(k, r->paths.v[i].source, e) < 0)
                        return err_wrap(e, "%s:%u", r->paths.v[i].at.file, r->paths.v[i].at.line);
        for (size_t i = 0; i < r->certificates.n; i++)
                if (key_source(k, r->certificates.v[i], e) < 0)
                        return err_wrap(e, "%s:%u", r->certificates_at.v[i].file, r->certificates_at.v[i].line);
        return 0;
}

/* A complete Debian also names its repositories. */
static int key_bootstrap(const Assembly *a, KeyText *k, Err **e) {
        Digest key;
        if (!a->recipe->bootstrap) return 0;
        if (bootstrap_key(a, &key, e) < 0) return -1;
        key_digest(k, "bootstrap", &key);
        return 0;
}

static int image_key(const Assembly *a, Digest *ret_key, Err **e) {
        AUTO(buf_done) Buf recipe = {0};
        KeyText k;
        recipe_render(a->recipe, &recipe);
        key_begin(&k, "debian base");
        key_number(&k, "version", ASSEMBLY_FORMAT);
        key_bytes(&k, "recipe", recipe.p, recipe.n);
        key_text(&k, "architecture", a->recipe->architecture);
        key_number(&k, "epoch", (uint64_t)a->params->epoch_s);
        for (size_t i = 0; i < a->lock->packages.n; i++) {
                key_digest(&k, "package", &a->lock->packages.v[i].sha256);
                key_number(&k, "use", a->lock->packages.v[i].use);
        }
        if (java_runtime.wanted(a->recipe) || python_bytecode.wanted(a->recipe))
                key_number(&k, "tools", TOOL_LAYER_FORMAT);
        int r = key_bootstrap(a, &k, e);
        if (r == 0) r = key_sources(a, &k, e);
        key_finish(&k, ret_key);
        return r;
}

static int find_or_assemble(Assembly *a, AssembledBase *base, Err **e) {
        Digest key, id;
        if (image_key(a, &key, e) < 0) return -1;
        int r = store_alias_get(a->store, &key, &id, e);
        if (r == STORE_FOUND) r = image_load(a->store, &id, &base->image, e);
        if (r < 0) return -1;
        base->cached = r == STORE_FOUND;
        if (!base->cached &&
            (assemble(a, &base->image, e) < 0 || store_alias_put(a->store, &key, &base->image.id, e) < 0))
                return -1;
        return image_set_annotations(a->store, &base->image.id, &a->recipe->annotations, e);
}

/* ---- from outside */

int assembly_init(Assembly *a, const AssembleParams *params, Err **e) {
        uint64_t release = 0;
        int lock_fd;
        if (assembly_lock(params->store, &lock_fd, e) < 0) return -1;
        u64_parse(str_of(params->recipe->version_id), 10, &release);
        *a = (Assembly){.params = params,
                        .recipe = params->recipe,
                        .store = params->store,
                        .cache_dir = xasprintf("%s/debian", store_root(params->store)),
                        .usr_merged = release >= USR_MERGED_SINCE,
                        .lock_fd = lock_fd};
        return 0;
}

void assembly_done(Assembly *a) {
        free(a->cache_dir);
        close(a->lock_fd);
}

static int select_packages(Assembly *a, BaseLock *ret_lock, Err **e) {
        AUTO(freep)
        char *title = xasprintf("choose packages of %s (%s, %s)", a->recipe->name, a->recipe->release,
                                a->recipe->architecture);
        AssemblyPhase phase = assembly_begin(a, title);
        return assembly_end(a, &phase, assembly_select(a, ret_lock, e), e);
}

int base_select(const AssembleParams *params, BaseLock *ret_lock, Err **e) {
        Assembly a;
        if (assembly_init(&a, params, e) < 0) return -1;
        int r = select_packages(&a, ret_lock, e);
        assembly_done(&a);
        return r;
}

static const char *locked_version(void *context, const char *package) {
        const BaseLock *lock = context;
        for (size_t i = 0; i < lock->packages.n; i++)
                if (lock->packages.v[i].use != USE_TOOL && streq(lock->packages.v[i].name, package))
                        return lock->packages.v[i].version;
        return NULL;
}

static int run(Assembly *a, AssembledBase *base, Err **e) {
        if (a->params->lock)
                base_lock_copy(&base->lock, a->params->lock);
        else if (select_packages(a, &base->lock, e) < 0)
                return -1;
        a->lock = &base->lock;
        if (a->params->lock && assembly_check_lock(a, e) < 0) return -1;
        if (recipe_fill_versions(a->params->recipe, locked_version, &base->lock, e) < 0) return -1;
        return find_or_assemble(a, base, e);
}

int base_assemble(const AssembleParams *params, AssembledBase *ret_base, Err **e) {
        Assembly a;
        AssembledBase base = {0};
        if (assembly_init(&a, params, e) < 0) return -1;
        int r = run(&a, &base, e);
        assembly_done(&a);
        if (r < 0) {
                assembled_base_done(&base);
                return err_wrap(e, "base image %s (%s)", params->recipe->name, params->recipe->release);
        }
        *ret_base = base;
        return 0;
}

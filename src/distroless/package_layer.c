/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "debian/deb_file.h"
#include "debian/pool.h"
#include "distroless/assembly.h"
#include "distroless/status_d.h"
#include "distroless/usr_merge.h"
#include "layer/unpack.h"
#include "layer/view_dir.h"
#include "os/root_path.h"
#include "store/key.h"

/* Layers that are unpacked from packages: their files as far as the recipe wants them, and dpkg's record of each under
 * /var/lib/dpkg/status.d, which is where scanners look for packages of images without dpkg. */

enum {
        PACKAGE_LAYER_FORMAT = 1, /* changes when equal packages give other bytes */
        PACKAGE_ENTRIES_MAX = 1000000,
};

const RecipePackage *package_rule(const Recipe *r, const char *name) {
        size_t n = strlen(name);
        for (size_t i = 0; i < r->packages.n; i++) {
                const char *asked = r->packages.v[i].name; /* "libpq5 (>= 15)" */
                if (starts_with(asked, name) && strchr(" (=:", asked[n])) return &r->packages.v[i];
        }
        return NULL;
}

/* ---- which paths, and where */

typedef struct PathRules {
        const Assembly *assembly;
        const BaseLayer *layer;
        const LockedPackage *package;
        const RecipePackage *rule;
} PathRules;

static bool is_copyright(const PathRules *r, const char *path) {
        AUTO(freep) char *own = xasprintf("/usr/share/doc/%s/copyright", r->package->name);
        return streq(path, own);
}

/* Packages of one source may share their documents. */
static bool is_documents_link(const PathRules *r, const char *path) {
        AUTO(freep) char *own = xasprintf("/usr/share/doc/%s", r->package->name);
        return streq(path, own);
}

static bool is_locale(const PathRules *r, const char *path) {
        AUTO(freep)
        char *folder =
                xasprintf("/usr/lib/locale/%s/", r->assembly->recipe->locale ? r->assembly->recipe->locale : "C.utf8");
        return starts_with(path, folder);
}

static bool is_removed(const Recipe *r, const char *path) {
        for (size_t i = 0; i < r->paths.n; i++) {
                const RecipePath *p = &r->paths.v[i];
                size_t n = strlen(p->path);
                if (p->kind == RECIPE_REMOVE && starts_with(path, p->path) && (path[n] == '/' || !path[n])) return true;
        }
        return false;
}

/* Files decide; directories come with what is in them, unless the whole package is wanted. */
static bool takes(const PathRules *r, const char *path, bool directory) {
        if (r->layer->whole) return true;
        bool whole = r->package->use == USE_FILES && !(r->rule && r->rule->paths.n > 0);
        if (directory && !whole) return false;
        if (is_copyright(r, path)) return true;
        if (r->package->use == USE_JAVA_MODULES) return is_documents_link(r, path);
        if (r->package->use == USE_CERTIFICATES || r->package->use == USE_BUSYBOX) return false;
        if (r->package->use == USE_LOCALE) return is_locale(r, path);
        if (r->rule && !recipe_package_takes(r->rule, path)) return false;
        return !is_removed(r->assembly->recipe, path) && recipe_takes(r->assembly->recipe, path);
}

static char *map_path(void *context, const char *name, bool directory) {
        const PathRules *r = context;
        AUTO(freep) char *path = path_clean(name);
        if (!takes(r, path, directory)) return NULL;
        return r->assembly->usr_merged ? usr_merge_path(path, directory) : TAKE(path);
}

/* ---- the key */

static void key_rule(KeyText *k, const RecipePackage *rule) {
        static const StrVec none;
        const StrVec *paths = rule ? &rule->paths : &none;
        key_list(k, "paths", (const char *const *)paths->v);
}

void package_layer_key(const Assembly *a, BaseLayer *l) {
        KeyText k;
        key_begin(&k, "debian packages");
        key_number(&k, "version", PACKAGE_LAYER_FORMAT);
        key_number(&k, "whole", l->whole);
        key_number(&k, "usr-merged", a->usr_merged);
        key_list(&k, "keep", (const char *const *)a->recipe->keep.v);
        key_list(&k, "drop", (const char *const *)a->recipe->drop.v);
        key_text(&k, "locale", a->recipe->locale);
        for (size_t i = 0; i < a->recipe->paths.n; i++)
                if (a->recipe->paths.v[i].kind == RECIPE_REMOVE) key_text(&k, "remove", a->recipe->paths.v[i].path);
        for (size_t i = 0; i < l->packages.n; i++) {
                const LockedPackage *p = l->packages.v[i];
                key_digest(&k, "package", &p->sha256);
                key_number(&k, "use", p->use);
                key_rule(&k, package_rule(a->recipe, p->name));
        }
        key_finish(&k, &l->key);
}

/* ---- unpacking */

static int add_status(SmallTree *tree, const DebControl *control, const LockedPackage *p, Err **e) {
        const SmallTreeMeta plain = {.mode = 0644};
        AUTO(status_d_done) StatusD status = {0};
        AUTO(control_paragraph_done) ControlParagraph paragraph = {0};
        Str text = {control->control, control->control_size}, sums = {control->md5sums, control->md5sums_size};
        size_t offset = 0;
        if (status_d_of(text, sums, p->path, &status, e) < 0) return -1;
        if (control_next(text, p->path, &offset, &paragraph, e) < 0 || locked_package_check(p, &paragraph, e) < 0)
                return -1;
        if (small_tree_file(tree, status.control_path, plain, str_of(status.control), e) < 0) return -1;
        return status.md5sums ? small_tree_file(tree, status.md5sums_path, plain, str_of(status.md5sums), e) : 0;
}

static int unpack_status(const UnpackJob *job, const LockedPackage *p, int fd, LayerTotals *ret_totals, Err **e) {
        AUTO(deb_control_done) DebControl control = {0};
        AUTO(small_tree_freep) SmallTree *tree = small_tree_new(NULL);
        Str tar;
        if (deb_read_control(fd, &control, e) < 0 || add_status(tree, &control, p, e) < 0) return -1;
        if (small_tree_tar(tree, &tar, e) < 0) return -1;
        AUTO(source_freep) Source *source = source_from_memory(tar.p, tar.n);
        UnpackJob plain = *job;
        plain.names = NULL;
        return unpack_tar(&plain, source, ret_totals, e);
}

static void add_totals(LayerTotals *to, const LayerTotals *more) {
        to->entry_count += more->entry_count;
        to->size_bytes += more->size_bytes;
}

static int unpack_package(const PathRules *rules, const UnpackJob *job, LayerTotals *totals, Err **e) {
        const LockedPackage *p = rules->package;
        const char *cache_dir = rules->assembly->cache_dir;
        AUTO(closep) int fd = -1;
        AUTO(source_freep) Source *data = NULL;
        LayerTotals status = {0}, files = {0};
        int r = debian_pool_open(cache_dir, &p->sha256, &fd, e);
        if (r != POOL_FOUND) return r < 0 ? -1 : err_new(e, ERR_STORE, "its file vanished from '%s'", cache_dir);
        UnpackNames names = {map_path, (void *)rules};
        UnpackJob own = *job;
        own.names = &names;
        if (unpack_status(job, p, fd, &status, e) < 0) return -1;
        if (deb_open_data(fd, &data, e) < 0 || unpack_tar(&own, data, &files, e) < 0) return -1;
        add_totals(totals, &status);
        add_totals(totals, &files);
        return 0;
}

int package_layer_fill(const Assembly *a, const BaseLayer *l, const Draft *draft, LayerTotals *ret_totals, Err **e) {
        AUTO(view_freep) View *merged = NULL;
        AUTO(draft_tree_freep) DraftTree *tree = NULL;
        DraftTreeParams tree_params = {.fs_fd = draft->fs_fd, .clamp_mtime_ns = -1, .replace = true};
        LayerTotals totals = {0};
        if (view_open_fd(draft->fs_fd, &merged, e) < 0 || draft_tree_new(&tree_params, &tree, e) < 0) return -1;
        UnpackJob job = {.tree = tree,
                         .merged = merged,
                         .fs_fd = draft->fs_fd,
                         .base = "",
                         .whiteouts = WHITEOUTS_ARE_NAMES,
                         .has_owner = l->whole, /* root, who can be had everywhere; it is only read */
                         .clamp_mtime_ns = -1,
                         .max_bytes = DEB_DATA_MAX,
                         .max_entries = PACKAGE_ENTRIES_MAX,
                         .cancelled = a->params->cancelled};
        for (size_t i = 0; i < l->packages.n; i++) {
                const LockedPackage *p = l->packages.v[i];
                PathRules rules = {a, l, p, package_rule(a->recipe, p->name)};
                if (unpack_package(&rules, &job, &totals, e) < 0)
                        return err_wrap(e, "package %s %s", p->name, p->version);
        }
        if (draft_tree_finish(tree, e) < 0) return -1;
        *ret_totals = totals;
        return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "dockerfile/ignore.h"
#include "layer/copy_set.h"
#include "os/root_path.h"

enum { INLINE_MODE = S_IFREG | 0644 };

/* ---- what to say when a source is not there */

/* The name in a directory that is most like name, as a path; NULL when none is near. Owned. */
static char *nearest_path(const CopySet *s, const char *parent, const char *name) {
        DirList list;
        AUTO(view_entry_done) ViewEntry dir = {0};
        if (view_lookup(s->view, parent, true, &dir, NULL) != VIEW_FOUND) return NULL;
        if (view_list(s->view, dir.path, &list, NULL) < 0) return NULL;
        StrVec names = {0};
        for (size_t i = 0; i < list.n; i++) {
                AUTO(freep) char *full = view_path_add(dir.path + 1, list.v[i].name);
                bool prune;
                if (!copy_hidden(s, full, list.v[i].type == DT_DIR, &prune)) strvec_push(&names, list.v[i].name);
        }
        const char *near = names.n ? nearest_name(name, (const char *const *)names.v, names.n) : NULL;
        char *path = near && !streq(near, name) ? view_path_add(parent, near) : NULL;
        strvec_done(&names);
        dir_list_done(&list);
        return path;
}

static bool is_there(const CopySet *s, const char *path) {
        AUTO(view_entry_done) ViewEntry found = {0};
        return view_lookup(s->view, path, true, &found, NULL) == VIEW_FOUND;
}

/* prefix: up to the first component that is not there; rest: what follows it, "" or "/...". */
static void hint_nearest(const CopySet *s, const char *prefix, const char *rest, Err **e) {
        AUTO(freep) char *parent = xstrdup(prefix);
        char *slash = strrchr(parent, '/');
        const char *name = slash ? slash + 1 : prefix;
        if (slash) *slash = '\0';
        AUTO(freep) char *near = nearest_path(s, slash ? parent : "", name);
        if (!near) {
                if (*rest) err_hint(e, "there is no '%s'", prefix);
                return;
        }
        AUTO(freep) char *whole = xasprintf("%s%s", near, rest);
        err_hint(e, "did you mean '%s'?", is_there(s, whole) ? whole : near);
}

/* Returns true when prefix is a link, which is why the way ends there. */
static bool hint_link(const CopySet *s, const char *prefix, Err **e) {
        AUTO(view_entry_done) ViewEntry link = {0};
        AUTO(freep) char *target = NULL;
        if (view_lookup(s->view, prefix, false, &link, NULL) != VIEW_FOUND || !S_ISLNK(link.st.st_mode)) return false;
        if (view_readlink(s->view, &link, &target, NULL) < 0) return false;
        err_hint(e, "'%s' is a link to '%s', which leads to nothing below the root of the sources", prefix, target);
        return true;
}

/* path: without "/" at its start. */
static void hint_missing(const CopySet *s, const char *path, Err **e) {
        for (const char *end = path; *end;) {
                end += strcspn(end + 1, "/") + 1;
                AUTO(freep) char *prefix = xstrndup(path, (size_t)(end - path));
                if (is_there(s, prefix)) continue;
                if (!hint_link(s, prefix, e)) hint_nearest(s, prefix, end, e);
                return;
        }
}

/* The ignore rule that hides path, or what path leads to; NULL when none does. Owned. */
static char *hiding_rule(const CopySet *s, const char *path) {
        const CopyFilter *filter = s->root.filter;
        if (!filter || !filter->explain) return NULL;
        bool prune;
        AUTO(view_entry_done) ViewEntry found = {0};
        if (copy_hidden(s, path, true, &prune)) return filter->explain(filter->context, path);
        if (view_lookup(s->view, path, true, &found, NULL) != VIEW_FOUND) return NULL;
        return filter->explain(filter->context, found.path + 1);
}

static int source_missing(const CopySet *s, const char *source, const char *path, Err **e) {
        while (*path == '/') path++;
        while (*source == '/') source++; /* every source stands below its root, however it is written */
        AUTO(freep) char *rule = hiding_rule(s, path);
        const char *root = s->root.root_path;
        err_new(e, ERR_NOT_FOUND, "\"/%s\": not found%s%s", source, root ? " in " : "", root ? root : "");
        if (rule)
                err_hint(e, "%s hides it", rule);
        else if (starts_with(source, "../"))
                err_hint(e, "'..' leads nowhere from the root of the sources: give the directory above as the context "
                            "(-f names the Dockerfile), or --build-context NAME=DIR and COPY --from=NAME");
        else
                hint_missing(s, path, e);
        if (root && !s->root.view) err_hint(e, "sources are looked up in the build context %s", root);
        return -1;
}

/* ---- items */

static int add_item(CopySet *s, CopyItem *item, CopyEntry *root, Err **e) {
        root->item = (uint32_t)s->items.n;
        root->parent = COPY_NONE;
        uint32_t index;
        if (copy_set_add(s, root, &index, e) < 0) return -1;
        item->root = index;
        item->prefix = (uint32_t)strlen(root->path);
        item->directory = S_ISDIR(root->mode);
        vec_push(&s->items, *item);
        return 0;
}

/* The name that a source has in a destination directory: its last component as written. */
static const char *source_name(CopySet *s, const char *source) {
        AUTO(freep) char *clean = path_clean(source);
        return arena_strdup(s->arena, strrchr(clean, '/') + 1);
}

/* A found source, links resolved. Returns 1 when it is hidden. */
static int add_found(CopySet *s, const CopyItem *like, const ViewEntry *found, Err **e) {
        CopyItem item = *like;
        const char *path = found->path + 1;
        bool prune = false, directory = S_ISDIR(found->st.st_mode);
        bool hidden = copy_hidden(s, path, directory, &prune);
        if (hidden && (prune || !directory)) return 1;
        CopyEntry root = {.path = arena_strdup(s->arena, path), .layer = (uint16_t)found->layer};
        if (hidden) root.flags |= ENTRY_LAZY;
        copy_entry_fill(s, &root, &found->st);
        return add_item(s, &item, &root, e);
}

/* path: cleaned. Returns 1 when it is missing or hidden. */
static int add_path(CopySet *s, const CopyItem *like, const char *path, Err **e) {
        bool prune = false;
        if (copy_hidden(s, path + 1, false, &prune) && copy_hidden(s, path + 1, true, &prune) && prune) return 1;
        AUTO(view_entry_done) ViewEntry found = {0};
        int r = view_lookup(s->view, path, true, &found, e);
        return r == VIEW_FOUND ? add_found(s, like, &found, e) : r;
}

static int add_literal(CopySet *s, const char *source, const char *pattern, Err **e) {
        AUTO(freep) char *path = path_clean(source);
        CopyItem item = {.name = source_name(s, source), .pattern = pattern};
        int r = add_path(s, &item, path, e);
        if (r < 0) return err_wrap(e, "COPY source '%s'", source);
        return r > 0 ? source_missing(s, source, path, e) : 0;
}

/* ---- wildcards: one component after the other, real directories only, names in order */

typedef struct Wildcard {
        CopySet *set;
        const char *source;  /* as written */
        const char *pattern; /* the rest of a --parents source, or NULL */
} Wildcard;

static int expand(const Wildcard *w, const ViewDir *dir, const char *rest, Err **e);

static int expand_match(const Wildcard *w, const ViewDir *dir, const DirEntry *entry, uint32_t layer, const char *rest,
                        Err **e) {
        AUTO(freep) char *path = view_path_add(dir->path, entry->name);
        bool prune = false;
        if (copy_hidden(w->set, path, entry->type == DT_DIR, &prune) && prune) return 0;
        if (*rest) {
                if (entry->type != DT_DIR) return 0;
                ViewDir child;
                if (view_dir_child(w->set->view, dir, entry->name, layer, &child, e) < 0) return -1;
                int r = expand(w, &child, rest, e);
                view_dir_done(&child);
                return r;
        }
        AUTO(freep) char *rooted = xasprintf("/%s", path);
        CopyItem item = {.name = arena_strdup(w->set->arena, entry->name), .pattern = w->pattern, .optional = true};
        int r = add_path(w->set, &item, rooted, e);
        if (r < 0) return r;
        /* A link that leads nowhere was named by the wildcard; anything else was hidden. */
        return r > 0 && entry->type == DT_LNK ? source_missing(w->set, path, path, e) : 0;
}

static int bad_pattern(const char *source, Err **e) {
        return err_new(e, ERR_SYNTAX, "COPY source '%s': syntax error in pattern", source);
}

static int expand(const Wildcard *w, const ViewDir *dir, const char *rest, Err **e) {
        size_t n = strcspn(rest, "/");
        AUTO(freep) char *pattern = xstrndup(rest, n);
        rest += n;
        while (*rest == '/') rest++;
        ViewList list;
        if (view_dir_list(w->set->view, dir, false, &list, e) < 0) return -1;
        int r = 0;
        for (size_t i = 0; i < list.list.n && r == 0; i++) {
                GlobResult match = glob_match(pattern, list.list.v[i].name);
                if (match == GLOB_BAD) r = bad_pattern(w->source, e);
                if (match == GLOB_MATCH) r = expand_match(w, dir, &list.list.v[i], list.layers[i], rest, e);
        }
        view_list_done(&list);
        return r;
}

/* Split "a/b*c/d" into "/a" and "b*c/d". */
static char *fixed_prefix(const char *path, const char **ret_rest) {
        size_t fixed = 0;
        for (size_t at = 1;; at++) {
                size_t n = strcspn(path + at, "/");
                AUTO(freep) char *part = xstrndup(path + at, n);
                if (glob_has_meta(part) || path[at + n] == '\0') break;
                at += n;
                fixed = at;
        }
        *ret_rest = path + fixed + 1;
        return fixed ? xstrndup(path, fixed) : xstrdup("/");
}

static int add_wildcard(CopySet *s, const char *source, const char *pattern, Err **e) {
        AUTO(freep) char *path = path_clean(source);
        if (glob_match(path, path) == GLOB_BAD) return bad_pattern(source, e);
        const char *rest;
        AUTO(freep) char *fixed = fixed_prefix(path, &rest);
        AUTO(view_entry_done) ViewEntry found = {0};
        ViewDir dir;
        int r = view_lookup(s->view, fixed, true, &found, e);
        if (r == VIEW_FOUND) r = view_dir_at(s->view, found.path, &dir, e);
        if (r < 0) return err_wrap(e, "COPY source '%s'", source);
        if (r == VIEW_ABSENT) return source_missing(s, source, fixed, e);
        Wildcard w = {s, source, pattern};
        r = expand(&w, &dir, rest, e);
        view_dir_done(&dir);
        return r;
}

static int add_source(CopySet *s, const char *source, const char *pattern, Err **e) {
        if (!s->params.literal_names && glob_has_meta(source)) return add_wildcard(s, source, pattern, e);
        return add_literal(s, source, pattern, e);
}

/* --parents: "a/./b/c" copies b/c out of a; without the mark everything counts from the root. */
static int add_parents(CopySet *s, const char *source, Err **e) {
        const char *pivot = strstr(source, "/./");
        AUTO(freep) char *base = pivot ? xstrndup(source, (size_t)(pivot - source)) : xstrdup("/");
        AUTO(freep) char *clean = path_clean(pivot ? pivot + 3 : source);
        const char *pattern = arena_strdup(s->arena, clean + 1);
        if (glob_match_deep(pattern, "x") == GLOB_BAD) return bad_pattern(source, e);
        return add_source(s, *base ? base : "/", pattern, e);
}

static int add_inline(CopySet *s, const CopyInline *data, Err **e) {
        CopyItem item = {.name = data->name};
        CopyEntry root = {.path = data->name, .mode = INLINE_MODE, .size = data->size, .inline_data = data};
        root.flags = ENTRY_INLINE | ENTRY_HASHED;
        sha256_of(data->data, data->size, &root.digest);
        return add_item(s, &item, &root, e);
}

int copy_sources_resolve(CopySet *s, Err **e) {
        for (size_t i = 0; i < s->params.source_count; i++) {
                const char *source = s->params.sources[i];
                size_t first = s->items.n;
                int r = s->params.parents ? add_parents(s, source, e) : add_source(s, source, NULL, e);
                if (r < 0) return r;
                for (size_t k = first; s->params.packed && k < s->items.n; k++)
                        s->items.v[k].packed = s->params.packed[i];
        }
        for (size_t i = 0; i < s->params.inline_count; i++) {
                if (add_inline(s, &s->params.inlines[i], e) < 0) return -1;
        }
        return 0;
}

static bool took_something(const CopySet *s, const CopyItem *item) {
        if (!item->pattern) return copy_entry_live(copy_entry(s, item->root));
        for (uint32_t i = item->from; i < item->end; i++) {
                if (copy_entry_live(copy_entry(s, i))) return true;
        }
        return false;
}

int copy_sources_settle(CopySet *s, Err **e) {
        for (size_t i = 0; i < s->items.n; i++) {
                CopyItem *item = &s->items.v[i];
                if (took_something(s, item)) continue;
                bool wanted = item->pattern ? !glob_has_meta(item->pattern) : !item->optional;
                const CopyEntry *root = copy_entry(s, item->root);
                AUTO(freep) char *path = view_path_add(root->path, item->pattern ? item->pattern : "");
                if (!item->pattern) path[strlen(root->path)] = '\0';
                if (wanted) return source_missing(s, path, path, e);
                item->gone = true;
        }
        return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <fnmatch.h>

#include "bake/definition.h"
#include "base/cleanup.h"
#include "base/map.h"

/* From names on the command line to targets with everything that they inherit, and to the targets that those link to. */

enum { DEPTH_MAX = 200 };

static int not_found(const Bake *b, const ConfigNode *place, const char *name, Err **e) {
        VEC(const char *) names = {0};
        for (size_t i = 0; i < b->targets.n; i++) vec_push(&names, b->targets.v[i]->name);
        for (size_t i = 0; i < b->groups.n; i++) vec_push(&names, b->groups.v[i]->name);
        const char *near = nearest_name(name, names.v, names.n);
        if (place && place->file) {
                config_node_error(place, e, "there is no target '%s'", name);
        } else {
                err_new(e, ERR_NOT_FOUND, "there is no target or group '%s'", name);
        }
        if (near) {
                err_hint(e, "did you mean '%s'?", near);
        } else if (names.n) {
                Buf all = {0};
                for (size_t i = 0; i < names.n && i < 20; i++) buf_addf(&all, "%s%s", i ? " " : "", names.v[i]);
                err_hint(e, "targets and groups: %s%s", all.p, names.n > 20 ? " ..." : "");
                buf_done(&all);
        }
        vec_done(&names);
        return -1;
}

/* ---- inheritance */

typedef struct Resolving {
        Bake *bake;
        Map *done; /* targets by name */
        unsigned depth;
} Resolving;

static int resolve_target(Resolving *r, const ConfigNode *place, const char *name, BakeTarget **ret_target, Err **e);

static int inherit(Resolving *r, const BakeTarget *from, BakeTarget *into, Err **e) {
        for (const ConfigNode *n = from->inherits ? from->inherits->first : NULL; n; n = n->next) {
                BakeTarget *parent;
                if (resolve_target(r, n, n->text, &parent, e) < 0) return -1;
                bake_target_merge(r->bake->arena, into, parent, false);
        }
        return 0;
}

static int resolve_target(Resolving *r, const ConfigNode *place, const char *name, BakeTarget **ret_target, Err **e) {
        Bake *b = r->bake;
        const BakeTarget *defined = bake_target_find(b, name);
        if (!defined) return not_found(b, place, name, e);
        *ret_target = map_gets(r->done, name);
        if (*ret_target) return 0;
        if (++r->depth > DEPTH_MAX)
                return config_node_error(defined->place, e,
                                         "target '%s' inherits in a circle, or more than %d levels deep", name,
                                         DEPTH_MAX);
        BakeTarget *t = arena_alloc(b->arena, sizeof *t);
        int result = inherit(r, defined, t, e);
        r->depth--;
        if (result < 0) return -1;
        bake_target_merge(b->arena, t, defined, false);
        t->name = defined->name;
        t->place = defined->place;
        t->inherits = NULL;
        if (bake_override_target(b, t, e) < 0) return -1;
        bake_target_finish(b->arena, t);
        map_puts(r->done, name, t);
        *ret_target = t;
        return 0;
}

static void set_default_text(Bake *b, BakeTarget *t, AttributeId id, const char *text) {
        const char *now = bake_target_text(t, id);
        if (!now || (!*now && id == ATTRIBUTE_DOCKERFILE)) t->values[id] = config_node_text(b->arena, text, t->place);
}

/* "a/./b/../c/" as "a/c", as Go's path.Clean has it. */
static char *clean_path(Arena *a, const char *path) {
        Buf out = {0};
        Str rest = str_of(path), part;
        bool rooted = path[0] == '/', more = true;
        size_t floor = 0; /* what ".." does not take away */
        while (more) {
                more = str_cut(&rest, '/', &part);
                if (!part.n || str_is(part, ".")) continue;
                if (str_is(part, "..") && out.n > floor) {
                        while (out.n > floor && out.p[out.n - 1] != '/') out.n--;
                        if (out.n > floor) out.n--;
                        continue;
                }
                if (str_is(part, "..") && rooted) continue;
                if (out.n) buf_addc(&out, '/');
                buf_add_str(&out, part);
                if (str_is(part, "..")) floor = out.n;
        }
        char *text = arena_printf(a, "%s%.*s", rooted ? "/" : "", (int)out.n, out.p ? out.p : "");
        buf_done(&out);
        return *text ? text : arena_strdup(a, ".");
}

static void clean_context(Bake *b, BakeTarget *t) {
        ConfigNode *context = t->values[ATTRIBUTE_CONTEXT];
        bool here = starts_with(context->text, "cwd://");
        if (here) context->text += strlen("cwd://");
        if (here || (!strstr(context->text, "://") && !starts_with(context->text, "git@")))
                context->text = clean_path(b->arena, context->text);
}

static int add_epoch(Bake *b, BakeTarget *t) {
        static const char name[] = "SOURCE_DATE_EPOCH";
        const char *epoch = config_node_member_text(b->environment, name);
        if (!epoch || !*epoch || config_node_get(t->values[ATTRIBUTE_ARGS], name)) return 0;
        ConfigNode *map = config_node_new(b->arena, CONFIG_MAP, NULL);
        config_node_set(b->arena, map, name, config_node_text(b->arena, epoch, NULL));
        bake_attribute_merge(b->arena, t, ATTRIBUTE_ARGS, map, true);
        config_node_sort(b->arena, t->values[ATTRIBUTE_ARGS]);
        return 0;
}

static BakeTarget *selected_find(const Bake *b, const char *name) {
        for (size_t i = 0; i < b->selected.n; i++)
                if (streq(b->selected.v[i]->name, name)) return b->selected.v[i];
        return NULL;
}

static int select_target(Resolving *r, const ConfigNode *place, const char *name, BakeTarget **ret_target, Err **e) {
        Bake *b = r->bake;
        BakeTarget *resolved;
        *ret_target = selected_find(b, name);
        if (*ret_target) return 0;
        if (resolve_target(r, place, name, &resolved, e) < 0) return -1;
        BakeTarget *t = arena_alloc(b->arena, sizeof *t);
        bake_target_merge(b->arena, t, resolved, false);
        t->name = resolved->name;
        t->place = resolved->place;
        set_default_text(b, t, ATTRIBUTE_CONTEXT, ".");
        set_default_text(b, t, ATTRIBUTE_DOCKERFILE, "Dockerfile");
        add_epoch(b, t);
        vec_push(&b->selected, t);
        *ret_target = t;
        return 0;
}

/* ---- groups */

static ConfigNode *group_node(Bake *b, const BakeGroup *g) {
        ConfigNode *map = config_node_new(b->arena, CONFIG_MAP, NULL);
        if (g->description && *g->description)
                config_node_set(b->arena, map, "description", config_node_text(b->arena, g->description, NULL));
        config_node_set(b->arena, map, "targets", config_node_copy(b->arena, g->targets));
        return map;
}

/* A group is looked for first, as what a name on the command line or in a group means. */
static int select_name(Resolving *r, const ConfigNode *place, const char *name, Err **e) {
        Bake *b = r->bake;
        const BakeGroup *g = bake_group_find(b, name);
        BakeTarget *t;
        if (!g) return select_target(r, place, name, &t, e);
        if (config_node_get(b->selected_groups, name)) return 0;
        config_node_set(b->arena, b->selected_groups, name, group_node(b, g));
        for (const ConfigNode *n = g->targets->first; n; n = n->next) {
                /* a target of the group's own name, in the group */
                int result = streq(n->text, name) ? select_target(r, n, name, &t, e) : select_name(r, n, n->text, e);
                if (result < 0) return -1;
        }
        return 0;
}

static int match_names(const Bake *b, const char *pattern, ConfigNode *list, Err **e) {
        if (!strpbrk(pattern, "*?[]")) {
                config_node_append(list, config_node_text(b->arena, pattern, NULL));
                return 0;
        }
        size_t before = list->count;
        for (size_t i = 0; i < b->groups.n; i++)
                if (fnmatch(pattern, b->groups.v[i]->name, 0) == 0)
                        config_node_append(list, config_node_text(b->arena, b->groups.v[i]->name, NULL));
        for (size_t i = 0; i < b->targets.n; i++)
                if (fnmatch(pattern, b->targets.v[i]->name, 0) == 0)
                        config_node_append(list, config_node_text(b->arena, b->targets.v[i]->name, NULL));
        return list->count > before ? 0 : err_new(e, ERR_NOT_FOUND, "no target or group fits '%s'", pattern);
}

static int compare_texts(const void *a, const void *b) {
        return strcmp((*(ConfigNode *const *)a)->text, (*(ConfigNode *const *)b)->text);
}

/* Sorted, each once. */
static ConfigNode *sorted_names(Bake *b, const ConfigNode *names) {
        ConfigNode **list = arena_array(b->arena, names->count, sizeof(ConfigNode *)),
                   *sorted = config_node_new(b->arena, CONFIG_LIST, NULL);
        size_t n = 0;
        for (const ConfigNode *one = names->first; one; one = one->next) list[n++] = config_node_copy(b->arena, one);
        if (n) qsort(list, n, sizeof(ConfigNode *), compare_texts);
        for (size_t i = 0; i < n; i++)
                if (i == 0 || !streq(list[i]->text, list[i - 1]->text)) config_node_append(sorted, list[i]);
        return sorted;
}

/* --print always shows a group "default": what was asked for. */
static void name_default(Bake *b, const ConfigNode *names) {
        ConfigNode *group = config_node_get(b->selected_groups, "default");
        if (!group) {
                group = config_node_new(b->arena, CONFIG_MAP, NULL);
                config_node_set(b->arena, group, "targets", config_node_new(b->arena, CONFIG_LIST, NULL));
                config_node_set(b->arena, b->selected_groups, "default", group);
        }
        bool defined = bake_group_find(b, "default") != NULL;
        ConfigNode *targets = config_node_get(group, "targets");
        for (const ConfigNode *n = names->first; n; n = n->next)
                if (!defined || !streq(n->text, "default"))
                        config_node_append(targets, config_node_text(b->arena, n->text, NULL));
        config_node_set(b->arena, group, "targets", sorted_names(b, targets));
}

/* ---- links */

const char *bake_link_name(const char *context) {
        return starts_with(context, "target:") ? context + strlen("target:") : NULL;
}

static bool is_subset(const ConfigNode *some, const ConfigNode *all) {
        for (const ConfigNode *n = some->first; n; n = n->next) {
                bool found = false;
                for (const ConfigNode *other = all->first; other && !found; other = other->next)
                        found = streq(n->text, other->text);
                if (!found) return false;
        }
        return true;
}

static int check_platforms(const BakeTarget *t, const BakeTarget *linked, const ConfigNode *place, Err **e) {
        const ConfigNode *mine = t->values[ATTRIBUTE_PLATFORMS], *theirs = linked->values[ATTRIBUTE_PLATFORMS];
        if (!mine || !theirs || mine->count < 2 || theirs->count < 2 || is_subset(mine, theirs)) return 0;
        return config_node_error(place, e, "target '%s' links to '%s', which is not built for all of its platforms",
                                 t->name, linked->name);
}

static int link_target(Resolving *r, BakeTarget *t, BakeTargets *path, Err **e);

static int follow_link(Resolving *r, BakeTarget *t, const ConfigNode *n, BakeTargets *path, Err **e) {
        Bake *b = r->bake;
        const char *name = bake_link_name(n->text);
        if (streq(name, t->name)) return config_node_error(n, e, "target '%s' links to itself", name);
        for (size_t i = 0; i < path->n; i++)
                if (streq(path->v[i]->name, name))
                        return config_node_error(n, e, "targets '%s' and '%s' link to each other in a circle", t->name,
                                                 name);
        BakeTarget *linked = selected_find(b, name);
        if (!linked) {
                if (select_target(r, n, name, &linked, e) < 0) return -1;
                linked->linked_only = true;
                linked->values[ATTRIBUTE_OUTPUT] = config_node_new(b->arena, CONFIG_LIST, NULL);
                ConfigNode *record = config_node_new(b->arena, CONFIG_MAP, NULL);
                config_node_set(b->arena, record, "type", config_node_text(b->arena, "cacheonly", NULL));
                config_node_append(linked->values[ATTRIBUTE_OUTPUT], record);
        }
        if (link_target(r, linked, path, e) < 0) return -1;
        const ConfigNode *entitlements = linked->values[ATTRIBUTE_ENTITLEMENTS];
        if (entitlements) {
                bake_attribute_merge(b->arena, t, ATTRIBUTE_ENTITLEMENTS, entitlements, true);
                bake_target_finish(b->arena, t);
        }
        return check_platforms(t, linked, n, e);
}

static int link_target(Resolving *r, BakeTarget *t, BakeTargets *path, Err **e) {
        if (path->n > DEPTH_MAX)
                return err_new(e, ERR_LIMIT, "targets link to each other more than %d deep", DEPTH_MAX);
        const ConfigNode *contexts = t->values[ATTRIBUTE_CONTEXTS];
        if (t->links_done) return 0;
        vec_push(path, t);
        for (const ConfigNode *n = contexts ? contexts->first : NULL; n; n = n->next)
                if (bake_link_name(n->text) && follow_link(r, t, n, path, e) < 0) return -1;
        path->n--;
        t->links_done = true;
        return 0;
}

static int select_all(Resolving *r, Err **e) {
        Bake *b = r->bake;
        ConfigNode *names = config_node_new(b->arena, CONFIG_LIST, NULL);
        if (bake_read_overrides(b, e) < 0) return -1;
        for (size_t i = 0; i < b->params->name_count; i++) {
                char *name = arena_strdup(b->arena, b->params->names[i]);
                for (char *c = name; *c; c++)
                        if (*c == '.') *c = '_';
                if (match_names(b, name, names, e) < 0) return -1;
        }
        if (!b->params->name_count) config_node_append(names, config_node_text(b->arena, "default", NULL));
        for (const ConfigNode *n = names->first; n; n = n->next)
                if (select_name(r, NULL, n->text, e) < 0) return -1;
        name_default(b, names);
        BakeTargets path = {0};
        int result = 0;
        for (size_t i = 0; i < b->selected.n && result == 0; i++)
                if (!b->selected.v[i]->linked_only) result = link_target(r, b->selected.v[i], &path, e);
        vec_done(&path);
        for (size_t i = 0; i < b->selected.n && result == 0; i++) clean_context(b, b->selected.v[i]);
        config_node_sort(b->arena, b->selected_groups);
        return result;
}

int bake_select(Bake *b, Err **e) {
        Resolving r = {.bake = b, .done = map_new()};
        b->selected_groups = config_node_new(b->arena, CONFIG_MAP, NULL);
        int result = select_all(&r, e);
        map_free(r.done);
        return result;
}

void bake_print(const Bake *b, Buf *out) {
        ConfigNode *document = config_node_new(b->arena, CONFIG_MAP, NULL),
                   *targets = config_node_new(b->arena, CONFIG_MAP, NULL);
        if (b->selected_groups->count) config_node_set(b->arena, document, "group", b->selected_groups);
        for (size_t i = 0; i < b->selected.n; i++)
                config_node_set(b->arena, targets, b->selected.v[i]->name,
                                bake_target_node(b->arena, b->selected.v[i]));
        config_node_sort(b->arena, targets);
        config_node_set(b->arena, document, "target", targets);
        config_node_render(document, 0, out);
        buf_addc(out, '\n');
}

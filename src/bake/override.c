/* SPDX-License-Identifier: Apache-2.0 */
#include <fnmatch.h>

#include "bake/definition.h"
#include "base/cleanup.h"

/* --set PATTERN.KEY[.NAME][+]=VALUE */

static int unknown_set_key(const char *key, Err **e) {
        const char *names[ATTRIBUTE_MAX + 2];
        size_t n = 0;
        for (AttributeId id = 0; id < ATTRIBUTE_MAX; id++) {
                const Attribute *attribute = &bake_attributes[id];
                if (id != ATTRIBUTE_DOCKERFILE_INLINE) names[n++] = attribute->set ? attribute->set : attribute->name;
        }
        names[n++] = "push";
        names[n++] = "load";
        err_new(e, ERR_USAGE, "--set: unknown key '%s'", key);
        const char *near = nearest_name(key, names, n);
        return near ? err_hint(e, "did you mean '%s'?", near) : -1;
}

static int find_key(const char *key, AttributeId *ret_id, Err **e) {
        if (streq(key, "push") || streq(key, "load")) return *ret_id = ATTRIBUTE_MAX, 0;
        for (AttributeId id = 0; id < ATTRIBUTE_MAX; id++) {
                const Attribute *attribute = &bake_attributes[id];
                bool same = streq(key, attribute->set ? attribute->set : attribute->name);
                if (id == ATTRIBUTE_SECRET) same = same || streq(key, "secret");
                if (!same || id == ATTRIBUTE_DOCKERFILE_INLINE) continue;
                *ret_id = id;
                return 0;
        }
        return unknown_set_key(key, e);
}

static int check_form(const BakeOverride *o, const char *text, bool has_value, Err **e) {
        bool named =
                (o->id < ATTRIBUTE_MAX && bake_attributes[o->id].kind == ATTRIBUTE_IS_MAP) || streq(o->key, "secret");
        if (named && (!o->name || !*o->name))
                return err_new(e, ERR_USAGE, "--set %s: %s needs a name: %s.NAME=VALUE", text, o->key, o->key);
        if (!named && o->name) return err_new(e, ERR_USAGE, "--set %s: %s has no names below it", text, o->key);
        if (!has_value && o->id != ATTRIBUTE_ARGS) return err_new(e, ERR_USAGE, "--set %s: '=VALUE' is missing", text);
        return 0;
}

static BakeOverride *override_of(Bake *b, const BakeOverride *o) {
        for (size_t i = 0; i < b->overrides.n; i++) {
                BakeOverride *other = &b->overrides.v[i];
                bool same_name = o->name ? other->name && streq(o->name, other->name) : !other->name;
                if (streq(o->target, other->target) && streq(o->key, other->key) && same_name) return other;
        }
        BakeOverride copy = *o;
        copy.values = config_node_new(b->arena, CONFIG_LIST, NULL);
        vec_push(&b->overrides, copy);
        return &b->overrides.v[b->overrides.n - 1];
}

static void add_override(Bake *b, BakeOverride *o, const char *target, const char *value) {
        o->target = target;
        BakeOverride *at = override_of(b, o);
        at->append = o->append;
        config_node_append(at->values, config_node_text(b->arena, value, NULL));
}

/* An exact name, else a pattern. */
static int spread(Bake *b, BakeOverride *o, const char *pattern, const char *value, Err **e) {
        const BakeTarget *exact = bake_target_find(b, pattern);
        size_t hits = 0;
        for (size_t i = 0; i < b->targets.n; i++) {
                const char *name = b->targets.v[i]->name;
                if (exact ? !streq(name, pattern) : fnmatch(pattern, name, 0) != 0) continue;
                add_override(b, o, name, value);
                hits++;
        }
        return hits ? 0 : err_new(e, ERR_NOT_FOUND, "--set: no target is called '%s'", pattern);
}

static int read_override(Bake *b, const char *text, Err **e) {
        const char *equals = strchr(text, '=');
        Str left = equals ? (Str){text, (size_t)(equals - text)} : str_of(text);
        BakeOverride o = {.append = str_ends(left, STR("+"))};
        if (o.append) left.n--;
        Str pattern, key;
        if (!str_cut(&left, '.', &pattern) || !pattern.n || !left.n)
                return err_new(e, ERR_USAGE, "--set %s: expected TARGET.KEY=VALUE", text);
        bool named = str_cut(&left, '.', &key);
        if (!named) key = left;
        o.key = arena_str(b->arena, key);
        o.name = named ? arena_str(b->arena, left) : NULL;
        if (find_key(o.key, &o.id, e) < 0 || check_form(&o, text, equals, e) < 0) return -1;
        const char *value = equals ? equals + 1 : config_node_member_text(b->environment, o.name);
        if (!value) return 0; /* a variable that is not set gives no argument */
        return spread(b, &o, arena_str(b->arena, pattern), value, e);
}

int bake_read_overrides(Bake *b, Err **e) {
        for (size_t i = 0; i < b->params->set_count; i++)
                if (read_override(b, b->params->sets[i], e) < 0) return -1;
        return 0;
}

/* ---- applying */

static ConfigNode *output_of(Bake *b, const char *type) {
        ConfigNode *record = config_node_new(b->arena, CONFIG_MAP, NULL);
        config_node_set(b->arena, record, "type", config_node_text(b->arena, type, NULL));
        return record;
}

static ConfigNode *outputs(Bake *b, BakeTarget *t) {
        if (!t->values[ATTRIBUTE_OUTPUT]) t->values[ATTRIBUTE_OUTPUT] = config_node_new(b->arena, CONFIG_LIST, NULL);
        return t->values[ATTRIBUTE_OUTPUT];
}

static bool is_type(const ConfigNode *output, const char *type) {
        const char *text = config_node_member_text(output, "type");
        return text && streq(text, type);
}

/* Loading is asked for beside images and archives, not beside trees of files. */
static void set_load(Bake *b, BakeTarget *t) {
        ConfigNode *list = outputs(b, t);
        for (const ConfigNode *o = list->first; o; o = o->next) {
                if (is_type(o, "docker") ? !config_node_get(o, "dest")
                                         : !is_type(o, "image") && !is_type(o, "registry") && !is_type(o, "oci"))
                        return;
        }
        config_node_append(list, output_of(b, "docker"));
}

static void set_push(Bake *b, BakeTarget *t, bool push) {
        ConfigNode *list = outputs(b, t), *kept = config_node_new(b->arena, CONFIG_LIST, list);
        bool only_docker = true;
        for (ConfigNode *o = list->first, *next; o; o = next) {
                next = o->next;
                only_docker = only_docker && is_type(o, "docker");
                if (!push && is_type(o, "registry")) continue;
                if (is_type(o, "image")) {
                        config_node_set(b->arena, o, "push", config_node_text(b->arena, push ? "true" : "false", NULL));
                        config_node_sort(b->arena, o);
                }
                config_node_append(kept, o);
        }
        if (push && only_docker) {
                ConfigNode *image = output_of(b, "image");
                config_node_set(b->arena, image, "push", config_node_text(b->arena, "true", NULL));
                config_node_sort(b->arena, image);
                config_node_append(kept, image);
        }
        t->values[ATTRIBUTE_OUTPUT] = kept;
}

static int apply_export(Bake *b, BakeTarget *t, const BakeOverride *o, Err **e) {
        bool flag;
        if (config_node_flag(o->values->last, &flag) < 0)
                return err_new(e, ERR_USAGE, "--set: %s takes true or false, not '%s'", o->key, o->values->last->text);
        if (streq(o->key, "push")) {
                set_push(b, t, flag);
        } else if (flag) {
                set_load(b, t);
        }
        return 0;
}

/* secret.ID=...: where a secret that the file declares comes from. */
static int apply_secret(Bake *b, BakeTarget *t, const BakeOverride *o, Err **e) {
        ConfigNode *list = t->values[ATTRIBUTE_SECRET], *record;
        for (ConfigNode *s = list ? list->first : NULL; s; s = s->next) {
                const char *id = config_node_member_text(s, "id");
                if (!id || !streq(id, o->name)) continue;
                if (bake_record_read(b->arena, ATTRIBUTE_SECRET, o->values->last, &record, e) < 0)
                        return err_wrap(e, "--set secret.%s", o->name);
                ConfigNode *updated = config_node_new(b->arena, CONFIG_MAP, s);
                config_node_set(b->arena, updated, "id", config_node_text(b->arena, id, NULL));
                for (const ConfigNode *f = record->first; f; f = f->next)
                        if (!streq(f->key, "id"))
                                config_node_set(b->arena, updated, f->key, config_node_copy(b->arena, f));
                s->first = updated->first;
                s->last = updated->last;
                s->count = updated->count;
                return 0;
        }
        return err_new(e, ERR_NOT_FOUND, "--set secret.%s: target '%s' has no such secret", o->name, t->name);
}

static int apply(Bake *b, BakeTarget *t, const BakeOverride *o, Err **e) {
        if (o->id == ATTRIBUTE_MAX) return apply_export(b, t, o, e);
        if (streq(o->key, "secret")) return apply_secret(b, t, o, e);
        const Attribute *attribute = &bake_attributes[o->id];
        ConfigNode *value = o->values;
        if (attribute->kind == ATTRIBUTE_IS_TEXT || attribute->kind == ATTRIBUTE_IS_FLAG) value = o->values->last;
        if (attribute->kind == ATTRIBUTE_IS_MAP) {
                value = config_node_new(b->arena, CONFIG_MAP, NULL);
                config_node_set(b->arena, value, o->name, config_node_copy(b->arena, o->values->last));
        }
        if (bake_attribute_read(b->arena, o->id, value, &value, e) < 0) return err_wrap(e, "--set %s", o->key);
        bool replaces = attribute->kind != ATTRIBUTE_IS_MAP && !o->append && !attribute->set_appends;
        if (replaces) t->values[o->id] = NULL;
        bake_attribute_merge(b->arena, t, o->id, value, true);
        return 0;
}

int bake_override_target(Bake *b, BakeTarget *target, Err **e) {
        for (size_t i = 0; i < b->overrides.n; i++)
                if (streq(b->overrides.v[i].target, target->name) && apply(b, target, &b->overrides.v[i], e) < 0)
                        return err_wrap(e, "target %s", target->name);
        return 0;
}

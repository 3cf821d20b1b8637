/* SPDX-License-Identifier: Apache-2.0 */
#include "bake/definition.h"

#include "base/cleanup.h"
#include "base/num.h"

/* Bake files in JSON: {"variable": {NAME: {...}}, "group": {...}, "target": {...}, NAME: VALUE}. */

enum { MATRIX_MAX = 4096 };

static const char *const top_keys[] = {"variable", "group", "target", "function"};

static int at_key(const ConfigNode *n, Err **e, const char *text) {
        return config_node_error(n, e, "'%s': %s", n->key ? n->key : "", text);
}

/* A block may be written as a list of several; call each for every one. */
static int each_block(Bake *b, const ConfigNode *n, int (*each)(Bake *b, const ConfigNode *block, Err **e), Err **e) {
        if (n->kind == CONFIG_LIST) {
                for (ConfigNode *one = n->first; one; one = one->next) {
                        one->key = n->key;
                        if (each_block(b, one, each, e) < 0) return -1;
                }
                return 0;
        }
        if (n->kind != CONFIG_MAP) return at_key(n, e, "a map is expected here");
        return each(b, n, e);
}

static int each_member(Bake *b, const ConfigNode *map, int (*each)(Bake *b, const ConfigNode *block, Err **e),
                       Err **e) {
        for (const ConfigNode *n = map->first; n; n = n->next)
                if (each_block(b, n, each, e) < 0) return -1;
        return 0;
}

/* ---- variables */

static BakeVariable *variable_find(const Bake *b, const char *name) {
        for (size_t i = 0; i < b->variables.n; i++)
                if (streq(b->variables.v[i]->name, name)) return b->variables.v[i];
        return NULL;
}

static void variable_put(Bake *b, const BakeVariable *v) {
        BakeVariable *before = variable_find(b, v->name);
        if (!before) vec_push(&b->variables, before = arena_alloc(b->arena, sizeof *before));
        *before = *v;
}

static int read_variable(Bake *b, const ConfigNode *n, Err **e) {
        static const char *const keys[] = {"default", "description", "type", "validation"};
        BakeVariable v = {.name = n->key, .place = n, .description = config_node_member_text(n, "description")};
        for (const ConfigNode *member = n->first; member; member = member->next) {
                bool known = false;
                for (size_t i = 0; i < ARRAY_SIZE(keys); i++) known = known || streq(member->key, keys[i]);
                if (!known) return bake_unknown_key(member, "a variable", keys, ARRAY_SIZE(keys), e);
        }
        v.value = config_node_get(n, "default");
        if (v.value && v.value->kind == CONFIG_NULL) v.value = NULL;
        variable_put(b, &v);
        return 0;
}

static int read_variables(Bake *b, const ConfigNode *n, Err **e) {
        return each_member(b, n, read_variable, e);
}

static const char *environment_value(const Bake *b, const char *name) {
        for (size_t i = b->params->variable_count; i-- > 0;) {
                const char *text = b->params->variables[i], *equals = strchr(text, '=');
                size_t n = strlen(name);
                if (equals && (size_t)(equals - text) == n && memcmp(text, name, n) == 0) return equals + 1;
        }
        return config_node_member_text(b->environment, name);
}

/* The environment's text as the kind that the default has. */
static int convert(Bake *b, const BakeVariable *v, const char *text, const ConfigNode *like,
                   const ConfigNode **ret_node, Err **e) {
        ConfigNode *n = config_node_text(b->arena, text, v->place);
        int64_t number;
        bool flag;
        if (like && like->kind == CONFIG_BOOL) {
                if (config_node_flag(n, &flag) < 0)
                        return err_new(e, ERR_USAGE, "variable %s: '%s' is not true or false", v->name, text);
                n->kind = CONFIG_BOOL;
                n->flag = flag;
        } else if (like && like->kind == CONFIG_NUMBER) {
                if (!i64_parse(str_of(text), &number))
                        return err_new(e, ERR_USAGE, "variable %s: '%s' is not a number", v->name, text);
                n->kind = CONFIG_NUMBER;
        } else if (like && like->kind != CONFIG_TEXT) {
                return err_new(e, ERR_USAGE, "variable %s is %s and cannot come from the environment", v->name,
                               config_node_kind_name(like));
        }
        *ret_node = n;
        return 0;
}

static int evaluate(Bake *b, BakeVariable *v, Err **e) {
        BakeScope scope = {bake_variable, b};
        ConfigNode *value = NULL;
        if (v->working) return config_node_error(v->place, e, "variable '%s' needs itself", v->name);
        v->working = true;
        if (v->value && bake_template_expand(b->arena, &scope, v->value, &value, e) < 0) return -1;
        v->working = false;
        const char *text = v->fixed ? NULL : environment_value(b, v->name);
        if (text) return convert(b, v, text, value, &v->result, e);
        v->result = value ? value : config_node_text(b->arena, "", v->place);
        return 0;
}

const ConfigNode *bake_variable(void *bake, const char *name, Err **e) {
        BakeVariable *v = variable_find(bake, name);
        if (!v) return NULL;
        if (!v->result && evaluate(bake, v, e) < 0) return NULL;
        return v->result;
}

/* ---- groups */

static int read_texts(Bake *b, const BakeScope *scope, const ConfigNode *n, ConfigNode **ret_list, Err **e) {
        ConfigNode *list = config_node_new(b->arena, CONFIG_LIST, n), *expanded;
        if (bake_template_expand(b->arena, scope, n, &expanded, e) < 0) return -1;
        if (expanded->kind != CONFIG_LIST && expanded->kind != CONFIG_NULL)
                return at_key(n, e, "a list is expected here");
        for (const ConfigNode *one = expanded->first; one; one = one->next) {
                if (!config_node_scalar(one)) return at_key(n, e, "a list of texts is expected here");
                config_node_append(list, config_node_text(b->arena, config_node_scalar(one), one));
        }
        *ret_list = list;
        return 0;
}

static int read_description(Bake *b, const BakeScope *scope, const ConfigNode *n, const char **ret_text, Err **e) {
        ConfigNode *value = config_node_get(n, "description");
        if (!value || value->kind == CONFIG_NULL) return 0;
        if (bake_template_expand(b->arena, scope, value, &value, e) < 0) return -1;
        *ret_text = config_node_scalar(value);
        return *ret_text ? 0 : config_node_error(value, e, "description: a text is expected here");
}

static int bad_name(const ConfigNode *n, const char *name, Err **e) {
        return config_node_error(n, e, "'%s' is no name: only letters, digits, '_' and '-' are allowed", name);
}

static int read_group(Bake *b, const ConfigNode *n, Err **e) {
        static const char *const keys[] = {"targets", "description"};
        BakeScope scope = {bake_variable, b};
        BakeGroup *g = arena_alloc(b->arena, sizeof *g);
        *g = (BakeGroup){.name = n->key, .place = n, .targets = config_node_new(b->arena, CONFIG_LIST, n)};
        if (!bake_name_valid(g->name)) return bad_name(n, g->name, e);
        for (const ConfigNode *member = n->first; member; member = member->next) {
                if (streq(member->key, "matrix") || streq(member->key, "name"))
                        return at_key(member, e, "groups have none, only targets");
                if (!streq(member->key, keys[0]) && !streq(member->key, keys[1]))
                        return bake_unknown_key(member, "a group", keys, ARRAY_SIZE(keys), e);
        }
        if (read_description(b, &scope, n, &g->description, e) < 0) return -1;
        const ConfigNode *targets = config_node_get(n, "targets");
        if (!targets) return config_node_error(n, e, "group '%s' has no 'targets'", g->name);
        if (read_texts(b, &scope, targets, &g->targets, e) < 0) return -1;
        bake_group_put(b, g);
        return 0;
}

static int read_groups(Bake *b, const ConfigNode *n, Err **e) {
        return each_member(b, n, read_group, e);
}

/* ---- targets */

typedef struct MatrixScope {
        Bake *bake;
        ConfigNode *values; /* a map: this combination */
} MatrixScope;

static const ConfigNode *matrix_variable(void *context, const char *name, Err **e) {
        MatrixScope *m = context;
        const ConfigNode *n = m->values ? config_node_get(m->values, name) : NULL;
        return n ? n : bake_variable(m->bake, name, e);
}

static int unknown_attribute(const ConfigNode *n, Err **e) {
        const char *names[ATTRIBUTE_MAX + 4];
        size_t count = 0;
        for (AttributeId id = 0; id < ATTRIBUTE_MAX; id++) names[count++] = bake_attributes[id].name;
        names[count++] = "inherits";
        names[count++] = "description";
        names[count++] = "matrix";
        names[count++] = "name";
        return bake_unknown_key(n, "a target", names, count, e);
}

static int read_attribute(Bake *b, const BakeScope *scope, const ConfigNode *n, BakeTarget *t, Err **e) {
        ConfigNode *value;
        if (streq(n->key, "description") || streq(n->key, "matrix") || streq(n->key, "name")) return 0;
        if (streq(n->key, "inherits")) return n->kind == CONFIG_NULL ? 0 : read_texts(b, scope, n, &t->inherits, e);
        for (AttributeId id = 0; id < ATTRIBUTE_MAX; id++) {
                if (!streq(n->key, bake_attributes[id].name)) continue;
                if (bake_template_expand(b->arena, scope, n, &value, e) < 0) return -1;
                return bake_attribute_read(b->arena, id, value, &t->values[id], e);
        }
        return unknown_attribute(n, e);
}

static int target_name(Bake *b, const BakeScope *scope, const ConfigNode *n, const char **ret_name, Err **e) {
        ConfigNode *name = config_node_get(n, "name");
        *ret_name = n->key;
        if (name) {
                if (!config_node_get(n, "matrix")) return config_node_error(name, e, "'name' goes with 'matrix' only");
                if (bake_template_expand(b->arena, scope, name, &name, e) < 0) return -1;
                *ret_name = config_node_scalar(name);
                if (!*ret_name) return config_node_error(name, e, "name: a text is expected here");
        }
        return bake_name_valid(*ret_name) ? 0 : bad_name(name ? name : n, *ret_name, e);
}

static int read_one_target(Bake *b, const BakeScope *scope, const ConfigNode *n, const char **ret_name, Err **e) {
        BakeTarget t = {.place = n};
        if (target_name(b, scope, n, &t.name, e) < 0 || read_description(b, scope, n, &t.description, e) < 0) return -1;
        for (const ConfigNode *member = n->first; member; member = member->next)
                if (read_attribute(b, scope, member, &t, e) < 0) return -1;
        *ret_name = t.name;
        return bake_target_add(b, &t, false, e);
}

/* All combinations, the last key of the matrix turning slowest, as lists of maps. */
static int combine(Bake *b, const ConfigNode *matrix, ConfigNode **ret_list, Err **e) {
        ConfigNode *list = config_node_new(b->arena, CONFIG_LIST, matrix);
        config_node_append(list, config_node_new(b->arena, CONFIG_MAP, matrix));
        for (const ConfigNode *axis = matrix->first; axis; axis = axis->next) {
                if (axis->kind != CONFIG_LIST)
                        return config_node_error(axis, e, "matrix.%s: expected a list, not %s", axis->key,
                                                 config_node_kind_name(axis));
                if (axis->count && list->count > MATRIX_MAX / axis->count)
                        return config_node_error(axis, e, "matrix: more than %d combinations", MATRIX_MAX);
                ConfigNode *longer = config_node_new(b->arena, CONFIG_LIST, matrix);
                for (const ConfigNode *value = axis->first; value; value = value->next) {
                        for (const ConfigNode *one = list->first; one; one = one->next) {
                                ConfigNode *copy = config_node_copy(b->arena, one);
                                config_node_set(b->arena, copy, axis->key, config_node_copy(b->arena, value));
                                config_node_append(longer, copy);
                        }
                }
                list = longer;
        }
        *ret_list = list;
        return 0;
}

/* The name of the block itself becomes a group of what the matrix made of it. */
static int read_matrix_target(Bake *b, const ConfigNode *n, ConfigNode *matrix, Err **e) {
        BakeScope scope = {bake_variable, b};
        ConfigNode *combinations = NULL;
        if (!bake_name_valid(n->key)) return bad_name(n, n->key, e);
        if (bake_template_expand(b->arena, &scope, matrix, &matrix, e) < 0) return -1;
        if (matrix->kind != CONFIG_MAP)
                return config_node_error(matrix, e, "matrix: expected a map, not %s", config_node_kind_name(matrix));
        if (combine(b, matrix, &combinations, e) < 0) return -1;
        BakeGroup *g = arena_alloc(b->arena, sizeof *g);
        *g = (BakeGroup){.name = n->key, .place = n, .targets = config_node_new(b->arena, CONFIG_LIST, n)};
        for (ConfigNode *one = combinations->first; one; one = one->next) {
                MatrixScope values = {b, one};
                BakeScope inner = {matrix_variable, &values};
                const char *name;
                if (read_one_target(b, &inner, n, &name, e) < 0) return -1;
                for (const ConfigNode *other = g->targets->first; other; other = other->next) {
                        if (!streq(other->text, name)) continue;
                        config_node_error(n, e, "the matrix of '%s' makes the name '%s' twice", n->key, name);
                        return err_hint(e, "give a 'name' that holds every variable of the matrix");
                }
                config_node_append(g->targets, config_node_text(b->arena, name, n));
        }
        if (g->targets->count != 1 || !streq(g->targets->first->text, n->key)) bake_group_put(b, g);
        return 0;
}

static int read_target(Bake *b, const ConfigNode *n, Err **e) {
        ConfigNode *matrix = config_node_get(n, "matrix");
        if (matrix) return read_matrix_target(b, n, matrix, e);
        BakeScope scope = {bake_variable, b};
        const char *name;
        return read_one_target(b, &scope, n, &name, e);
}

static int read_targets(Bake *b, const ConfigNode *n, Err **e) {
        return each_member(b, n, read_target, e);
}

/* ---- files */

/* Everything that is no block is a variable that the environment does not change. */
static int read_top_variables(Bake *b, const ConfigNode *root, Err **e) {
        for (const ConfigNode *n = root->first; n; n = n->next) {
                bool known = false;
                for (size_t i = 0; i < ARRAY_SIZE(top_keys); i++) known = known || streq(n->key, top_keys[i]);
                if (streq(n->key, "function")) {
                        config_node_error(n, e, "functions are HCL, which is not evaluated");
                        return err_hint(e, "write the results instead");
                }
                if (known || starts_with(n->key, "//")) continue;
                if (n->kind == CONFIG_MAP) return bake_unknown_key(n, "a bake file", top_keys, 3, e);
                BakeVariable v = {.name = n->key, .value = n, .place = n, .fixed = true};
                variable_put(b, &v);
        }
        return 0;
}

static int read_blocks(Bake *b, ConfigNode *const *roots, size_t count, const char *key,
                       int (*read)(Bake *b, const ConfigNode *block, Err **e), Err **e) {
        for (size_t i = 0; i < count; i++) {
                const ConfigNode *n = config_node_get(roots[i], key);
                if (n && each_block(b, n, read, e) < 0) return -1;
        }
        return 0;
}

static void add_builtin(Bake *b, const char *name, const char *value) {
        BakeVariable v = {.name = name, .value = config_node_text(b->arena, value, NULL), .fixed = true};
        variable_put(b, &v);
}

int bake_read_definitions(Bake *b, ConfigNode *const *roots, size_t count, Err **e) {
        if (count == 0) return 0;
        for (size_t i = 0; i < count; i++) {
                if (roots[i]->kind != CONFIG_MAP)
                        return config_node_error(roots[i], e, "a bake file is a map, not %s",
                                                 config_node_kind_name(roots[i]));
                if (read_top_variables(b, roots[i], e) < 0) return -1;
        }
        if (read_blocks(b, roots, count, "variable", read_variables, e) < 0) return -1;
        add_builtin(b, "BAKE_CMD_CONTEXT", "cwd://");
        if (b->params->local_platform) add_builtin(b, "BAKE_LOCAL_PLATFORM", b->params->local_platform);
        if (read_blocks(b, roots, count, "group", read_groups, e) < 0) return -1;
        return read_blocks(b, roots, count, "target", read_targets, e);
}

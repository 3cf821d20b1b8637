/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/config_node.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "codec/json.h"

ConfigNode *config_node_new(Arena *a, ConfigKind kind, const ConfigNode *place) {
        ConfigNode *n = arena_alloc(a, sizeof *n);
        n->kind = kind;
        if (place) {
                n->file = place->file;
                n->line = place->line;
        }
        return n;
}

ConfigNode *config_node_text(Arena *a, const char *text, const ConfigNode *place) {
        ConfigNode *n = config_node_new(a, CONFIG_TEXT, place);
        n->text = arena_strdup(a, text);
        return n;
}

void config_node_append(ConfigNode *parent, ConfigNode *child) {
        child->next = NULL;
        if (parent->last) {
                parent->last->next = child;
        } else {
                parent->first = child;
        }
        parent->last = child;
        parent->count++;
}

ConfigNode *config_node_get(const ConfigNode *map, const char *key) {
        if (!map || map->kind != CONFIG_MAP) return NULL;
        for (ConfigNode *n = map->first; n; n = n->next)
                if (streq(n->key, key)) return n;
        return NULL;
}

void config_node_set(Arena *a, ConfigNode *map, const char *key, ConfigNode *child) {
        ConfigNode *before = NULL;
        child->key = arena_strdup(a, key);
        for (ConfigNode *n = map->first; n; before = n, n = n->next) {
                if (!streq(n->key, key)) continue;
                child->next = n->next;
                *(before ? &before->next : &map->first) = child;
                if (map->last == n) map->last = child;
                return;
        }
        config_node_append(map, child);
}

ConfigNode *config_node_copy(Arena *a, const ConfigNode *n) {
        if (!n) return NULL;
        ConfigNode *copy = arena_alloc(a, sizeof *copy);
        *copy = *n;
        copy->first = copy->last = copy->next = NULL;
        copy->count = 0;
        for (const ConfigNode *child = n->first; child; child = child->next)
                config_node_append(copy, config_node_copy(a, child));
        return copy;
}

static int compare_keys(const void *a, const void *b) {
        return strcmp((*(ConfigNode *const *)a)->key, (*(ConfigNode *const *)b)->key);
}

void config_node_sort(Arena *a, ConfigNode *map) {
        size_t n = map->count, i = 0;
        if (n < 2) return;
        ConfigNode **list = arena_array(a, n, sizeof(ConfigNode *));
        for (ConfigNode *child = map->first; child; child = child->next) list[i++] = child;
        qsort(list, n, sizeof(ConfigNode *), compare_keys);
        map->first = map->last = NULL;
        map->count = 0;
        for (i = 0; i < n; i++) config_node_append(map, list[i]);
}

bool config_node_eq(const ConfigNode *a, const ConfigNode *b) {
        if (a->kind != b->kind || a->count != b->count || a->flag != b->flag) return false;
        if ((a->text || b->text) && (!a->text || !b->text || !streq(a->text, b->text))) return false;
        const ConfigNode *x = a->first;
        for (const ConfigNode *y = b->first; x && y; x = x->next, y = y->next) {
                if (a->kind == CONFIG_MAP && !streq(x->key, y->key)) return false;
                if (!config_node_eq(x, y)) return false;
        }
        return true;
}

const char *config_node_scalar(const ConfigNode *n) {
        if (n->kind == CONFIG_TEXT || n->kind == CONFIG_NUMBER) return n->text;
        if (n->kind == CONFIG_BOOL) return n->flag ? "true" : "false";
        return NULL;
}

int config_node_flag(const ConfigNode *n, bool *ret_flag) {
        static const char *const yes[] = {"true", "1", "t", "T", "TRUE", "True", "yes", "on"};
        static const char *const no[] = {"false", "0", "f", "F", "FALSE", "False", "no", "off"};
        const char *text = config_node_scalar(n);
        for (size_t i = 0; text && i < ARRAY_SIZE(yes); i++) {
                bool is_yes = streq(text, yes[i]);
                if (!is_yes && !streq(text, no[i])) continue;
                *ret_flag = is_yes;
                return 0;
        }
        return -1;
}

const char *config_node_kind_name(const ConfigNode *n) {
        static const char *const names[] = {
                [CONFIG_NULL] = "null",   [CONFIG_BOOL] = "true or false", [CONFIG_NUMBER] = "a number",
                [CONFIG_TEXT] = "a text", [CONFIG_LIST] = "a list",        [CONFIG_MAP] = "a map",
        };
        return names[n->kind];
}

int config_node_error(const ConfigNode *n, Err **e, const char *format, ...) {
        Buf text = {0};
        va_list ap;
        va_start(ap, format);
        buf_addvf(&text, format, ap);
        va_end(ap);
        if (n && n->file) {
                err_new(e, ERR_SYNTAX, "%s:%u: %s", n->file, n->line, text.p);
        } else {
                err_new(e, ERR_USAGE, "%s", text.p);
        }
        buf_done(&text);
        return -1;
}

static void new_line(unsigned depth, Buf *out) {
        buf_addc(out, '\n');
        for (unsigned i = 0; i < depth; i++) buf_adds(out, "  ");
}

static void render_children(const ConfigNode *n, unsigned depth, Buf *out) {
        bool map = n->kind == CONFIG_MAP;
        buf_addc(out, map ? '{' : '[');
        for (const ConfigNode *child = n->first; child; child = child->next) {
                new_line(depth + 1, out);
                if (map) {
                        json_add_text(out, child->key);
                        buf_adds(out, ": ");
                }
                config_node_render(child, depth + 1, out);
                if (child->next) buf_addc(out, ',');
        }
        if (n->first) new_line(depth, out);
        buf_addc(out, map ? '}' : ']');
}

void config_node_render(const ConfigNode *n, unsigned depth, Buf *out) {
        if (n->kind == CONFIG_MAP || n->kind == CONFIG_LIST) {
                render_children(n, depth, out);
        } else if (n->kind == CONFIG_TEXT) {
                json_add_text(out, n->text);
        } else {
                const char *text = config_node_scalar(n);
                buf_adds(out, text ? text : "null");
        }
}

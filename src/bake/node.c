/* SPDX-License-Identifier: Apache-2.0 */
#include "bake/node.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "codec/json.h"

BakeNode *bake_node_new(Arena *a, BakeKind kind, const BakeNode *place) {
        BakeNode *n = arena_alloc(a, sizeof *n);
        n->kind = kind;
        if (place) {
                n->file = place->file;
                n->line = place->line;
        }
        return n;
}

BakeNode *bake_node_text(Arena *a, const char *text, const BakeNode *place) {
        BakeNode *n = bake_node_new(a, BAKE_TEXT, place);
        n->text = arena_strdup(a, text);
        return n;
}

void bake_node_append(BakeNode *parent, BakeNode *child) {
        child->next = NULL;
        if (parent->last) {
                parent->last->next = child;
        } else {
                parent->first = child;
        }
        parent->last = child;
        parent->count++;
}

BakeNode *bake_node_get(const BakeNode *map, const char *key) {
        if (!map || map->kind != BAKE_MAP) return NULL;
        for (BakeNode *n = map->first; n; n = n->next)
                if (streq(n->key, key)) return n;
        return NULL;
}

void bake_node_set(Arena *a, BakeNode *map, const char *key, BakeNode *child) {
        BakeNode *before = NULL;
        child->key = arena_strdup(a, key);
        for (BakeNode *n = map->first; n; before = n, n = n->next) {
                if (!streq(n->key, key)) continue;
                child->next = n->next;
                *(before ? &before->next : &map->first) = child;
                if (map->last == n) map->last = child;
                return;
        }
        bake_node_append(map, child);
}

BakeNode *bake_node_copy(Arena *a, const BakeNode *n) {
        if (!n) return NULL;
        BakeNode *copy = arena_alloc(a, sizeof *copy);
        *copy = *n;
        copy->first = copy->last = copy->next = NULL;
        copy->count = 0;
        for (const BakeNode *child = n->first; child; child = child->next)
                bake_node_append(copy, bake_node_copy(a, child));
        return copy;
}

static int compare_keys(const void *a, const void *b) {
        return strcmp((*(BakeNode *const *)a)->key, (*(BakeNode *const *)b)->key);
}

void bake_node_sort(Arena *a, BakeNode *map) {
        size_t n = map->count, i = 0;
        if (n < 2) return;
        BakeNode **list = arena_array(a, n, sizeof(BakeNode *));
        for (BakeNode *child = map->first; child; child = child->next) list[i++] = child;
        qsort(list, n, sizeof(BakeNode *), compare_keys);
        map->first = map->last = NULL;
        map->count = 0;
        for (i = 0; i < n; i++) bake_node_append(map, list[i]);
}

bool bake_node_eq(const BakeNode *a, const BakeNode *b) {
        if (a->kind != b->kind || a->count != b->count || a->flag != b->flag) return false;
        if ((a->text || b->text) && (!a->text || !b->text || !streq(a->text, b->text))) return false;
        const BakeNode *x = a->first;
        for (const BakeNode *y = b->first; x && y; x = x->next, y = y->next) {
                if (a->kind == BAKE_MAP && !streq(x->key, y->key)) return false;
                if (!bake_node_eq(x, y)) return false;
        }
        return true;
}

const char *bake_node_scalar(const BakeNode *n) {
        if (n->kind == BAKE_TEXT || n->kind == BAKE_NUMBER) return n->text;
        if (n->kind == BAKE_BOOL) return n->flag ? "true" : "false";
        return NULL;
}

int bake_node_flag(const BakeNode *n, bool *ret_flag) {
        static const char *const yes[] = {"true", "1", "t", "T", "TRUE", "True", "yes", "on"};
        static const char *const no[] = {"false", "0", "f", "F", "FALSE", "False", "no", "off"};
        const char *text = bake_node_scalar(n);
        for (size_t i = 0; text && i < ARRAY_SIZE(yes); i++) {
                bool is_yes = streq(text, yes[i]);
                if (!is_yes && !streq(text, no[i])) continue;
                *ret_flag = is_yes;
                return 0;
        }
        return -1;
}

const char *bake_node_kind_name(const BakeNode *n) {
        static const char *const names[] = {
                [BAKE_NULL] = "null",   [BAKE_BOOL] = "true or false", [BAKE_NUMBER] = "a number",
                [BAKE_TEXT] = "a text", [BAKE_LIST] = "a list",        [BAKE_MAP] = "a map",
        };
        return names[n->kind];
}

int bake_node_error(const BakeNode *n, Err **e, const char *format, ...) {
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

static void render_children(const BakeNode *n, unsigned depth, Buf *out) {
        bool map = n->kind == BAKE_MAP;
        buf_addc(out, map ? '{' : '[');
        for (const BakeNode *child = n->first; child; child = child->next) {
                new_line(depth + 1, out);
                if (map) {
                        json_add_text(out, child->key);
                        buf_adds(out, ": ");
                }
                bake_node_render(child, depth + 1, out);
                if (child->next) buf_addc(out, ',');
        }
        if (n->first) new_line(depth, out);
        buf_addc(out, map ? '}' : ']');
}

void bake_node_render(const BakeNode *n, unsigned depth, Buf *out) {
        if (n->kind == BAKE_MAP || n->kind == BAKE_LIST) {
                render_children(n, depth, out);
        } else if (n->kind == BAKE_TEXT) {
                json_add_text(out, n->text);
        } else {
                const char *text = bake_node_scalar(n);
                buf_adds(out, text ? text : "null");
        }
}

/* ---- CSV */

bool bake_csv_split(Arena *a, const char *text, BakeNode *list) {
        AUTO(buf_done) Buf field = {0};
        const char *c = text;
        do {
                buf_clear(&field);
                if (*c == '"') {
                        for (c++; *c && (*c != '"' || c[1] == '"'); c++) {
                                if (*c == '"') c++;
                                buf_addc(&field, *c);
                        }
                        if (*c++ != '"' || (*c && *c != ',')) return false;
                } else {
                        for (; *c && *c != ','; c++) {
                                if (*c == '"') return false;
                                buf_addc(&field, *c);
                        }
                }
                bake_node_append(list, bake_node_text(a, field.n ? field.p : "", list));
        } while (*c++ == ',');
        return true;
}

void bake_csv_add(Buf *out, const char *field) {
        if (out->n) buf_addc(out, ',');
        if (!strpbrk(field, ",\"\r\n")) {
                buf_adds(out, field);
                return;
        }
        buf_addc(out, '"');
        for (const char *c = field; *c; c++) {
                if (*c == '"') buf_addc(out, '"');
                buf_addc(out, *c);
        }
        buf_addc(out, '"');
}

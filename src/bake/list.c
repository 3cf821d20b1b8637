/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "bake/definition.h"
#include "base/cleanup.h"

/* --list targets, --list variables */

typedef struct Row {
        const char *name, *description;
        bool group;
        const char *type, *value; /* of variables */
} Row;

typedef VEC(Row) Rows;

static int compare_rows(const void *a, const void *b) {
        return strcmp(((const Row *)a)->name, ((const Row *)b)->name);
}

static void sort_rows(Rows *rows) {
        if (rows->n) qsort(rows->v, rows->n, sizeof *rows->v, compare_rows);
}

static int compare_words(const void *a, const void *b) {
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *group_text(const Bake *b, const BakeGroup *g) {
        AUTO(buf_done) Buf text = {0};
        const char **names = arena_array(b->arena, g->targets->count + 1, sizeof *names);
        size_t n = 0;
        for (const BakeNode *one = g->targets->first; one; one = one->next) names[n++] = one->text;
        if (n == 0) return g->description;
        qsort(names, n, sizeof *names, compare_words);
        for (size_t i = 0; i < n; i++) buf_addf(&text, "%s%s", i ? ", " : "", names[i]);
        if (!g->description || !*g->description) return arena_strdup(b->arena, text.p);
        return arena_printf(b->arena, "%s (%s)", g->description, text.p);
}

static void set_text(const Bake *b, BakeNode *map, const char *key, const char *text) {
        if (text && *text) bake_node_set(b->arena, map, key, bake_node_text(b->arena, text, NULL));
}

/* Tabs and line ends in texts would break the table. */
static void add_cell(Buf *out, const char *text) {
        for (const char *c = text ? text : ""; *c; c++) buf_addc(out, *c == '\t' || *c == '\n' ? ' ' : *c);
}

void bake_list_targets(const Bake *b, bool json, Buf *out) {
        Rows rows = {0};
        for (size_t i = 0; i < b->targets.n; i++)
                vec_push(&rows, (Row){.name = b->targets.v[i]->name, .description = b->targets.v[i]->description});
        for (size_t i = 0; i < b->groups.n; i++)
                vec_push(&rows, (Row){.name = b->groups.v[i]->name,
                                      .description = group_text(b, b->groups.v[i]),
                                      .group = true});
        sort_rows(&rows);
        BakeNode *list = bake_node_new(b->arena, BAKE_LIST, NULL);
        if (!json) buf_adds(out, "TARGET\tDESCRIPTION\n");
        for (size_t i = 0; i < rows.n; i++) {
                const Row *row = &rows.v[i];
                if (row->name[0] == '_') continue; /* private by convention */
                BakeNode *one = bake_node_new(b->arena, BAKE_MAP, NULL);
                set_text(b, one, "name", row->name);
                set_text(b, one, "description", row->description);
                if (row->group) {
                        BakeNode *flag = bake_node_new(b->arena, BAKE_BOOL, NULL);
                        flag->flag = true;
                        bake_node_set(b->arena, one, "group", flag);
                }
                bake_node_append(list, one);
                if (json) continue;
                add_cell(out, row->name);
                buf_addc(out, '\t');
                add_cell(out, row->description);
                buf_addc(out, '\n');
        }
        vec_done(&rows);
        if (json) bake_node_render(list, 0, out);
        if (json) buf_addc(out, '\n');
}

static const char *type_name(const BakeNode *value) {
        if (value->kind == BAKE_BOOL) return "bool";
        if (value->kind == BAKE_NUMBER) return "number";
        return value->kind == BAKE_LIST ? "list" : value->kind == BAKE_MAP ? "map" : "string";
}

static int variable_rows(Bake *b, Rows *rows, Err **e) {
        for (size_t i = 0; i < b->variables.n; i++) {
                const BakeVariable *v = b->variables.v[i];
                AUTO(buf_done) Buf text = {0};
                if (v->fixed) continue;
                const BakeNode *value = bake_variable(b, v->name, e);
                if (!value) return -1;
                bool scalar = bake_node_scalar(value) != NULL;
                if (!scalar) bake_node_render(value, 0, &text);
                vec_push(rows, (Row){.name = v->name,
                                     .description = v->description,
                                     .type = type_name(value),
                                     .value = scalar ? bake_node_scalar(value) : arena_str(b->arena, buf_str(&text))});
        }
        sort_rows(rows);
        return 0;
}

int bake_list_variables(Bake *b, bool json, Buf *out, Err **e) {
        Rows rows = {0};
        int r = variable_rows(b, &rows, e);
        BakeNode *list = bake_node_new(b->arena, BAKE_LIST, NULL);
        if (!json) buf_adds(out, "VARIABLE\tTYPE\tVALUE\tDESCRIPTION\n");
        for (size_t i = 0; r == 0 && i < rows.n; i++) {
                const Row *row = &rows.v[i];
                const char *cells[] = {row->name, row->type, row->value, row->description};
                BakeNode *one = bake_node_new(b->arena, BAKE_MAP, NULL);
                set_text(b, one, "name", row->name);
                set_text(b, one, "description", row->description);
                set_text(b, one, "type", row->type);
                bake_node_set(b->arena, one, "value", bake_node_text(b->arena, row->value, NULL));
                bake_node_append(list, one);
                for (size_t k = 0; !json && k < ARRAY_SIZE(cells); k++) {
                        add_cell(out, cells[k]);
                        buf_addc(out, k + 1 < ARRAY_SIZE(cells) ? '\t' : '\n');
                }
        }
        vec_done(&rows);
        if (json && r == 0) bake_node_render(list, 0, out);
        if (json && r == 0) buf_addc(out, '\n');
        return r;
}

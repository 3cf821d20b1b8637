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
        for (const ConfigNode *one = g->targets->first; one; one = one->next) names[n++] = one->text;
        if (n == 0) return g->description;
        qsort(names, n, sizeof *names, compare_words);
        for (size_t i = 0; i < n; i++) buf_addf(&text, "%s%s", i ? ", " : "", names[i]);
        if (!g->description || !*g->description) return arena_strdup(b->arena, text.p);
        return arena_printf(b->arena, "%s (%s)", g->description, text.p);
}

static void set_text(const Bake *b, ConfigNode *map, const char *key, const char *text) {
        if (text && *text) config_node_set(b->arena, map, key, config_node_text(b->arena, text, NULL));
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
        ConfigNode *list = config_node_new(b->arena, CONFIG_LIST, NULL);
        if (!json) buf_adds(out, "TARGET\tDESCRIPTION\n");
        for (size_t i = 0; i < rows.n; i++) {
                const Row *row = &rows.v[i];
                if (row->name[0] == '_') continue; /* private by convention */
                ConfigNode *one = config_node_new(b->arena, CONFIG_MAP, NULL);
                set_text(b, one, "name", row->name);
                set_text(b, one, "description", row->description);
                if (row->group) {
                        ConfigNode *flag = config_node_new(b->arena, CONFIG_BOOL, NULL);
                        flag->flag = true;
                        config_node_set(b->arena, one, "group", flag);
                }
                config_node_append(list, one);
                if (json) continue;
                add_cell(out, row->name);
                buf_addc(out, '\t');
                add_cell(out, row->description);
                buf_addc(out, '\n');
        }
        vec_done(&rows);
        if (json) config_node_render(list, 0, out);
        if (json) buf_addc(out, '\n');
}

static const char *type_name(const ConfigNode *value) {
        if (value->kind == CONFIG_BOOL) return "bool";
        if (value->kind == CONFIG_NUMBER) return "number";
        return value->kind == CONFIG_LIST ? "list" : value->kind == CONFIG_MAP ? "map" : "string";
}

static int variable_rows(Bake *b, Rows *rows, Err **e) {
        for (size_t i = 0; i < b->variables.n; i++) {
                const BakeVariable *v = b->variables.v[i];
                AUTO(buf_done) Buf text = {0};
                if (v->fixed) continue;
                const ConfigNode *value = bake_variable(b, v->name, e);
                if (!value) return -1;
                bool scalar = config_node_scalar(value) != NULL;
                if (!scalar) config_node_render(value, 0, &text);
                vec_push(rows,
                         (Row){.name = v->name,
                               .description = v->description,
                               .type = type_name(value),
                               .value = scalar ? config_node_scalar(value) : arena_str(b->arena, buf_str(&text))});
        }
        sort_rows(rows);
        return 0;
}

int bake_list_variables(Bake *b, bool json, Buf *out, Err **e) {
        Rows rows = {0};
        int r = variable_rows(b, &rows, e);
        ConfigNode *list = config_node_new(b->arena, CONFIG_LIST, NULL);
        if (!json) buf_adds(out, "VARIABLE\tTYPE\tVALUE\tDESCRIPTION\n");
        for (size_t i = 0; r == 0 && i < rows.n; i++) {
                const Row *row = &rows.v[i];
                const char *cells[] = {row->name, row->type, row->value, row->description};
                ConfigNode *one = config_node_new(b->arena, CONFIG_MAP, NULL);
                set_text(b, one, "name", row->name);
                set_text(b, one, "description", row->description);
                set_text(b, one, "type", row->type);
                config_node_set(b->arena, one, "value", config_node_text(b->arena, row->value, NULL));
                config_node_append(list, one);
                for (size_t k = 0; !json && k < ARRAY_SIZE(cells); k++) {
                        add_cell(out, cells[k]);
                        buf_addc(out, k + 1 < ARRAY_SIZE(cells) ? '\t' : '\n');
                }
        }
        vec_done(&rows);
        if (json && r == 0) config_node_render(list, 0, out);
        if (json && r == 0) buf_addc(out, '\n');
        return r;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <yaml.h>

#include "bake/node.h"
#include "base/cleanup.h"
#include "base/vec.h"

/* YAML by libyaml's events. Aliases are copies, "<<" is resolved; plain scalars stay text, since what they are meant as depends on
 * where they stand. */

typedef struct Anchor {
        const char *name;
        const BakeNode *node;
        size_t size; /* nodes in it */
} Anchor;

typedef struct Reader {
        Arena *arena;
        const char *file;
        yaml_parser_t parser;
        yaml_event_t event;
        bool has_event;
        VEC(Anchor) anchors;
        size_t nodes;
        unsigned depth;
        Err **error;
} Reader;

static int fail(Reader *r, size_t line, const char *text) {
        return err_new(r->error, ERR_SYNTAX, "%s:%zu: %s", r->file, line + 1, text);
}

static int next(Reader *r) {
        if (r->has_event) yaml_event_delete(&r->event);
        r->has_event = yaml_parser_parse(&r->parser, &r->event);
        if (r->has_event) return 0;
        const yaml_parser_t *p = &r->parser;
        if (p->context && p->problem)
                return err_new(r->error, ERR_SYNTAX, "%s:%zu: %s (%s)", r->file, p->problem_mark.line + 1, p->problem,
                               p->context);
        return fail(r, p->problem_mark.line, p->problem ? p->problem : "this is no YAML");
}

static int count_nodes(Reader *r, size_t more) {
        r->nodes += more;
        if (r->nodes <= BAKE_NODES_MAX) return 0;
        return err_new(r->error, ERR_LIMIT, "%s:%zu: more than %d values", r->file, r->event.start_mark.line + 1,
                       BAKE_NODES_MAX);
}

static BakeNode *new_node(Reader *r, BakeKind kind) {
        BakeNode *n = bake_node_new(r->arena, kind, NULL);
        n->file = r->file;
        n->line = (unsigned)r->event.start_mark.line + 1;
        return n;
}

static BakeNode *read_scalar(Reader *r) {
        BakeNode *n = new_node(r, BAKE_TEXT);
        const char *text = (const char *)r->event.data.scalar.value;
        size_t size = r->event.data.scalar.length;
        n->plain = r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        if (memchr(text, 0, size)) {
                fail(r, r->event.start_mark.line, "a text must not hold a zero byte");
                return NULL;
        }
        n->text = arena_str(r->arena, (Str){text, size});
        if (n->plain && (!size || streq(n->text, "~") || streq(n->text, "null"))) n->kind = BAKE_NULL;
        return n;
}

static BakeNode *read_value(Reader *r);

/* "<<": members of another map that are not there themselves. */
static int merge(Reader *r, BakeNode *map, const BakeNode *from, size_t line) {
        if (from->kind == BAKE_LIST) {
                for (const BakeNode *one = from->first; one; one = one->next)
                        if (merge(r, map, one, line) < 0) return -1;
                return 0;
        }
        if (from->kind != BAKE_MAP) return fail(r, line, "'<<' wants an alias of a map");
        for (const BakeNode *member = from->first; member; member = member->next)
                if (!bake_node_get(map, member->key)) bake_node_append(map, bake_node_copy(r->arena, member));
        return 0;
}

static int read_pair(Reader *r, BakeNode *map, BakeNode **ret_merged) {
        size_t line = r->event.start_mark.line;
        if (r->event.type != YAML_SCALAR_EVENT) return fail(r, line, "a key must be a text");
        BakeNode *key = read_scalar(r);
        if (!key) return -1;
        const char *name = key->kind == BAKE_NULL ? "" : key->text;
        if (next(r) < 0) return -1;
        BakeNode *value = read_value(r);
        if (!value) return -1;
        if (key->plain && streq(name, "<<")) {
                *ret_merged = value;
                return 0;
        }
        value->line = (unsigned)line + 1;
        if (bake_node_get(map, name))
                return err_new(r->error, ERR_SYNTAX, "%s:%zu: the key '%s' is there twice", r->file, line + 1, name);
        value->key = name;
        bake_node_append(map, value);
        if (map->count <= BAKE_KEYS_MAX) return 0;
        return err_new(r->error, ERR_LIMIT, "%s:%zu: more than %d keys in a map", r->file, line + 1, BAKE_KEYS_MAX);
}

static BakeNode *read_map(Reader *r) {
        BakeNode *map = new_node(r, BAKE_MAP), *merged = NULL;
        size_t line = r->event.start_mark.line;
        for (;;) {
                if (next(r) < 0) return NULL;
                if (r->event.type == YAML_MAPPING_END_EVENT) break;
                if (read_pair(r, map, &merged) < 0) return NULL;
        }
        return merged && merge(r, map, merged, line) < 0 ? NULL : map;
}

static BakeNode *read_list(Reader *r) {
        BakeNode *list = new_node(r, BAKE_LIST);
        for (;;) {
                if (next(r) < 0) return NULL;
                if (r->event.type == YAML_SEQUENCE_END_EVENT) return list;
                BakeNode *value = read_value(r);
                if (!value) return NULL;
                bake_node_append(list, value);
        }
}

static BakeNode *read_alias(Reader *r) {
        const char *name = (const char *)r->event.data.alias.anchor;
        for (size_t i = r->anchors.n; i-- > 0;) {
                if (!streq(r->anchors.v[i].name, name)) continue;
                if (count_nodes(r, r->anchors.v[i].size) < 0) return NULL;
                return bake_node_copy(r->arena, r->anchors.v[i].node);
        }
        fail(r, r->event.start_mark.line, "an alias of nothing");
        return NULL;
}

static BakeNode *read_kind(Reader *r) {
        switch (r->event.type) {
        case YAML_SCALAR_EVENT: return read_scalar(r);
        case YAML_SEQUENCE_START_EVENT: return read_list(r);
        case YAML_MAPPING_START_EVENT: return read_map(r);
        case YAML_ALIAS_EVENT: return read_alias(r);
        default: fail(r, r->event.start_mark.line, "a value is expected here"); return NULL;
        }
}

static const char *anchor_of(Reader *r) {
        const yaml_char_t *name = NULL;
        if (r->event.type == YAML_SCALAR_EVENT) name = r->event.data.scalar.anchor;
        if (r->event.type == YAML_SEQUENCE_START_EVENT) name = r->event.data.sequence_start.anchor;
        if (r->event.type == YAML_MAPPING_START_EVENT) name = r->event.data.mapping_start.anchor;
        return arena_strdup(r->arena, (const char *)name);
}

static BakeNode *read_value(Reader *r) {
        const char *anchor = anchor_of(r);
        size_t before = r->nodes;
        if (count_nodes(r, 1) < 0) return NULL;
        if (++r->depth > BAKE_DEPTH_MAX) {
                err_new(r->error, ERR_LIMIT, "%s:%zu: more than %d levels", r->file, r->event.start_mark.line + 1,
                        BAKE_DEPTH_MAX);
                return NULL;
        }
        BakeNode *n = read_kind(r);
        r->depth--;
        if (n && anchor) vec_push(&r->anchors, (Anchor){anchor, n, r->nodes - before});
        return n;
}

static int skip(Reader *r, int count) {
        for (int i = 0; i < count; i++) {
                if (next(r) < 0) return -1;
        }
        return 0;
}

/* One document; an empty file is null. */
static BakeNode *read_document(Reader *r) {
        if (skip(r, 2) < 0) return NULL; /* the stream's start, then the document's */
        if (r->event.type == YAML_STREAM_END_EVENT) return new_node(r, BAKE_NULL);
        if (next(r) < 0) return NULL;
        BakeNode *root = read_value(r);
        if (!root || skip(r, 2) < 0) return NULL;
        if (r->event.type == YAML_STREAM_END_EVENT) return root;
        fail(r, r->event.start_mark.line, "a second document: only one a file is read");
        return NULL;
}

int bake_yaml_parse(Arena *a, const char *file, Str text, BakeNode **ret_root, Err **e) {
        Reader r = {.arena = a, .file = arena_strdup(a, file), .error = e};
        if (text.n > BAKE_FILE_MAX) return err_new(e, ERR_LIMIT, "%s: larger than %d bytes", file, BAKE_FILE_MAX);
        if (!yaml_parser_initialize(&r.parser)) return err_new(e, ERR_INTERNAL, "libyaml did not start");
        yaml_parser_set_input_string(&r.parser, (const unsigned char *)text.p, text.n);
        BakeNode *root = read_document(&r);
        if (r.has_event) yaml_event_delete(&r.event);
        yaml_parser_delete(&r.parser);
        vec_done(&r.anchors);
        if (!root) return -1;
        *ret_root = root;
        return 0;
}

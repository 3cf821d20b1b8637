/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <yaml.h>

#include "codec/config_node.h"
#include "base/cleanup.h"
#include "base/vec.h"

/* YAML by libyaml's events. Aliases are copies, "<<" is resolved; plain scalars stay text, since what they are meant as depends on
 * where they stand. */

typedef struct Anchor {
        const char *name;
        const ConfigNode *node;
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
        if (r->nodes <= CONFIG_NODES_MAX) return 0;
        return err_new(r->error, ERR_LIMIT, "%s:%zu: more than %d values", r->file, r->event.start_mark.line + 1,
                       CONFIG_NODES_MAX);
}

static ConfigNode *new_node(Reader *r, ConfigKind kind) {
        ConfigNode *n = config_node_new(r->arena, kind, NULL);
        n->file = r->file;
        n->line = (unsigned)r->event.start_mark.line + 1;
        return n;
}

static ConfigNode *read_scalar(Reader *r) {
        ConfigNode *n = new_node(r, CONFIG_TEXT);
        const char *text = (const char *)r->event.data.scalar.value;
        size_t size = r->event.data.scalar.length;
        n->plain = r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        if (memchr(text, 0, size)) {
                fail(r, r->event.start_mark.line, "a text must not hold a zero byte");
                return NULL;
        }
        n->text = arena_str(r->arena, (Str){text, size});
        if (n->plain && (!size || streq(n->text, "~") || streq(n->text, "null"))) n->kind = CONFIG_NULL;
        return n;
}

static ConfigNode *read_value(Reader *r);

/* "<<": members of another map that are not there themselves. */
static int merge(Reader *r, ConfigNode *map, const ConfigNode *from, size_t line) {
        if (from->kind == CONFIG_LIST) {
                for (const ConfigNode *one = from->first; one; one = one->next)
                        if (merge(r, map, one, line) < 0) return -1;
                return 0;
        }
        if (from->kind != CONFIG_MAP) return fail(r, line, "'<<' wants an alias of a map");
        for (const ConfigNode *member = from->first; member; member = member->next)
                if (!config_node_get(map, member->key)) config_node_append(map, config_node_copy(r->arena, member));
        return 0;
}

static int read_pair(Reader *r, ConfigNode *map, ConfigNode **ret_merged) {
        size_t line = r->event.start_mark.line;
        if (r->event.type != YAML_SCALAR_EVENT) return fail(r, line, "a key must be a text");
        ConfigNode *key = read_scalar(r);
        if (!key) return -1;
        const char *name = key->kind == CONFIG_NULL ? "" : key->text;
        if (next(r) < 0) return -1;
        ConfigNode *value = read_value(r);
        if (!value) return -1;
        if (key->plain && streq(name, "<<")) {
                *ret_merged = value;
                return 0;
        }
        value->line = (unsigned)line + 1;
        if (config_node_get(map, name))
                return err_new(r->error, ERR_SYNTAX, "%s:%zu: the key '%s' is there twice", r->file, line + 1, name);
        value->key = name;
        config_node_append(map, value);
        if (map->count <= CONFIG_KEYS_MAX) return 0;
        return err_new(r->error, ERR_LIMIT, "%s:%zu: more than %d keys in a map", r->file, line + 1, CONFIG_KEYS_MAX);
}

static ConfigNode *read_map(Reader *r) {
        ConfigNode *map = new_node(r, CONFIG_MAP), *merged = NULL;
        size_t line = r->event.start_mark.line;
        for (;;) {
                if (next(r) < 0) return NULL;
                if (r->event.type == YAML_MAPPING_END_EVENT) break;
                if (read_pair(r, map, &merged) < 0) return NULL;
        }
        return merged && merge(r, map, merged, line) < 0 ? NULL : map;
}

static ConfigNode *read_list(Reader *r) {
        ConfigNode *list = new_node(r, CONFIG_LIST);
        for (;;) {
                if (next(r) < 0) return NULL;
                if (r->event.type == YAML_SEQUENCE_END_EVENT) return list;
                ConfigNode *value = read_value(r);
                if (!value) return NULL;
                config_node_append(list, value);
        }
}

static ConfigNode *read_alias(Reader *r) {
        const char *name = (const char *)r->event.data.alias.anchor;
        for (size_t i = r->anchors.n; i-- > 0;) {
                if (!streq(r->anchors.v[i].name, name)) continue;
                if (count_nodes(r, r->anchors.v[i].size) < 0) return NULL;
                return config_node_copy(r->arena, r->anchors.v[i].node);
        }
        fail(r, r->event.start_mark.line, "an alias of nothing");
        return NULL;
}

static ConfigNode *read_kind(Reader *r) {
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

static ConfigNode *read_value(Reader *r) {
        const char *anchor = anchor_of(r);
        size_t before = r->nodes;
        if (count_nodes(r, 1) < 0) return NULL;
        if (++r->depth > CONFIG_DEPTH_MAX) {
                err_new(r->error, ERR_LIMIT, "%s:%zu: more than %d levels", r->file, r->event.start_mark.line + 1,
                        CONFIG_DEPTH_MAX);
                return NULL;
        }
        ConfigNode *n = read_kind(r);
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
static ConfigNode *read_document(Reader *r) {
        if (skip(r, 2) < 0) return NULL; /* the stream's start, then the document's */
        if (r->event.type == YAML_STREAM_END_EVENT) return new_node(r, CONFIG_NULL);
        if (next(r) < 0) return NULL;
        ConfigNode *root = read_value(r);
        if (!root || skip(r, 2) < 0) return NULL;
        if (r->event.type == YAML_STREAM_END_EVENT) return root;
        fail(r, r->event.start_mark.line, "a second document: only one a file is read");
        return NULL;
}

int config_yaml_parse(Arena *a, const char *file, Str text, ConfigNode **ret_root, Err **e) {
        Reader r = {.arena = a, .file = arena_strdup(a, file), .error = e};
        if (text.n > CONFIG_FILE_MAX) return err_new(e, ERR_LIMIT, "%s: larger than %d bytes", file, CONFIG_FILE_MAX);
        if (!yaml_parser_initialize(&r.parser)) return err_new(e, ERR_INTERNAL, "libyaml did not start");
        yaml_parser_set_input_string(&r.parser, (const unsigned char *)text.p, text.n);
        ConfigNode *root = read_document(&r);
        if (r.has_event) yaml_event_delete(&r.event);
        yaml_parser_delete(&r.parser);
        vec_done(&r.anchors);
        if (!root) return -1;
        *ret_root = root;
        return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* Values of a file that people write, in YAML or JSON: a tree that knows where each value stands, so that messages can say it.
 * Everything lives in one arena. One thread. */

enum {
        CONFIG_FILE_MAX = 8 << 20,
        CONFIG_NODES_MAX = 500000, /* aliases of YAML are counted as often as they are used */
        CONFIG_DEPTH_MAX = 64,
        CONFIG_KEYS_MAX = 4096, /* of one map */
};

typedef enum ConfigKind { CONFIG_NULL, CONFIG_BOOL, CONFIG_NUMBER, CONFIG_TEXT, CONFIG_LIST, CONFIG_MAP } ConfigKind;

typedef struct ConfigNode ConfigNode;
struct ConfigNode {
        ConfigKind kind;
        bool flag;        /* CONFIG_BOOL */
        bool plain;       /* CONFIG_TEXT written without quotes in YAML: may be meant as another kind */
        const char *text; /* CONFIG_TEXT, CONFIG_NUMBER as written */
        const char *key;  /* in a map */
        ConfigNode *first, *last, *next;
        size_t count;
        const char *file; /* where it stands; NULL: the command line */
        unsigned line;
};

ConfigNode *config_node_new(Arena *a, ConfigKind kind,
                            const ConfigNode *place); /* place: whose file and line it takes; NULL: none */
ConfigNode *config_node_text(Arena *a, const char *text, const ConfigNode *place);
void config_node_append(ConfigNode *parent, ConfigNode *child);
/* Replace the member of that key or append it; child takes the key. */
void config_node_set(Arena *a, ConfigNode *map, const char *key, ConfigNode *child);
ConfigNode *config_node_get(const ConfigNode *map, const char *key); /* NULL when absent; also of what is no map */
ConfigNode *config_node_copy(Arena *a, const ConfigNode *n);         /* with all that is in it */
void config_node_sort(Arena *a, ConfigNode *map);                    /* members by key, bytewise */
bool config_node_eq(const ConfigNode *a, const ConfigNode *b);

static inline const char *config_node_member_text(const ConfigNode *map, const char *key) {
        const ConfigNode *n = config_node_get(map, key);
        return n && n->kind == CONFIG_TEXT ? n->text : NULL;
}

/* A scalar as text ("true", "8080"); NULL for null, lists and maps. */
const char *config_node_scalar(const ConfigNode *n);
/* 0 and *ret_flag, or <0 without an error when it is no flag. */
int config_node_flag(const ConfigNode *n, bool *ret_flag);
const char *config_node_kind_name(const ConfigNode *n); /* "a list" */

/* *e about n: "FILE:LINE: TEXT". ERR_SYNTAX; ERR_USAGE where n comes from the command line. Returns -1. */
int config_node_error(const ConfigNode *n, Err **e, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* As JSON with two spaces a level, as Go's MarshalIndent(v, "", "  ") writes it. */
void config_node_render(const ConfigNode *n, unsigned depth, Buf *out);

/* Readers. file: for messages; copied. ERR_SYNTAX, ERR_LIMIT. */
int config_json_parse(Arena *a, const char *file, Str text, ConfigNode **ret_root, Err **e);
int config_yaml_parse(Arena *a, const char *file, Str text, ConfigNode **ret_root, Err **e);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* Values of bake files, whatever they are written in: a tree that knows where each value stands. Everything lives in one arena.
 * Internal to bake/. */

enum {
        BAKE_FILE_MAX = 8 << 20,
        BAKE_NODES_MAX = 500000, /* aliases of YAML are counted as often as they are used */
        BAKE_DEPTH_MAX = 64,
        BAKE_KEYS_MAX = 4096,        /* of one map */
        BAKE_MEMORY_MAX = 256 << 20, /* variables of variables */
};

typedef enum BakeKind { BAKE_NULL, BAKE_BOOL, BAKE_NUMBER, BAKE_TEXT, BAKE_LIST, BAKE_MAP } BakeKind;

typedef struct BakeNode BakeNode;
struct BakeNode {
        BakeKind kind;
        bool flag;        /* BAKE_BOOL */
        bool plain;       /* BAKE_TEXT written without quotes in YAML: may be meant as another kind */
        const char *text; /* BAKE_TEXT, BAKE_NUMBER as written */
        const char *key;  /* in a map */
        BakeNode *first, *last, *next;
        size_t count;
        const char *file; /* where it stands; NULL: the command line */
        unsigned line;
};

BakeNode *bake_node_new(Arena *a, BakeKind kind,
                        const BakeNode *place); /* place: whose file and line it takes; NULL: none */
BakeNode *bake_node_text(Arena *a, const char *text, const BakeNode *place);
void bake_node_append(BakeNode *parent, BakeNode *child);
/* Replace the member of that key or append it; child takes the key. */
void bake_node_set(Arena *a, BakeNode *map, const char *key, BakeNode *child);
BakeNode *bake_node_get(const BakeNode *map, const char *key); /* NULL when absent; also of what is no map */
BakeNode *bake_node_copy(Arena *a, const BakeNode *n);         /* with all that is in it */
void bake_node_sort(Arena *a, BakeNode *map);                  /* members by key, bytewise */
bool bake_node_eq(const BakeNode *a, const BakeNode *b);

static inline const char *bake_node_member_text(const BakeNode *map, const char *key) {
        const BakeNode *n = bake_node_get(map, key);
        return n && n->kind == BAKE_TEXT ? n->text : NULL;
}

/* A scalar as text ("true", "8080"); NULL for null, lists and maps. */
const char *bake_node_scalar(const BakeNode *n);
/* 0 and *ret_flag, or <0 without an error when it is no flag. */
int bake_node_flag(const BakeNode *n, bool *ret_flag);
const char *bake_node_kind_name(const BakeNode *n); /* "a list" */

/* *e about n: "FILE:LINE: TEXT". ERR_SYNTAX; ERR_USAGE where n comes from the command line. Returns -1. */
int bake_node_error(const BakeNode *n, Err **e, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* As JSON with two spaces a level, as Go's MarshalIndent(v, "", "  ") writes it. */
void bake_node_render(const BakeNode *n, unsigned depth, Buf *out);

/* Readers. file: for messages; copied. ERR_SYNTAX, ERR_LIMIT. */
int bake_json_parse(Arena *a, const char *file, Str text, BakeNode **ret_root, Err **e);
int bake_yaml_parse(Arena *a, const char *file, Str text, BakeNode **ret_root, Err **e);

/* One line of CSV with Go's quoting; fields are appended to list as text. False on a stray quote. */
bool bake_csv_split(Arena *a, const char *text, BakeNode *list);
void bake_csv_add(Buf *out, const char *field); /* with a comma before it unless out is empty */

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "codec/config_node.h"

enum { BAKE_MEMORY_MAX = 256 << 20 }; /* variables of variables */

/* Variables in texts of bake files. Internal to bake/. */

/* What a name stands for; NULL: nothing. */
typedef struct BakeScope {
        const ConfigNode *(*variable)(void *context, const char *name, Err **e); /* NULL with *e set: failed */
        void *context;
} BakeScope;

/* JSON: "${NAME}", "${NAME.key}", "${NAME[0]}", "$${" and "%%{" for the characters themselves, in all texts of the tree, keys of
 * maps among them. A text that is one variable takes the variable's kind. Nothing else of HCL's expressions: ERR_UNSUPPORTED. */
int bake_template_expand(Arena *a, const BakeScope *scope, const ConfigNode *n, ConfigNode **ret_node, Err **e);

/* Compose: $NAME, ${NAME}, ${NAME:-default}, ${NAME-default}, ${NAME:?error}, ${NAME?error}, ${NAME:+other}, ${NAME+other}, $$.
 * environment: texts by name. unset: names without value and default are added to it, once each. */
typedef struct BakeEnvironment {
        const ConfigNode *values; /* a map */
        ConfigNode *unset;        /* a list, or NULL */
} BakeEnvironment;
int bake_compose_expand(Arena *a, const BakeEnvironment *environment, ConfigNode *n, Err **e); /* in place; keys stay */

/* The lines of a .env file into a map of texts; names that are there already stay. environment: for ${NAME} in values. */
int bake_dotenv(Arena *a, const char *file, Str text, ConfigNode *environment, Err **e);

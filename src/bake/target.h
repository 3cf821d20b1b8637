/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "codec/config_node.h"
#include "base/vec.h"

/* Targets and their attributes. Internal to bake/. */

typedef enum AttributeId {
        ATTRIBUTE_ANNOTATIONS,
        ATTRIBUTE_ATTEST,
        ATTRIBUTE_CONTEXT,
        ATTRIBUTE_CONTEXTS,
        ATTRIBUTE_DOCKERFILE,
        ATTRIBUTE_DOCKERFILE_INLINE,
        ATTRIBUTE_ARGS,
        ATTRIBUTE_LABELS,
        ATTRIBUTE_TAGS,
        ATTRIBUTE_CACHE_FROM,
        ATTRIBUTE_CACHE_TO,
        ATTRIBUTE_TARGET,
        ATTRIBUTE_SECRET,
        ATTRIBUTE_SSH,
        ATTRIBUTE_PLATFORMS,
        ATTRIBUTE_OUTPUT,
        ATTRIBUTE_PULL,
        ATTRIBUTE_NO_CACHE,
        ATTRIBUTE_NETWORK,
        ATTRIBUTE_NO_CACHE_FILTER,
        ATTRIBUTE_SHM_SIZE,
        ATTRIBUTE_ULIMITS,
        ATTRIBUTE_RESOURCES,
        ATTRIBUTE_CALL,
        ATTRIBUTE_ENTITLEMENTS,
        ATTRIBUTE_EXTRA_HOSTS,
        ATTRIBUTE_POLICY,
        ATTRIBUTE_MAX,
} AttributeId;

typedef enum AttributeKind {
        ATTRIBUTE_IS_TEXT,
        ATTRIBUTE_IS_FLAG,
        ATTRIBUTE_IS_LIST,
        ATTRIBUTE_IS_MAP,
        ATTRIBUTE_IS_RECORDS, /* a list of maps, each also written as one line of CSV */
} AttributeKind;

typedef struct Attribute {
        const char *name;
        AttributeKind kind;
        bool appends;       /* inheriting adds to it instead of replacing it */
        bool escaped;       /* --print writes $${ for ${ */
        bool set_appends;   /* --set KEY=VALUE adds too */
        const char *set;    /* key of --set; NULL: name */
        const char *option; /* of `decant build`; NULL: a matter of its own */
} Attribute;

extern const Attribute bake_attributes[ATTRIBUTE_MAX];

typedef struct BakeTarget {
        const char *name;
        const char *description; /* NULL: none */
        ConfigNode *inherits;    /* list of texts, or NULL */
        ConfigNode *values[ATTRIBUTE_MAX];
        const ConfigNode *place; /* where it is defined */
        bool linked_only, links_done;
} BakeTarget;

typedef struct BakeGroup {
        const char *name, *description;
        ConfigNode *targets; /* list of texts */
        const ConfigNode *place;
} BakeGroup;

typedef struct BakeVariable {
        const char *name, *description;
        const ConfigNode *value;  /* as written; NULL: none */
        const ConfigNode *result; /* once it was asked for */
        const ConfigNode *place;
        bool fixed;   /* not overridden by the environment */
        bool working; /* being evaluated */
} BakeVariable;

struct Bake;
typedef VEC(BakeTarget *) BakeTargets;

/* A value of a file as the attribute wants it: a text, a flag, a list of texts, a map of texts (null members left out), a list of
 * maps. *ret_value NULL for null. */
int bake_attribute_read(Arena *a, AttributeId id, const ConfigNode *n, ConfigNode **ret_value, Err **e);
/* One record from CSV. */
int bake_record_read(Arena *a, AttributeId id, const ConfigNode *text, ConfigNode **ret_record, Err **e);

/* Lay value over what target has. all_append: lists grow whatever the table says (compose files over each other). */
void bake_attribute_merge(Arena *a, BakeTarget *target, AttributeId id, const ConfigNode *value, bool all_append);
void bake_target_merge(Arena *a, BakeTarget *target, const BakeTarget *over, bool all_append);
/* Drop what is there twice or empty. */
void bake_target_finish(Arena *a, BakeTarget *target);
/* As a map for printing. */
ConfigNode *bake_target_node(Arena *a, const BakeTarget *target);

bool bake_name_valid(const char *name);

static inline const char *bake_target_text(const BakeTarget *t, AttributeId id) {
        return t->values[id] ? t->values[id]->text : NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "bake/bake.h"
#include "bake/interpolate.h"
#include "bake/target.h"

/* What the files of a bake say, merged. Internal to bake/. */

enum { BAKE_TARGETS_MAX = 10000 };

typedef struct BakeOverride {
        const char *target;
        AttributeId id;         /* ATTRIBUTE_MAX: push or load */
        const char *key, *name; /* as written: "args", "X"; name NULL without a second part */
        bool append;
        ConfigNode *values; /* list of texts */
} BakeOverride;

struct Bake {
        Arena *arena;
        const BakeParams *params;
        ConfigNode *environment;         /* map of texts */
        ConfigNode *compose_environment; /* the same with .env; NULL: not read yet */
        ConfigNode *unset;               /* names that compose files use and nobody sets */
        BakeTargets targets;
        VEC(BakeGroup *) groups;
        VEC(BakeVariable *) variables;
        VEC(BakeOverride) overrides;
        BakeTargets selected;
        ConfigNode *selected_groups; /* map of maps, as --print shows them */
        VEC(BakeBuild) builds;
};

BakeTarget *bake_target_find(const Bake *b, const char *name);
BakeGroup *bake_group_find(const Bake *b, const char *name);
/* Merge into the target of that name, or add it. ERR_LIMIT. */
int bake_target_add(Bake *b, const BakeTarget *target, bool all_append, Err **e);
void bake_group_put(Bake *b, BakeGroup *group); /* replaces one of the same name */

/* Roots of files of either kind, in their order. */
int bake_read_compose(Bake *b, ConfigNode *const *roots, size_t count, Err **e);
int bake_read_definitions(Bake *b, ConfigNode *const *roots, size_t count, Err **e);

/* The value of a variable, with defaults and environment. NULL with *e clear when there is none of that name. */
const ConfigNode *bake_variable(void *bake, const char *name, Err **e);

/* params->sets into overrides; those of a target applied. */
int bake_read_overrides(Bake *b, Err **e);
int bake_override_target(Bake *b, BakeTarget *target, Err **e);

/* "target:NAME" gives NAME, else NULL. */
const char *bake_link_name(const char *context);

/* An unknown key among known ones. Returns -1. */
int bake_unknown_key(const ConfigNode *n, const char *what, const char *const *known, size_t count, Err **e);

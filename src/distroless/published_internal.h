/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "distroless/published.h"
#include "distroless/recipe_internal.h"

/* Patterns of published names. Internal to distroless/. */

typedef struct PublishedExpansion {
        const char *reference; /* lives during the visit */
        const DebianName *debian;
        const char *variant;
        const DebianArchitecture *architecture; /* NULL: not in the name */
} PublishedExpansion;

/* True ends the walk. */
typedef bool (*PublishedVisit)(void *context, const PublishedExpansion *found);

/* All names of the recipe whose chain was read. True when a visit ended it. */
bool published_each(RecipeReader *r, PublishedVisit visit, void *context);
/* One short name for each pattern, appended. */
void published_names(RecipeReader *r, StrVec *names);
/* Note mistakes in patterns. */
void published_check(RecipeReader *r, const ConfigNode *root);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "distroless/recipe.h"

/* Names under which the world knows images that a recipe makes: "gcr.io/distroless/static-debian12:nonroot",
 * "python:3.11-slim". The recipes say them themselves (their key `published`). Any thread. */

enum { PUBLISHED_NONE = 1 };

typedef struct PublishedName {
        char *recipe, *release, *variant;
        char *architecture; /* Debian's word when the name says one ("...:latest-arm64"), else NULL */
        char *reference;    /* the name in full, "docker.io/library/python:3.11-slim" */
} PublishedName;

void published_name_done(PublishedName *n);

/* Which recipe answers to reference. 0 and *ret_name; PUBLISHED_NONE when none does: *ret_hint (owned, may be NULL) is then a
 * line that says what comes near. ERR_NOT_FOUND with a hint when the name was given up by its makers; ERR_SYNTAX: no reference;
 * errors of recipes as recipe_load() has them. */
int published_find(const RecipeBook *b, const char *reference, PublishedName *ret_name, char **ret_hint, Err **e);

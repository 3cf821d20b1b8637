/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "build/graph.h"
#include "image/image.h"

/* Base images that no store has: assembled here when a recipe answers to their name. Internal to build/. */

enum { BASE_ASSEMBLED = 0, BASE_NONE = 1 };

/* Assemble what reference names for platform (NULL: this machine's), name it in the store so that the next build finds it there, and
 * say what was taken. BASE_NONE: no recipe answers to it; *ret_hint (owned, may be NULL) says what comes near.
 * Errors as base_assemble() has them. */
int base_image(Build *b, const char *reference, const Platform *platform, Image *ret_image, char **ret_hint, Err **e);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "build/context.h"
#include "build/graph.h"

/* A COPY that is about to take very much out of a context is likely to be a mistake: say so before it is read, once a context, with
 * the biggest entries and what .dockerignore would have to say. Internal to build/; any thread. */
void large_context_warn(Build *b, const Node *n, Context *context, const CopySet *set);

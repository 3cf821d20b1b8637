/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "build/graph.h"

/* Fetching outside of the graph: what has to be here before there is a plan. Internal to build/. */

typedef struct EarlyFetch {
        char *name;
        PlanStep step;
        Node node;
} EarlyFetch;

/* As a step that is looked up and executed at once; title: of its line of progress. *ret_node lives as long as the build. */
int fetch_early(Build *b, const PlanFetch *fetch, const char *title, Node **ret_node, Err **e);
void fetch_early_done(Build *b);

/* When what a node fetched was made: the commit's time, or Last-Modified. Unix seconds, below 0: not known. */
int64_t fetch_time_s(const Build *b, const Node *n);

/* What a node fetched: "sha1:COMMIT" (or sha256 where the repository has that), "sha256:..." of a URL's file. Owned; NULL: not known. */
char *fetch_digest(const Build *b, const Node *n);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "build/context.h"
#include "build/graph.h"
#include "build/input.h"

/* The main context, wherever it is: a directory, a git repository, a URL, an archive or a Dockerfile on standard input.
 * Internal to build/. */

/* Get it, unless it is a directory, and the Dockerfile where that is elsewhere. Before the plan; blocks. */
int main_context_open(Build *b, Err **e);
void main_context_done(Build *b);

/* Where the Dockerfile is to be looked for. Borrowed. */
void main_context_dockerfile(const Build *b, DockerfileSource *ret_source);

/* What context_get() takes. ERR_USAGE: the build has none. */
int main_context_source(Build *b, ContextSource *ret_source, Err **e);

/* The user's own directory, whose ignore file may be looked at for advice; NULL: it came from elsewhere, or there is none. */
const char *main_context_directory(const Build *b);

/* What fetched it (NULL: nothing did), and where its files are when they came in an archive (else NULL). Borrowed. */
void main_context_origin(const Build *b, const Node **ret_node, const char **ret_directory);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "build/graph.h"
#include "dockerfile/checks.h"

/* Build checks around a build. Internal to build/. Nothing here fails: what cannot be looked at is not warned of. */

/* With the rules of the text applied already. Owned. */
Checks *build_checks_new(const Dockerfile *d, const BuildParams *params);

/* What COPY and ADD name and the ignore file hides. directory: the main context, NULL when it is none; dockerfile_path: as Context
 * takes it. */
void build_checks_context(Checks *c, const Plan *plan, const char *directory, const char *dockerfile_path);

/* What the finished root file system of a plan's target lacks. After its nodes are done (nodes: by step id). */
void build_checks_image(Checks *c, Build *b, const Plan *plan, Node *nodes);

/* Tell what was not told yet and is a warning or more. */
void build_checks_report(Checks *c, Build *b);

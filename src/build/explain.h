/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "build/graph.h"

/* --explain: why a step was executed. What a step's key was made of is remembered at its last execution, for the same place of
 * the same Dockerfile, in a small file of the store that goes when nothing was executed there for a month. Internal to build/;
 * any thread. */

/* The step is about to be executed: say why, when somebody asks. n->key_text is its key's. */
void explain_step(Build *b, Node *n);
/* Behind what explain_step() said of it. */
void explain_more(Build *b, const Node *n, const char *more);

/* It was executed: remember what its key was made of. Failures are not told: nothing depends on it. */
void explain_remember(Build *b, const Node *n);

/* What differs between two key texts, as words for people ("env: A=1 -> A=2; ..."); "" when nothing does.
 * parent: what the step builds on is called so. */
void explain_difference(Str old_text, Str new_text, const char *parent, Buf *ret_text);

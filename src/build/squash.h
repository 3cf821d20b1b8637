/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "build/graph.h"

/* --squash: one layer of all from index `kept` on, remembered as a step's result is. ids: of an image, lowest first;
 * changed in place. One layer or none stays what it is. Internal to build/. */
int squash_layers(Build *b, StrVec *ids, size_t kept, Err **e);

/* The history that goes with it: of the entries from `first` on only the last that made a layer still makes one. */
void squash_history(ImageConfig *config, size_t first);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "build/graph.h"

/* SOURCE_DATE_EPOCH: a number, or the name of something remote whose time it is: "context", a named context, or a stage that is
 * nothing but one ADD from the network. Internal to build/.
 *
 * Sets b->epoch_s and what params need of it. The build argument wins over the environment, and that over a default in an ARG before
 * the first FROM; empty means not set. params->resolver is set; params->checks and warnings are not used here. */
int epoch_find(Build *b, Dockerfile *dockerfile, PlanParams *params, Err **e);

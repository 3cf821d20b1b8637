/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "build/graph.h"

/* Fill params->materials of a build that is done, when somebody asks. Internal to build/. */
void materials_collect(Build *b);

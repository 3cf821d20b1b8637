/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/err.h"
#include "dockerfile/dockerfile.h"

/* Find, read and parse the Dockerfile. path: -f, or NULL: "Dockerfile", else "dockerfile" in the context; "-" reads standard
 * input. *ret_path: what was read, for its ignore file; owned; "-" for standard input. */
int dockerfile_load(const char *context_path, const char *path, Dockerfile **ret_dockerfile, char **ret_path, Err **e);

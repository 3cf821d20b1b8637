/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "dockerfile/dockerfile.h"

typedef struct DockerfileSource {
        const char *context; /* directory, or NULL */
        const char *path;    /* -f; NULL: "Dockerfile", else "dockerfile" in the context; "-" standard input */
        bool foreign;        /* the context is somebody else's: path is looked up in it, and nothing leads out */
        const char *text;    /* it was read already, from a place called name; NULL: not yet */
        size_t size;
        const char *name;
} DockerfileSource;

/* Find, read and parse the Dockerfile. *ret_path: what was read, for its ignore file; owned; "-" for standard input. */
int dockerfile_load_from(const DockerfileSource *source, Dockerfile **ret_dockerfile, char **ret_path, Err **e);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "oci/platform.h"

/* The architectures of Debian and what images, and ELF files, call them. One table; any thread. */
typedef struct DebianArchitecture {
        const char *name;    /* as Debian spells it: "amd64", "armhf", "ppc64el" */
        const char *oci;     /* as images do: "amd64", "arm", "ppc64le" */
        const char *variant; /* of the image's platform: "v7", "v8" or "" */
        const char *triplet; /* the multiarch directory: "x86_64-linux-gnu" */
} DebianArchitecture;

const DebianArchitecture *debian_architectures(size_t *ret_count);
const DebianArchitecture *debian_architecture_find(const char *name);            /* NULL: unknown */
const DebianArchitecture *debian_architecture_of_platform(const Platform *want); /* NULL: Debian has none for it */

/* "linux/arm64/v8" for arm64. */
void debian_architecture_platform(const DebianArchitecture *a, Platform *ret_platform);

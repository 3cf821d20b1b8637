/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <jansson.h>

#include "build/build.h"

/* What a build was made of and by which request, as a predicate of SLSA provenance 0.2 in the form that buildx puts into
 * its metadata files. */

typedef enum ProvenanceMode {
        PROVENANCE_OFF,
        PROVENANCE_MIN, /* no build arguments, no secrets' ids */
        PROVENANCE_MAX,
} ProvenanceMode;

/* BUILDX_METADATA_PROVENANCE: "min", "max", "disabled" or a boolean; anything else, and NULL, is min as with buildx. */
ProvenanceMode provenance_mode(const char *text);

/* target: index of the platform. Owned by the caller. params->materials was filled by the build. */
json_t *build_provenance(const BuildParams *params, size_t target, ProvenanceMode mode);

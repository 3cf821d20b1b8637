/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "build/build.h"
#include "cli/build_provenance.h"

/* What --iidfile and -q print: the image's id; of several platforms in an archive the digest of their index. False when there is
 * no image. */
bool build_result_id(const BuildResult *result, char ret_text[DIGEST_TEXT_SIZE]);

typedef struct BuildMetadata {
        const BuildParams *params; /* with what the build put into materials */
        const BuildResult *result;
        const char *ref; /* what names this build ("default/default/<25 letters and digits>"); NULL: left out */
        ProvenanceMode provenance;
        json_t *warnings; /* borrowed; NULL or empty: left out */
} BuildMetadata;

/* The document of --metadata-file, with the keys and the layout that buildx writes. */
void build_metadata_render(const BuildMetadata *m, Buf *ret_json);
/* As much randomness as buildx's. */
int build_metadata_ref(Buf *ret_ref, Err **e);
/* BUILDX_METADATA_WARNINGS: are warnings wanted in the document? */
bool build_metadata_wants_warnings(void);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "build/build.h"

/* What --iidfile and -q print: the image's id; of several platforms in an archive the digest of their index. False when there is
 * no image. */
bool build_result_id(const BuildResult *result, char ret_text[DIGEST_TEXT_SIZE]);

/* The document of --metadata-file, with the keys and the layout that buildx writes.
 * ref: what names this build ("default/default/<25 letters and digits>"); NULL: left out. */
void build_metadata_render(const BuildParams *params, const BuildResult *result, const char *ref, Buf *ret_json);
/* As much randomness as buildx's. */
int build_metadata_ref(Buf *ret_ref, Err **e);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "layer/pack_batch.h"
#include "store/digest_index.h"

/* The digest of a layer's outline: its tar with each file's size and digest in place of its contents. Internal to layer/. */
typedef struct Outline Outline;

/* digests: borrowed; NULL: every file is unknown. */
Outline *outline_new(const DigestIndex *digests, int64_t clamp_mtime_s);
void outline_free(Outline *o);
static inline void outline_freep(Outline **o) {
        if (*o) outline_free(*o);
}
bool outline_is_known(const Outline *o); /* no file so far was unknown */
int outline_add(Outline *o, const Batch *b, Err **e);
/* FINGERPRINT_MADE or FINGERPRINT_UNKNOWN. */
int outline_finish(Outline *o, Digest *ret_fingerprint, Err **e);

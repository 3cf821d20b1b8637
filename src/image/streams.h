/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "codec/sha256.h"
#include "codec/stream.h"
#include "store/store.h"

/* The small streams of this folder. */

/* Write into a blob that is being made (borrowed, not committed). */
Sink *sink_to_blob(BlobWriter *writer);

/* size bytes of a seekable descriptor (borrowed) from offset on, by pread(): many may read one descriptor at a time.
 * A file that ends before is ERR_FORMAT. */
Source *source_from_range(int fd, uint64_t offset, uint64_t size);

/* Pass through what is read from in (borrowed) and write a copy of it to copy (borrowed, not finished). */
Source *source_copying(Source *in, Sink *copy);

/* All of in to sink (not finished). */
int source_to_sink(Source *in, Sink *sink, Err **e);

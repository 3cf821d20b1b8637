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

/* Pass through what is read from in (borrowed) and write a copy of it to copy (borrowed, not finished). */
Source *source_copying(Source *in, Sink *copy);

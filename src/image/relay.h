/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/err.h"
#include "codec/stream.h"

/* Streams with a thread behind them: one side computes (hash, decompress, walk) while the other reads or writes. At
 * most RELAY_CHUNKS * RELAY_CHUNK_SIZE bytes wait in between. Each side belongs to one thread. */

enum { RELAY_CHUNKS = 8, RELAY_CHUNK_SIZE = 256 << 10 };

/* What is written goes to next (borrowed) on another thread. finish: all of it is there, next is finished, and a
 * failure of next is reported. Freed without finish, next is left unfinished. */
int relay_sink_new(Sink *next, Sink **ret_sink, Err **e);

/* fill() runs on another thread; what it writes into `to` is what the source gives. Its failure is the source's.
 * It need not finish `to`. Freed before its end, the source makes fill() fail at its next write, and waits for it. */
typedef int (*RelayFill)(void *context, Sink *to, Err **e);
int relay_source_new(RelayFill fill, void *context, Source **ret_source, Err **e);

/* Read in (borrowed) ahead on another thread. */
int relay_source_ahead(Source *in, Source **ret_source, Err **e);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>

/* Threads for work that is split into equal pieces: hash or copy n files on all cores. */

unsigned cpu_count(void); /* processors this process may use, at least 1; obeys DECANT_CPUS */

/* Call work(context, i) for every i in [0, count), on up to cpu_count() threads, the caller's among them; returns
 * when all are done. Items are handed out in order, in runs, so neighbours tend to share a thread. A worker returns 0
 * to go on or below 0 to stop everything early; parallel_for() returns that value (else 0). */
int parallel_for(size_t count, int (*work)(void *context, size_t index), void *context);

/* The same on up to `threads` threads, one item at a time: for work that waits, for a network say. */
int parallel_for_threads(size_t count, unsigned threads, int (*work)(void *context, size_t index), void *context);

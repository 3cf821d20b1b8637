/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <pthread.h>

#include "base/event.h"
#include "base/vec.h"

/* Several builds in one display: their vertices get numbers of one row, and names that begin with the target's. */

typedef struct BakeMux {
        const EventSink *out;
        pthread_mutex_t lock; /* builds emit at the same time, the display wants one event after the other */
        unsigned vertices;    /* numbers given; under lock */
} BakeMux;

typedef struct BakeChannel {
        BakeMux *mux;
        const char *target;    /* borrowed */
        VEC(unsigned) numbers; /* of the build's vertex n at n - 1; 0: not seen; under lock */
        EventSink sink;        /* to give to build_run() */
} BakeChannel;

void bake_mux_init(BakeMux *m, const EventSink *out);
void bake_mux_done(BakeMux *m);
/* The channel must stay where it is. */
void bake_channel_init(BakeChannel *c, BakeMux *m, const char *target);
void bake_channel_done(BakeChannel *c);
/* The end of all builds; those of the single ones are not passed on. */
void bake_mux_finish(BakeMux *m, VertexOutcome outcome);

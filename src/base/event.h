/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* What a build tells while it goes on. Library code emits events; renderers (cli/progress) listen.
 * A vertex is one line of progress: a step, a source, an export. Numbers count from 1 in the order of first
 * appearance and are given by whoever emits. All pointers are borrowed for the time of the call.
 * The sink is called from one thread at a time (the emitter serialises), but not always from the same one. */

typedef enum EventType {
        EVENT_VERTEX,     /* a vertex becomes known: vertex, name */
        EVENT_START,      /* it begins: vertex, time_ns */
        EVENT_LOG,        /* output of a RUN: vertex, stream (1 or 2), data, size; not cut at line ends */
        EVENT_STATUS,     /* sub-line: vertex, name (what), current, total (bytes; total 0 = unknown) */
        EVENT_DONE,       /* it ended: vertex, outcome, message (for VERTEX_FAILED), duration_ns */
        EVENT_WARNING,    /* name = id of the check or "", message = text, detail = excerpt or NULL, url, lines */
        EVENT_BUILD_DONE, /* the whole build ended: outcome; message = image id or NULL */
} EventType;

typedef enum VertexOutcome { VERTEX_DONE, VERTEX_CACHED, VERTEX_FAILED, VERTEX_CANCELLED } VertexOutcome;

typedef struct Event {
        EventType type;
        unsigned vertex;
        const char *name;
        const char *digest;     /* "sha256:..." that identifies the vertex in rawjson, or NULL */
        const unsigned *inputs; /* EVENT_VERTEX: numbers of the vertices that it needs */
        size_t input_count;
        int stream;
        const char *data;
        size_t size;
        VertexOutcome outcome;
        const char *message;
        const char *detail;
        const char *url;                /* where a check is explained, or NULL */
        unsigned first_line, last_line; /* of the Dockerfile; 0: none */
        uint64_t current, total;
        int64_t time_ns;     /* wall clock, unix */
        int64_t duration_ns; /* EVENT_DONE */
} Event;

typedef struct EventSink {
        void (*emit)(void *context, const Event *event);
        void *context;
} EventSink;

static inline void event_emit(const EventSink *sink, const Event *event) {
        if (sink && sink->emit) sink->emit(sink->context, event);
}

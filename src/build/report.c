/* SPDX-License-Identifier: Apache-2.0 */
#include "build/graph.h"
#include "os/clock.h"

static void emit_in_turn(void *context, const Event *event) {
        Build *b = context;
        pthread_mutex_lock(&b->emit_lock);
        event_emit(b->params->events, event);
        pthread_mutex_unlock(&b->emit_lock);
}

EventSink report_sink(Build *b) {
        return (EventSink){emit_in_turn, b};
}

static void emit(Build *b, Event event) {
        event.time_ns = clock_now_ns();
        emit_in_turn(b, &event);
}

unsigned report_vertex(Build *b, const char *name) {
        unsigned vertex = ++b->next_vertex;
        emit(b, (Event){.type = EVENT_VERTEX, .vertex = vertex, .name = name});
        return vertex;
}

void report_start(Build *b, unsigned vertex) {
        emit(b, (Event){.type = EVENT_START, .vertex = vertex});
}

void report_done(Build *b, unsigned vertex, VertexOutcome outcome, const char *message, int64_t duration_ns) {
        emit(b, (Event){.type = EVENT_DONE,
                        .vertex = vertex,
                        .outcome = outcome,
                        .message = message,
                        .duration_ns = duration_ns});
}

void report_log(Build *b, unsigned vertex, int stream, const char *data, size_t size) {
        emit(b, (Event){.type = EVENT_LOG, .vertex = vertex, .stream = stream, .data = data, .size = size});
}

void report_status(Build *b, unsigned vertex, const char *name, uint64_t current, uint64_t total) {
        emit(b, (Event){.type = EVENT_STATUS, .vertex = vertex, .name = name, .current = current, .total = total});
}

void report_warning(Build *b, const Event *warning) {
        Event event = *warning;
        event.type = EVENT_WARNING;
        emit(b, event);
}

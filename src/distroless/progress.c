/* SPDX-License-Identifier: Apache-2.0 */
#include "distroless/assembly.h"
#include "os/clock.h"

static void emit(const Assembly *a, Event event) {
        event.time_ns = clock_now_ns();
        event_emit(a->params->events, &event);
}

AssemblyPhase assembly_begin(Assembly *a, const char *title) {
        AssemblyPhase phase = {.outer = a->vertex, .started_ns = clock_monotonic_ns()};
        if (a->params->events) phase.vertex = ++*a->params->vertices;
        a->vertex = phase.vertex;
        emit(a, (Event){.type = EVENT_VERTEX, .vertex = phase.vertex, .name = title});
        emit(a, (Event){.type = EVENT_START, .vertex = phase.vertex});
        return phase;
}

int assembly_end(Assembly *a, const AssemblyPhase *phase, int result, Err *const *e) {
        a->vertex = phase->outer;
        emit(a, (Event){.type = EVENT_DONE,
                        .vertex = phase->vertex,
                        .outcome = result < 0 ? VERTEX_FAILED : VERTEX_DONE,
                        .message = result < 0 && e && *e ? err_message(*e) : NULL,
                        .duration_ns = clock_monotonic_ns() - phase->started_ns});
        return result;
}

static void show_progress(void *context, const char *name, uint64_t done, uint64_t total) {
        const Assembly *a = context;
        emit(a, (Event){.type = EVENT_STATUS, .vertex = a->vertex, .name = name, .current = done, .total = total});
}

static void show_warning(void *context, const char *text) {
        emit(context, (Event){.type = EVENT_WARNING, .name = "", .message = text});
}

DebianListener assembly_listener(Assembly *a) {
        return (DebianListener){show_progress, show_warning, a};
}

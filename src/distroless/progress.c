/* SPDX-License-Identifier: Apache-2.0 */
#include "distroless/assembly.h"
#include "os/clock.h"

AssemblyPhase assembly_begin(Assembly *a, const char *title) {
        const BaseProgress *p = a->params->progress;
        AssemblyPhase phase = {.outer = a->vertex, .started_ns = clock_monotonic_ns()};
        phase.vertex = p && p->begin ? p->begin(p->context, title) : 0;
        a->vertex = phase.vertex;
        return phase;
}

int assembly_end(Assembly *a, const AssemblyPhase *phase, int result, Err *const *e) {
        const BaseProgress *p = a->params->progress;
        const char *message = result < 0 && e && *e ? err_message(*e) : NULL;
        a->vertex = phase->outer;
        if (p && p->end)
                p->end(p->context, phase->vertex, result < 0 ? VERTEX_FAILED : VERTEX_DONE, message,
                       clock_monotonic_ns() - phase->started_ns);
        return result;
}

static void show_progress(void *context, const char *name, uint64_t done, uint64_t total) {
        Assembly *a = context;
        const BaseProgress *p = a->params->progress;
        if (p && p->status) p->status(p->context, a->vertex, name, done, total);
}

static void show_warning(void *context, const char *text) {
        Assembly *a = context;
        const BaseProgress *p = a->params->progress;
        if (p && p->warn) p->warn(p->context, text);
}

DebianListener assembly_listener(Assembly *a) {
        return (DebianListener){show_progress, show_warning, a};
}

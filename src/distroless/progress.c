/* SPDX-License-Identifier: Apache-2.0 */
#include "distroless/assembly.h"

void assembly_begin(Assembly *a, const char *title) {
        const BaseProgress *p = a->params->progress;
        a->vertex = p && p->begin ? p->begin(p->context, title) : 0;
}

int assembly_end(Assembly *a, bool cached, int result, Err *const *e) {
        const BaseProgress *p = a->params->progress;
        VertexOutcome outcome = result < 0 ? VERTEX_FAILED : cached ? VERTEX_CACHED : VERTEX_DONE;
        if (p && p->end) p->end(p->context, a->vertex, outcome, result < 0 && e && *e ? err_message(*e) : NULL);
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

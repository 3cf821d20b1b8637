/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/bake_mux.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "cli/progress_kind.h"
#include "os/clock.h"

void bake_mux_init(BakeMux *m, const EventSink *out) {
        *m = (BakeMux){.out = out};
        pthread_mutex_init(&m->lock, NULL);
}

void bake_mux_done(BakeMux *m) {
        pthread_mutex_destroy(&m->lock);
}

static unsigned number_of(BakeChannel *c, unsigned vertex) {
        if (vertex == 0 || vertex > PROGRESS_VERTEX_MAX) return 0;
        while (c->numbers.n < vertex) vec_push(&c->numbers, 0);
        unsigned *number = &c->numbers.v[vertex - 1];
        if (*number == 0) *number = ++c->mux->vertices;
        return *number;
}

/* "[build 2/4] RUN x" as "[app build 2/4] RUN x", anything else as "[app] anything else". */
static void add_name(Buf *out, const char *target, const char *name) {
        if (name[0] == '[') {
                buf_addf(out, "[%s %s", target, name + 1);
        } else {
                buf_addf(out, "[%s] %s", target, name);
        }
}

static void emit(void *context, const Event *event) {
        BakeChannel *c = context;
        Event copy = *event;
        AUTO(buf_done) Buf name = {0};
        AUTO(freep) unsigned *inputs = NULL;
        if (event->type == EVENT_BUILD_DONE) return;
        pthread_mutex_lock(&c->mux->lock);
        copy.vertex = number_of(c, event->vertex);
        if (event->type == EVENT_VERTEX) {
                add_name(&name, c->target, event->name ? event->name : "");
                copy.name = name.p;
                inputs = xcalloc(event->input_count + 1, sizeof *inputs);
                for (size_t i = 0; i < event->input_count; i++) inputs[i] = number_of(c, event->inputs[i]);
                copy.inputs = inputs;
        }
        if (event->type == EVENT_WARNING) {
                add_name(&name, c->target, event->message ? event->message : "");
                copy.message = name.p;
        }
        event_emit(c->mux->out, &copy);
        pthread_mutex_unlock(&c->mux->lock);
}

void bake_channel_init(BakeChannel *c, BakeMux *m, const char *target) {
        *c = (BakeChannel){.mux = m, .target = target};
        c->sink = (EventSink){emit, c};
}

void bake_channel_done(BakeChannel *c) {
        vec_done(&c->numbers);
}

void bake_mux_finish(BakeMux *m, VertexOutcome outcome) {
        Event event = {.type = EVENT_BUILD_DONE, .outcome = outcome, .time_ns = clock_now_ns()};
        event_emit(m->out, &event);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "cli/progress_kind.h"

/* Lines that stay: "#7 [build 2/4] RUN make", "#7 0.312 text", "#7 DONE 2.1s". One vertex is current; what the others say is kept
 * back until it ends or falls silent, so that steps that run at once do not take turns line by line. */

enum {
        HELD_MAX = 64 << 10, /* bytes that a vertex keeps back */
};
static const int64_t SILENCE_NS = 250 * 1000 * 1000;

typedef struct PlainVertex {
        char *name;
        bool shown; /* its header was printed */
        bool ended;
        int64_t started_ns;
        Buf line; /* output without its end yet */
        Buf held; /* finished lines that are not printed yet */
        ProgressStatuses statuses;
} PlainVertex;

typedef struct Plain {
        ProgressParams params;
        VEC(PlainVertex) vertices; /* number n at n - 1 */
        unsigned current;          /* 0: none */
        int64_t current_spoke_ns;
        Buf out;
        ProgressWarnings warnings;
} Plain;

static void *plain_new(const ProgressParams *params) {
        Plain *p = xcalloc(1, sizeof *p);
        p->params = *params;
        return p;
}

static PlainVertex *vertex_of(Plain *p, unsigned number) {
        if (number == 0 || number > PROGRESS_VERTEX_MAX) return NULL;
        while (p->vertices.n < number) vec_push(&p->vertices, (PlainVertex){0});
        return &p->vertices.v[number - 1];
}

static void flush(Plain *p) {
        if (p->out.n) progress_write(p->params.fd, p->out.p, p->out.n);
        buf_clear(&p->out);
}

/* Make number the vertex whose lines come now. */
static void switch_to(Plain *p, unsigned number) {
        PlainVertex *v = vertex_of(p, number);
        if (p->current != number) {
                if (p->current && !vertex_of(p, p->current)->ended) buf_addf(&p->out, "#%u ...\n", p->current);
                if (p->current) buf_addc(&p->out, '\n');
                buf_addf(&p->out, "#%u %s\n", number, v->name ? v->name : "");
                p->current = number;
        }
        v->shown = true;
        buf_add_str(&p->out, buf_str(&v->held));
        buf_clear(&v->held);
}

static void settle_others(Plain *p) {
        for (size_t i = 0; i < p->vertices.n; i++) {
                if (p->vertices.v[i].held.n) switch_to(p, (unsigned)i + 1);
        }
}

/* v has new lines in held: print them when it may speak. */
static void speak(Plain *p, unsigned number) {
        PlainVertex *v = vertex_of(p, number);
        int64_t now = p->params.now();
        bool busy = p->current && p->current != number && !vertex_of(p, p->current)->ended;
        if (busy && now - p->current_spoke_ns < SILENCE_NS && v->held.n < HELD_MAX && !v->ended) return;
        p->current_spoke_ns = now;
        switch_to(p, number);
}

static void add_line(Plain *p, unsigned number, PlainVertex *v) {
        int64_t ms = (p->params.now() - v->started_ns) / 1000000;
        while (v->line.n > 0 && v->line.p[v->line.n - 1] == '\r') v->line.p[--v->line.n] = '\0';
        buf_addf(&v->held, "#%u %lld.%03lld ", number, (long long)(ms / 1000), (long long)(ms % 1000));
        buf_add_str(&v->held, buf_str(&v->line));
        buf_addc(&v->held, '\n');
        buf_clear(&v->line);
}

static void on_log(Plain *p, const Event *event, PlainVertex *v) {
        Str rest = {event->data, event->size}, piece;
        size_t before = v->held.n;
        while (str_cut(&rest, '\n', &piece)) {
                buf_add_str(&v->line, piece);
                add_line(p, event->vertex, v);
        }
        buf_add_str(&v->line, rest);
        if (v->line.n > PROGRESS_LINE_MAX) add_line(p, event->vertex, v);
        if (v->held.n > before) speak(p, event->vertex);
}

static void add_status(PlainVertex *v, unsigned number, ProgressStatus *status) {
        buf_addf(&v->held, "#%u ", number);
        progress_status_render(status, &v->held);
        buf_adds(&v->held, " done\n");
        status->printed = true;
}

static void on_status(Plain *p, const Event *event, PlainVertex *v) {
        ProgressStatus *status = event->name ? progress_status_set(&v->statuses, event) : NULL;
        if (!status || status->printed || status->total == 0 || status->current < status->total) return;
        add_status(v, event->vertex, status);
        speak(p, event->vertex);
}

static void add_outcome(PlainVertex *v, const Event *event) {
        buf_addf(&v->held, "#%u ", event->vertex);
        switch (event->outcome) {
        case VERTEX_CACHED: buf_adds(&v->held, "CACHED\n"); break;
        case VERTEX_CANCELLED: buf_adds(&v->held, "CANCELED\n"); break;
        case VERTEX_FAILED: buf_addf(&v->held, "ERROR: %s\n", event->message ? event->message : "failed"); break;
        case VERTEX_DONE: buf_addf(&v->held, "DONE %.1fs\n", (double)event->duration_ns / 1e9); break;
        }
}

static void on_done(Plain *p, const Event *event, PlainVertex *v) {
        if (v->line.n) add_line(p, event->vertex, v);
        for (size_t i = 0; i < v->statuses.n; i++) {
                if (!v->statuses.v[i].printed) add_status(v, event->vertex, &v->statuses.v[i]);
        }
        add_outcome(v, event);
        v->ended = true;
        speak(p, event->vertex);
        progress_statuses_done(&v->statuses);
        buf_done(&v->line);
        buf_done(&v->held);
        settle_others(p);
}

static void plain_emit(void *context, const Event *event) {
        Plain *p = context;
        if (event->type == EVENT_WARNING) {
                progress_warning_add(&p->warnings, event);
                return;
        }
        if (event->type == EVENT_BUILD_DONE) return;
        PlainVertex *v = vertex_of(p, event->vertex);
        if (!v || v->ended) return;
        switch (event->type) {
        case EVENT_VERTEX:
                if (!v->name) v->name = xstrdup(event->name);
                break;
        case EVENT_START:
                v->started_ns = p->params.now();
                if (!v->shown) speak(p, event->vertex);
                break;
        case EVENT_LOG: on_log(p, event, v); break;
        case EVENT_STATUS: on_status(p, event, v); break;
        case EVENT_DONE: on_done(p, event, v); break;
        default: break;
        }
        flush(p);
}

static void plain_finish(void *context) {
        Plain *p = context;
        for (size_t i = 0; i < p->vertices.n; i++) {
                if (p->vertices.v[i].line.n) add_line(p, (unsigned)i + 1, &p->vertices.v[i]);
        }
        settle_others(p);
        progress_warnings_render(&p->warnings, &p->params, &p->out);
        flush(p);
}

static void plain_free(void *context) {
        Plain *p = context;
        for (size_t i = 0; i < p->vertices.n; i++) {
                PlainVertex *v = &p->vertices.v[i];
                free(v->name);
                buf_done(&v->line);
                buf_done(&v->held);
                progress_statuses_done(&v->statuses);
        }
        vec_done(&p->vertices);
        progress_warnings_done(&p->warnings);
        buf_done(&p->out);
        free(p);
}

const ProgressKind progress_plain = {plain_new, plain_emit, plain_finish, plain_free};

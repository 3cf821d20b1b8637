/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/num.h"
#include "base/str.h"
#include "cli/progress_kind.h"
#include "cli/text.h"
#include "cli/warnings.h"
#include "os/clock.h"

/* One JSON document a line in the shape of BuildKit's client graph: {"vertexes":[...]}, {"statuses":[...]}, {"logs":[...]},
 * {"warnings":[...]}. */

typedef struct RawVertex {
        char *name, *digest;
        json_t *inputs;
        int64_t started_ns; /* wall clock; 0: not yet */
} RawVertex;

typedef struct Raw {
        ProgressParams params;
        VEC(RawVertex) vertices;
} Raw;

static void *raw_new(const ProgressParams *params) {
        Raw *r = xcalloc(1, sizeof *r);
        r->params = *params;
        return r;
}

static RawVertex *vertex_of(Raw *r, unsigned number) {
        if (number == 0 || number > PROGRESS_VERTEX_MAX) return NULL;
        while (r->vertices.n < number) vec_push(&r->vertices, (RawVertex){0});
        RawVertex *v = &r->vertices.v[number - 1];
        if (!v->digest) v->digest = xasprintf("sha256:%064x", number); /* until a better one comes with its event */
        return v;
}

static json_t *text_json(const char *text) {
        json_t *value = json_string(text ? text : "");
        return value ? value : json_string("");
}

static json_t *time_json(int64_t unix_ns) {
        char text[40];
        time_render(unix_ns, text);
        return json_string(text);
}

static int64_t time_of(const Event *event) {
        return event->time_ns ? event->time_ns : clock_now_ns();
}

static json_t *base64_json(const void *data, size_t size) {
        AUTO(buf_done) Buf out = {0};
        text_add_base64(&out, data, size);
        return json_string(out.p ? out.p : "");
}

/* {"LIST":[entry]} as one line. Takes entry. */
static void write_entry(Raw *r, const char *list, json_t *entry) {
        json_t *document = json_object(), *entries = json_array();
        json_array_append_new(entries, entry);
        json_object_set_new(document, list, entries);
        char *text = json_dumps(document, JSON_COMPACT);
        if (text) {
                size_t n = strlen(text);
                text[n] = '\n'; /* in the place of the NUL: one write a line */
                progress_write(r->params.fd, text, n + 1);
                free(text);
        }
        json_decref(document);
}

static void on_vertex(RawVertex *v, Raw *r, const Event *event) {
        if (event->digest) {
                free(v->digest);
                v->digest = xstrdup(event->digest);
        }
        if (!v->name) v->name = xstrdup(event->name);
        json_decref(v->inputs);
        v->inputs = json_array();
        for (size_t i = 0; i < event->input_count; i++) {
                unsigned number = event->inputs[i];
                /* the vector may move: only the digest is taken */
                RawVertex *input = number && number <= r->vertices.n ? &r->vertices.v[number - 1] : NULL;
                if (input && input->digest) json_array_append_new(v->inputs, json_string(input->digest));
        }
}

static void write_vertex(Raw *r, const RawVertex *v, const Event *event) {
        json_t *entry = json_object();
        json_object_set_new(entry, "digest", text_json(v->digest));
        if (v->inputs && json_array_size(v->inputs)) json_object_set(entry, "inputs", v->inputs);
        json_object_set_new(entry, "name", text_json(v->name));
        if (v->started_ns) json_object_set_new(entry, "started", time_json(v->started_ns));
        if (event->type == EVENT_DONE) {
                json_object_set_new(entry, "completed", time_json(v->started_ns + event->duration_ns));
                if (event->outcome == VERTEX_CACHED) json_object_set_new(entry, "cached", json_true());
                if (event->outcome == VERTEX_FAILED) json_object_set_new(entry, "error", text_json(event->message));
                if (event->outcome == VERTEX_CANCELLED)
                        json_object_set_new(entry, "error", json_string("context canceled"));
        }
        write_entry(r, "vertexes", entry);
}

static void write_log(Raw *r, const RawVertex *v, const Event *event) {
        json_t *entry = json_object();
        json_object_set_new(entry, "vertex", text_json(v->digest));
        json_object_set_new(entry, "stream", json_integer(event->stream));
        json_object_set_new(entry, "data", base64_json(event->data, event->size));
        json_object_set_new(entry, "timestamp", time_json(time_of(event)));
        write_entry(r, "logs", entry);
}

static void write_status(Raw *r, const RawVertex *v, const Event *event) {
        json_t *entry = json_object();
        json_object_set_new(entry, "id", text_json(event->name));
        json_object_set_new(entry, "vertex", text_json(v->digest));
        json_object_set_new(entry, "name", text_json(event->name));
        if (event->total) json_object_set_new(entry, "total", json_integer((json_int_t)event->total));
        json_object_set_new(entry, "current", json_integer((json_int_t)event->current));
        json_object_set_new(entry, "timestamp", time_json(time_of(event)));
        if (v->started_ns) json_object_set_new(entry, "started", time_json(v->started_ns));
        if (event->total && event->current >= event->total)
                json_object_set_new(entry, "completed", time_json(time_of(event)));
        write_entry(r, "statuses", entry);
}

static void raw_emit(void *context, const Event *event) {
        Raw *r = context;
        if (event->type == EVENT_WARNING) write_entry(r, "warnings", warning_json(event));
        RawVertex *v =
                event->type == EVENT_WARNING || event->type == EVENT_BUILD_DONE ? NULL : vertex_of(r, event->vertex);
        if (!v) return;
        switch (event->type) {
        case EVENT_VERTEX: on_vertex(v, r, event); break;
        case EVENT_START: v->started_ns = time_of(event); break;
        case EVENT_LOG: write_log(r, v, event); return;
        case EVENT_STATUS: write_status(r, v, event); return;
        case EVENT_DONE:
                if (!v->started_ns) v->started_ns = time_of(event);
                break;
        default: return;
        }
        write_vertex(r, v, event);
}

static void raw_finish(void *context) {
        (void)context;
}

static void raw_free(void *context) {
        Raw *r = context;
        for (size_t i = 0; i < r->vertices.n; i++) {
                free(r->vertices.v[i].name);
                free(r->vertices.v[i].digest);
                json_decref(r->vertices.v[i].inputs);
        }
        vec_done(&r->vertices);
        free(r);
}

const ProgressKind progress_rawjson = {raw_new, raw_emit, raw_finish, raw_free};

/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/warnings.h"

#include <string.h>

#include "base/cleanup.h"
#include "cli/text.h"

static json_t *base64_json(Str data) {
        AUTO(buf_done) Buf out = {0};
        text_add_base64(&out, data.p, data.n);
        return json_string(out.n ? out.p : "");
}

static json_t *line_json(unsigned line) {
        return json_pack("{si}", "line", (int)line);
}

json_t *warning_json(const Event *event) {
        AUTO(buf_done) Buf text = {0};
        bool named = event->name && *event->name;
        buf_addf(&text, "%s%s%s", named ? event->name : "", named ? ": " : "", event->message ? event->message : "");
        json_t *entry = json_object(), *detail = json_array();
        json_object_set_new(entry, "level", json_integer(1));
        json_object_set_new(entry, "short", base64_json(buf_str(&text)));
        if (event->detail) json_array_append_new(detail, base64_json(str_of(event->detail)));
        json_object_set_new(entry, "detail", detail);
        if (event->url) json_object_set_new(entry, "url", json_string(event->url));
        if (event->first_line) {
                json_t *range = json_object();
                json_object_set_new(range, "start", line_json(event->first_line));
                json_object_set_new(range, "end", line_json(event->last_line));
                json_object_set_new(entry, "range", json_pack("[o]", range));
        }
        return entry;
}

static void pass(void *context, const Event *event) {
        WarningLog *l = context;
        if (event->type == EVENT_WARNING) json_array_append_new(l->list, warning_json(event));
        event_emit(l->next, event);
}

void warning_log_init(WarningLog *l, const EventSink *next) {
        *l = (WarningLog){.next = next, .sink = {pass, l}, .list = json_array()};
}

void warning_log_done(WarningLog *l) {
        json_decref(l->list);
}

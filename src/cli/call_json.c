/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/call.h"
#include "cli/text.h"
#include "codec/json.h"

/* The documents that BuildKit's subrequests answer with, member by member. */

static json_t *text(const char *value) {
        json_t *t = json_string(value);
        if (t) return t;
        AUTO(freep) char *copy = xstrdup(value); /* no UTF-8 */
        for (char *c = copy; *c; c++)
                if (*c & 0x80) *c = '?';
        return json_string(copy);
}

static void set_text(json_t *object, const char *key, const char *value) {
        if (value && *value) json_object_set_new(object, key, text(value));
}

static json_t *location(uint32_t first, uint32_t last) {
        return json_pack("{s[{s{si}s{si}}]}", "ranges", "start", "line", (int)first, "end", "line", (int)last);
}

static char *source_data(const BuildDescription *d) {
        Buf out = {0};
        buf_adds(&out, "");
        if (d->dockerfile) text_add_base64(&out, d->dockerfile->text, d->dockerfile->text_size);
        return buf_take(&out);
}

static void write_document(json_t *document, Buf *out) {
        AUTO(freep) char *dump = json_dumps(document, JSON_INDENT(2));
        buf_adds(out, dump ? dump : "{}");
        buf_addc(out, '\n');
        json_decref(document);
}

static json_t *finding(const Finding *f) {
        AUTO(buf_done) Buf url = {0};
        AUTO(freep) char *detail = xasprintf("%s", f->text);
        json_t *o = json_object();
        check_url(f->id, &url);
        set_text(o, "ruleName", check_rule(f->id)->name);
        set_text(o, "description", check_rule(f->id)->title);
        set_text(o, "url", url.p);
        set_text(o, "detail", detail);
        set_text(o, "level", check_level_name(check_rule(f->id)->level));
        set_text(o, "fix", f->fix);
        json_object_set_new(o, "location", location(f->first_line, f->last_line));
        return o;
}

void call_json_check(const BuildDescription *d, Buf *out) {
        json_t *warnings = json_array(), *sources = json_array(), *root = json_object();
        size_t n = 0;
        const Finding *list = d->checks ? checks_list(d->checks, &n) : NULL;
        for (size_t i = 0; i < n; i++) json_array_append_new(warnings, finding(&list[i]));
        AUTO(freep) char *data = source_data(d);
        json_t *source = json_object();
        set_text(source, "filename", d->dockerfile ? d->dockerfile->name : d->path ? d->path : "Dockerfile");
        set_text(source, "language", "Dockerfile");
        set_text(source, "data", data);
        json_array_append_new(sources, source);
        json_object_set_new(root, "warnings", warnings);
        json_object_set_new(root, "sources", sources);
        if (d->error) {
                json_t *error = json_object();
                uint32_t line = build_description_error_line(d);
                set_text(error, "message", err_message(d->error));
                json_object_set_new(error, "location", line ? location(line, line) : json_null());
                json_object_set_new(root, "buildError", error);
        }
        write_document(root, out);
}

static void set_rows(json_t *root, const char *key, const char *name_key, const OutlineRows *rows) {
        if (rows->n == 0) return;
        json_t *list = json_array();
        for (size_t i = 0; i < rows->n; i++) {
                const OutlineRow *row = &rows->v[i];
                json_t *o = json_object();
                json_object_set_new(o, name_key, text(row->name));
                set_text(o, "description", row->description);
                set_text(o, "value", row->value);
                if (row->required) json_object_set_new(o, "required", json_true());
                json_object_set_new(o, "location", location(row->line, row->line));
                json_array_append_new(list, o);
        }
        json_object_set_new(root, key, list);
}

static void set_sources(json_t *root, const BuildDescription *d) {
        AUTO(freep) char *data = source_data(d);
        json_object_set_new(root, "sources", json_pack("[s]", data));
}

void call_json_outline(const BuildDescription *d, const Outline *outline, Buf *out) {
        json_t *root = json_object();
        set_text(root, "name", outline->name);
        set_text(root, "description", outline->description);
        set_rows(root, "args", "name", &outline->args);
        set_rows(root, "secrets", "name", &outline->secrets);
        set_rows(root, "ssh", "name", &outline->ssh);
        set_rows(root, "cache", "ID", &outline->caches);
        set_sources(root, d);
        write_document(root, out);
}

void call_json_targets(const BuildDescription *d, const TargetRows *rows, Buf *out) {
        json_t *root = json_object(), *list = json_array();
        for (size_t i = 0; i < rows->n; i++) {
                const TargetRow *row = &rows->v[i];
                json_t *o = json_object();
                set_text(o, "name", row->name);
                if (row->is_default) json_object_set_new(o, "default", json_true());
                set_text(o, "description", row->description);
                set_text(o, "base", row->base);
                set_text(o, "platform", row->platform);
                json_object_set_new(o, "location", location(row->line, row->line));
                json_array_append_new(list, o);
        }
        json_object_set_new(root, "targets", list);
        set_sources(root, d);
        write_document(root, out);
}

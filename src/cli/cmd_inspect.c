/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "base/str.h"
#include "cli/app.h"
#include "cli/format.h"
#include "cli/template.h"

static json_t *text_json(const char *text) {
        json_t *value = json_string(text ? text : "");
        return value ? value : json_string("");
}

static json_t *list_json(const StrVec *list, bool present) {
        if (!present) return json_null();
        json_t *array = json_array();
        for (size_t i = 0; i < list->n; i++) json_array_append_new(array, text_json(list->v[i]));
        return array;
}

/* {"80/tcp": {}} */
static json_t *set_json(const StrVec *list) {
        if (list->n == 0) return json_null();
        json_t *object = json_object();
        for (size_t i = 0; i < list->n; i++) json_object_set_new(object, list->v[i], json_object());
        return object;
}

static json_t *pairs_json(const StringPairs *pairs) {
        if (pairs->n == 0) return json_null();
        json_t *object = json_object();
        for (size_t i = 0; i < pairs->n; i++)
                json_object_set_new(object, pairs->v[i].key, text_json(pairs->v[i].value));
        return object;
}

static json_t *healthcheck_json(const Healthcheck *h) {
        if (!h) return json_null();
        json_t *object = json_object();
        json_object_set_new(object, "Test", list_json(&h->test, true));
        if (h->interval_ns) json_object_set_new(object, "Interval", json_integer(h->interval_ns));
        if (h->timeout_ns) json_object_set_new(object, "Timeout", json_integer(h->timeout_ns));
        if (h->start_period_ns) json_object_set_new(object, "StartPeriod", json_integer(h->start_period_ns));
        if (h->start_interval_ns) json_object_set_new(object, "StartInterval", json_integer(h->start_interval_ns));
        if (h->retries) json_object_set_new(object, "Retries", json_integer(h->retries));
        return object;
}

/* Every member is there, so that a template can name it; what is not set is null or "". */
static json_t *config_json(const ImageConfig *c) {
        json_t *object = json_object();
        json_object_set_new(object, "User", text_json(c->user));
        json_object_set_new(object, "ExposedPorts", set_json(&c->exposed_ports));
        json_object_set_new(object, "Env", list_json(&c->env, c->env.n > 0));
        json_object_set_new(object, "Cmd", list_json(&c->cmd, c->has_cmd || c->cmd.n > 0));
        json_object_set_new(object, "Healthcheck", healthcheck_json(c->healthcheck));
        json_object_set_new(object, "Volumes", set_json(&c->volumes));
        json_object_set_new(object, "WorkingDir", text_json(c->working_dir));
        json_object_set_new(object, "Entrypoint", list_json(&c->entrypoint, c->has_entrypoint || c->entrypoint.n > 0));
        json_object_set_new(object, "OnBuild", list_json(&c->on_build, c->on_build.n > 0));
        json_object_set_new(object, "Labels", pairs_json(&c->labels));
        json_object_set_new(object, "StopSignal", text_json(c->stop_signal));
        json_object_set_new(object, "Shell", list_json(&c->shell, c->shell.n > 0));
        return object;
}

static json_t *layers_json(const ImageConfig *c) {
        json_t *array = json_array();
        for (size_t i = 0; i < c->diff_ids.n; i++) {
                char text[DIGEST_TEXT_SIZE];
                digest_text(&c->diff_ids.v[i], text);
                json_array_append_new(array, json_string(text));
        }
        return array;
}

static json_t *time_json(int64_t unix_ns, bool present) {
        char text[40] = "0001-01-01T00:00:00Z"; /* Go's zero time */
        if (present) time_render(unix_ns, text);
        return json_string(text);
}

/* Names of the image, and when the last one was given. */
static int names_json(const TagList *tags, const Digest *id, int64_t *ret_tagged_ns, json_t **ret_names) {
        *ret_tagged_ns = 0;
        *ret_names = json_array();
        for (size_t i = 0; i < tags->n; i++) {
                const TagRow *tag = &tags->v[i];
                if (!tag->name || !digest_eq(&tag->image_id, id)) continue;
                AUTO(freep) char *name = app_familiar_name(tag->name);
                json_array_append_new(*ret_names, text_json(name));
                if (tag->tagged_ns > *ret_tagged_ns) *ret_tagged_ns = tag->tagged_ns;
        }
        return 0;
}

static json_t *image_json(const Image *image, const TagList *tags, const StringPairs *annotations) {
        const ImageConfig *c = &image->config;
        char id[DIGEST_TEXT_SIZE];
        int64_t tagged_ns;
        json_t *names, *object = json_object();
        names_json(tags, &image->id, &tagged_ns, &names);
        digest_text(&image->id, id);
        json_object_set_new(object, "Id", json_string(id));
        json_object_set_new(object, "RepoTags", names);
        json_object_set_new(object, "RepoDigests", json_array());
        json_object_set_new(object, "Parent", json_string(""));
        json_object_set_new(object, "Comment", text_json(c->history.n ? c->history.v[c->history.n - 1].comment : ""));
        json_object_set_new(object, "Created", time_json(c->created_ns, c->has_created));
        json_object_set_new(object, "Author", text_json(c->author));
        json_object_set_new(object, "Config", config_json(c));
        json_object_set_new(object, "Architecture", text_json(c->platform.arch));
        if (*c->platform.variant) json_object_set_new(object, "Variant", text_json(c->platform.variant));
        json_object_set_new(object, "Os", text_json(c->platform.os));
        json_object_set_new(object, "Size", json_integer((json_int_t)image->size_bytes));
        json_object_set_new(object, "RootFS", json_pack("{ss so}", "Type", "layers", "Layers", layers_json(c)));
        json_object_set_new(object, "Annotations", pairs_json(annotations)); /* of its manifest, as podman shows them */
        json_object_set_new(object, "Metadata", json_pack("{so}", "LastTagTime", time_json(tagged_ns, tagged_ns != 0)));
        return object;
}

/* Print what was found, also when something was not. */
static int print_images(const Args *args, const json_t *images, Err **e) {
        AUTO(buf_done) Buf out = {0};
        AUTO(template_freep) Template *template = NULL;
        const char *format = args_text(args, "format");
        if (!format || !*format || streq(format, "json")) {
                AUTO(freep) char *text = json_dumps(images, format && *format ? JSON_COMPACT : JSON_INDENT(4));
                buf_addf(&out, "%s\n", text);
                return app_print(&out, e);
        }
        AUTO(freep) char *text = format_unescape(format);
        if (template_parse(text, &template, e) < 0) return -1;
        for (size_t i = 0; i < json_array_size(images); i++) {
                if (template_render(template, json_array_get(images, i), &out, e) < 0) return -1;
                buf_addc(&out, '\n');
        }
        return app_print(&out, e);
}

static int find_image(Store *s, const char *name, const TagList *tags, json_t *images, Err **e) {
        AUTO(image_done) Image image = {0};
        AUTO(string_pairs_done) StringPairs annotations = {0};
        if (image_find(s, name, &image, NULL, e) < 0 || image_get_annotations(s, &image.id, &annotations, e) < 0)
                return -1;
        json_array_append_new(images, image_json(&image, tags, &annotations));
        return 0;
}

static int find_images(Store *s, const Args *args, json_t *images, Err **e) {
        AUTO(tag_list_done) TagList tags = {0};
        if (store_tag_list(s, false, &tags, e) < 0) return -1;
        int result = 0;
        for (size_t i = 0; i < args->operands.n; i++) {
                Err *failure = NULL;
                if (find_image(s, args->operands.v[i], &tags, images, &failure) == 0) continue;
                err_move(e, &failure);
                result = -1;
        }
        return result;
}

int command_inspect(App *app, const Args *args, Err **e) {
        AUTO(app_store_done) AppStore store = {.app = app};
        AUTO(json_decrefp) json_t *images = json_array();
        if (app_store_open(app, &store.store, e) < 0) return -1;
        int found = find_images(store.store, args, images, e);
        if (found < 0 && json_array_size(images) == 0) return -1;
        int printed = print_images(args, images, e);
        return found < 0 ? found : printed;
}

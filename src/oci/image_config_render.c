/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "codec/json.h"
#include "oci/image_config.h"

/* Each leaves an empty value out, as Go's omitempty does. */

static void add_text(Buf *b, const char *key, const char *text) {
        if (!text || *text == '\0') return;
        json_add_key(b, key);
        json_add_text(b, text);
}

static void add_number(Buf *b, const char *key, int64_t value) {
        if (value == 0) return;
        json_add_key(b, key);
        buf_addf(b, "%" PRId64, value);
}

static void add_true(Buf *b, const char *key, bool value) {
        if (!value) return;
        json_add_key(b, key);
        buf_adds(b, "true");
}

static void add_list(Buf *b, const char *key, const StrVec *list) {
        if (list->n == 0) return;
        json_add_key(b, key);
        json_add_list(b, list);
}

/* Go's map[string]struct{}. */
static void add_set(Buf *b, const char *key, const StrVec *list) {
        AUTO(strvec_done) StrVec sorted = {0};
        if (list->n == 0) return;
        strvec_copy(&sorted, list);
        strvec_sort(&sorted);
        json_add_key(b, key);
        buf_addc(b, '{');
        for (size_t i = 0; i < sorted.n; i++) {
                if (i > 0 && streq(sorted.v[i], sorted.v[i - 1])) continue;
                json_add_key(b, sorted.v[i]);
                buf_adds(b, "{}");
        }
        buf_addc(b, '}');
}

static void add_pairs(Buf *b, const char *key, const StringPairs *pairs) {
        if (pairs->n == 0) return;
        json_add_key(b, key);
        string_pairs_render(pairs, b);
}

static void add_created(Buf *b, bool has_created, int64_t created_ns) {
        char text[64];
        if (!has_created) return;
        if (created_ns == IMAGE_TIME_ZERO) {
                add_text(b, "created", "0001-01-01T00:00:00Z");
                return;
        }
        time_render(created_ns, text);
        add_text(b, "created", text);
}

static void add_healthcheck(Buf *b, const Healthcheck *h) {
        if (!h) return;
        json_add_key(b, "Healthcheck");
        buf_addc(b, '{');
        add_list(b, "Test", &h->test);
        add_number(b, "Interval", h->interval_ns);
        add_number(b, "Timeout", h->timeout_ns);
        add_number(b, "StartPeriod", h->start_period_ns);
        add_number(b, "StartInterval", h->start_interval_ns);
        add_number(b, "Retries", h->retries);
        buf_addc(b, '}');
}

static void add_inner(Buf *b, const ImageConfig *c) {
        json_add_key(b, "config");
        buf_addc(b, '{');
        add_text(b, "User", c->user);
        add_set(b, "ExposedPorts", &c->exposed_ports);
        add_list(b, "Env", &c->env);
        add_list(b, "Entrypoint", &c->entrypoint);
        add_list(b, "Cmd", &c->cmd);
        add_set(b, "Volumes", &c->volumes);
        add_text(b, "WorkingDir", c->working_dir);
        add_pairs(b, "Labels", &c->labels);
        add_text(b, "StopSignal", c->stop_signal);
        add_true(b, "ArgsEscaped", c->args_escaped);
        add_healthcheck(b, c->healthcheck);
        add_list(b, "OnBuild", &c->on_build);
        add_list(b, "Shell", &c->shell);
        buf_addc(b, '}');
}

static void add_history(Buf *b, const ImageConfig *c) {
        if (c->history.n == 0) return;
        json_add_key(b, "history");
        buf_addc(b, '[');
        for (size_t i = 0; i < c->history.n; i++) {
                const HistoryEntry *h = &c->history.v[i];
                buf_adds(b, i > 0 ? ",{" : "{");
                add_created(b, h->has_created, h->created_ns);
                add_text(b, "created_by", h->created_by);
                add_text(b, "author", h->author);
                add_text(b, "comment", h->comment);
                add_true(b, "empty_layer", h->empty_layer);
                buf_addc(b, '}');
        }
        buf_addc(b, ']');
}

static void add_rootfs(Buf *b, const ImageConfig *c) {
        json_add_key(b, "rootfs");
        buf_adds(b, "{\"type\":\"layers\",\"diff_ids\":[");
        for (size_t i = 0; i < c->diff_ids.n; i++) {
                char text[DIGEST_TEXT_SIZE];
                digest_text(&c->diff_ids.v[i], text);
                buf_addf(b, "%s\"%s\"", i > 0 ? "," : "", text);
        }
        buf_adds(b, "]}");
}

void image_config_render(const ImageConfig *c, Buf *ret_json) {
        Buf *b = ret_json;
        buf_addc(b, '{');
        json_add_key(b, "architecture");
        json_add_text(b, c->platform.arch);
        add_text(b, "author", c->author);
        add_inner(b, c);
        add_created(b, c->has_created, c->created_ns);
        add_history(b, c);
        json_add_key(b, "os");
        json_add_text(b, c->platform.os);
        add_list(b, "os.features", &c->os_features);
        add_text(b, "os.version", c->platform.os_version);
        add_rootfs(b, c);
        add_text(b, "variant", c->platform.variant);
        buf_addc(b, '}');
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/num.h"
#include "oci/document.h"

/* The years whose nanoseconds fit in 64 bits, and their first and last second. */
enum { YEAR_MIN = 1678, YEAR_MAX = 2261 };
static const int64_t second_min = -9214560000, second_max = 9214646399;

static int parse_time(const char *text, int64_t *ret_ns, Err **e) {
        uint32_t year;
        int64_t ns = 0;
        Str s = str_of(text);
        if (str_is(s, "0001-01-01T00:00:00Z")) {
                *ret_ns = IMAGE_TIME_ZERO;
                return 0;
        }
        bool near = u32_parse(str_sub(s, 0, 4), 10, &year) && year >= YEAR_MIN && year <= YEAR_MAX;
        if (near && time_parse(s, &ns, e) < 0) return -1;
        if (!near || ns < second_min * 1000000000 || ns / 1000000000 > second_max) {
                return err_new(e, ERR_FORMAT, "'%.60s' is not a time between the years %d and %d", text, YEAR_MIN,
                               YEAR_MAX);
        }
        *ret_ns = ns;
        return 0;
}

static int get_time(const json_t *object, const char *key, int64_t *ret_ns, bool *ret_has, Err **e) {
        AUTO(freep) char *text = NULL;
        if (json_get_text(object, key, &text, e) < 0) return -1;
        if (!text) return 0;
        if (parse_time(text, ret_ns, e) < 0) return err_wrap(e, "'%s'", key);
        *ret_has = true;
        return 0;
}

/* {"80/tcp": {}, ...}: only the keys say something. */
static int get_set(const json_t *object, const char *key, StrVec *list, Err **e) {
        json_t *map = NULL, *value;
        const char *name;
        if (json_get_object(object, key, &map, e) < 0) return -1;
        json_object_foreach(map, name, value) strvec_push(list, name);
        strvec_sort(list);
        return 0;
}

static int get_healthcheck(const json_t *config, Healthcheck **ret_healthcheck, Err **e) {
        json_t *object = NULL;
        int64_t retries = 0;
        if (json_get_object(config, "Healthcheck", &object, e) < 0) return -1;
        if (!object) return 0;
        Healthcheck *h = *ret_healthcheck = xcalloc(1, sizeof *h);
        if (json_get_strings(object, "Test", &h->test, e) < 0 ||
            json_get_i64(object, "Interval", &h->interval_ns, e) < 0 ||
            json_get_i64(object, "Timeout", &h->timeout_ns, e) < 0 ||
            json_get_i64(object, "StartPeriod", &h->start_period_ns, e) < 0 ||
            json_get_i64(object, "StartInterval", &h->start_interval_ns, e) < 0 ||
            json_get_i64(object, "Retries", &retries, e) < 0) {
                return -1;
        }
        if (retries < INT_MIN || retries > INT_MAX) return err_new(e, ERR_FORMAT, "'Retries' is out of range");
        h->retries = (int)retries;
        return 0;
}

/* Written and not null: an image that sets an empty list differs from one that inherits. */
static bool is_set(const json_t *object, const char *key) {
        const json_t *value = json_object_get(object, key);
        return value && !json_is_null(value);
}

static int parse_inner(const json_t *config, ImageConfig *c, Err **e) {
        if (json_get_text(config, "User", &c->user, e) < 0 ||
            json_get_text(config, "WorkingDir", &c->working_dir, e) < 0 ||
            json_get_text(config, "StopSignal", &c->stop_signal, e) < 0 ||
            json_get_bool(config, "ArgsEscaped", &c->args_escaped, e) < 0 ||
            json_get_strings(config, "Env", &c->env, e) < 0 ||
            json_get_strings(config, "Entrypoint", &c->entrypoint, e) < 0 ||
            json_get_strings(config, "Cmd", &c->cmd, e) < 0 ||
            json_get_strings(config, "OnBuild", &c->on_build, e) < 0 ||
            json_get_strings(config, "Shell", &c->shell, e) < 0) {
                return -1;
        }
        c->has_entrypoint = is_set(config, "Entrypoint");
        c->has_cmd = is_set(config, "Cmd");
        if (get_set(config, "ExposedPorts", &c->exposed_ports, e) < 0 ||
            get_set(config, "Volumes", &c->volumes, e) < 0 || document_get_pairs(config, "Labels", &c->labels, e) < 0) {
                return -1;
        }
        return get_healthcheck(config, &c->healthcheck, e);
}

static int parse_history_entry(const json_t *item, HistoryEntry *h, Err **e) {
        if (!json_is_object(item)) return err_new(e, ERR_FORMAT, "it is not an object");
        if (get_time(item, "created", &h->created_ns, &h->has_created, e) < 0 ||
            json_get_text(item, "created_by", &h->created_by, e) < 0 ||
            json_get_text(item, "author", &h->author, e) < 0 || json_get_text(item, "comment", &h->comment, e) < 0) {
                return -1;
        }
        return json_get_bool(item, "empty_layer", &h->empty_layer, e);
}

static int parse_history(const json_t *root, ImageConfig *c, Err **e) {
        json_t *list = NULL, *item;
        size_t i;
        if (json_get_array(root, "history", &list, e) < 0) return -1;
        json_array_foreach(list, i, item) {
                vec_push(&c->history, (HistoryEntry){0});
                if (parse_history_entry(item, &c->history.v[i], e) < 0) return err_wrap(e, "history entry %zu", i + 1);
        }
        return 0;
}

static int parse_rootfs(const json_t *root, ImageConfig *c, Err **e) {
        json_t *rootfs = NULL, *list = NULL, *item;
        size_t i;
        if (json_get_object(root, "rootfs", &rootfs, e) < 0) return -1;
        if (!rootfs) return err_new(e, ERR_FORMAT, "'rootfs' is missing");
        if (json_get_array(rootfs, "diff_ids", &list, e) < 0) return -1;
        json_array_foreach(list, i, item) {
                Digest d;
                if (!json_is_string(item)) return err_new(e, ERR_FORMAT, "'diff_ids' is not a list of strings");
                if (document_digest_parse(json_string_value(item), &d, e) < 0) return err_wrap(e, "'diff_ids'");
                vec_push(&c->diff_ids, d);
        }
        return 0;
}

static int parse_root(const json_t *root, ImageConfig *c, Err **e) {
        json_t *config = NULL;
        if (!json_is_object(root)) return err_new(e, ERR_FORMAT, "it is not a JSON object");
        if (document_get_platform(root, &c->platform, e) < 0 || json_get_text(root, "author", &c->author, e) < 0 ||
            json_get_strings(root, "os.features", &c->os_features, e) < 0 ||
            get_time(root, "created", &c->created_ns, &c->has_created, e) < 0 ||
            json_get_object(root, "config", &config, e) < 0) {
                return -1;
        }
        if (config && parse_inner(config, c, e) < 0) return -1;
        if (parse_history(root, c, e) < 0) return -1;
        return parse_rootfs(root, c, e);
}

int image_config_parse(Str json, ImageConfig *ret_config, Err **e) {
        json_auto_t *root = NULL;
        ImageConfig c;
        if (json_document_parse(json, IMAGE_CONFIG_MAX, "image configuration", &root, e) < 0) return -1;
        image_config_init(&c);
        if (parse_root(root, &c, e) < 0) {
                image_config_done(&c);
                return err_wrap(e, "image configuration");
        }
        *ret_config = c;
        return 0;
}

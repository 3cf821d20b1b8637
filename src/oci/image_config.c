/* SPDX-License-Identifier: Apache-2.0 */

/* The configuration as a value. Text is in image_config_parse.c and image_config_render.c. */

#include "oci/image_config.h"

#include <stdlib.h>

#include "base/alloc.h"

void image_config_init(ImageConfig *c) {
        *c = (ImageConfig){0};
}

static void history_done(HistoryEntry *h) {
        free(h->created_by);
        free(h->author);
        free(h->comment);
}

static void healthcheck_free(Healthcheck *h) {
        if (h) strvec_done(&h->test);
        free(h);
}

void image_config_done(ImageConfig *c) {
        free(c->author);
        free(c->user);
        free(c->working_dir);
        free(c->stop_signal);
        StrVec *lists[] = {&c->exposed_ports, &c->env,      &c->entrypoint, &c->cmd,
                           &c->volumes,       &c->on_build, &c->shell,      &c->os_features};
        for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) strvec_done(lists[i]);
        string_pairs_done(&c->labels);
        healthcheck_free(c->healthcheck);
        for (size_t i = 0; i < c->history.n; i++) history_done(&c->history.v[i]);
        vec_done(&c->history);
        vec_done(&c->diff_ids);
        *c = (ImageConfig){0};
}

static StrVec list_copy(const StrVec *from) {
        StrVec to = {0};
        strvec_copy(&to, from);
        return to;
}

static Healthcheck *healthcheck_copy(const Healthcheck *from) {
        if (!from) return NULL;
        Healthcheck *to = xmemdup(from, sizeof *from);
        to->test = list_copy(&from->test);
        return to;
}

void image_config_copy(ImageConfig *to, const ImageConfig *from) {
        *to = *from;
        to->author = xstrdup(from->author);
        to->user = xstrdup(from->user);
        to->working_dir = xstrdup(from->working_dir);
        to->stop_signal = xstrdup(from->stop_signal);
        to->exposed_ports = list_copy(&from->exposed_ports);
        to->env = list_copy(&from->env);
        to->entrypoint = list_copy(&from->entrypoint);
        to->cmd = list_copy(&from->cmd);
        to->volumes = list_copy(&from->volumes);
        to->on_build = list_copy(&from->on_build);
        to->shell = list_copy(&from->shell);
        to->os_features = list_copy(&from->os_features);
        string_pairs_copy(&to->labels, &from->labels);
        to->healthcheck = healthcheck_copy(from->healthcheck);
        to->history.v = NULL;
        to->history.n = to->history.capacity = 0;
        for (size_t i = 0; i < from->history.n; i++) image_config_add_history(to, &from->history.v[i]);
        to->diff_ids.v = NULL;
        to->diff_ids.n = to->diff_ids.capacity = 0;
        for (size_t i = 0; i < from->diff_ids.n; i++) vec_push(&to->diff_ids, from->diff_ids.v[i]);
}

void image_config_set_label(ImageConfig *c, const char *key, const char *value) {
        string_pairs_set(&c->labels, key, value);
}

const char *image_config_label(const ImageConfig *c, const char *key) {
        return string_pairs_get(&c->labels, key);
}

void image_config_add_history(ImageConfig *c, const HistoryEntry *entry) {
        HistoryEntry copy = *entry;
        copy.created_by = xstrdup(entry->created_by);
        copy.author = xstrdup(entry->author);
        copy.comment = xstrdup(entry->comment);
        vec_push(&c->history, copy);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/cleanup.h"
#include "distroless/architecture.h"
#include "distroless/assembly.h"

#define DEFAULT_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static void add_history(const Assembly *a, const BaseLayers *layers, int64_t created_ns, ImageConfig *config) {
        for (size_t i = 0; i < layers->n; i++) {
                AUTO(freep) char *comment = xasprintf("%s %s", a->recipe->name, a->recipe->release);
                HistoryEntry entry = {.created_ns = created_ns,
                                      .has_created = true,
                                      .created_by = layers->v[i].title,
                                      .comment = comment};
                image_config_add_history(config, &entry);
        }
}

static void copy_text(char **to, const char *text) {
        free(*to);
        *to = text ? xstrdup(text) : NULL;
}

void base_config(const Assembly *a, const BaseLayers *layers, ImageConfig *ret_config) {
        const Recipe *r = a->recipe;
        ImageConfig *c = ret_config;
        image_config_init(c);
        debian_architecture_platform(debian_architecture_find(r->architecture), &c->platform);
        c->has_created = true;
        c->created_ns = a->params->epoch_s > 0 ? a->params->epoch_s * 1000000000 : 0;
        strvec_copy(&c->env, &r->env);
        if (!strvec_env_get(&c->env, "PATH")) strvec_push(&c->env, DEFAULT_PATH);
        c->has_entrypoint = r->has_entrypoint;
        strvec_copy(&c->entrypoint, &r->entrypoint);
        c->has_cmd = r->has_cmd;
        strvec_copy(&c->cmd, &r->cmd);
        copy_text(&c->user, r->user);
        copy_text(&c->working_dir, r->working_dir);
        copy_text(&c->stop_signal, r->stop_signal);
        for (size_t i = 0; i < r->labels.n; i++) image_config_set_label(c, r->labels.v[i].key, r->labels.v[i].value);
        add_history(a, layers, c->created_ns, c);
}

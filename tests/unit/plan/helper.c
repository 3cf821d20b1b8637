/* SPDX-License-Identifier: Apache-2.0 */
#include "helper.h"

#include <stdio.h>
#include <string.h>

#include "oci/reference.h"

#define PATH_ENV "\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\""
#define PLAIN_HISTORY "{\"created\":\"2020-01-01T00:00:00Z\",\"created_by\":\"base busybox\"}"
#define LAYER "\"sha256:0000000000000000000000000000000000000000000000000000000000000000\""

static const struct {
        const char *name, *config, *history, *layers;
} bases[] = {
        {"busybox", "{\"Env\":[" PATH_ENV "],\"Cmd\":[\"sh\"]}", PLAIN_HISTORY, LAYER},
        {"busybox-onbuild",
         "{\"Env\":[" PATH_ENV
         "],\"Cmd\":[\"sh\"],\"OnBuild\":[\"ENV FROM_TRIGGER=yes\",\"COPY trigger.txt /trigger/\","
         "\"RUN echo ran-$FROM_TRIGGER > /trigger/run.txt\"]}",
         PLAIN_HISTORY, LAYER},
        {"busybox-config",
         "{\"Env\":[" PATH_ENV ",\"BASE_ENV=base value\",\"OVERRIDE=from-base\",\"EMPTY=\"],"
         "\"Cmd\":[\"base-cmd\",\"arg\"],\"Entrypoint\":[\"/bin/base-entry\",\"--flag\"],\"User\":\"app\","
         "\"WorkingDir\":\"/srv/work\",\"Volumes\":{\"/base-vol\":{}},\"StopSignal\":\"SIGUSR1\","
         "\"ExposedPorts\":{\"8080/tcp\":{},\"53/udp\":{}},\"Labels\":{\"base.label\":\"one\",\"shared\":\"base\"},"
         "\"Healthcheck\":{\"Test\":[\"CMD-SHELL\",\"true\"],\"Interval\":5000000000,\"Timeout\":1000000000,"
         "\"Retries\":3}}",
         PLAIN_HISTORY ",{\"created\":\"2020-01-01T00:00:00Z\",\"created_by\":\"base config\",\"empty_layer\":true}",
         LAYER},
        {"busybox-shell", "{\"Env\":[" PATH_ENV "],\"Cmd\":[\"sh\"],\"Shell\":[\"/bin/sh\",\"-xc\"]}", PLAIN_HISTORY,
         LAYER},
        {"busybox-nopath", "{\"Cmd\":[\"sh\"]}", PLAIN_HISTORY, LAYER},
        {"layered", "{\"Env\":[" PATH_ENV "]}",
         "{\"created_by\":\"layer 1\"},{\"created_by\":\"layer 2\"},{\"created_by\":\"layer 3\"}",
         LAYER "," LAYER "," LAYER},
};

static char *multiarch_document(const Platform *p) {
        static const char *const known[] = {"linux/amd64", "linux/arm64", "linux/arm/v7", "linux/arm/v6",
                                            "linux/s390x"};
        char text[128];
        platform_render(p, text);
        for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
                if (!streq(text, known[i])) continue;
                AUTO(freep) char *variant = p->variant[0] ? xasprintf("\"variant\":\"%s\",", p->variant) : xstrdup("");
                return xasprintf("{\"architecture\":\"%s\",\"os\":\"linux\",%s\"config\":{\"Env\":[" PATH_ENV "],"
                                 "\"Labels\":{\"arch\":\"%s\"}},\"history\":[{\"created_by\":\"base %s\"}],"
                                 "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[" LAYER "]}}",
                                 p->arch, variant, text + 6, text + 6);
        }
        return NULL;
}

char *base_document(const char *name, const Platform *platform) {
        if (streq(name, "multiarch")) return multiarch_document(platform);
        for (size_t i = 0; i < ARRAY_SIZE(bases); i++)
                if (streq(name, bases[i].name))
                        return xasprintf("{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":%s,\"history\":[%s],"
                                         "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[%s]}}",
                                         bases[i].config, bases[i].history, bases[i].layers);
        return NULL;
}

static int resolve(void *context, const char *name, const Platform *platform, PlanImage *ret_image, Err **e) {
        Fixture *f = context;
        char text[128];
        if (!platform) platform = &f->params.build_platform;
        platform_render(platform, text);
        AUTO(freep) char *json = base_document(name, platform);
        f->resolved++;
        if (!json) return err_new(e, ERR_NOT_FOUND, "no match for platform %s or image '%s' not found", text, name);
        if (image_config_parse(str_of(json), &ret_image->config, e) < 0) return -1;
        snprintf(ret_image->digest, sizeof ret_image->digest, "sha256:%.32s", name);
        ret_image->resolved = xstrdup(name);
        strvec_push(&ret_image->snapshots, "layer");
        return 0;
}

static int resolve_image(void *context, const char *reference, const Platform *platform, PlanImage *ret_image,
                         Err **e) {
        Reference r;
        if (reference_parse(str_of(reference), &r, e) < 0) return -1;
        AUTO(freep) char *name = reference_familiar_name(&r);
        reference_done(&r);
        return resolve(context, name, platform, ret_image, e);
}

static int resolve_context(void *context, const char *value, const Platform *platform, PlanImage *ret_image, Err **e) {
        const char *name = strstr(value, "://");
        return resolve(context, name ? name + 3 : value, platform, ret_image, e);
}

static void warned(void *context, const char *check, const char *text, const char *excerpt) {
        (void)check;
        (void)text;
        (void)excerpt;
        ((Fixture *)context)->warnings++;
}

void fixture_init(Fixture *f) {
        *f = (Fixture){.resolver = {resolve_image, resolve_context, f},
                       .params = {.source_date_epoch_s = -1, .now_ns = 1000, .warning = warned}};
        f->params.resolver = &f->resolver;
        f->params.warning_context = f;
        platform_parse(STR("linux/amd64"), &f->params.build_platform, NULL);
}

void fixture_done(Fixture *f) {
        if (f->plan) plan_free(f->plan);
        if (f->dockerfile) dockerfile_free(f->dockerfile);
        if (f->error) err_free(f->error);
        f->plan = NULL;
        f->dockerfile = NULL;
        f->error = NULL;
}

int fixture_plan(Fixture *f, const char *text) {
        fixture_done(f);
        if (dockerfile_parse("Dockerfile", str_of(text), &f->dockerfile, &f->error) < 0) return -1;
        return plan_make(f->dockerfile, &f->params, &f->plan, &f->error);
}

const char *history_at(const Plan *p, size_t i) {
        return i < p->target->config.history.n ? p->target->config.history.v[i].created_by : "";
}

const PlanStep *last_step(const Plan *p) {
        return p->target->result;
}

const char *list_value(const char *const *list, const char *name) {
        size_t n = strlen(name);
        for (; *list; list++)
                if (strncmp(*list, name, n) == 0 && (*list)[n] == '=') return *list + n + 1;
        return NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "build/build.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/map.h"
#include "build/build_checks.h"
#include "build/epoch.h"
#include "build/foreign.h"
#include "build/graph.h"
#include "build/input.h"
#include "build/main_context.h"
#include "build/materials.h"
#include "build/resolve.h"
#include "build/result.h"
#include "os/clock.h"
#include "os/fs.h"

typedef struct BuildJob {
        Build b;
        Dockerfile *dockerfile;
        Checks *checks;
        char *dockerfile_path;
        Map *warnings; /* texts and places that were told: plans of several platforms say the same */
} BuildJob;

int64_t build_epoch_ns(const Build *b) {
        return b->epoch_s < 0 ? -1 : b->epoch_s * 1000000000;
}

int64_t build_time_ns(const Build *b) {
        return b->epoch_s < 0 ? clock_now_ns() : build_epoch_ns(b);
}

static const char *named_context_path(const BuildParams *params, const char *name) {
        for (size_t i = params->plan.named_context_count; i-- > 0;) {
                if (streq(params->plan.named_contexts[i].name, name)) return params->plan.named_contexts[i].value;
        }
        return NULL;
}

int build_context(Build *b, const char *name, Context **ret_context, Err **e) {
        ContextSource source = {.name = name};
        if (name[0])
                source.path = named_context_path(b->params, name);
        else if (main_context_source(b, &source, e) < 0)
                return -1;
        if (!source.path) return err_new(e, ERR_INTERNAL, "no context is called '%s'", name);
        return context_get(&b->contexts, &source, ret_context, e);
}

void build_init(Build *b, const BuildParams *params) {
        *b = (Build){.params = params, .store = params->store, .epoch_s = -1};
        pthread_mutex_init(&b->lock, NULL);
        pthread_mutex_init(&b->emit_lock, NULL);
        pthread_cond_init(&b->key_done, NULL);
        pthread_mutex_init(&b->caches_lock, NULL);
        ssh_agents_init(&b->ssh_agents);
        atomic_init(&b->stopping, false);
        atomic_init(&b->entered, false);
        context_list_init(&b->contexts, params->store);
}

static void build_job_done(BuildJob *j) {
        Build *b = &j->b;
        graph_free(b);
        ssh_agents_done(&b->ssh_agents);
        if (b->sandbox) sandbox_free(b->sandbox);
        if (b->sandbox_scratch) tree_remove(AT_FDCWD, b->sandbox_scratch, NULL);
        free(b->sandbox_scratch);
        for (size_t i = 0; i < b->targets.n; i++) plan_free(b->targets.v[i].plan);
        vec_done(&b->targets);
        if (j->warnings) map_free(j->warnings);
        checks_freep(&j->checks);
        context_list_done(&b->contexts);
        main_context_done(b);
        free(b->epoch_args);
        pthread_mutex_destroy(&b->lock);
        pthread_mutex_destroy(&b->emit_lock);
        pthread_cond_destroy(&b->key_done);
        pthread_mutex_destroy(&b->caches_lock);
        if (b->caches) map_free(b->caches);
        dockerfile_freep(&j->dockerfile);
        free(j->dockerfile_path);
}

static int load_dockerfile(BuildJob *j, Err **e) {
        Build *b = &j->b;
        if (main_context_open(b, e) < 0) return -1;
        int64_t started = clock_monotonic_ns();
        unsigned vertex = report_vertex(b, "[internal] load build definition from Dockerfile");
        report_start(b, vertex);
        DockerfileSource source;
        main_context_dockerfile(b, &source);
        int r = dockerfile_load_from(&source, &j->dockerfile, &j->dockerfile_path, e);
        b->dockerfile_path = j->dockerfile_path;
        report_done(b, vertex, r < 0 ? VERTEX_FAILED : VERTEX_DONE, r < 0 && e ? err_message(*e) : NULL,
                    clock_monotonic_ns() - started);
        return r;
}

static void pass_warning(void *context, const char *check, const char *text, const char *excerpt) {
        BuildJob *j = context;
        AUTO(freep) char *whole = xasprintf("%s\n%s\n%s", check, text, excerpt ? excerpt : "");
        if (!j->warnings) j->warnings = map_new();
        if (map_puts(j->warnings, whole, j)) return;
        report_warning(&j->b, &(Event){.name = check, .message = text, .detail = excerpt});
}

static int make_target(BuildJob *j, const PlanParams *params, Err **e) {
        BuildTarget target = {0};
        if (plan_make(j->dockerfile, params, &target.plan, e) < 0) return -1;
        vec_push(&j->b.targets, target);
        return 0;
}

static int make_targets(BuildJob *j, PlanParams *params, Err **e) {
        const BuildParams *p = j->b.params;
        if (p->platform_count < 2) {
                if (make_target(j, params, e) < 0) return -1;
        } else {
                params->name_platforms = true;
                for (size_t i = 0; i < p->platform_count; i++) {
                        char text[128];
                        params->platform = &p->platforms[i];
                        platform_render(params->platform, text);
                        if (make_target(j, params, e) < 0) return err_wrap(e, "for %s", text);
                }
        }
        j->b.plan = j->b.targets.v[0].plan;
        return 0;
}

static int make_plan(BuildJob *j, Err **e) {
        Build *b = &j->b;
        j->checks = build_checks_new(j->dockerfile, b->params);
        ImageResolver images = {.store = b->store, .build = b};
        PlanResolver resolver = {.image = resolve_image, .context_image = resolve_context_image, .context = &images};
        PlanParams params = b->params->plan;
        params.resolver = &resolver;
        params.warning = pass_warning;
        params.warning_context = j;
        params.now_ns = clock_now_ns();
        params.checks = j->checks;
        platform_host(&params.build_platform);
        if (epoch_find(b, j->dockerfile, &params, e) < 0) return -1;
        int r = make_targets(j, &params, e);
        if (r == 0) build_checks_context(j->checks, b->plan, main_context_directory(b), j->dockerfile_path);
        build_checks_report(j->checks, b);
        return r < 0 ? -1 : checks_verdict(j->checks, e);
}

static int finish(BuildJob *j, BuildResult *result, Err **e) {
        Build *b = &j->b;
        Image *images = xcalloc(b->targets.n, sizeof *images);
        result->steps_total = b->steps_total;
        result->steps_cached = b->steps_cached;
        int r = 0;
        if (result_needs_image(b->params)) {
                for (size_t i = 0; i < b->targets.n && r == 0; i++) r = result_image(b, i, &images[i], e);
                if (r == 0) {
                        result->has_image = true;
                        result->image_id = images[result_primary(b)].id;
                        for (size_t i = 0; i < b->targets.n && b->params->ret_image_ids; i++)
                                b->params->ret_image_ids[i] = images[i].id;
                        result->created_ns = images[result_primary(b)].config.created_ns;
                }
        }
        if (r == 0) r = result_export(b, images, result, e);
        for (size_t i = 0; i < b->targets.n; i++) image_done(&images[i]);
        free(images);
        return r;
}

static void check_images(BuildJob *j) {
        Build *b = &j->b;
        for (size_t i = 0; i < b->targets.n; i++)
                build_checks_image(j->checks, b, b->targets.v[i].plan, b->targets.v[i].nodes);
        build_checks_report(j->checks, b);
}

static int run_stages(BuildJob *j, BuildResult *result, Err **e) {
        if (load_dockerfile(j, e) < 0 || make_plan(j, e) < 0) return -1;
        graph_new(&j->b);
        if (foreign_check(&j->b, e) < 0) return -1;
        int r = graph_run(&j->b, e);
        Err *failure = NULL;
        if (context_list_save(&j->b.contexts, r < 0 ? &failure : e) < 0 && r == 0) return -1;
        err_free(failure);
        if (r == 0) check_images(j);
        if (r == 0) materials_collect(&j->b);
        return r < 0 ? -1 : finish(j, result, e);
}

static void report_end(Build *b, int r, const BuildResult *result, const Err *failure) {
        char id[DIGEST_TEXT_SIZE] = "";
        if (result->has_image) digest_text(&result->image_id, id);
        bool cancelled = failure && err_kind(failure) == ERR_CANCELLED;
        Event event = {
                .type = EVENT_BUILD_DONE,
                .outcome = r == 0      ? VERTEX_DONE
                           : cancelled ? VERTEX_CANCELLED
                                       : VERTEX_FAILED,
                .message = r == 0 && id[0] ? id : NULL,
                .time_ns = clock_now_ns(),
        };
        event_emit(b->params->events, &event);
}

int build_run(const BuildParams *params, BuildResult *ret_result, Err **e) {
        AUTO(build_job_done) BuildJob j = {0};
        build_init(&j.b, params);
        BuildResult result = {0};
        Err *failure = NULL;
        int r = run_stages(&j, &result, &failure);
        report_end(&j.b, r, &result, failure);
        if (failure) err_move(e, &failure);
        if (ret_result) *ret_result = result;
        return r;
}

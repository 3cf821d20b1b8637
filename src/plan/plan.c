/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "plan/maker.h"

static void images_free(PlanStep *const *steps, size_t count) {
        for (size_t k = 0; k < count; k++) {
                if (steps[k]->kind != STEP_IMAGE) continue;
                image_config_done(&steps[k]->image->config);
                strvec_done(&steps[k]->image->snapshots);
                free(steps[k]->image->resolved);
        }
}

static void maker_init(Maker *m, Dockerfile *dockerfile, const PlanParams *params) {
        *m = (Maker){.dockerfile = dockerfile,
                     .params = params,
                     .arena = arena_new(),
                     .images = map_new(),
                     .sources = map_new(),
                     .fetches = map_new(),
                     .contexts = map_new(),
                     .target_platform = params->platform ? *params->platform : params->build_platform};
}

static void maker_done(Maker *m) {
        if (m->arena) { /* nobody took the result */
                images_free(m->steps.v, m->steps.n);
                for (size_t k = 0; k < m->stages.n; k++) image_config_done(&m->stages.v[k]->pub.config);
        }
        for (size_t k = 0; k < m->stages.n; k++) {
                scope_done(&m->stages.v[k]->env);
                scope_done(&m->stages.v[k]->args);
        }
        scope_done(&m->globals);
        map_free(m->images);
        map_free(m->sources);
        map_free(m->fetches);
        map_free(m->contexts);
        vec_done(&m->stages);
        vec_done(&m->steps);
        arena_free(m->arena);
}

static void unset_env(StrVec *env, const char *name) {
        size_t kept = 0, size = strlen(name);
        for (size_t k = 0; k < env->n; k++) {
                if (strncmp(env->v[k], name, size) == 0 && env->v[k][size] == '=')
                        free(env->v[k]);
                else
                        env->v[kept++] = env->v[k];
        }
        env->n = kept;
}

static void unset_label(StringPairs *labels, const char *key) {
        size_t kept = 0;
        for (size_t k = 0; k < labels->n; k++) {
                StringPair pair = labels->v[k];
                if (!streq(pair.key, key)) {
                        labels->v[kept++] = pair;
                        continue;
                }
                free(pair.key);   /* NOLINT(clang-analyzer-unix.Malloc): what was moved down is not met again */
                free(pair.value); /* NOLINT(clang-analyzer-unix.Malloc) */
        }
        labels->n = kept;
}

/* What the command line adds to the image and takes from it. */
static void finish_target(Maker *m, Stage *target) {
        ImageConfig *config = &target->pub.config;
        const PlanParams *p = m->params;
        for (size_t k = 0; p->unset_env && k < p->unset_env->n; k++) unset_env(&config->env, p->unset_env->v[k]);
        for (size_t k = 0; p->unset_labels && k < p->unset_labels->n; k++)
                unset_label(&config->labels, p->unset_labels->v[k]);
        for (size_t k = 0; k < p->label_count; k++)
                image_config_set_label(config, p->labels[k].name, p->labels[k].value ? p->labels[k].value : "");
        if (p->platform) config->platform = *p->platform;
        if (target->context_root) {
                /* The files of the directory are a layer that no instruction made. */
                HistoryEntry entry = {.created_ns = plan_created_ns(p),
                                      .has_created = true,
                                      .created_by = (char *)target->last_layer, /* copied by the call */
                                      .comment = (char *)PLAN_EXPORTER_COMMENT};
                image_config_add_history(config, &entry);
        }
        if (!config->has_created || p->label_count > 0) {
                config->created_ns = plan_created_ns(p);
                config->has_created = true;
        }
}

static void describe_arguments(const Stage *s, PlanStage *stage) {
        PlanVariable *list = arena_array(s->maker->arena, s->args.list.n, sizeof *list);
        for (size_t k = 0; k < s->args.list.n; k++)
                list[k] = (PlanVariable){s->args.list.v[k].name, s->args.list.v[k].value};
        stage->arguments = list;
        stage->argument_count = s->args.list.n;
}

/* Everything moves into the plan; the maker keeps nothing but scratch memory. */
static Plan *plan_take(Maker *m, const Stage *target) {
        Plan *plan = arena_alloc(m->arena, sizeof *plan);
        plan->dockerfile = m->dockerfile;
        plan->step_count = m->steps.n;
        plan->steps = arena_array(m->arena, m->steps.n, sizeof *plan->steps);
        if (m->steps.n > 0) memcpy(plan->steps, m->steps.v, m->steps.n * sizeof *plan->steps);
        plan->stage_count = m->stages.n;
        plan->stages = arena_array(m->arena, m->stages.n, sizeof *plan->stages);
        for (size_t k = 0; k < m->stages.n; k++) {
                plan->stages[k] = m->stages.v[k]->pub;
                plan->stages[k].base_name = m->stages.v[k]->base_name;
                if (m->params->describe) describe_arguments(m->stages.v[k], &plan->stages[k]);
        }
        plan->target = &plan->stages[target->position];
        plan->context_needed = m->context_needed;
        plan->source_date_epoch = scope_get(&m->globals, "SOURCE_DATE_EPOCH", strlen("SOURCE_DATE_EPOCH"));
        plan->arena = TAKE(m->arena);
        return plan;
}

int plan_make(Dockerfile *dockerfile, const PlanParams *params, Plan **ret_plan, Err **e) {
        AUTO(maker_done) Maker m;
        Stage *target = NULL;
        maker_init(&m, dockerfile, params);
        if (params->checks && checks_validate(params->checks, e) < 0) return -1;
        if (contexts_scan(&m, e) < 0 || arguments_globals(&m, e) < 0 || stages_scan(&m, e) < 0) return -1;
        if (stages_find_target(&m, &target, e) < 0 || stage_finish(target, e) < 0) return -1;
        arguments_warn_unused(&m);
        plan_check_stages(&m, target);
        finish_target(&m, target);
        *ret_plan = plan_take(&m, target);
        return 0;
}

void plan_free(Plan *p) {
        if (!p) return;
        images_free(p->steps, p->step_count);
        for (size_t k = 0; k < p->stage_count; k++) image_config_done(&p->stages[k].config);
        arena_free(p->arena);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/maker.h"

#include <ctype.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "oci/reference.h"

/* What a name in FROM, COPY --from or a mount stands for: an earlier stage, else a named context, else an image. */

/* References that mean the same get the same text; what is no reference stays as it is. */
static const char *normalise(const Maker *m, Str name) {
        Reference r = {0};
        AUTO(err_freep) Err *ignored = NULL;
        if (reference_parse(name, &r, &ignored) < 0) return arena_str(m->arena, name);
        AUTO(freep) char *text = reference_render(&r);
        reference_done(&r);
        return arena_strdup(m->arena, text);
}

static const char *context_key(const Maker *m, Str name, Str platform_text, Err **e) {
        Platform platform;
        char text[128];
        if (platform_parse(platform_text, &platform, e) < 0) return NULL;
        platform_render(&platform, text);
        return arena_printf(m->arena, "%s::%s", normalise(m, name), text);
}

int contexts_scan(Maker *m, Err **e) {
        for (size_t k = 0; k < m->params->named_context_count; k++) {
                const PlanPair *pair = &m->params->named_contexts[k];
                const char *separator = strstr(pair->name, "::");
                const char *key = NULL;
                if (separator) {
                        key = context_key(m, (Str){pair->name, (size_t)(separator - pair->name)}, str_of(separator + 2),
                                          e);
                        if (!key) return err_wrap(e, "--build-context %s", pair->name);
                } else {
                        key = normalise(m, str_of(pair->name));
                }
                map_puts(m->contexts, key, (void *)pair);
        }
        return 0;
}

static const PlanPair *plan_context_find(const Maker *m, const char *name, const Platform *platform) {
        if (map_count(m->contexts) == 0) return NULL;
        char text[128];
        const char *key = normalise(m, str_of(name));
        platform_render(platform, text);
        const PlanPair *pair = map_gets(m->contexts, arena_printf(m->arena, "%s::%s", key, text));
        return pair ? pair : map_gets(m->contexts, key);
}

static NamedContextKind context_kind(const char *value) {
        if (starts_with(value, "docker-image://") || starts_with(value, "oci-layout://")) return NAMED_CONTEXT_IMAGE;
        if (plan_context_remote(value)) return NAMED_CONTEXT_REMOTE;
        if (strstr(value, "://") || starts_with(value, "git@") || starts_with(value, "target:") ||
            starts_with(value, "input:"))
                return NAMED_CONTEXT_NONE;
        return NAMED_CONTEXT_DIRECTORY;
}

static int context_kind_of(const Maker *m, const Instruction *i, const PlanPair *pair, NamedContextKind *ret_kind,
                           Err **e) {
        *ret_kind = context_kind(pair->value ? pair->value : "");
        if (*ret_kind != NAMED_CONTEXT_NONE) return 0;
        err_new(e, ERR_UNSUPPORTED, "--build-context %s=%s: this kind of context is not supported", pair->name,
                pair->value);
        err_hint(e, "use a directory, docker-image://REFERENCE, oci-layout://DIRECTORY, a git repository or an http(s) "
                    "URL");
        return plan_locate(m, i, NULL, e);
}

static int image_resolve(const Stage *s, const char *reference, const char *value, PlanImage *image, Err **e) {
        const PlanResolver *r = s->maker->params->resolver;
        bool chosen = s->pub.platform_text || s->maker->params->platform;
        const Platform *platform = chosen ? &s->platform : NULL;
        if (value) return r->context_image(r->context, value, platform, image, e);
        return r->image(r->context, reference, platform, image, e);
}

static int image_failed(const Stage *s, const Instruction *i, const char *reference, Err **e) {
        const Maker *m = s->maker;
        const char **names = arena_array(m->arena, m->from_count, sizeof *names);
        size_t n = 0;
        for (size_t k = 0; k < m->from_count && m->stages.v[k]->pub.index < s->pub.index; k++)
                if (*m->stages.v[k]->pub.name) names[n++] = m->stages.v[k]->pub.name;
        const char *near = err_kind(*e) == ERR_NOT_FOUND ? nearest_name(reference, names, n) : NULL;
        if (near) err_hint(e, "did you mean the stage '%s'?", near);
        for (size_t k = 0; k < m->from_count; k++) {
                const PlanStage *later = &m->stages.v[k]->pub;
                if (later->index < s->pub.index || !streq(later->name, reference)) continue;
                err_hint(e, "the stage '%s' of line %u does not count: a stage builds on earlier ones only", reference,
                         later->from_line);
        }
        err_wrap(e, "failed to resolve %s", reference);
        return plan_locate(m, i, reference, e);
}

static void warn_platform(const Stage *s, const Instruction *i, const PlanImage *image) {
        Checks *checks = s->maker->params->checks;
        char want[128], have[128];
        if (!checks || !image->config.platform.os[0] || platform_match(&s->platform, &image->config.platform) > 0)
                return;
        platform_render(&s->platform, want);
        platform_render(&image->config.platform, have);
        checks_add(checks, CHECK_BASE_PLATFORM, i, "Base image %s is for %s, not for %s as this build", image->resolved,
                   have, want);
}

/* The step of an image; images are resolved once for a platform. value: of a named context, or NULL. */
static int image_step(Stage *s, const Instruction *i, const char *reference, const char *value, PlanStep **ret_step,
                      Err **e) {
        Maker *m = s->maker;
        char platform[128];
        platform_render(&s->platform, platform);
        const char *key = arena_printf(m->arena, "%s\n%s", value ? value : normalise(m, str_of(reference)), platform);
        *ret_step = map_gets(m->images, key);
        if (*ret_step) return 0;
        PlanImage *image = arena_alloc(m->arena, sizeof *image);
        image_config_init(&image->config);
        if (image_resolve(s, reference, value, image, e) < 0) return image_failed(s, i, reference, e);
        if (!image->resolved) image->resolved = xstrdup(reference);
        warn_platform(s, i, image);
        PlanStep *step = step_new(s, STEP_IMAGE, i, arena_printf(m->arena, "FROM %s", image->resolved));
        step->parent = NULL;
        step->image = image;
        map_puts(m->images, key, step);
        *ret_step = step;
        return 0;
}

static int check_reference(const Stage *s, const Instruction *i, const char *name, Err **e) {
        Reference r = {0};
        if (reference_parse(str_of(name), &r, e) < 0) {
                err_wrap(e, "failed to parse stage name '%s'", name);
                return plan_locate(s->maker, i, name, e);
        }
        reference_done(&r);
        return 0;
}

static void start_from_image(Stage *s, PlanStep *step) {
        s->tip = step;
        s->base_unknown = step->image->unknown;
        image_config_done(&s->pub.config);
        image_config_copy(&s->pub.config, &step->image->config);
        s->pub.config.diff_ids.n = 0; /* the image's own layers come from the snapshots */
}

static void start_from_nothing(Stage *s) {
        s->tip = step_scratch(s->maker, s);
        s->pub.config.platform = s->maker->target_platform;
        s->pub.config.working_dir = xstrdup("/");
        strvec_push(&s->pub.config.env, "PATH=" PLAN_DEFAULT_PATH);
}

/* from: the step that fetches the context, or NULL: it is a directory. */
static void start_from_files(Stage *s, const PlanPair *pair, PlanStep *from) {
        Maker *m = s->maker;
        start_from_nothing(s);
        PlanStep *step =
                step_new(s, STEP_COPY, s->from, arena_printf(m->arena, "[context %s] load directory", pair->name));
        const char **sources = arena_array(m->arena, 1, sizeof *sources);
        sources[0] = "/";
        step->copy = (PlanCopy){.sources = sources,
                                .source_count = 1,
                                .destination = "/",
                                .from = from,
                                .context = from ? NULL : pair->name,
                                .unpack = -1};
        step_set_inputs(m, step, &step->copy.from, 1);
        stage_push(s, step);
        s->context_root = true;
}

static int start_from_context(Stage *s, const PlanPair *pair, Err **e) {
        NamedContextKind kind = NAMED_CONTEXT_NONE;
        PlanStep *step = NULL;
        if (context_kind_of(s->maker, s->from, pair, &kind, e) < 0) return -1;
        if (kind == NAMED_CONTEXT_DIRECTORY) {
                start_from_files(s, pair, NULL);
                return 0;
        }
        if (kind == NAMED_CONTEXT_REMOTE) {
                start_from_files(s, pair, plan_fetch_context(s, s->from, pair));
                return 0;
        }
        if (image_step(s, s->from, pair->name, pair->value, &step, e) < 0) return -1;
        start_from_image(s, step);
        return 0;
}

static int start_from_stage(Stage *s, Err **e) {
        Stage *base = s->base;
        if (stage_finish(base, e) < 0) return -1;
        s->tip = base->pub.result;
        s->context_root = base->context_root;
        s->last_layer = base->last_layer;
        s->workdir_set = base->workdir_set;
        s->base_unknown = base->base_unknown;
        memcpy(s->pub.last, base->pub.last, sizeof s->pub.last);
        if (!s->pub.platform_text) s->platform = base->platform;
        image_config_done(&s->pub.config);
        image_config_copy(&s->pub.config, &base->pub.config);
        scope_copy(&s->env, &base->env);
        scope_copy(&s->args, &base->args);
        return 0;
}

static void read_environment(Stage *s) {
        ImageConfig *c = &s->pub.config;
        if (!streq(c->platform.os, "windows") && !strvec_env_get(&c->env, "PATH"))
                strvec_push(&c->env, "PATH=" PLAN_DEFAULT_PATH);
        for (size_t k = 0; k < c->env.n; k++) {
                Str value = str_of(c->env.v[k]), name;
                if (!str_cut(&value, '=', &name)) value = (Str){"", 0};
                scope_set(&s->env, s->maker->arena, arena_str(s->maker->arena, name),
                          arena_str(s->maker->arena, value));
        }
}

int stage_base(Stage *s, Err **e) {
        const PlanPair *pair = *s->pub.name ? plan_context_find(s->maker, s->pub.name, &s->platform) : NULL;
        PlanStep *step = NULL;
        if (pair) { /* stands for the whole stage */
                s->instruction_count = 0;
                s->base = NULL;
        } else if (s->base) {
                return start_from_stage(s, e);
        } else if (!streq(s->base_name, "scratch")) {
                pair = plan_context_find(s->maker, s->base_name, &s->platform);
        }
        if (pair) {
                if (start_from_context(s, pair, e) < 0) return -1;
        } else if (streq(s->base_name, "scratch")) {
                start_from_nothing(s);
        } else {
                if (check_reference(s, s->from, s->base_name, e) < 0) return -1;
                if (image_step(s, s->from, s->base_name, NULL, &step, e) < 0) return -1;
                start_from_image(s, step);
        }
        read_environment(s);
        return 0;
}

/* An image that no FROM names gets a stage of its own, for its configuration and its place in messages. */
static int image_source(Stage *s, const Instruction *i, const char *name, const char *value, PlanStep **ret_step,
                        Err **e) {
        Maker *m = s->maker;
        const char *key = value ? value : normalise(m, str_of(name));
        Stage *source = map_gets(m->sources, key);
        if (!source) {
                source = stage_new(m);
                source->base_name = name;
                source->pub.from_line = i->first_line;
                map_puts(m->sources, key, source);
        }
        PlanStep *step = NULL;
        if (source->state != STAGE_DONE) {
                if (image_step(source, i, name, value, &step, e) < 0) return -1;
                start_from_image(source, step);
                source->pub.result = step;
                source->pub.reachable = true;
                source->state = STAGE_DONE;
        }
        *ret_step = source->pub.result;
        return 0;
}

static int stage_refused(const Stage *s, const Instruction *i, const char *name, Err **e) {
        return plan_error(s->maker, i, name, e,
                          "cannot copy from stage '%s', it needs to be defined before current stage '%s' (a stage "
                          "cannot read itself)",
                          name, *s->label ? s->label : "0");
}

static int stage_by_name(const Stage *s, const Instruction *i, const char *name, Stage **ret_stage, Err **e) {
        const Maker *m = s->maker;
        bool later = false;
        *ret_stage = NULL;
        for (size_t k = m->from_count; k-- > 0;) {
                if (!*m->stages.v[k]->pub.name || !str_eq_nocase(str_of(m->stages.v[k]->pub.name), str_of(name)))
                        continue;
                if (k < s->pub.index) {
                        *ret_stage = m->stages.v[k];
                        return 0;
                }
                later = true;
        }
        return later ? stage_refused(s, i, name, e) : 0;
}

static int stage_by_number(const Stage *s, const Instruction *i, const char *name, Stage **ret_stage, Err **e) {
        uint32_t number = 0;
        if (i->kind == INSTR_RUN || !u32_parse(str_of(name), 10, &number))
                return stage_by_name(s, i, name, ret_stage, e);
        if (number >= s->maker->from_count)
                return plan_error(s->maker, i, name, e, "invalid stage index %u: there are stages 0 to %zu", number,
                                  s->maker->from_count - 1);
        if (number >= s->pub.index) return stage_refused(s, i, name, e);
        *ret_stage = s->maker->stages.v[number];
        return 0;
}

int plan_source_find(Stage *s, const Instruction *i, const char *name, Source *ret_source, Err **e) {
        Stage *stage = NULL;
        NamedContextKind kind = NAMED_CONTEXT_NONE;
        *ret_source = (Source){0};
        if (stage_by_number(s, i, name, &stage, e) < 0) return -1;
        if (stage) {
                if (stage_finish(stage, e) < 0) return -1;
                ret_source->step = stage->pub.result;
                return 0;
        }
        const PlanPair *pair = plan_context_find(s->maker, name, &s->maker->target_platform);
        if (pair && context_kind_of(s->maker, i, pair, &kind, e) < 0) return -1;
        if (kind == NAMED_CONTEXT_DIRECTORY) {
                ret_source->context = pair->name;
                return 0;
        }
        if (kind == NAMED_CONTEXT_REMOTE) {
                ret_source->step = plan_fetch_context(s, i, pair);
                return 0;
        }
        if (!pair && streq(name, "scratch")) {
                ret_source->step = step_scratch(s->maker, s);
                return 0;
        }
        if (!pair && check_reference(s, i, name, e) < 0) return -1;
        return image_source(s, i, name, pair ? pair->value : NULL, &ret_source->step, e);
}

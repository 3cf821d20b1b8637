/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/maker.h"

#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "oci/image_config.h"

/* ARG and ENV: who sees which value when. ARGs before the first FROM are for FROM lines; a stage takes one over with a bare
 * ARG. --build-arg wins over defaults, and the last writer of a name wins, be it ARG or ENV. */

const char *plan_build_arg(const Maker *m, const char *name) {
        const PlanParams *p = m->params;
        for (size_t i = p->build_arg_count; i-- > 0;)
                if (p->build_args[i].value && streq(p->build_args[i].name, name)) return p->build_args[i].value;
        return NULL;
}

static const char *target_stage_name(const Maker *m) {
        if (m->params->target && *m->params->target) return m->params->target;
        for (size_t i = m->dockerfile->instruction_count; i-- > 0;) {
                const Instruction *x = &m->dockerfile->instructions[i];
                if (x->kind != INSTR_FROM) continue;
                return x->word_count == 3 ? x->words[2] : "default";
        }
        return "default";
}

static void set_global(Maker *m, const char *name, const char *value) {
        const char *given = plan_build_arg(m, name);
        scope_set(&m->globals, m->arena, name, given ? given : value);
}

static void platform_globals(Maker *m) {
        const struct {
                const char *prefix;
                const Platform *platform;
        } kinds[] = {{"BUILD", &m->params->build_platform}, {"TARGET", &m->target_platform}};
        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
                const Platform *p = kinds[i].platform;
                char text[128];
                platform_render(p, text);
                const struct {
                        const char *name, *value;
                } rows[] = {{"PLATFORM", text},
                            {"OS", p->os},
                            {"OSVERSION", p->os_version},
                            {"ARCH", p->arch},
                            {"VARIANT", p->variant}};
                for (size_t k = 0; k < ARRAY_SIZE(rows); k++)
                        set_global(m, arena_printf(m->arena, "%s%s", kinds[i].prefix, rows[k].name), rows[k].value);
        }
        set_global(m, "TARGETSTAGE", target_stage_name(m));
}

static int check_name(const Maker *m, const Instruction *i, const char *name, Err **e) {
        if (*name) return 0;
        return plan_error(m, i, NULL, e, "%s names can not be blank", instruction_name(i->kind));
}

static int global_arg(Maker *m, const Instruction *i, const Pair *pair, Err **e) {
        if (check_name(m, i, pair->key, e) < 0) return -1;
        const char *value = plan_build_arg(m, pair->key);
        if (!value && pair->value && scope_expand(m, &m->globals, i, pair->value, &value, e) < 0) return -1;
        if (value) scope_set(&m->globals, m->arena, pair->key, value);
        return 0;
}

int arguments_globals(Maker *m, Err **e) {
        platform_globals(m);
        const Dockerfile *d = m->dockerfile;
        for (size_t k = 0; k < d->instruction_count && d->instructions[k].kind == INSTR_ARG; k++)
                for (size_t p = 0; p < d->instructions[k].pair_count; p++)
                        if (global_arg(m, &d->instructions[k], &d->instructions[k].pairs[p], e) < 0) return -1;
        return 0;
}

static int limit_variables(const Stage *s, const Instruction *i, Err **e) {
        if (s->env.list.n + s->args.list.n < PLAN_VARIABLES_MAX) return 0;
        return plan_limit(s->maker, i, PLAN_VARIABLES_MAX, "variables in one stage", e);
}

/* The value of one ARG; NULL when there is none from anywhere. A default is not looked at when it is overridden. */
static int arg_value(Stage *s, const Instruction *i, const Pair *pair, const char **ret_value, Err **e) {
        const char *value = plan_build_arg(s->maker, pair->key);
        if (!value && !pair->value) value = scope_get(&s->maker->globals, pair->key, strlen(pair->key));
        if (!value && pair->value && stage_expand(s, i, pair->value, &value, e) < 0) return -1;
        *ret_value = value;
        return 0;
}

int dispatch_arg(Stage *s, const Instruction *i, Err **e) {
        AUTO(buf_done) Buf text = {0};
        stage_scope_changed(s);
        buf_adds(&text, "ARG");
        for (size_t k = 0; k < i->pair_count; k++) {
                const Pair *pair = &i->pairs[k];
                const char *value = NULL;
                if (check_name(s->maker, i, pair->key, e) < 0 || limit_variables(s, i, e) < 0) return -1;
                if (arg_value(s, i, pair, &value, e) < 0) return -1;
                if (value) scope_set(&s->env, s->maker->arena, pair->key, value);
                scope_declare(&s->args, s->maker->arena, pair->key, value);
                buf_addf(&text, value ? " %s=%s" : " %s", pair->key, value);
        }
        history_commit(s, text.p, false);
        return 0;
}

int dispatch_env(Stage *s, const Instruction *i, Err **e) {
        AUTO(buf_done) Buf text = {0};
        Arena *a = s->maker->arena;
        Pair *pairs = arena_array(a, i->pair_count, sizeof *pairs);
        /* All words of the line see the environment before it. */
        for (size_t k = 0; k < i->pair_count; k++) {
                if (stage_expand(s, i, i->pairs[k].key, &pairs[k].key, e) < 0) return -1;
                if (check_name(s->maker, i, pairs[k].key, e) < 0 || limit_variables(s, i, e) < 0) return -1;
                if (stage_expand(s, i, i->pairs[k].value ? i->pairs[k].value : "", &pairs[k].value, e) < 0) return -1;
        }
        stage_scope_changed(s);
        buf_adds(&text, "ENV");
        for (size_t k = 0; k < i->pair_count; k++) {
                scope_set(&s->env, a, pairs[k].key, pairs[k].value);
                strvec_env_set(&s->pub.config.env, pairs[k].key, pairs[k].value);
                buf_addf(&text, " %s=%s", pairs[k].key, pairs[k].value);
        }
        history_commit(s, text.p, false);
        return 0;
}

static const char *const proxy_names[] = {"HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"};

static bool is_proxy(const char *name) {
        for (size_t i = 0; i < ARRAY_SIZE(proxy_names); i++)
                if (strcasecmp(name, proxy_names[i]) == 0) return true;
        return false;
}

static const char *proxy_value(const Maker *m, const char *name) {
        const PlanParams *p = m->params;
        for (size_t i = p->build_arg_count; i-- > 0;)
                if (p->build_args[i].value && strcasecmp(p->build_args[i].name, name) == 0)
                        return p->build_args[i].value;
        return NULL;
}

const char *const *plan_proxy_environment(const Maker *m) {
        const char **list = arena_array(m->arena, 2 * ARRAY_SIZE(proxy_names) + 1, sizeof *list);
        size_t n = 0;
        for (size_t i = 0; i < ARRAY_SIZE(proxy_names); i++) {
                const char *value = proxy_value(m, proxy_names[i]);
                if (!value || !*value) continue;
                char *lower = arena_strdup(m->arena, proxy_names[i]);
                for (char *c = lower; *c; c++)
                        if (*c >= 'A' && *c <= 'Z') *c = (char)(*c - 'A' + 'a');
                list[n++] = arena_printf(m->arena, "%s=%s", proxy_names[i], value);
                list[n++] = arena_printf(m->arena, "%s=%s", lower, value);
        }
        return list;
}

static bool is_declared(const Maker *m, const char *name) {
        const Dockerfile *d = m->dockerfile;
        for (size_t i = 0; i < d->instruction_count; i++) {
                const Instruction *x = &d->instructions[i];
                for (size_t k = 0; x->kind == INSTR_ARG && k < x->pair_count; k++)
                        if (streq(x->pairs[k].key, name)) return true;
        }
        for (size_t i = 0; i < m->stages.n; i++)
                if (scope_has(&m->stages.v[i]->args, name)) return true; /* by a trigger */
        return false;
}

void arguments_warn_unused(const Maker *m) {
        const PlanParams *p = m->params;
        AUTO(buf_done) Buf names = {0};
        for (size_t i = 0; p->warning && i < p->build_arg_count; i++) {
                const char *name = p->build_args[i].name;
                bool known = is_proxy(name) || starts_with(name, "BUILDKIT_") || streq(name, "SOURCE_DATE_EPOCH") ||
                             scope_has(&m->globals, name) || is_declared(m, name);
                if (!known) buf_addf(&names, "%s%s", names.n ? ", " : "", name);
        }
        if (names.n == 0) return;
        const char *text = arena_printf(m->arena, "build arguments that no ARG declares: %s", names.p);
        p->warning(p->warning_context, "", text, NULL);
}

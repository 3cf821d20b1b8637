/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <string.h>

#include "base/cleanup.h"
#include "dockerfile/words.h"
#include "oci/reference.h"
#include "plan/maker.h"

/* The build checks that need variables, images or the graph of stages. They see one instruction at a time, right before it is
 * dispatched, or one FROM line while the stages are listed; none of them fails. */

/* Is it written in the Dockerfile? The triggers of a base image are not the user's business. */
static bool is_own(const Maker *m, const Instruction *i) {
        const Instruction *first = m->dockerfile->instructions;
        return m->params->checks && i >= first && i < first + m->dockerfile->instruction_count;
}

/* ---- undefined variables */

typedef struct Names {
        const char **v;
        size_t n;
} Names;

static void names_add(Arena *a, Names *names, const Scope *scope) {
        const char **all = arena_array(a, names->n + scope->list.n + 1, sizeof *all);
        if (names->n) memcpy(all, names->v, names->n * sizeof *all);
        for (size_t k = 0; k < scope->list.n; k++) all[names->n + k] = scope->list.v[k].name;
        names->v = all;
        names->n += scope->list.n;
}

void plan_check_variable(const WordPlace *place, const char *name) {
        const Stage *s = place->stage;
        const Maker *m = s->maker;
        if (!is_own(m, place->instruction) || s->base_unknown || scope_has(&s->args, name)) return;
        if (!isalpha((unsigned char)*name) && *name != '_') return; /* $1 and its like mean nothing here */
        Names names = {0};
        if (scope_has(&m->globals, name)) {
                AUTO(freep) char *fix = xasprintf("repeat 'ARG %s' in this stage", name);
                checks_advise(m->params->checks, (CheckAdvice){CHECK_UNDEFINED_VAR, place->instruction, fix},
                              "Variable '$%s' is declared above the first FROM, but not in this stage", name);
                return;
        }
        names_add(m->arena, &names, &m->globals);
        names_add(m->arena, &names, &s->env);
        names_add(m->arena, &names, &s->args);
        const char *near = nearest_name(name, names.v, names.n);
        checks_add(m->params->checks, CHECK_UNDEFINED_VAR, place->instruction,
                   "Variable '$%s' is not defined here%s%s%s", name, near ? " (did you mean $" : "", near ? near : "",
                   near ? "?)" : "");
}

/* ---- FROM */

typedef struct FromWord {
        Scope *scope;
        VEC(const char *) unset;
        unsigned found;
        bool target_platform; /* $TARGETPLATFORM was among them */
        Arena *arena;
} FromWord;

static const char *from_get(void *context, const char *name, size_t name_size) {
        FromWord *w = context;
        const char *value = scope_get(w->scope, name, name_size);
        w->found += value != NULL;
        w->target_platform |= value && str_is((Str){name, name_size}, "TARGETPLATFORM");
        return value;
}

static void from_unset(void *context, const char *name) {
        FromWord *w = context;
        vec_push(&w->unset, name);
}

/* NULL when the text cannot be expanded: that is an error of its own elsewhere. */
static const char *from_expand(const Maker *m, FromWord *w, const char *text) {
        const char *result = NULL;
        WordEnv env = {from_get, w};
        WordParams params = {.escape = m->dockerfile->escape, .env = &env, .unset = from_unset, .unset_context = w};
        return word_expand(m->arena, &params, text, &result, NULL) < 0 ? NULL : result;
}

static void report_undeclared(const Maker *m, const Instruction *i, const FromWord *w) {
        Names names = {0};
        names_add(m->arena, &names, &m->globals);
        for (size_t k = 0; k < w->unset.n; k++) {
                const char *near = nearest_name(w->unset.v[k], names.v, names.n);
                checks_add(m->params->checks, CHECK_UNDEFINED_ARG_IN_FROM, i,
                           "FROM uses '$%s', which no ARG above the first FROM declares%s%s%s", w->unset.v[k],
                           near ? " (did you mean $" : "", near ? near : "", near ? "?)" : "");
        }
}

static void check_constant(const Maker *m, const Instruction *i, const char *value) {
        Platform p;
        AUTO(err_freep) Err *ignored = NULL;
        if (platform_parse(str_of(value), &p, &ignored) < 0) return;
        AUTO(freep) char *name = xstrdup(i->word_count == 3 ? i->words[2] : "");
        for (char *c = name; *c; c++) *c = (char)tolower((unsigned char)*c);
        if (strstr(name, p.os) || strstr(name, p.arch)) return;
        checks_add(m->params->checks, CHECK_CONSTANT_PLATFORM, i, "FROM --platform is always '%s'", value);
}

static void check_from_platform(Maker *m, const Instruction *i) {
        const char *text = instruction_flag(i, "platform");
        if (!text) return;
        FromWord w = {.scope = &m->globals, .arena = m->arena};
        const char *value = from_expand(m, &w, text);
        report_undeclared(m, i, &w);
        if (value && w.found == 0 && w.unset.n == 0) check_constant(m, i, value);
        if (value && w.found == 1 && w.unset.n == 0 && w.target_platform &&
            streq(value, scope_get(&m->globals, "TARGETPLATFORM", strlen("TARGETPLATFORM")))) {
                checks_add(m->params->checks, CHECK_REDUNDANT_PLATFORM, i, "--platform=%s is the default anyway", text);
        }
        vec_done(&w.unset);
}

/* The arguments above the first FROM as they are without --build-arg. */
static void default_globals(const Maker *m, Scope *ret_scope) {
        const Dockerfile *d = m->dockerfile;
        scope_copy(ret_scope, &m->globals);
        for (size_t k = 0; k < d->instruction_count && d->instructions[k].kind == INSTR_ARG; k++) {
                const Instruction *x = &d->instructions[k];
                for (size_t p = 0; p < x->pair_count; p++) {
                        FromWord w = {.scope = ret_scope, .arena = m->arena};
                        const char *value = x->pairs[p].value ? from_expand(m, &w, x->pairs[p].value) : NULL;
                        vec_done(&w.unset);
                        if (plan_build_arg(m, x->pairs[p].key) || value)
                                scope_set(ret_scope, m->arena, x->pairs[p].key, value ? value : "");
                }
        }
}

static void check_from_default(const Maker *m, const Instruction *i) {
        Scope defaults = {0};
        Reference r = {0};
        AUTO(err_freep) Err *ignored = NULL;
        default_globals(m, &defaults);
        FromWord w = {.scope = &defaults, .arena = m->arena};
        const char *name = from_expand(m, &w, i->words[0]);
        vec_done(&w.unset);
        scope_done(&defaults);
        if (!name) return;
        if (*name && reference_parse(str_of(name), &r, &ignored) == 0) {
                reference_done(&r);
                return;
        }
        checks_add(m->params->checks, CHECK_DEFAULT_ARG_IN_FROM, i,
                   "Without build arguments '%s' is %s%s%s, which names no image", i->words[0], *name ? "'" : "empty",
                   name, *name ? "'" : "");
}

void plan_check_from(Maker *m, const Instruction *i) {
        if (!m->params->checks) return;
        check_from_platform(m, i);
        if (strchr(i->words[0], '$')) {
                FromWord w = {.scope = &m->globals, .arena = m->arena};
                from_expand(m, &w, i->words[0]);
                report_undeclared(m, i, &w);
                vec_done(&w.unset);
                check_from_default(m, i);
        }
}

/* ---- instructions */

static bool has_word(const char *name, const char *const *words, size_t count) {
        Str rest = str_of(name), one;
        bool more = true;
        while (more) {
                more = str_cut(&rest, '_', &one);
                if (!more) one = rest;
                for (size_t k = 0; k < count; k++)
                        if (str_eq_nocase(one, str_of(words[k]))) return true;
        }
        return false;
}

static bool is_secret_name(const char *name) {
        static const char *const secret[] = {"apikey",   "auth",  "credential", "credentials", "key",
                                             "password", "pword", "passwd",     "secret",      "token"};
        static const char *const harmless[] = {"public", "file", "version"};
        return has_word(name, secret, ARRAY_SIZE(secret)) && !has_word(name, harmless, ARRAY_SIZE(harmless));
}

static void check_secrets(const Stage *s, const Instruction *i) {
        if (!s->maker->params->checks) return;
        for (size_t k = 0; k < i->pair_count; k++) {
                if (!is_secret_name(i->pairs[k].key)) continue;
                checks_add(s->maker->params->checks, CHECK_SECRET_NAME, i,
                           "%s \"%s\" looks like a secret, and stays readable in the image", instruction_name(i->kind),
                           i->pairs[k].key);
        }
}

/* Directories of base images do not count: they may change. */
void plan_check_workdir(Stage *s, const Instruction *i, const char *path) {
        if (!is_own(s->maker, i)) return;
        bool first = !s->workdir_set;
        s->workdir_set = true;
        if (!first || path[0] == '/' || (s->base_unknown && strchr(i->words[0], '$'))) return;
        checks_add(s->maker->params->checks, CHECK_RELATIVE_WORKDIR, i,
                   "Relative directory '%s': what it is relative to is up to the base image", path);
}

void plan_check_instruction(Stage *s, const Instruction *i) {
        s->pub.last[i->kind] = i;
        if (i->kind == INSTR_ARG || i->kind == INSTR_ENV) check_secrets(s, i);
}

void plan_check_port(const Stage *s, const Instruction *i, const char *word) {
        if (!is_own(s->maker, i)) return;
        Checks *c = s->maker->params->checks;
        const char *slash = strchr(word, '/');
        Str ports = {word, slash ? (size_t)(slash - word) : strlen(word)};
        if (memchr(ports.p, ':', ports.n))
                checks_add(c, CHECK_EXPOSE_FORMAT, i, "EXPOSE %s: addresses and ports of the host have no place here",
                           word);
        for (const char *p = slash ? slash : ""; *p; p++) {
                if (!isupper((unsigned char)*p)) continue;
                checks_add(c, CHECK_EXPOSE_CASING, i, "EXPOSE %s: the protocol is in upper case", word);
                return;
        }
}

/* ---- descriptions */

/* The comment right above, unless it is empty or a "check=". */
static Str comment_above(const Dockerfile *d, const Instruction *i) {
        if (!i->doc || i->first_line < 2 || i->first_line > d->line_count) return (Str){0};
        const char *newline = strrchr(i->doc, '\n');
        return str_of(newline ? newline + 1 : i->doc);
}

static void check_description(const Maker *m, const Instruction *i, const char *const *names, size_t count) {
        Str comment = comment_above(m->dockerfile, i);
        if (comment.n == 0 || count == 0) return;
        for (size_t k = 0; k < count; k++)
                if (str_starts(comment, str_of(names[k]))) return;
        checks_add(m->params->checks, CHECK_DESCRIPTION, i, "The comment above this %s does not begin with '%s'",
                   instruction_name(i->kind), names[0]);
}

static void check_descriptions(const Maker *m) {
        if (!checks_wanted(m->params->checks, CHECK_DESCRIPTION)) return;
        for (size_t k = 0; k < m->dockerfile->instruction_count; k++) {
                const Instruction *i = &m->dockerfile->instructions[k];
                if (i->kind == INSTR_FROM && i->word_count == 3) check_description(m, i, &i->words[2], 1);
                if (i->kind != INSTR_ARG) continue;
                const char **names = arena_array(m->arena, i->pair_count, sizeof *names);
                for (size_t p = 0; p < i->pair_count; p++) names[p] = i->pairs[p].key;
                check_description(m, i, names, i->pair_count);
        }
}

/* ---- stages */

/* A stage that nothing needs and that nobody describes as a target of its own. */
static void check_unused(const Maker *m) {
        const char *target = m->params->target;
        if (target && *target) return; /* then the others are what somebody else builds */
        for (size_t k = 0; k < m->from_count; k++) {
                const Stage *s = m->stages.v[k];
                if (s->state == STAGE_DONE || s->from->doc) continue;
                if (*s->pub.name)
                        checks_add(m->params->checks, CHECK_UNUSED_STAGE, s->from,
                                   "Nothing that the last stage needs comes from stage '%s': it is not built",
                                   s->from->words[2]);
                else
                        checks_add(m->params->checks, CHECK_UNUSED_STAGE, s->from,
                                   "Nothing needs this stage, and it has no name: it is never built");
        }
}

void plan_check_stages(const Maker *m, const Stage *target) {
        if (!m->params->checks) return;
        check_descriptions(m);
        check_unused(m);
        plan_check_shipped(m, target);
}

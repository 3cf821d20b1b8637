/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/maker.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"

/* FROM lines -> stages, and the walk over them. A stage reaches only earlier ones, so running a stage after what it names
 * needs no sorting: whatever is never named is never looked at. */

static const char *lower_case(Arena *a, const char *text) {
        char *copy = arena_strdup(a, text);
        for (char *c = copy; *c; c++) *c = (char)tolower((unsigned char)*c);
        return copy;
}

Stage *stage_new(Maker *m) {
        Stage *s = arena_alloc(m->arena, sizeof *s);
        s->maker = m;
        s->position = m->stages.n;
        s->platform = m->target_platform;
        s->label = "";
        s->pub.index = SIZE_MAX;
        s->pub.name = "";
        s->no_cache = m->params->no_cache;
        image_config_init(&s->pub.config);
        vec_push(&m->stages, s);
        return s;
}

static void stage_set_name(Stage *s, const Instruction *i) {
        if (i->word_count != 3) return;
        s->pub.name = lower_case(s->maker->arena, i->words[2]);
}

static int stage_set_platform(Stage *s, const Instruction *i, Err **e) {
        const char *text = instruction_flag(i, "platform");
        if (!text) return 0;
        const char *value = NULL;
        if (scope_expand(s->maker, &s->maker->globals, i, text, &value, e) < 0) return -1;
        if (!*value)
                return plan_error(s->maker, i, text, e, "empty platform value from expression %s (undefined ARG?)",
                                  text);
        if (platform_parse(str_of(value), &s->platform, e) < 0) {
                err_wrap(e, "failed to parse platform '%s'", value);
                return plan_locate(s->maker, i, text, e);
        }
        s->pub.platform_text = value;
        return 0;
}

static Stage *find_before(const Maker *m, const char *name, size_t before) {
        for (size_t k = before; k-- > 0;)
                if (*m->stages.v[k]->pub.name && streq(m->stages.v[k]->pub.name, name)) return m->stages.v[k];
        return NULL;
}

/* One name for a stage and an image: from the stage on it means the stage, which is easily overlooked. */
static void warn_hidden_image(const Stage *s, const Instruction *i) {
        const Maker *m = s->maker;
        const PlanParams *p = m->params;
        for (size_t k = 0; s->base && p->warning && k < s->position; k++) {
                const Stage *other = m->stages.v[k];
                if (other->base || !streq(other->base_name, s->base_name)) continue;
                AUTO(freep) char *excerpt = dockerfile_excerpt(m->dockerfile, i->first_line, i->last_line, NULL);
                const char *text = arena_printf(
                        m->arena,
                        "'%s' is the image in line %u, and here the stage of line %u: name the stage otherwise",
                        s->base_name, other->pub.from_line, s->base->pub.from_line);
                p->warning(p->warning_context, "", text, excerpt);
                return;
        }
}

static int stage_set_base(Stage *s, const Instruction *i, Err **e) {
        const char *word = i->words[0];
        if (scope_expand(s->maker, &s->maker->globals, i, word, &s->base_name, e) < 0) return -1;
        if (!*s->base_name)
                return plan_error(s->maker, i, word, e,
                                  "base name (%s) should not be blank: is the ARG declared before "
                                  "the first FROM and has it a value?",
                                  word);
        s->base = find_before(s->maker, s->base_name, s->position);
        warn_hidden_image(s, i);
        return 0;
}

static bool cache_refused(const Stage *s) {
        const StrVec *list = s->maker->params->no_cache_stages;
        if (s->maker->params->no_cache) return true;
        char number[24];
        snprintf(number, sizeof number, "%zu", s->pub.index);
        for (size_t k = 0; list && k < list->n; k++)
                if (strcasecmp(list->v[k], s->pub.name) == 0 || streq(list->v[k], number)) return true;
        return false;
}

static int stage_scan(Maker *m, const Instruction *i, Err **e) {
        if (m->from_count == PLAN_STAGES_MAX) return plan_limit(m, i, PLAN_STAGES_MAX, "stages", e);
        Stage *s = stage_new(m);
        s->from = i;
        s->instructions = i + 1;
        s->pub.index = m->from_count++;
        s->pub.from_line = i->first_line;
        stage_set_name(s, i);
        plan_check_from(m, i);
        if (stage_set_platform(s, i, e) < 0 || stage_set_base(s, i, e) < 0) return -1;
        s->no_cache = cache_refused(s);
        s->label = *s->pub.name ? s->pub.name : arena_printf(m->arena, "stage-%zu", s->pub.index);
        return 0;
}

int stages_scan(Maker *m, Err **e) {
        const Dockerfile *d = m->dockerfile;
        for (size_t k = 0; k < d->instruction_count; k++) {
                const Instruction *i = &d->instructions[k];
                if (i->kind == INSTR_FROM) {
                        if (stage_scan(m, i, e) < 0) return -1;
                } else if (m->stages.n > 0) {
                        m->stages.v[m->stages.n - 1]->instruction_count++;
                } else if (i->kind != INSTR_ARG) {
                        return plan_error(m, i, i->written, e,
                                          "no build stage in current context: %s before the first FROM",
                                          instruction_name(i->kind));
                }
        }
        if (m->from_count == 0) {
                err_new(e, ERR_SYNTAX, "%s: no build stage: it needs at least one FROM", d->name);
                return err_hint(e, "begin with 'FROM image' or 'FROM scratch'");
        }
        if (m->from_count == 1) m->stages.v[0]->label = "";
        return 0;
}

static int target_unknown(const Maker *m, const char *target, Err **e) {
        const char **names = arena_array(m->arena, m->from_count, sizeof *names);
        size_t n = 0;
        for (size_t k = 0; k < m->from_count; k++)
                if (*m->stages.v[k]->pub.name) names[n++] = m->stages.v[k]->pub.name;
        err_new(e, ERR_NOT_FOUND, "target stage '%s' could not be found in %s", target, m->dockerfile->name);
        const char *near = nearest_name(target, names, n);
        if (near) return err_hint(e, "did you mean --target %s?", near);
        if (n == 0) return err_hint(e, "no stage has a name: write FROM image AS %s", target);
        for (size_t k = 0; k < n && k < 20; k++) err_hint(e, "there is a stage '%s'", names[k]);
        return -1;
}

int stages_find_target(Maker *m, Stage **ret_stage, Err **e) {
        const char *target = m->params->target;
        *ret_stage = m->stages.v[m->from_count - 1];
        if (!target || !*target) return 0;
        *ret_stage = find_before(m, lower_case(m->arena, target), m->from_count);
        return *ret_stage ? 0 : target_unknown(m, target, e);
}

static unsigned count_commands(const Instruction *list, size_t count) {
        unsigned n = 0;
        for (size_t k = 0; k < count; k++)
                n += list[k].kind == INSTR_RUN || list[k].kind == INSTR_COPY || list[k].kind == INSTR_ADD ||
                     list[k].kind == INSTR_WORKDIR;
        return n;
}

static int run_instructions(Stage *s, const Instruction *triggers, size_t trigger_count, Err **e) {
        for (size_t k = 0; k < trigger_count; k++)
                if (plan_dispatch(s, &triggers[k], e) < 0)
                        return err_wrap(e, "ONBUILD trigger '%s' of %s", triggers[k].original, s->base_name);
        for (size_t k = 0; k < s->instruction_count; k++) {
                plan_check_instruction(s, &s->instructions[k]);
                if (plan_dispatch(s, &s->instructions[k], e) < 0) return -1;
        }
        return 0;
}

int stage_finish(Stage *s, Err **e) {
        if (s->state == STAGE_DONE) return 0;
        if (s->state == STAGE_ACTIVE)
                return plan_error(s->maker, s->from, NULL, e, "circular dependency of stage '%s' on itself", s->label);
        s->state = STAGE_ACTIVE;
        if (stage_base(s, e) < 0) return -1;
        const Instruction *triggers = NULL;
        size_t trigger_count = 0;
        if (onbuild_take(s, &triggers, &trigger_count, e) < 0) return -1;
        s->command_total =
                count_commands(triggers, trigger_count) + count_commands(s->instructions, s->instruction_count);
        if (!s->base && !streq(s->base_name, "scratch")) s->command_total++;
        /* An image that this stage is the first to use shows up under its name. */
        if (s->tip->kind == STEP_IMAGE && !s->base) {
                const char *name = step_name(s, arena_printf(s->maker->arena, "FROM %s", s->tip->image->resolved));
                if (s->tip->stage == s->position) s->tip->name = name;
        }
        if (run_instructions(s, triggers, trigger_count, e) < 0) return -1;
        s->pub.result = s->tip;
        s->pub.reachable = true;
        s->state = STAGE_DONE;
        return 0;
}

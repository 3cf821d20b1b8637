/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/maker.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

PlanStep *step_new(Stage *s, StepKind kind, const Instruction *i, const char *name) {
        Maker *m = s->maker;
        PlanStep *step = arena_alloc(m->arena, sizeof *step);
        step->kind = kind;
        step->id = (unsigned)m->steps.n;
        step->parent = s->tip;
        step->depth = s->tip ? s->tip->depth + 1 : 0;
        step->name = name;
        step->first_line = i ? i->first_line : 0;
        step->last_line = i ? i->last_line : 0;
        step->stage = s->position;
        step->no_cache = s->no_cache;
        step->platform = s->platform;
        vec_push(&m->steps, step);
        return step;
}

void step_set_inputs(Maker *m, PlanStep *step, PlanStep *const *inputs, size_t count) {
        PlanStep **list = arena_array(m->arena, count, sizeof *list);
        size_t n = 0;
        for (size_t i = 0; i < count; i++) {
                bool known = inputs[i] == NULL;
                for (size_t k = 0; k < n && !known; k++) known = list[k] == inputs[i];
                if (!known) list[n++] = inputs[i];
        }
        step->inputs = list;
        step->input_count = n;
}

void stage_push(Stage *s, PlanStep *step) {
        s->tip = step;
        s->last_layer = step->name;
}

PlanStep *step_scratch(Maker *m, Stage *s) {
        if (!m->scratch) {
                PlanStep *tip = s->tip;
                s->tip = NULL;
                m->scratch = step_new(s, STEP_SCRATCH, NULL, "scratch");
                s->tip = tip;
        }
        return m->scratch;
}

/* "linux/amd64 ", "linux/amd64->arm64 " where one builds for the other. */
static const char *platform_prefix(const Stage *s) {
        const Maker *m = s->maker;
        if (!m->params->name_platforms) return "";
        char own[128], target[128];
        platform_render(&s->platform, own);
        platform_render(&m->target_platform, target);
        if (streq(own, target)) return arena_printf(m->arena, "%s ", own);
        bool same_os = streq(s->platform.os, m->target_platform.os);
        return arena_printf(m->arena, "%s->%s ", own, same_os ? target + strlen(m->target_platform.os) + 1 : target);
}

const char *step_name(Stage *s, const char *text) {
        if (s->command_total == 0) return text;
        char total[16];
        int width = snprintf(total, sizeof total, "%u", s->command_total);
        s->command_index++;
        return arena_printf(s->maker->arena, "[%s%s%s%*u/%s] %s", platform_prefix(s), s->label, *s->label ? " " : "",
                            width, s->command_index, total, text);
}

const char *instruction_text(const Stage *s, const Instruction *i) {
        const char *name = instruction_name(i->kind);
        const char *text = i->original ? i->original : "";
        size_t n = strcspn(text, " \t");
        const char *expanded = stage_expand_name(s, text + n);
        if (i->kind == INSTR_RUN && i->heredoc_count > 0 && i->heredocs[0].content_size > 0) {
                const char *body = i->heredocs[0].content;
                size_t line = strcspn(body, "\n");
                bool more = line + 1 < i->heredocs[0].content_size;
                return arena_printf(s->maker->arena, "%s%s (%.*s%s)", name, expanded, (int)line, body,
                                    more ? "..." : "");
        }
        return arena_printf(s->maker->arena, "%s%s", name, expanded);
}

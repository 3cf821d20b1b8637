/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/map.h"
#include "dockerfile/checks.h"

/* The build checks that need nothing but the text. */

typedef struct Lint {
        const Dockerfile *d;
        Checks *checks;
        bool shell_set;                          /* SHELL in this stage */
        bool lower;                              /* most instructions are written in lower case */
        const Instruction *last[INSTR_KIND_MAX]; /* of each kind in this stage */
        Map *stages;
} Lint;

static bool is_lower(const char *text) {
        while (*text && !isupper((unsigned char)*text)) text++;
        return !*text;
}

static bool is_upper(const char *text) {
        while (*text && !islower((unsigned char)*text)) text++;
        return !*text;
}

static void lint_stage_name(Lint *l, const Instruction *in) {
        const char *name = in->words[2], *as = in->words[1];
        if (!is_lower(name)) {
                checks_add(l->checks, CHECK_STAGE_CASING, in, "Stage name '%s' has upper-case letters", name);
        }
        if (is_lower(in->written) ? !is_lower(as) : is_upper(in->written) && !is_upper(as)) {
                checks_add(l->checks, CHECK_AS_CASING, in, "'%s' is not written as '%s' is", as, in->written);
        }
        AUTO(freep) char *key = xstrdup(name);
        for (char *c = key; *c; c++) *c = (char)tolower((unsigned char)*c);
        if (streq(key, "scratch") || streq(key, "context")) {
                checks_add(l->checks, CHECK_RESERVED_STAGE, in, "Stage name '%s' has a meaning of its own", name);
        }
        if (map_puts(l->stages, key, (void *)in)) {
                checks_add(l->checks, CHECK_DUPLICATE_STAGE, in, "Stage name '%s' is there already", name);
        }
}

static void lint_from(Lint *l, const Instruction *in) {
        memset(l->last, 0, sizeof l->last);
        l->shell_set = false;
        if (in->word_count == 3) lint_stage_name(l, in);
}

static void lint_command(Lint *l, const Instruction *in) {
        const char *name = instruction_name(in->kind);
        const Instruction *before = l->last[in->kind];
        l->last[in->kind] = in;
        if (before) {
                checks_add(l->checks, CHECK_REPEATED, before,
                           "%s is there twice in this stage: only the last one counts", name);
        }
        if (in->kind != INSTR_HEALTHCHECK && !in->json && in->word_count > 0 && !l->shell_set) {
                checks_add(l->checks, CHECK_SHELL_FORM, in,
                           "%s in shell form: signals reach the shell, write a JSON array", name);
        }
}

static void lint_casing(Lint *l, const Instruction *in) {
        if (l->lower ? is_lower(in->written) : is_upper(in->written)) return;
        checks_add(l->checks, CHECK_INSTRUCTION_CASING, in, "'%s': most instructions are in %s case", in->written,
                   l->lower ? "lower" : "upper");
}

static void lint_instruction(Lint *l, const Instruction *in) {
        lint_casing(l, in);
        switch (in->kind) {
        case INSTR_FROM: lint_from(l, in); break;
        case INSTR_SHELL: l->shell_set = true; break;
        case INSTR_CMD:
        case INSTR_ENTRYPOINT:
        case INSTR_HEALTHCHECK: lint_command(l, in); break;
        case INSTR_MAINTAINER:
                checks_add(l->checks, CHECK_MAINTAINER, in,
                           "MAINTAINER is deprecated: write LABEL org.opencontainers.image.authors=...");
                break;
        case INSTR_ENV:
        case INSTR_LABEL:
                if (in->legacy_pair)
                        checks_add(l->checks, CHECK_LEGACY_PAIR, in, "Name and value without '=': write NAME=VALUE");
                break;
        default: break;
        }
}

bool checks_mostly_lower(const Dockerfile *d) {
        size_t lower = 0, upper = 0;
        for (size_t i = 0; i < d->instruction_count; i++) {
                lower += is_lower(d->instructions[i].written);
                upper += is_upper(d->instructions[i].written);
        }
        return lower > upper;
}

/* What the parser saw on its way is under a rule too. */
static void take_parser_warnings(const Lint *l) {
        for (size_t i = 0; i < l->d->warning_count; i++) {
                const DockerfileWarning *w = &l->d->warnings[i];
                CheckId id;
                if (check_find(str_of(w->rule), &id))
                        checks_add(l->checks, id, checks_instruction(l->checks, w->line), "%s", w->text);
        }
}

void checks_text(Checks *c) {
        const Dockerfile *d = checks_dockerfile(c);
        Lint l = {.d = d, .checks = c, .lower = checks_mostly_lower(d), .stages = map_new()};
        take_parser_warnings(&l);
        for (size_t i = 0; i < d->instruction_count; i++) lint_instruction(&l, &d->instructions[i]);
        map_free(l.stages);
}

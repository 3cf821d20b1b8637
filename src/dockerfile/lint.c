/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/map.h"
#include "base/vec.h"
#include "dockerfile/dockerfile.h"
#include "dockerfile/text.h"

/* The build checks that need nothing but the text. */

typedef enum LintRule {
        LINT_EMPTY_CONTINUATION,
        LINT_MAINTAINER,
        LINT_LEGACY_PAIR,
        LINT_STAGE_CASING,
        LINT_AS_CASING,
        LINT_RESERVED_STAGE,
        LINT_DUPLICATE_STAGE,
        LINT_INSTRUCTION_CASING,
        LINT_SHELL_FORM,
        LINT_REPEATED,
        LINT_RULE_MAX,
} LintRule;

static const char *const rule_names[LINT_RULE_MAX] = {
        [LINT_EMPTY_CONTINUATION] = "NoEmptyContinuation",
        [LINT_MAINTAINER] = "MaintainerDeprecated",
        [LINT_LEGACY_PAIR] = "LegacyKeyValueFormat",
        [LINT_STAGE_CASING] = "StageNameCasing",
        [LINT_AS_CASING] = "FromAsCasing",
        [LINT_RESERVED_STAGE] = "ReservedStageName",
        [LINT_DUPLICATE_STAGE] = "DuplicateStageName",
        [LINT_INSTRUCTION_CASING] = "ConsistentInstructionCasing",
        [LINT_SHELL_FORM] = "JSONArgsRecommended",
        [LINT_REPEATED] = "MultipleInstructionsDisallowed",
};

typedef struct Lint {
        const Dockerfile *d;
        const char *rules; /* of the whole file: "skip=A,B;error=true"; may be NULL */
        bool fatal;
        bool shell_set;                          /* SHELL in this stage */
        bool lower;                              /* most instructions are written in lower case */
        const Instruction *last[INSTR_KIND_MAX]; /* of each kind in this stage */
        Map *stages;
        VEC(DockerfileWarning) warnings;
} Lint;

/* The value of key in "key=value;key=value". */
static Str rules_value(const char *rules, const char *key) {
        Str rest = str_of(rules), one, name;
        bool more = rules != NULL;
        while (more) {
                more = str_cut(&rest, ';', &one);
                if (str_cut(&one, '=', &name) && str_eq_nocase(str_trim(name), str_of(key))) return str_trim(one);
        }
        return (Str){0};
}

static bool skips(const char *rules, const char *rule) {
        Str list = rules_value(rules, "skip"), one;
        bool more = list.n > 0;
        while (more) {
                more = str_cut(&list, ',', &one);
                one = str_trim(one);
                if (str_eq_nocase(one, STR("all")) || str_eq_nocase(one, str_of(rule))) return true;
        }
        return false;
}

static void warn(Lint *l, LintRule rule, const Instruction *in, const char *text) {
        const char *name = rule_names[rule];
        if (skips(l->rules, name) || (in->check && skips(in->check, name))) return;
        DockerfileWarning warning = {in->first_line, text, name};
        vec_push(&l->warnings, warning);
}

static bool is_lower(const char *text) {
        while (*text && !isupper((unsigned char)*text)) text++;
        return !*text;
}

static bool is_upper(const char *text) {
        while (*text && !islower((unsigned char)*text)) text++;
        return !*text;
}

static void lint_stage_name(Lint *l, const Instruction *in) {
        Arena *a = l->d->arena;
        const char *name = in->words[2], *as = in->words[1];
        if (!is_lower(name)) {
                warn(l, LINT_STAGE_CASING, in, arena_printf(a, "Stage name '%s' has upper-case letters", name));
        }
        if (is_lower(in->written) ? !is_lower(as) : is_upper(in->written) && !is_upper(as)) {
                warn(l, LINT_AS_CASING, in, arena_printf(a, "'%s' is not written as '%s' is", as, in->written));
        }
        AUTO(freep) char *key = xstrdup(name);
        for (char *c = key; *c; c++) *c = (char)tolower((unsigned char)*c);
        if (streq(key, "scratch") || streq(key, "context")) {
                warn(l, LINT_RESERVED_STAGE, in, arena_printf(a, "Stage name '%s' has a meaning of its own", name));
        }
        if (map_puts(l->stages, key, (void *)in)) {
                warn(l, LINT_DUPLICATE_STAGE, in, arena_printf(a, "Stage name '%s' is there already", name));
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
                warn(l, LINT_REPEATED, before,
                     arena_printf(l->d->arena, "%s is there twice in this stage: only the last one counts", name));
        }
        if (in->kind != INSTR_HEALTHCHECK && !in->json && in->word_count > 0 && !l->shell_set) {
                warn(l, LINT_SHELL_FORM, in,
                     arena_printf(l->d->arena, "%s in shell form: signals reach the shell, write a JSON array", name));
        }
}

static void lint_casing(Lint *l, const Instruction *in) {
        if (l->lower ? is_lower(in->written) : is_upper(in->written)) return;
        warn(l, LINT_INSTRUCTION_CASING, in,
             arena_printf(l->d->arena, "'%s': most instructions are in %s case", in->written,
                          l->lower ? "lower" : "upper"));
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
                warn(l, LINT_MAINTAINER, in,
                     "MAINTAINER is deprecated: write LABEL org.opencontainers.image.authors=...");
                break;
        case INSTR_ENV:
        case INSTR_LABEL:
                if (in->legacy_pair) warn(l, LINT_LEGACY_PAIR, in, "Name and value without '=': write NAME=VALUE");
                break;
        default: break;
        }
}

static bool mostly_lower(const Dockerfile *d) {
        size_t lower = 0, upper = 0;
        for (size_t i = 0; i < d->instruction_count; i++) {
                lower += is_lower(d->instructions[i].written);
                upper += is_upper(d->instructions[i].written);
        }
        return lower > upper;
}

/* What the parser warned of is under a rule too. */
static void keep_parser_warnings(Lint *l) {
        for (size_t i = 0; i < l->d->warning_count; i++) {
                const DockerfileWarning *w = &l->d->warnings[i];
                if (!skips(l->rules, rule_names[LINT_EMPTY_CONTINUATION])) vec_push(&l->warnings, *w);
        }
}

static int violation(const Lint *l, Err **e) {
        const DockerfileWarning *first = &l->warnings.v[0];
        Map *seen = map_new();
        Buf list = {0};
        for (size_t i = 0; i < l->warnings.n; i++) {
                if (!map_puts(seen, l->warnings.v[i].rule, seen))
                        buf_addf(&list, "%s%s", i ? ", " : "", l->warnings.v[i].rule);
        }
        dockerfile_error(l->d, first->line, first->line, NULL, e, "lint violation found for rules: %s", list.p);
        err_hint(e, "%s; checks are errors because of 'check=error=true'", first->text);
        buf_done(&list);
        map_free(seen);
        return -1;
}

int dockerfile_check(Dockerfile *d, const char *rules, Err **e) {
        Lint l = {.d = d, .rules = rules ? rules : d->check, .lower = mostly_lower(d), .stages = map_new()};
        l.fatal = str_eq_nocase(rules_value(l.rules, "error"), STR("true"));
        keep_parser_warnings(&l);
        for (size_t i = 0; i < d->instruction_count; i++) lint_instruction(&l, &d->instructions[i]);
        map_free(l.stages);
        int r = l.fatal && l.warnings.n > 0 ? violation(&l, e) : 0;
        DockerfileWarning *copy = arena_array(d->arena, l.warnings.n, sizeof *copy);
        if (l.warnings.n > 0) memcpy(copy, l.warnings.v, l.warnings.n * sizeof *copy);
        d->warnings = copy;
        d->warning_count = l.warnings.n;
        vec_done(&l.warnings);
        return r;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "dockerfile/parser.h"
#include "dockerfile/text.h"

static const char *const names[INSTR_KIND_MAX] = {
        [INSTR_FROM] = "FROM",
        [INSTR_ARG] = "ARG",
        [INSTR_RUN] = "RUN",
        [INSTR_COPY] = "COPY",
        [INSTR_ADD] = "ADD",
        [INSTR_ENV] = "ENV",
        [INSTR_LABEL] = "LABEL",
        [INSTR_CMD] = "CMD",
        [INSTR_ENTRYPOINT] = "ENTRYPOINT",
        [INSTR_SHELL] = "SHELL",
        [INSTR_WORKDIR] = "WORKDIR",
        [INSTR_USER] = "USER",
        [INSTR_EXPOSE] = "EXPOSE",
        [INSTR_VOLUME] = "VOLUME",
        [INSTR_STOPSIGNAL] = "STOPSIGNAL",
        [INSTR_HEALTHCHECK] = "HEALTHCHECK",
        [INSTR_ONBUILD] = "ONBUILD",
        [INSTR_MAINTAINER] = "MAINTAINER",
};

const char *instruction_name(InstructionKind kind) {
        return kind < INSTR_KIND_MAX ? names[kind] : "?";
}

bool instruction_find(Str name, InstructionKind *ret_kind) {
        for (size_t i = 0; i < INSTR_KIND_MAX; i++) {
                if (!str_eq_nocase(name, str_of(names[i]))) continue;
                *ret_kind = (InstructionKind)i;
                return true;
        }
        return false;
}

int parser_error(const Parser *p, const Instruction *in, const char *word, Err **e, const char *format, ...) {
        va_list ap;
        va_start(ap, format);
        AUTO(freep) char *text = xvasprintf(format, ap);
        va_end(ap);
        return dockerfile_error(p->report, in->first_line, in->last_line, word, e, "%s", text);
}

/* What people most often did when a line begins with no instruction. */
static int hint_unknown(const Parser *p, Err **e) {
        const Instruction *before = p->instructions.n ? &p->instructions.v[p->instructions.n - 1] : NULL;
        if (!before || p->fixed_line) return -1;
        const char *name = instruction_name(before->kind);
        if (before->heredoc_count == 0 && !before->json && strstr(before->original, "<<") &&
            before->kind != INSTR_RUN) {
                return err_hint(e, "%s takes no heredoc: only RUN, COPY and ADD do", name);
        }
        if (before->kind == INSTR_RUN || before->kind == INSTR_ENV || before->kind == INSTR_COPY) {
                return err_hint(e, "if the line belongs to the %s above, end that with %c", name, p->d->escape);
        }
        return -1;
}

static int unknown_instruction(const Parser *p, const Instruction *in, Err **e) {
        const char *near = text_suggest(str_of(in->written), names, INSTR_KIND_MAX);
        if (strlen(in->written) > 60) near = NULL;
        parser_error(p, in, in->written, e, "unknown instruction: %.60s%s%s%s", in->written,
                     near ? " (did you mean " : "", near ? near : "", near ? "?)" : "");
        return hint_unknown(p, e);
}

int instruction_parse(Parser *p, Str line, Instruction *in, Err **e) {
        char *original = arena_str(p->arena, line);
        Str text = text_trim((Str){original, line.n}), name = {0};
        in->original = original;
        text_word(&text, &name);
        in->written = arena_str(p->arena, name);
        if (!instruction_find(name, &in->kind)) return unknown_instruction(p, in, e);
        if (flags_parse(p, in, &text, e) < 0) return -1;
        text = text_trim(text);
        in->rest = text.p + text.n == original + line.n ? text.p : arena_str(p->arena, text);
        return arguments_parse(p, in, text, e);
}

static bool kind_takes_heredoc(InstructionKind kind) {
        return kind == INSTR_RUN || kind == INSTR_COPY || kind == INSTR_ADD;
}

bool instruction_takes_heredoc(const Instruction *in) {
        Str rest = str_of(in->rest), name;
        InstructionKind kind = in->kind;
        if (kind == INSTR_ONBUILD && (!text_word(&rest, &name) || !instruction_find(name, &kind))) return false;
        return kind_takes_heredoc(kind) && !in->json;
}

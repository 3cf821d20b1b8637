/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "plan/maker.h"

/* What the plan knows and a reader of the text does not: which stages ship. A compiler in a stage that is only copied from is no
 * concern of anybody, in the last one it is. */

/* ---- compilers */

static const char *const install_commands[][2] = {
        {"apt-get", "install"},  {"apt", "install"},    {"apk", "add"},   {"dnf", "install"}, {"yum", "install"},
        {"microdnf", "install"}, {"zypper", "install"}, {"zypper", "in"}, {"pacman", "-S"},
};
static const char *const toolchain_packages[] = {
        "autoconf",
        "automake",
        "build-base",
        "build-essential",
        "cargo",
        "clang",
        "cmake",
        "default-jdk",
        "g++",
        "gcc",
        "go",
        "golang",
        "golang-go",
        "gradle",
        "make",
        "maven",
        "ninja-build",
        "rust",
        "rustc",
        "gfortran",
        "llvm",
        "openjdk-11-jdk",
        "openjdk-17-jdk",
        "openjdk-21-jdk",
        "bison",
        "flex",
};
static const char *const remove_words[] = {"purge", "remove", "autoremove", "del", "erase"};

static bool is_in(Str word, const char *const *list, size_t count) {
        for (size_t k = 0; k < count; k++)
                if (str_is(word, list[k])) return true;
        return false;
}

static bool is_install(Str program, Str word) {
        for (size_t k = 0; k < ARRAY_SIZE(install_commands); k++)
                if (str_is(program, install_commands[k][0]) && str_is(word, install_commands[k][1])) return true;
        return false;
}

typedef struct Installs {
        Str program;  /* the last word that names a package manager */
        bool active;  /* what follows are packages */
        bool removed; /* something is taken away again in the same step */
        Buf found;
} Installs;

static void see_word(Installs *x, Str word) {
        if (is_in(word, remove_words, ARRAY_SIZE(remove_words))) x->removed = true;
        if (x->active) {
                if (is_in(word, toolchain_packages, ARRAY_SIZE(toolchain_packages)))
                        buf_addf(&x->found, "%s" STR_FMT, x->found.n ? ", " : "", STR_ARG(word));
                return;
        }
        for (size_t k = 0; k < ARRAY_SIZE(install_commands); k++)
                if (str_is(word, install_commands[k][0])) x->program = word;
        if (x->program.n && is_install(x->program, word)) x->active = true;
}

static void see_text(Installs *x, Str text) {
        size_t start = 0;
        for (size_t k = 0; k <= text.n; k++) {
                bool end = k == text.n || strchr(";&|\n()", text.p[k]);
                if (!end && !strchr(" \t\r\\", text.p[k])) continue;
                if (k > start) see_word(x, str_sub(text, start, k - start));
                start = k + 1;
                if (end) {
                        x->active = false;
                        x->program = (Str){0};
                }
        }
}

static void check_run(const Maker *m, const Instruction *i) {
        Installs x = {0};
        for (size_t k = 0; k < i->word_count; k++) {
                see_text(&x, str_of(i->words[k]));
                if (i->json) x.active = false;
        }
        for (size_t k = 0; k < i->heredoc_count; k++)
                see_text(&x, (Str){i->heredocs[k].content, i->heredocs[k].content_size});
        if (x.found.n && !x.removed)
                checks_add(m->params->checks, CHECK_TOOLCHAIN, i, "The image ships what only builds need: %s",
                           x.found.p);
        buf_done(&x.found);
}

/* ---- shell form without a shell */

static bool may_bring(const char *destination, const char *shell) {
        Str d = str_of(destination);
        while (d.n > 0 && d.p[d.n - 1] == '/') d.n--;
        if (d.n == 0 || str_starts(d, STR("/usr")) || str_starts(d, STR("/bin")) || str_starts(d, STR("/lib")))
                return true;
        return str_starts(str_of(shell), d);
}

/* Only what is certain without building: an image that begins with nothing, and no file that could be the shell. */
static bool surely_lacks(const Stage *target, const char *shell) {
        const PlanStep *step = target->pub.result;
        for (; step && step->kind != STEP_SCRATCH; step = step->parent) {
                if (step->kind == STEP_IMAGE || step->kind == STEP_RUN) return false;
                if (step->kind == STEP_COPY && (step->copy.add || may_bring(step->copy.destination, shell)))
                        return false;
        }
        return step != NULL;
}

static void check_shell(const Maker *m, const Stage *target) {
        static const InstructionKind kinds[] = {INSTR_CMD, INSTR_ENTRYPOINT};
        const StrVec *shell = &target->pub.config.shell;
        const char *program = shell->n ? shell->v[0] : "/bin/sh";
        for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
                const Instruction *i = target->pub.last[kinds[k]];
                if (i && !i->json && i->word_count > 0 && surely_lacks(target, program))
                        checks_add(m->params->checks, CHECK_NO_SHELL, i, PLAN_NO_SHELL_TEXT, instruction_name(kinds[k]),
                                   program);
        }
}

void plan_check_shipped(const Maker *m, const Stage *target) {
        for (const Stage *s = target; s; s = s->base)
                for (size_t k = 0; k < s->instruction_count; k++)
                        if (s->instructions[k].kind == INSTR_RUN) check_run(m, &s->instructions[k]);
        check_shell(m, target);
}

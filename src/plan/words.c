/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/maker.h"

#include <stdarg.h>
#include <string.h>

#include "base/cleanup.h"
#include "dockerfile/words.h"

int plan_locate(const Maker *m, const Instruction *i, const char *word, Err **e) {
        AUTO(freep) char *excerpt = dockerfile_excerpt(m->dockerfile, i->first_line, i->last_line, word);
        err_wrap(e, "%s:%u", m->dockerfile->name, i->first_line);
        if (excerpt) err_excerpt(e, excerpt);
        return -1;
}

int plan_error(const Maker *m, const Instruction *i, const char *word, Err **e, const char *format, ...) {
        va_list ap;
        va_start(ap, format);
        AUTO(freep) char *text = xvasprintf(format, ap);
        va_end(ap);
        return dockerfile_error(m->dockerfile, i->first_line, i->last_line, word, e, "%s", text);
}

int plan_limit(const Maker *m, const Instruction *i, int max, const char *what, Err **e) {
        err_new(e, ERR_LIMIT, "more than %d %s", max, what);
        return plan_locate(m, i, NULL, e);
}

static const char *get(void *context, const char *name, size_t name_size) {
        return scope_get(context, name, name_size);
}

static bool plain(const char *text, char escape) {
        for (; *text; text++)
                if (*text == '$' || *text == '\'' || *text == '"' || *text == escape) return false;
        return true;
}

static void unset(void *context, const char *name) {
        plan_check_variable(context, name);
}

int scope_expand(const Maker *m, const Scope *scope, const Instruction *i, const char *text, const char **ret_word,
                 Err **e) {
        if (plain(text, m->dockerfile->escape)) {
                *ret_word = text;
                return 0;
        }
        WordEnv env = {get, (void *)scope};
        WordParams params = {.escape = m->dockerfile->escape, .env = &env};
        if (word_expand(m->arena, &params, text, ret_word, e) < 0) return plan_locate(m, i, text, e);
        return 0;
}

int stage_expand(const Stage *s, const Instruction *i, const char *text, const char **ret_word, Err **e) {
        const Maker *m = s->maker;
        if (plain(text, m->dockerfile->escape)) {
                *ret_word = text;
                return 0;
        }
        WordPlace place = {s, i};
        WordEnv env = {get, (void *)&s->env};
        WordParams params = {.escape = m->dockerfile->escape, .env = &env, .unset = unset, .unset_context = &place};
        if (word_expand(m->arena, &params, text, ret_word, e) < 0) return plan_locate(m, i, text, e);
        return 0;
}

int stage_expand_raw(const Stage *s, const Instruction *i, const char *text, const char **ret_word, Err **e) {
        WordPlace place = {s, i};
        WordEnv env = {get, (void *)&s->env};
        WordParams params = {.escape = '\\', .env = &env, .raw_quotes = true, .unset = unset, .unset_context = &place};
        if (word_expand(s->maker->arena, &params, text, ret_word, e) < 0) return plan_locate(s->maker, i, NULL, e);
        return 0;
}

int stage_expand_list(const Stage *s, const Instruction *i, const char *text, const char *const **ret_words,
                      size_t *ret_count, Err **e) {
        WordPlace place = {s, i};
        WordEnv env = {get, (void *)&s->env};
        WordParams params = {
                .escape = s->maker->dockerfile->escape, .env = &env, .unset = unset, .unset_context = &place};
        if (word_expand_list(s->maker->arena, &params, text, ret_words, ret_count, e) < 0)
                return plan_locate(s->maker, i, text, e);
        return 0;
}

const char *stage_expand_name(const Stage *s, const char *text) {
        if (!strchr(text, '$')) return text;
        WordEnv env = {get, (void *)&s->env};
        WordParams params = {.escape = s->maker->dockerfile->escape,
                             .env = &env,
                             .raw_quotes = true,
                             .raw_escapes = true,
                             .skip_unset = true};
        const char *word = NULL;
        AUTO(err_freep) Err *ignored = NULL;
        if (word_expand(s->maker->arena, &params, text, &word, &ignored) < 0) return text;
        return word;
}

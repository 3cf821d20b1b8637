/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "dockerfile/parser.h"
#include "dockerfile/text.h"

typedef VEC(const char *) WordVec;
typedef VEC(Str) StrList;

static void set_words(Arena *a, Instruction *in, const char *const *words, size_t count) {
        const char **copy = arena_array(a, count + 1, sizeof *copy); /* NULL-terminated */
        if (count) memcpy(copy, words, count * sizeof *copy);
        in->words = copy;
        in->word_count = count;
}

static int parse_text(Parser *p, Instruction *in, Str text, Err **e) {
        (void)e;
        (void)text;
        if (*in->rest) set_words(p->arena, in, &in->rest, 1);
        return 0;
}

static int parse_blank_separated(Parser *p, Instruction *in, Str text, Err **e) {
        WordVec words = {0};
        Str word;
        (void)e;
        while (text_word(&text, &word)) vec_push(&words, arena_str(p->arena, word));
        set_words(p->arena, in, words.v, words.n);
        vec_done(&words);
        return 0;
}

/* 0: was JSON; above 0: was not. */
static int parse_json(Parser *p, Instruction *in, Str text, Err **e) {
        int r = json_words(p->arena, text, &in->words, &in->word_count);
        if (r == JSON_NONE) return 1;
        in->json = true;
        if (r == JSON_WORDS) return 0;
        parser_error(p, in, in->rest, e, "when using JSON array syntax, arrays must be comprised of strings only");
        return err_hint(e, "put every element into double quotes");
}

static int parse_json_or_text(Parser *p, Instruction *in, Str text, Err **e) {
        int r = parse_json(p, in, text, e);
        return r > 0 ? parse_text(p, in, text, e) : r;
}

static int parse_json_or_words(Parser *p, Instruction *in, Str text, Err **e) {
        int r = parse_json(p, in, text, e);
        return r > 0 ? parse_blank_separated(p, in, text, e) : r;
}

/* The length of the word that s begins with, where quotes and escapes hide white space. Nothing is resolved; *drop_last
 * says that an escape character at the very end does not count. */
static size_t quoted_word(Str s, char escape, bool *drop_last) {
        char quote = 0;
        size_t i = 0;
        *drop_last = false;
        for (; i < s.n; i++) {
                char c = s.p[i];
                if (!quote && text_space(str_sub(s, i, s.n)) > 0) break;
                if (c == escape && quote != '\'') {
                        *drop_last = i + 1 == s.n;
                        i++;
                } else if (quote) {
                        if (c == quote) quote = 0;
                } else if (c == '"' || c == '\'') {
                        quote = c;
                }
        }
        return i < s.n ? i : s.n;
}

static void split_quoted(Str text, char escape, StrList *words) {
        for (text = text_trim_left(text); text.n > 0; text = text_trim_left(text)) {
                bool drop;
                size_t n = quoted_word(text, escape, &drop);
                Str word = str_sub(text, 0, drop ? n - 1 : n);
                if (word.n > 0) vec_push(words, word);
                text = str_sub(text, n, text.n);
        }
}

/* "NAME rest of line" */
static int parse_legacy_pair(Parser *p, Instruction *in, Str text, Err **e) {
        Str key;
        const char *name = instruction_name(in->kind);
        text_word(&text, &key);
        while (text.n > 0 && text_is_blank(text.p[0])) text = str_sub(text, 1, text.n);
        if (text.n == 0) {
                parser_error(p, in, in->rest, e, "%s must have two arguments", name);
                return err_hint(e, "write %s NAME=VALUE", name);
        }
        Pair *pair = arena_alloc(p->arena, sizeof *pair);
        *pair = (Pair){arena_str(p->arena, key), arena_str(p->arena, text)};
        in->pairs = pair;
        in->pair_count = 1;
        in->legacy_pair = true;
        return 0;
}

static int set_pair(Parser *p, const Instruction *in, Str word, Pair *pair, Err **e) {
        Str rest = word, key;
        bool value = str_cut(&rest, '=', &key);
        if (!value && in->kind != INSTR_ARG) {
                AUTO(freep) char *text = str_dup(word);
                parser_error(p, in, text, e, "syntax error: can't find = in \"%s\". Must be of the form: name=value",
                             text);
                return err_hint(e, "quote values that hold blanks: %s NAME=\"two words\"", instruction_name(in->kind));
        }
        pair->key = arena_str(p->arena, key);
        pair->value = value ? arena_str(p->arena, rest) : NULL;
        return 0;
}

static int set_pairs(Parser *p, Instruction *in, const StrList *words, Err **e) {
        Pair *pairs = arena_array(p->arena, words->n, sizeof *pairs);
        for (size_t i = 0; i < words->n; i++) {
                if (set_pair(p, in, words->v[i], &pairs[i], e) < 0) return -1;
        }
        in->pairs = pairs;
        in->pair_count = words->n;
        return 0;
}

static int parse_pairs(Parser *p, Instruction *in, Str text, Err **e) {
        StrList words = {0};
        int r = 0;
        split_quoted(text, p->d->escape, &words);
        if (words.n > 0) {
                bool legacy = in->kind != INSTR_ARG && !memchr(words.v[0].p, '=', words.v[0].n);
                r = legacy ? parse_legacy_pair(p, in, text, e) : set_pairs(p, in, &words, e);
        }
        vec_done(&words);
        return r;
}

static int parse_health(Parser *p, Instruction *in, Str text, Err **e) {
        size_t n = 0;
        while (n < text.n && text_space(str_sub(text, n, text.n)) == 0) n++;
        if (n == 0) return 0;
        char *type = arena_str(p->arena, str_sub(text, 0, n));
        for (char *c = type; *c; c++) {
                if (*c >= 'a' && *c <= 'z') *c = (char)(*c - 'a' + 'A');
        }
        in->health_type = type;
        Str command = text_trim_left(str_sub(text, n, text.n));
        int r = parse_json(p, in, command, e);
        if (r <= 0 || command.n == 0) return r < 0 ? r : 0;
        const char *words[] = {arena_str(p->arena, command)};
        set_words(p->arena, in, words, 1);
        return 0;
}

/* The trigger is checked as far as its grammar goes; what it means is seen when it fires. An instruction that nobody
 * knows is kept as it is: the builder of the child image may know it. */
static int parse_trigger(Parser *p, Instruction *in, Str text, Err **e) {
        Str rest = text, name;
        InstructionKind kind;
        if (text.n == 0) return 0;
        if (!text_word(&rest, &name) || !instruction_find(name, &kind)) return 0;
        if (kind == INSTR_ONBUILD) {
                return parser_error(p, in, NULL, e, "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
        }
        if (kind == INSTR_FROM || kind == INSTR_MAINTAINER) {
                return parser_error(p, in, NULL, e, "%s isn't allowed as an ONBUILD trigger", instruction_name(kind));
        }
        Instruction trigger = {.first_line = in->first_line, .last_line = in->last_line};
        if (instruction_parse(p, text, &trigger, e) < 0) return -1;
        in->json = trigger.json;
        return 0;
}

typedef int (*ArgumentParser)(Parser *p, Instruction *in, Str text, Err **e);

int arguments_parse(Parser *p, Instruction *in, Str text, Err **e) {
        static const ArgumentParser forms[INSTR_KIND_MAX] = {
                [INSTR_FROM] = parse_blank_separated,
                [INSTR_ARG] = parse_pairs,
                [INSTR_RUN] = parse_json_or_text,
                [INSTR_COPY] = parse_json_or_words,
                [INSTR_ADD] = parse_json_or_words,
                [INSTR_ENV] = parse_pairs,
                [INSTR_LABEL] = parse_pairs,
                [INSTR_CMD] = parse_json_or_text,
                [INSTR_ENTRYPOINT] = parse_json_or_text,
                [INSTR_SHELL] = parse_json_or_text,
                [INSTR_WORKDIR] = parse_text,
                [INSTR_USER] = parse_text,
                [INSTR_EXPOSE] = parse_blank_separated,
                [INSTR_VOLUME] = parse_json_or_words,
                [INSTR_STOPSIGNAL] = parse_text,
                [INSTR_HEALTHCHECK] = parse_health,
                [INSTR_ONBUILD] = parse_trigger,
                [INSTR_MAINTAINER] = parse_text,
        };
        return forms[in->kind](p, in, text, e);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "dockerfile/words.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "dockerfile/lexer.h"
#include "dockerfile/shell_pattern.h"
#include "dockerfile/text.h"

enum {
        WORD_DEPTH_MAX = 100,      /* ${a:-${b:-...}} */
        WORD_GROWTH_MAX = 8 << 20, /* bytes that variables may add to a text */
        WORD_SHOWN_MAX = 120,      /* bytes of a text that an error shows */
};

typedef struct Splitter {
        LexerWords *words;
        Buf word;
        bool in_word;
} Splitter;

typedef struct Lexer {
        const WordParams *params;
        Arena *arena;
        const char *p, *end;
        bool keep_quotes; /* quotes quote, and stay */
        bool raw_escapes;
        unsigned depth;
        size_t size_max;
        Splitter *splitter; /* NULL: one word */
} Lexer;

typedef struct Brace { /* ${name<op>...} */
        Str name;
        const char *value; /* NULL: not set */
        char op;
        bool colon;        /* an empty value counts as none */
        const char *start; /* of the whole text, at $ */
} Brace;

static int expand_until(Lexer *lx, char stop, Buf *out, Err **e);

static bool at_end(const Lexer *lx) {
        return lx->p >= lx->end;
}

static void end_word(const Lexer *lx, Splitter *s) {
        if (s->word.n > 0) vec_push(s->words, arena_str(lx->arena, buf_str(&s->word)));
        buf_clear(&s->word);
        s->in_word = false;
}

/* Text that white space does not divide. */
static void add_whole(const Lexer *lx, const char *text, size_t size) {
        if (!lx->splitter) return;
        buf_add(&lx->splitter->word, text, size);
        lx->splitter->in_word = true;
}

static void add_divided(const Lexer *lx, Str text) {
        Splitter *s = lx->splitter;
        if (!s) return;
        for (size_t i = 0, space; i < text.n; i += space ? space : 1) {
                space = text_space(str_sub(text, i, text.n));
                if (space == 0) {
                        buf_addc(&s->word, text.p[i]);
                        s->in_word = true;
                } else if (s->in_word) {
                        end_word(lx, s);
                }
        }
}

static int add_checked(const Lexer *lx, Buf *out, Str text, Err **e) {
        if (out->n + text.n > lx->size_max) {
                return err_new(e, ERR_LIMIT, "variables make the text longer than %d bytes", WORD_GROWTH_MAX);
        }
        buf_add_str(out, text);
        return 0;
}

static int mismatch(Err **e, const char *what) {
        return err_new(e, ERR_SYNTAX, "unexpected end of statement while looking for matching %s", what);
}

static Str take_name(Lexer *lx) {
        Str rest = {lx->p, (size_t)(lx->end - lx->p)};
        Str name = str_sub(rest, 0, text_name(rest));
        lx->p += name.n;
        return name;
}

static const char *look_up(const Lexer *lx, Str name) {
        const WordEnv *env = lx->params->env;
        return env && name.n > 0 ? env->get(env->context, name.p, name.n) : NULL;
}

static void report_unset(const Lexer *lx, Str name) {
        if (lx->params->unset && name.n > 0) lx->params->unset(lx->params->unset_context, arena_str(lx->arena, name));
}

/* The value, or for an unset variable nothing, or its text as written. */
static int add_variable(const Lexer *lx, const Brace *b, Buf *out, Err **e) {
        if (b->value) return add_checked(lx, out, str_of(b->value), e);
        report_unset(lx, b->name);
        if (!lx->params->skip_unset) return 0;
        return add_checked(lx, out, (Str){b->start, (size_t)(lx->p - b->start)}, e);
}

/* The word of a brace up to its end character, into *word. */
static int brace_word(Lexer *lx, char stop, bool raw_escapes, Buf *word, Err **e) {
        bool saved = lx->raw_escapes;
        Splitter *splitter = TAKE(lx->splitter);
        lx->raw_escapes = raw_escapes;
        int r = expand_until(lx, stop, word, e);
        lx->raw_escapes = saved;
        lx->splitter = splitter;
        if (r <= 0) return r;
        return err_new(e, ERR_SYNTAX, "syntax error: missing '%c'%s", stop, stop == '/' ? " in ${}" : "");
}

static int brace_required(const Lexer *lx, const Brace *b, bool missing, const Buf *word, Buf *out, Err **e) {
        if (!missing) return add_checked(lx, out, str_of(b->value), e);
        const char *text = word->n > 0 ? word->p
                           : b->value  ? "is not allowed to be empty"
                                       : "is not allowed to be unset";
        return err_new(e, ERR_SYNTAX, STR_FMT ": %s", STR_ARG(b->name), text);
}

/* ${v:-w} ${v-w} ${v:+w} ${v+w} ${v:?w} ${v?w} */
static int brace_choose(Lexer *lx, const Brace *b, Buf *out, Err **e) {
        Buf word = {0};
        int r = brace_word(lx, '}', false, &word, e);
        bool missing = !b->value || (b->colon && !*b->value);
        if (r < 0) {
                buf_done(&word);
                return r;
        }
        if (!b->value && lx->params->skip_unset) {
                r = add_variable(lx, b, out, e);
        } else if (b->op == '?') {
                r = brace_required(lx, b, missing, &word, out, e);
        } else if (missing == (b->op == '-')) {
                r = add_checked(lx, out, buf_str(&word), e);
        } else if (b->op == '-') {
                r = add_checked(lx, out, str_of(b->value), e);
        }
        buf_done(&word);
        return r;
}

/* ${v#p} ${v##p} ${v%p} ${v%%p} */
static int brace_strip(Lexer *lx, const Brace *b, Buf *out, Err **e) {
        Buf word = {0};
        int r = brace_word(lx, '}', true, &word, e);
        if (r == 0 && !b->value) {
                r = add_variable(lx, b, out, e);
        } else if (r == 0) {
                Str pattern = buf_str(&word);
                bool longest = pattern.n > 0 && pattern.p[0] == b->op;
                if (longest) pattern = str_sub(pattern, 1, pattern.n);
                r = add_checked(lx, out, shell_pattern_strip(str_of(b->value), pattern, b->op == '%', longest), e);
        }
        buf_done(&word);
        return r;
}

static int replace_value(const Lexer *lx, const ShellReplace *what, Buf *out, Err **e) {
        Buf result = {0};
        int r = shell_pattern_replace(what, lx->size_max, &result);
        if (r < 0) {
                err_new(e, ERR_LIMIT, "a replacement makes the text longer than %d bytes", WORD_GROWTH_MAX);
        } else {
                r = add_checked(lx, out, buf_str(&result), e);
        }
        buf_done(&result);
        return r;
}

/* ${v/p/r} ${v//p/r} */
static int brace_replace(Lexer *lx, const Brace *b, Buf *out, Err **e) {
        Buf pattern = {0}, replacement = {0};
        bool all = !at_end(lx) && *lx->p == '/';
        if (all) lx->p++;
        int r = brace_word(lx, '/', true, &pattern, e);
        if (r == 0) r = brace_word(lx, '}', true, &replacement, e);
        if (r == 0 && !b->value) {
                r = add_variable(lx, b, out, e);
        } else if (r == 0) {
                ShellReplace what = {str_of(b->value), buf_str(&pattern), buf_str(&replacement), all};
                r = replace_value(lx, &what, out, e);
        }
        buf_done(&pattern);
        buf_done(&replacement);
        return r;
}

static int missing_brace(Err **e) {
        return err_new(e, ERR_SYNTAX, "syntax error: missing '}'");
}

static int unsupported(const Lexer *lx, const char *modifier, Err **e) {
        Str rest = {modifier, (size_t)(lx->end - modifier)};
        size_t size, next = 0;
        text_char(rest, &size);
        if (rest.p[0] == ':' && rest.n > 1) text_char(str_sub(rest, 1, rest.n), &next);
        err_new(e, ERR_SYNTAX, "unsupported modifier (" STR_FMT ") in substitution",
                STR_ARG(str_sub(rest, 0, size + next)));
        return err_hint(e, "known are :- - :+ + :? ? # ## %% %%%% / //");
}

static int expand_brace(Lexer *lx, const char *start, Buf *out, Err **e) {
        lx->p++;
        if (at_end(lx)) return missing_brace(e);
        if (strchr("{}:", *lx->p)) return err_new(e, ERR_SYNTAX, "syntax error: bad substitution");
        Brace b = {.start = start, .name = take_name(lx)};
        const char *modifier = lx->p;
        if (at_end(lx)) return missing_brace(e);
        b.value = look_up(lx, b.name);
        b.op = *lx->p++;
        if (b.op == '}') return add_variable(lx, &b, out, e);
        b.colon = b.op == ':';
        if (b.colon) {
                if (at_end(lx)) return missing_brace(e);
                b.op = *lx->p++;
        }
        switch (b.op) {
        case '-':
        case '+':
        case '?': return brace_choose(lx, &b, out, e);
        case '#':
        case '%': return b.colon ? unsupported(lx, modifier, e) : brace_strip(lx, &b, out, e);
        case '/': return b.colon ? unsupported(lx, modifier, e) : brace_replace(lx, &b, out, e);
        default: return unsupported(lx, modifier, e);
        }
}

static int expand_dollar(Lexer *lx, Buf *out, Err **e) {
        Brace b = {.start = lx->p++};
        if (!at_end(lx) && *lx->p == '{') {
                if (lx->depth >= WORD_DEPTH_MAX) {
                        return err_new(e, ERR_LIMIT, "more than %d substitutions inside each other", WORD_DEPTH_MAX);
                }
                lx->depth++;
                int r = expand_brace(lx, b.start, out, e);
                lx->depth--;
                return r;
        }
        b.name = take_name(lx);
        if (b.name.n == 0) {
                buf_addc(out, '$');
                return 0;
        }
        b.value = look_up(lx, b.name);
        return add_variable(lx, &b, out, e);
}

static int expand_single_quotes(Lexer *lx, Buf *out, Err **e) {
        const char *open = lx->p, *close = memchr(open + 1, '\'', (size_t)(lx->end - open - 1));
        if (!close) return mismatch(e, "single-quote");
        lx->p = close + 1;
        if (lx->keep_quotes) {
                buf_add(out, open, (size_t)(close + 1 - open));
        } else {
                buf_add(out, open + 1, (size_t)(close - open - 1));
        }
        return 0;
}

/* Inside double quotes only the quote, $ and the escape character itself can be escaped. */
static void quoted_escape(Lexer *lx, Buf *out) {
        char escape = *lx->p++;
        bool special = !at_end(lx) && (*lx->p == '"' || *lx->p == '$' || *lx->p == escape);
        if (at_end(lx)) return;
        if (lx->raw_escapes || !special) buf_addc(out, escape);
        if (special) buf_addc(out, *lx->p++);
}

static int expand_double_quotes(Lexer *lx, Buf *out, Err **e) {
        if (lx->keep_quotes) buf_addc(out, '"');
        lx->p++;
        while (!at_end(lx)) {
                char c = *lx->p;
                if (c == '"') {
                        lx->p++;
                        if (lx->keep_quotes) buf_addc(out, '"');
                        return 0;
                }
                if (c == '$') {
                        if (expand_dollar(lx, out, e) < 0) return -1;
                } else if (c == lx->params->escape) {
                        quoted_escape(lx, out);
                } else {
                        buf_addc(out, c);
                        lx->p++;
                }
        }
        return mismatch(e, "double-quote");
}

static void expand_escape(Lexer *lx, Buf *out) {
        const char *start = lx->p++;
        if (!at_end(lx)) lx->p++; /* an escape character at the very end is dropped */
        const char *from = lx->raw_escapes ? start : start + 1;
        buf_add(out, from, (size_t)(lx->p - from));
        add_whole(lx, from, (size_t)(lx->p - from));
}

/* $ or a quote */
static int expand_special(Lexer *lx, Buf *out, Err **e) {
        size_t before = out->n;
        char c = *lx->p;
        int r;
        if (c == '$') {
                r = expand_dollar(lx, out, e);
        } else {
                r = c == '"' ? expand_double_quotes(lx, out, e) : expand_single_quotes(lx, out, e);
        }
        if (r < 0) return r;
        Str added = {out->p ? out->p + before : "", out->n - before};
        if (c == '$') {
                add_divided(lx, added);
        } else {
                add_whole(lx, added.p, added.n);
        }
        return 0;
}

/* Up to the character stop (0: to the end). Above 0: the end came first. */
static int expand_until(Lexer *lx, char stop, Buf *out, Err **e) {
        const WordParams *params = lx->params;
        while (!at_end(lx)) {
                const char *start = lx->p;
                while (!at_end(lx) && *lx->p != '$' && *lx->p != '\'' && *lx->p != '"' && *lx->p != params->escape &&
                       (!stop || *lx->p != stop)) {
                        lx->p++;
                }
                Str plain = {start, (size_t)(lx->p - start)};
                if (plain.n > 0) {
                        buf_add_str(out, plain);
                        add_divided(lx, plain);
                        continue;
                }
                char c = *lx->p;
                if (stop && c == stop) {
                        lx->p++;
                        return 0;
                }
                if (c == params->escape) {
                        expand_escape(lx, out);
                } else if (c != '$' && params->raw_quotes) {
                        add_divided(lx, (Str){lx->p, 1});
                        buf_addc(out, *lx->p++);
                } else if (expand_special(lx, out, e) < 0) {
                        return -1;
                }
        }
        return stop ? 1 : 0;
}

static Lexer lexer_for(Arena *a, const WordParams *params, Str text) {
        return (Lexer){.params = params,
                       .arena = a,
                       .p = text.p,
                       .end = text.p + text.n,
                       .raw_escapes = params->raw_escapes,
                       .size_max = text.n + WORD_GROWTH_MAX};
}

static int failed(const char *text, Err **e) {
        size_t size = strlen(text);
        bool cut = size > WORD_SHOWN_MAX;
        return err_wrap(e, "failed to process \"%.*s%s\"", cut ? WORD_SHOWN_MAX : (int)size, text, cut ? "..." : "");
}

int word_expand(Arena *a, const WordParams *params, const char *text, const char **ret_word, Err **e) {
        Lexer lx = lexer_for(a, params, str_of(text));
        Buf out = {0};
        int r = expand_until(&lx, 0, &out, e);
        if (r == 0) *ret_word = arena_str(a, buf_str(&out));
        buf_done(&out);
        return r < 0 ? failed(text, e) : 0;
}

static int split_words(Lexer *lx, LexerWords *words, Err **e) {
        Splitter splitter = {.words = words};
        Buf out = {0};
        lx->splitter = &splitter;
        int r = expand_until(lx, 0, &out, e);
        end_word(lx, &splitter);
        lx->splitter = NULL;
        buf_done(&splitter.word);
        buf_done(&out);
        return r;
}

int word_expand_list(Arena *a, const WordParams *params, const char *text, const char *const **ret_words,
                     size_t *ret_count, Err **e) {
        Lexer lx = lexer_for(a, params, str_of(text));
        LexerWords words = {0};
        int r = split_words(&lx, &words, e);
        if (r == 0) {
                const char **copy = arena_array(a, words.n + 1, sizeof *copy);
                if (words.n) memcpy(copy, words.v, words.n * sizeof *copy);
                *ret_words = copy;
                *ret_count = words.n;
        }
        vec_done(&words);
        return r < 0 ? failed(text, e) : 0;
}

bool lexer_words(Arena *a, Str text, LexerMode mode, LexerWords *words) {
        WordParams params = {.escape = '\\', .skip_unset = true, .raw_escapes = mode == LEXER_RAW};
        Lexer lx = lexer_for(a, &params, text);
        lx.keep_quotes = mode == LEXER_RAW;
        return split_words(&lx, words, NULL) == 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/vec.h"
#include "dockerfile/checks.h"
#include "dockerfile/text.h"

/* Mechanical mends as edits of the text: what is not named by an edit stays byte by byte. All but one look at instructions of one
 * physical line only; continued ones are left to people. */

enum { ROUNDS_MAX = 4 }; /* one mend may call for another: FROM in capitals wants AS in capitals */

typedef struct Edit {
        size_t start, end; /* in the text */
        char *text;
} Edit;

typedef struct Fixer {
        const Dockerfile *d;
        Checks *checks;
        const FixParams *params;
        VEC(Edit) edits;
        size_t count;
} Fixer;

typedef struct Token {
        size_t start, end;
} Token;
typedef VEC(Token) Tokens;

static bool push_edit(Fixer *x, size_t start, size_t end, char *text) {
        for (size_t i = 0; i < x->edits.n; i++) {
                const Edit *old = &x->edits.v[i];
                if (start < old->end && old->start < end) {
                        free(text);
                        return false;
                }
        }
        Edit edit = {start, end, text};
        vec_push(&x->edits, edit);
        return true;
}

static size_t offset_of(const Fixer *x, const char *p) {
        return (size_t)(p - x->d->text);
}

static Str slice(const Fixer *x, Token t) {
        return (Str){x->d->text + t.start, t.end - t.start};
}

/* The words of an instruction's only line; the first is its name. */
static void tokenize(const Fixer *x, const Instruction *in, Tokens *ret) {
        Str line = x->d->lines[in->first_line - 1];
        size_t base = offset_of(x, line.p), start = 0;
        for (size_t i = 0; i <= line.n; i++) {
                bool blank = i == line.n || strchr(" \t\r\v\f", line.p[i]);
                if (!blank) continue;
                if (i > start) {
                        Token t = {base + start, base + i};
                        vec_push(ret, t);
                }
                start = i + 1;
        }
}

static size_t line_end(const Fixer *x, const Instruction *in) {
        Str line = x->d->lines[in->first_line - 1];
        while (line.n > 0 && strchr(" \t\r", line.p[line.n - 1])) line.n--;
        return offset_of(x, line.p) + line.n;
}

static char *cased(Str text, bool lower) {
        char *copy = str_dup(text);
        for (char *c = copy; *c; c++) *c = (char)(lower ? tolower((unsigned char)*c) : toupper((unsigned char)*c));
        return copy;
}

static bool is_lower(const char *text) {
        return islower((unsigned char)*text);
}

/* ---- one mend each */

static bool fix_instruction_casing(Fixer *x, const Instruction *in, const Tokens *t) {
        (void)in;
        return push_edit(x, t->v[0].start, t->v[0].end, cased(slice(x, t->v[0]), checks_mostly_lower(x->d)));
}

static bool fix_as_casing(Fixer *x, const Instruction *in, const Tokens *t) {
        if (t->n < 4) return false;
        Token as = t->v[t->n - 2];
        return push_edit(x, as.start, as.end, cased(slice(x, as), is_lower(in->written)));
}

static bool fix_stage_casing(Fixer *x, const Instruction *in, const Tokens *t) {
        (void)in;
        Token name = t->v[t->n - 1];
        return push_edit(x, name.start, name.end, cased(slice(x, name), true));
}

/* What would divide a value: nothing, spaces and tabs, or something that only few editors show. */
enum Blank { BLANK_NONE, BLANK_PLAIN, BLANK_ODD };

static enum Blank blanks(const char *value) {
        enum Blank found = BLANK_NONE;
        Str text = str_of(value);
        for (size_t i = 0, size; i < text.n; i += size ? size : 1) {
                size = text_space(str_sub(text, i, text.n));
                if (size == 0) continue;
                if (text.p[i] != ' ' && text.p[i] != '\t') return BLANK_ODD;
                found = BLANK_PLAIN;
        }
        return found;
}

/* value with an escape character before each space that no quotes hold. NULL: a quote is not closed. Owned. */
static char *escape_blanks(const char *value, char escape) {
        Buf out = {0};
        char quote = 0;
        for (const char *c = value; *c; c++) {
                if (*c == escape && quote != '\'' && c[1]) {
                        buf_addc(&out, *c++);
                } else if (quote ? *c == quote : *c == '"' || *c == '\'') {
                        quote = quote ? 0 : *c;
                } else if (!quote && (*c == ' ' || *c == '\t')) {
                        buf_addc(&out, escape);
                }
                buf_addc(&out, *c);
        }
        if (!quote) return buf_take(&out);
        buf_done(&out);
        return NULL;
}

/* A value that was the rest of the line, as one word that means the same. NULL: it cannot be told. Owned. */
static char *one_word(const char *value, char escape) {
        const char marks[] = {'"', '\'', escape, '\0'};
        enum Blank blank = blanks(value);
        bool marked = strpbrk(value, marks) != NULL;
        if (!*value) return xstrdup("\"\"");
        if (blank == BLANK_NONE && !marked) return xstrdup(value);
        if (!marked) return xasprintf("\"%s\"", value);
        return blank == BLANK_ODD ? NULL : escape_blanks(value, escape);
}

static bool fix_legacy_pair(Fixer *x, const Instruction *in, const Tokens *t) {
        if (t->n < 2 || in->pair_count != 1 || !in->pairs[0].value) return false;
        const char marks[] = {'"', '\'', '=', x->d->escape, '\0'};
        if (strpbrk(in->pairs[0].key, marks) || blanks(in->pairs[0].key) != BLANK_NONE) return false; /* an odd name */
        AUTO(freep) char *value = one_word(in->pairs[0].value, x->d->escape);
        if (!value) return false;
        return push_edit(x, t->v[1].start, line_end(x, in), xasprintf("%s=%s", in->pairs[0].key, value));
}

static bool fix_maintainer(Fixer *x, const Instruction *in, const Tokens *t) {
        if (t->n < 2) return false;
        Buf out = {0};
        buf_adds(&out, is_lower(in->written) ? "label" : "LABEL");
        buf_adds(&out, " org.opencontainers.image.authors=\"");
        Str text = slice(x, (Token){t->v[1].start, line_end(x, in)});
        for (size_t i = 0; i < text.n; i++) {
                if (text.p[i] == '"' || text.p[i] == '$' || text.p[i] == x->d->escape) buf_addc(&out, x->d->escape);
                buf_addc(&out, text.p[i]);
        }
        buf_addc(&out, '"');
        return push_edit(x, t->v[0].start, line_end(x, in), buf_take(&out));
}

static bool fix_redundant_platform(Fixer *x, const Instruction *in, const Tokens *t) {
        (void)in;
        for (size_t i = 1; i + 1 < t->n; i++)
                if (str_starts(slice(x, t->v[i]), STR("--platform=")))
                        return push_edit(x, t->v[i].start, t->v[i + 1].start, xstrdup(""));
        return false;
}

static bool wanted(const Fixer *x, CheckId id) {
        return !x->params || !x->params->wanted || x->params->wanted(x->params->context, id);
}

/* Both rules of EXPOSE at once: they look at the same word. */
static bool fix_expose(Fixer *x, const Instruction *in, const Tokens *t) {
        bool any = false;
        (void)in;
        for (size_t i = 1; i < t->n; i++) {
                Str word = slice(x, t->v[i]), ports, protocol = word;
                if (memchr(word.p, '$', word.n) || memchr(word.p, '"', word.n)) continue;
                bool has = str_cut(&protocol, '/', &ports);
                size_t cut = ports.n;
                while (wanted(x, CHECK_EXPOSE_FORMAT) && cut > 0 && ports.p[cut - 1] != ':') cut--;
                if (cut == ports.n) cut = 0;
                AUTO(freep) char *name = has ? cased(protocol, true) : NULL;
                if (has && !wanted(x, CHECK_EXPOSE_CASING)) {
                        free(name);
                        name = str_dup(protocol);
                }
                char *text = xasprintf(STR_FMT "%s%s", STR_ARG(str_sub(ports, cut, ports.n)), has ? "/" : "",
                                       has ? name : "");
                if (str_is(word, text)) {
                        free(text);
                        continue;
                }
                any |= push_edit(x, t->v[i].start, t->v[i].end, text);
        }
        return any;
}

/* Words that only a shell understands in the first place. */
static bool is_builtin(Str word) {
        static const char *const names[] = {".",    "cd",      "eval",  "exec",   "export", "if",    "for",   "source",
                                            "set",  "trap",    "umask", "ulimit", "unset",  "while", "until", "case",
                                            "type", "command", "wait",  "read",   ":",      "alias", "exit"};
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (str_is(word, names[i])) return true;
        return false;
}

static bool is_plain(Str word) {
        for (size_t i = 0; i < word.n; i++)
                if (!isalnum((unsigned char)word.p[i]) && !strchr("_./:@,+-=%", word.p[i])) return false;
        return true;
}

/* With the other one in the same stage the two would be joined, which the shell form prevented. */
static bool has_partner(const Fixer *x, const Instruction *in) {
        InstructionKind other = in->kind == INSTR_CMD ? INSTR_ENTRYPOINT : INSTR_CMD;
        const Instruction *first = x->d->instructions, *end = first + x->d->instruction_count, *i = in;
        while (i > first && i->kind != INSTR_FROM) i--;
        for (i = i->kind == INSTR_FROM ? i + 1 : i; i < end && i->kind != INSTR_FROM; i++)
                if (i->kind == other) return true;
        return false;
}

static bool fix_shell_form(Fixer *x, const Instruction *in, const Tokens *t) {
        Buf out = {0};
        if (t->n < 2 || has_partner(x, in)) return false;
        Str program = slice(x, t->v[1]);
        if (is_builtin(program) || memchr(program.p, '=', program.n)) return false;
        for (size_t i = 1; i < t->n; i++) {
                Str word = slice(x, t->v[i]);
                if (!is_plain(word)) {
                        buf_done(&out);
                        return false;
                }
                buf_addf(&out, "%s\"" STR_FMT "\"", i == 1 ? "[" : ", ", STR_ARG(word));
        }
        buf_addc(&out, ']');
        return push_edit(x, t->v[1].start, line_end(x, in), buf_take(&out));
}

/* The one that is about several lines. */
static bool fix_empty_continuation(Fixer *x, const Instruction *in) {
        bool any = false;
        if (in->heredoc_count) return false; /* their empty lines are text */
        for (uint32_t n = in->first_line; n < in->last_line && n < x->d->line_count; n++) {
                Str line = x->d->lines[n];
                if (str_trim(line).n > 0) continue;
                size_t start = offset_of(x, line.p), end = start;
                while (end < x->d->text_size && x->d->text[end] != '\n') end++;
                if (end < x->d->text_size) end++;
                any |= push_edit(x, start, end, xstrdup(""));
        }
        return any;
}

typedef bool (*Mend)(Fixer *x, const Instruction *in, const Tokens *t);

static const Mend mends[CHECK_ID_MAX] = {
        [CHECK_STAGE_CASING] = fix_stage_casing,
        [CHECK_AS_CASING] = fix_as_casing,
        [CHECK_INSTRUCTION_CASING] = fix_instruction_casing,
        [CHECK_SHELL_FORM] = fix_shell_form,
        [CHECK_MAINTAINER] = fix_maintainer,
        [CHECK_LEGACY_PAIR] = fix_legacy_pair,
        [CHECK_REDUNDANT_PLATFORM] = fix_redundant_platform,
        [CHECK_EXPOSE_CASING] = fix_expose,
        [CHECK_EXPOSE_FORMAT] = fix_expose,
};

static void mend(Fixer *x, const Finding *f) {
        const Instruction *in = checks_instruction(x->checks, f->first_line);
        if (!in || !wanted(x, f->id)) return;
        if (f->id == CHECK_EMPTY_CONTINUATION) {
                x->count += fix_empty_continuation(x, in);
                return;
        }
        if (!mends[f->id] || in->first_line != in->last_line) return;
        Tokens tokens = {0};
        tokenize(x, in, &tokens);
        if (tokens.n > 0) x->count += mends[f->id](x, in, &tokens);
        vec_done(&tokens);
}

static int by_start(const void *a, const void *b) {
        const Edit *p = a, *q = b;
        return p->start < q->start ? -1 : p->start > q->start;
}

static char *apply(Fixer *x, size_t *ret_size) {
        Buf out = {0};
        size_t at = 0;
        if (x->edits.n > 1) qsort(x->edits.v, x->edits.n, sizeof *x->edits.v, by_start);
        for (size_t i = 0; i < x->edits.n; i++) {
                const Edit *edit = &x->edits.v[i];
                buf_add(&out, x->d->text + at, edit->start - at);
                buf_adds(&out, edit->text);
                at = edit->end;
        }
        buf_add(&out, x->d->text + at, x->d->text_size - at);
        *ret_size = out.n;
        return buf_take(&out);
}

static char *one_round(const Dockerfile *d, Checks *c, const FixParams *params, size_t *ret_size, size_t *ret_count) {
        Fixer x = {.d = d, .checks = c, .params = params};
        size_t n;
        const Finding *list = checks_list(c, &n);
        for (size_t i = 0; i < n; i++) mend(&x, &list[i]);
        char *text = apply(&x, ret_size);
        for (size_t i = 0; i < x.edits.n; i++) free(x.edits.v[i].text);
        vec_done(&x.edits);
        *ret_count = x.count;
        return text;
}

char *dockerfile_fix(const Dockerfile *d, Checks *c, const FixParams *params, size_t *ret_size, size_t *ret_count) {
        size_t count;
        char *text = one_round(d, c, params, ret_size, &count);
        *ret_count = count;
        for (int round = 1; count > 0 && round < ROUNDS_MAX; round++) {
                AUTO(dockerfile_freep) Dockerfile *next = NULL;
                if (dockerfile_parse(d->name, (Str){text, *ret_size}, &next, NULL) < 0) break;
                AUTO(checks_freep) Checks *checks = checks_new(next, checks_rules(c));
                checks_text(checks);
                char *better = one_round(next, checks, params, ret_size, &count);
                free(text);
                text = better;
                *ret_count += count;
        }
        return text;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "dockerfile/dockerfile.h"

enum {
        EXCERPT_MARKED_MAX = 24, /* marked lines that are shown */
        EXCERPT_WIDTH_MAX = 240, /* bytes of a line that are shown */
        CONTEXT_ONE_LINE = 4,    /* lines around one marked line, around several */
        CONTEXT_MORE_LINES = 2,
};

static const char ruler[] = "--------------------\n";

/* Control characters would let a file repaint the terminal. */
static void add_line_text(Buf *out, Str line) {
        Str shown = str_sub(line, 0, EXCERPT_WIDTH_MAX);
        for (size_t i = 0; i < shown.n; i++) {
                unsigned char c = (unsigned char)shown.p[i];
                buf_addc(out, (c < ' ' && c != '\t') || c == 0x7F ? '?' : (char)c);
        }
        if (shown.n < line.n) buf_adds(out, "...");
}

static void add_word_mark(Buf *out, Str line, const char *word) {
        size_t size = strlen(word);
        Str shown = str_sub(line, 0, EXCERPT_WIDTH_MAX);
        const char *at = size && shown.n ? memmem(shown.p, shown.n, word, size) : NULL;
        if (!at) return;
        buf_adds(out, "     |     ");
        for (const char *c = shown.p; c < at; c++) {
                if (((unsigned char)*c & 0xC0) != 0x80) buf_addc(out, *c == '\t' ? '\t' : ' ');
        }
        for (size_t i = 0; i < size; i++) {
                if (((unsigned char)word[i] & 0xC0) != 0x80) buf_addc(out, '^');
        }
        buf_addc(out, '\n');
}

/* Lines before and behind alternate until the context is used up or the file is. */
static void widen(size_t line_count, size_t *first, size_t *last) {
        size_t context = *first == *last ? CONTEXT_ONE_LINE : CONTEXT_MORE_LINES;
        for (size_t used = 0; used < context; used++) {
                if (*first > 1) {
                        (*first)--;
                        used++;
                }
                if (*last < line_count) {
                        (*last)++;
                        used++;
                }
        }
}

char *dockerfile_excerpt(const Dockerfile *d, uint32_t first_line, uint32_t last_line, const char *word) {
        Buf out = {0};
        if (first_line == 0 || first_line > d->line_count) return buf_take(&out);
        size_t marked = last_line < first_line ? first_line : last_line;
        if (marked > d->line_count) marked = d->line_count;
        size_t first = first_line, last = marked;
        widen(d->line_count, &first, &last);
        buf_addf(&out, "%s:%u\n%s", d->name, (unsigned)first_line, ruler);
        for (size_t i = first; i <= last; i++) {
                bool mark = i >= first_line && i <= marked;
                if (mark && i == first_line + EXCERPT_MARKED_MAX && marked > i + 1) {
                        buf_adds(&out, " ... | >>> ...\n");
                        i = marked - 1;
                        continue;
                }
                buf_addf(&out, " %3zu | %s ", i, mark ? ">>>" : "   ");
                add_line_text(&out, d->lines[i - 1]);
                buf_addc(&out, '\n');
                if (i == first_line && word) add_word_mark(&out, d->lines[i - 1], word);
        }
        buf_adds(&out, ruler);
        return buf_take(&out);
}

int dockerfile_error_at(const Dockerfile *d, LineRange lines, const char *word, Err **e, const char *format, ...) {
        va_list ap;
        va_start(ap, format);
        AUTO(freep) char *text = xvasprintf(format, ap);
        va_end(ap);
        err_new(e, ERR_SYNTAX, "%s:%u: %s", d->name, (unsigned)lines.first, text);
        AUTO(freep) char *excerpt = dockerfile_excerpt(d, lines.first, lines.last, word);
        if (*excerpt) err_excerpt(e, excerpt);
        return -1;
}

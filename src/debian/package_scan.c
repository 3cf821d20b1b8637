/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "debian/package_index_internal.h"

typedef struct Scanner {
        const PackageScan *scan;
        Source *source;
        char *window;    /* PACKAGE_PARAGRAPH_MAX + 1 bytes */
        size_t n;        /* filled */
        uint64_t offset; /* of the window's first byte in the text */
        size_t line;     /* of the window's first byte */
        bool ended;
        Err **e;
} Scanner;

/* What is known of the paragraph at hand. */
typedef struct Paragraph {
        ScannedPackage package;
        Str *continued; /* the value that a line beginning with a space belongs to; NULL: one that nobody asked for */
        size_t start, first_line, lines; /* lines of the window before it, and up to here */
        bool open;
} Paragraph;

static bool is_blank(Str line) {
        for (size_t i = 0; i < line.n; i++)
                if (line.p[i] != ' ' && line.p[i] != '\t' && line.p[i] != '\r') return false;
        return true;
}

static bool take_field(Str line, Str name, Str *ret_value) {
        if (line.n <= name.n || line.p[name.n] != ':' || !str_eq_nocase(str_sub(line, 0, name.n), name)) return false;
        *ret_value = str_trim(str_sub(line, name.n + 1, line.n));
        return true;
}

static void take_line(Paragraph *p, Str line) {
        if (line.p[0] == ' ' || line.p[0] == '\t') {
                if (p->continued) p->continued->n = (size_t)(line.p + line.n - p->continued->p);
                return;
        }
        p->continued = NULL;
        if ((line.p[0] | 0x20) != 'p') return;
        if (take_field(line, STR("Package"), &p->package.name)) return;
        if (take_field(line, STR("Provides"), &p->package.provides)) p->continued = &p->package.provides;
}

static int close_paragraph(Scanner *s, Paragraph *p, size_t end) {
        size_t line = s->line + p->first_line;
        p->package.offset = (uint32_t)(s->offset + p->start);
        p->package.size = (uint32_t)(end - p->start);
        p->package.text = (Str){s->window + p->start, end - p->start};
        if (p->package.name.n == 0)
                return err_new(s->e, ERR_FORMAT, "line %zu: a paragraph without a field 'Package'", line);
        if (memchr(s->window + p->start, '\0', end - p->start))
                return err_new(s->e, ERR_FORMAT, "line %zu: package '" STR_FMT "': a zero byte", line,
                               STR_ARG(p->package.name));
        p->package.line = line;
        return s->scan->found(s->scan->context, &p->package, s->e);
}

static int fill(Scanner *s) {
        while (s->n < PACKAGE_PARAGRAPH_MAX && !s->ended) {
                size_t got;
                if (s->source->read(s->source, s->window + s->n, PACKAGE_PARAGRAPH_MAX - s->n, &got, s->e) < 0)
                        return -1;
                s->ended = got == 0;
                s->n += got;
        }
        return 0;
}

/* All paragraphs that stand whole in the window; *ret_used: up to where, *ret_lines: in how many lines. */
static int scan_window(Scanner *s, size_t *ret_used, size_t *ret_lines) {
        Paragraph p = {0};
        *ret_used = *ret_lines = 0;
        for (size_t at = 0; at < s->n; p.lines++) {
                const char *end = memchr(s->window + at, '\n', s->n - at);
                if (!end && !s->ended) return 0;
                size_t stop = end ? (size_t)(end - s->window) : s->n, next = end ? stop + 1 : s->n;
                Str line = {s->window + at, stop - at};
                bool blank = is_blank(line);
                if (!blank && !p.open)
                        p = (Paragraph){.start = at, .first_line = p.lines, .lines = p.lines, .open = true};
                if (!blank) take_line(&p, line);
                bool closes = p.open && (blank || (s->ended && next == s->n));
                if (closes && close_paragraph(s, &p, blank ? at : next) < 0) return -1;
                if (closes) p.open = false;
                if (!p.open) {
                        *ret_used = next;
                        *ret_lines = p.lines + 1;
                }
                at = next;
        }
        return 0;
}

static int advance(Scanner *s, size_t used, size_t lines) {
        if (s->scan->passed && s->scan->passed(s->scan->context, s->window, used, s->e) < 0) return -1;
        s->n -= used;
        memmove(s->window, s->window + used, s->n);
        s->offset += used;
        s->line += lines;
        return 0;
}

int package_scan(Source *packages, const PackageScan *scan, uint64_t *ret_size, Err **e) {
        AUTO(freep) char *window = xmalloc(PACKAGE_PARAGRAPH_MAX);
        Scanner s = {.scan = scan, .source = packages, .window = window, .line = 1, .e = e};
        while (!s.ended || s.n > 0) {
                size_t used, lines;
                if (fill(&s) < 0) return -1;
                if (s.offset + s.n > PACKAGE_INDEX_TEXT_MAX)
                        return err_new(e, ERR_LIMIT, "more than %llu MiB of package index",
                                       (unsigned long long)(PACKAGE_INDEX_TEXT_MAX >> 20));
                if (scan_window(&s, &used, &lines) < 0) return -1;
                if (used == 0 && s.n == PACKAGE_PARAGRAPH_MAX)
                        return err_new(e, ERR_LIMIT, "line %zu: a paragraph of more than %d KiB", s.line,
                                       PACKAGE_PARAGRAPH_MAX >> 10);
                if (advance(&s, used, lines) < 0) return -1;
        }
        *ret_size = s.offset;
        return 0;
}

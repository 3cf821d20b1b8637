/* SPDX-License-Identifier: Apache-2.0 */
#include "debian/control.h"

#include <stdlib.h>

enum { SHOWN_MAX = 60 }; /* of a line in a message */

typedef struct Reader {
        Str text;
        size_t offset, line; /* of the line to be read next; lines count from 1 */
        const char *file;
        Err **e;
} Reader;

static bool is_blank(Str line) {
        for (size_t i = 0; i < line.n; i++)
                if (line.p[i] != ' ' && line.p[i] != '\t' && line.p[i] != '\r') return false;
        return true;
}

static bool peek(const Reader *r, Str *ret_line) {
        if (r->offset >= r->text.n) return false;
        const char *start = r->text.p + r->offset;
        const char *end = memchr(start, '\n', r->text.n - r->offset);
        *ret_line = (Str){start, end ? (size_t)(end - start) : r->text.n - r->offset};
        return true;
}

static void advance(Reader *r, Str line) {
        r->offset += line.n;
        if (r->offset < r->text.n) r->offset++; /* the newline */
        r->line++;
}

static size_t count_lines(const char *from, const char *to) {
        size_t count = 0;
        while (from < to && (from = memchr(from, '\n', (size_t)(to - from)))) {
                from++;
                count++;
        }
        return count;
}

/* The line that offset stands on: counted from the paragraph before when that is of the same text. */
static size_t line_at(Str text, size_t offset, const ControlParagraph *before) {
        const char *to = text.p + offset;
        if (before->text.p >= text.p && before->text.p && before->text.p <= to)
                return before->line + count_lines(before->text.p, to);
        return 1 + count_lines(text.p, to);
}

static int refuse(const Reader *r, Str line, const char *what) {
        char shown[SHOWN_MAX + 1];
        size_t n = line.n < SHOWN_MAX ? line.n : SHOWN_MAX;
        for (size_t i = 0; i < n; i++) shown[i] = line.p[i];
        for (size_t i = 0; i < n; i++)
                if ((unsigned char)shown[i] < ' ' || shown[i] == 0x7f) shown[i] = '?';
        shown[n] = '\0';
        return err_new(r->e, ERR_FORMAT, "%s:%zu: %s: '%s%s'", r->file, r->line, what, shown, n < line.n ? "..." : "");
}

static bool name_valid(Str name) {
        if (name.n == 0 || name.p[0] == '-') return false;
        for (size_t i = 0; i < name.n; i++)
                if (name.p[i] <= ' ' || name.p[i] >= 0x7f) return false;
        return true;
}

static int add_field(Reader *r, Str line, ControlParagraph *p) {
        ControlField field = {.line = r->line, .value = line};
        if (!str_cut(&field.value, ':', &field.name) || !name_valid(field.name))
                return refuse(r, line, "expected 'Name: value'");
        for (size_t i = 0; i < p->fields.n; i++)
                if (str_eq_nocase(p->fields.v[i].name, field.name))
                        return refuse(r, line, "the field was there before");
        if (p->fields.n == CONTROL_FIELDS_MAX)
                return err_new(r->e, ERR_LIMIT, "%s:%zu: more than %d fields in one paragraph", r->file, r->line,
                               CONTROL_FIELDS_MAX);
        vec_push(&p->fields, field);
        return 0;
}

static int add_line(Reader *r, Str line, ControlParagraph *p) {
        if (line.n > 0 && memchr(line.p, '\0', line.n)) return refuse(r, line, "a zero byte");
        if (line.p[0] == '#') return 0;
        if (line.p[0] != ' ' && line.p[0] != '\t') return add_field(r, line, p);
        if (p->fields.n == 0) return refuse(r, line, "expected 'Name: value', found a line that continues one");
        ControlField *last = &p->fields.v[p->fields.n - 1];
        last->value.n = (size_t)(line.p + line.n - last->value.p);
        return 0;
}

/* Empty lines, and comments that no field follows. */
static void skip_to_field(Reader *r) {
        Str line;
        while (peek(r, &line) && (is_blank(line) || line.p[0] == '#')) advance(r, line);
}

int control_next(Str text, const char *file, size_t *offset, ControlParagraph *ret, Err **e) {
        if (*offset >= text.n) return 0;
        Reader r = {.text = text, .offset = *offset, .line = line_at(text, *offset, ret), .file = file, .e = e};
        skip_to_field(&r);
        size_t start = r.offset;
        ret->fields.n = 0;
        ret->line = r.line;
        Str line;
        while (peek(&r, &line) && !is_blank(line)) {
                if (add_line(&r, line, ret) < 0) return -1;
                advance(&r, line);
        }
        for (size_t i = 0; i < ret->fields.n; i++) ret->fields.v[i].value = str_trim(ret->fields.v[i].value);
        ret->text = (Str){text.p + start, r.offset - start};
        *offset = r.offset;
        return ret->fields.n > 0;
}

void control_paragraph_done(ControlParagraph *p) {
        vec_done(&p->fields);
        *p = (ControlParagraph){0};
}

const ControlField *control_find(const ControlParagraph *p, const char *name) {
        Str wanted = str_of(name);
        for (size_t i = 0; i < p->fields.n; i++)
                if (str_eq_nocase(p->fields.v[i].name, wanted)) return &p->fields.v[i];
        return NULL;
}

Str control_get(const ControlParagraph *p, const char *name) {
        const ControlField *field = control_find(p, name);
        return field ? field->value : (Str){0};
}

bool control_line(Str *value, Str *ret_line) {
        while (value->n > 0) {
                Str line;
                if (!str_cut(value, '\n', &line)) value->n = 0;
                if (line.n > 0 && line.p[0] == '#') continue;
                line = str_trim(line);
                if (line.n == 0) continue;
                *ret_line = line;
                return true;
        }
        return false;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect/packages_internal.h"

#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "debian/control.h"
#include "inspect/license.h"

/* What packages say of their licenses; of dpkg packages in the machine-readable form of copyright files (DEP-5);
 * of other copyright files the statements of copyright. */

enum {
        COPYRIGHT_TEXT_MAX = 16 << 10, /* statements of one package */
        EXPRESSION_MAX = 8 << 10,
};

typedef struct Copyright {
        Reading *r;
        Map *expressions, *statements; /* each once, in the order of the file */
} Copyright;

static OtherLicense *find_license(Reading *r, const char *id) {
        for (size_t i = 0; i < r->out->licenses.n; i++)
                if (streq(r->out->licenses.v[i].id, id)) return &r->out->licenses.v[i];
        return NULL;
}

static void note_license(Reading *r, const char *id, Str name, Str text) {
        OtherLicense *known = find_license(r, id);
        if (!known) {
                OtherLicense license = {.id = id, .name = arena_str(r->arena, name)};
                vec_push(&r->out->licenses, license);
                known = &r->out->licenses.v[r->out->licenses.n - 1];
        }
        if (!known->text && text.n) known->text = arena_str(r->arena, text);
}

const char *reading_license(Reading *r, Str wording, Str text) {
        TextVec others = {0};
        const char *expression = license_expression(wording, r->arena, &others);
        for (size_t i = 0; expression && i < others.n; i++) {
                Str name = str_sub(str_of(others.v[i]), strlen("LicenseRef-"), SIZE_MAX);
                note_license(r, others.v[i], name, streq(expression, others.v[i]) ? text : (Str){0});
        }
        vec_done(&others);
        return expression;
}

static void add_license(Copyright *c, Str license) {
        Str synopsis;
        if (!str_cut(&license, '\n', &synopsis)) license.n = 0;
        const char *expression = reading_license(c->r, synopsis, str_trim(license));
        if (expression) map_puts(c->expressions, expression, c);
}

/* The text of a license that paragraphs of files only name. */
static void add_license_text(Copyright *c, Str license) {
        Str synopsis;
        if (!str_cut(&license, '\n', &synopsis)) return;
        TextVec others = {0};
        const char *expression = license_expression(synopsis, c->r->arena, &others);
        OtherLicense *known = expression && others.n == 1 ? find_license(c->r, expression) : NULL;
        if (known && !known->text) known->text = arena_str(c->r->arena, str_trim(license));
        vec_done(&others);
}

static void add_statements(Copyright *c, Str value) {
        Str line;
        while (control_line(&value, &line)) map_put(c->statements, line.p, line.n, c);
}

static const char *join_expressions(const Copyright *c) {
        AUTO(buf_done) Buf all = {0};
        size_t count = map_count(c->expressions);
        for (size_t i = 0; i < count; i++) {
                const char *expression;
                map_at(c->expressions, i, &expression, NULL);
                bool parentheses = count > 1 && strstr(expression, " OR ");
                buf_addf(&all, "%s%s%s%s", i ? " AND " : "", parentheses ? "(" : "", expression,
                         parentheses ? ")" : "");
                if (all.n > EXPRESSION_MAX) return NULL;
        }
        return reading_str(c->r, buf_str(&all));
}

static const char *join_statements(const Copyright *c) {
        AUTO(buf_done) Buf all = {0};
        for (size_t i = 0; i < map_count(c->statements) && all.n < COPYRIGHT_TEXT_MAX; i++) {
                const char *line;
                map_at(c->statements, i, &line, NULL);
                buf_addf(&all, "%s%s", i ? "\n" : "", line);
        }
        return reading_str(c->r, buf_str(&all));
}

static void add_paragraph(Copyright *c, const ControlParagraph *p) {
        Str license = control_get(p, "License");
        if (control_find(p, "Files")) {
                add_license(c, license);
                add_statements(c, control_get(p, "Copyright"));
        } else {
                add_license_text(c, license);
        }
}

static bool is_machine_readable(const ControlParagraph *header) {
        Str format = control_get(header, "Format");
        return str_ends(format, STR("/copyright-format/1.0/")) || str_ends(format, STR("/copyright-format/1.0")) ||
               str_ends(format, STR("/dep5/")) || str_ends(format, STR("/dep5"));
}

/* Files that only look machine-readable say nothing: that is no fault of the image. */
static void read_copyright(Copyright *c, Str text) {
        AUTO(control_paragraph_done) ControlParagraph p = {0};
        size_t offset = 0;
        if (control_next(text, "copyright", &offset, &p, NULL) <= 0 || !is_machine_readable(&p)) return;
        while (control_next(text, "copyright", &offset, &p, NULL) > 0) add_paragraph(c, &p);
}

static bool has_year(Str line) {
        size_t digits = 0;
        for (size_t i = 0; i < line.n && digits < 4; i++)
                digits = line.p[i] >= '0' && line.p[i] <= '9' ? digits + 1 : 0;
        return digits == 4;
}

/* Of other files only what must be a statement is taken: lines "Copyright ... 2001 ...", whatever stands before them as decoration. */
static void read_plain_copyright(Copyright *c, Str text) {
        bool more = true;
        while (more) {
                Str line;
                more = str_cut(&text, '\n', &line);
                while (line.n && strchr(" \t*#/-|", line.p[0])) line = str_sub(line, 1, line.n);
                line = str_trim(line);
                if (str_starts(line, STR("Copyright ")) && has_year(line)) map_put(c->statements, line.p, line.n, c);
        }
}

int reading_copyright(Reading *r, ImagePackage *p, Err **e) {
        Str text;
        if (strchr(p->name, '/')) return 0;
        const char *path = arena_printf(r->arena, "/usr/share/doc/%s/copyright", p->name);
        int found = reading_text_at(r, path, PACKAGE_METADATA_MAX, &text, e);
        if (found != READING_FOUND) return found < 0 ? -1 : 0;
        AUTO(map_freep) Map *expressions = map_new(), *statements = map_new();
        Copyright c = {.r = r, .expressions = expressions, .statements = statements};
        read_copyright(&c, text);
        if (map_count(statements) == 0) read_plain_copyright(&c, text);
        p->license = join_expressions(&c);
        p->copyright = join_statements(&c);
        return 0;
}

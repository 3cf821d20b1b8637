/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/format.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "cli/text.h"

struct Format {
        bool table, json;
        char *text;
        Template *template;
        Buf rows;
};

char *format_unescape(const char *text) {
        Buf out = {0};
        for (; *text; text++) {
                bool escape = text[0] == '\\' && (text[1] == 't' || text[1] == 'n');
                buf_addc(&out, !escape ? *text : text[1] == 't' ? '\t' : '\n');
                if (escape) text++;
        }
        return buf_take(&out);
}

static int add_header(Format *f, const FormatColumn *columns, size_t count, Err **e) {
        AUTO(json_decrefp) json_t *row = json_object();
        for (size_t i = 0; i < count; i++) json_object_set_new(row, columns[i].field, json_string(columns[i].header));
        return format_row(f, row, e);
}

int format_new(const char *text, const char *standard, const FormatColumn *columns, size_t column_count,
               Format **ret_format, Err **e) {
        AUTO(format_freep) Format *f = xcalloc(1, sizeof *f);
        if (!text) text = "table";
        f->json = streq(text, "json");
        f->table = streq(text, "table") || starts_with(text, "table ");
        if (f->table) text = streq(text, "table") ? standard : text + strlen("table ");
        if (!f->json) {
                f->text = format_unescape(text);
                if (template_parse(f->text, &f->template, e) < 0) return -1;
        }
        if (f->table && add_header(f, columns, column_count, e) < 0) return -1;
        *ret_format = TAKE(f);
        return 0;
}

void format_free(Format *f) {
        if (f->template) template_free(f->template);
        buf_done(&f->rows);
        free(f->text);
        free(f);
}

int format_row(Format *f, json_t *row, Err **e) {
        if (f->json) {
                AUTO(freep) char *text = json_dumps(row, JSON_COMPACT);
                buf_adds(&f->rows, text ? text : "{}");
        } else if (template_render(f->template, row, &f->rows, e) < 0) {
                return -1;
        }
        buf_addc(&f->rows, '\n');
        return 0;
}

void format_finish(Format *f, Buf *out) {
        if (f->table) {
                text_add_table(out, buf_str(&f->rows));
        } else {
                buf_add_str(out, buf_str(&f->rows));
        }
        buf_clear(&f->rows);
}

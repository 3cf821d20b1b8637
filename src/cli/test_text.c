/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "base/str.h"
#include "cli/test_format.h"
#include "cli/text.h"

#define INDENT "      "
enum { TAIL_LINES = 20 };

static const struct {
        const char *word, *color;
} marks[] = {
        [STRUCTURE_PASSED] = {"ok   ", "\033[32m"},
        [STRUCTURE_FAILED] = {"FAIL ", "\033[31m"},
        [STRUCTURE_SKIPPED] = {"skip ", "\033[33m"},
};

static void add_mark(StructureStatus status, const TestFormatOptions *o, Buf *out) {
        buf_addf(out, "%s%s%s ", o->color ? marks[status].color : "", marks[status].word, o->color ? "\033[0m" : "");
}

static void add_duration(int64_t ns, Buf *out) {
        if (ns < 1000000000) {
                buf_addf(out, "%.1f ms", (double)ns / 1e6);
        } else {
                buf_addf(out, "%.2f s", (double)ns / 1e9);
        }
}

/* The last lines of what a command that failed wrote. */
static void add_tail(const char *what, Str text, Buf *out) {
        size_t lines = 0, at = text.n && text.p[text.n - 1] == '\n' ? text.n - 1 : text.n;
        Str line, rest = {text.p, at};
        if (!text.n) return;
        while (at > 0 && lines < TAIL_LINES) {
                if (text.p[at - 1] == '\n' && ++lines == TAIL_LINES) break;
                at--;
        }
        buf_addf(out, INDENT "%s%s:\n", at > 0 ? "end of " : "", what);
        rest = str_sub(rest, at, rest.n);
        bool more = true;
        while (more) {
                more = str_cut(&rest, '\n', &line);
                buf_adds(out, INDENT "  ");
                text_add_plain(out, line);
                buf_addc(out, '\n');
        }
}

/* Names and what was found come from files and images: nothing of it steers the terminal. */
static void text_result(const StructureResult *r, const TestFormatOptions *o, Buf *out) {
        AUTO(buf_done) Buf lines = {0};
        add_mark(r->status, o, out);
        text_add_plain(out, str_of(r->name));
        buf_adds(out, " (");
        add_duration(r->duration_ns, out);
        buf_adds(out, ")\n");
        for (size_t i = 0; i < r->failures.n; i++)
                buf_addf(&lines, INDENT "%s:%u: %s\n", r->file, r->line, r->failures.v[i]);
        text_add_safe(out, buf_str(&lines));
        if (r->status != STRUCTURE_FAILED) return;
        add_tail("standard output", (Str){r->output, r->output_size}, out);
        add_tail("standard error", (Str){r->errors, r->errors_size}, out);
}

static void text_finish(const StructureReport *r, const TestFormatOptions *o, Buf *out) {
        StructureStatus status = r->failed ? STRUCTURE_FAILED : STRUCTURE_PASSED;
        buf_addc(out, '\n');
        if (o->color) buf_adds(out, marks[status].color);
        buf_addf(out, "%zu passed, %zu failed", r->passed, r->failed);
        if (r->skipped) buf_addf(out, ", %zu skipped", r->skipped);
        if (o->color) buf_adds(out, "\033[0m");
        buf_adds(out, " in ");
        add_duration(r->duration_ns, out);
        buf_addc(out, '\n');
}

const TestFormat test_format_text = {"text", text_result, text_finish};

int test_format_find(const char *name, const TestFormat **ret_format, Err **e) {
        static const TestFormat *const formats[] = {&test_format_text, &test_format_json, &test_format_junit};
        for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
                if (name && !streq(formats[i]->name, name)) continue;
                *ret_format = formats[i];
                return 0;
        }
        return err_new(e, ERR_USAGE, "there is no format '%s'", name);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect/structure_test.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "inspect/structure_internal.h"
#include "os/clock.h"

void structure_fail(StructureRun *r, const char *format, ...) {
        va_list ap;
        va_start(ap, format);
        strvec_push_take(&r->result->failures, xvasprintf(format, ap));
        va_end(ap);
        r->result->status = STRUCTURE_FAILED;
}

char *structure_quote(Str text) {
        Buf out = {0};
        bool cut = text.n > STRUCTURE_FOUND_MAX;
        if (cut) text.n = STRUCTURE_FOUND_MAX;
        while (cut && text.n > 0 && ((unsigned char)text.p[text.n] & 0xc0) == 0x80) text.n--; /* whole characters */
        buf_addc(&out, '\'');
        for (size_t i = 0; i < text.n; i++) {
                unsigned char c = (unsigned char)text.p[i];
                if (c == '\n') {
                        buf_adds(&out, "\\n");
                } else if (c < ' ' || c == 0x7f) {
                        buf_addf(&out, "\\x%02x", c);
                } else {
                        buf_addc(&out, (char)c);
                }
        }
        buf_adds(&out, cut ? "'..." : "'");
        return buf_take(&out);
}

void structure_match(StructureRun *r, const StructureMatch *m) {
        AUTO(freep) char *found = structure_quote(m->text);
        for (size_t i = 0; i < m->expected->n + m->excluded->n; i++) {
                bool wanted = i < m->expected->n, matches;
                const Pattern *p = wanted ? m->expected->v[i] : m->excluded->v[i - m->expected->n];
                AUTO(err_freep) Err *why = NULL;
                if (pattern_search(p, m->text, &matches, &why) < 0) {
                        structure_fail(r, "%s: %s", m->what, err_message(why));
                } else if (matches != wanted) {
                        structure_fail(r, "expected %s %s '%s', found %s", m->what,
                                       wanted ? "to match" : "not to match", pattern_text(p),
                                       m->text.n ? found : "nothing");
                }
        }
}

/* ---- $NAME */

static bool is_name_byte(char c, bool first) {
        return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (!first && c >= '0' && c <= '9');
}

/* The name after the dollar at text and all that stands for it; false when it is only a dollar. */
static bool variable_at(const char *text, Str *ret_name, size_t *ret_size) {
        const char *name = text + 1;
        size_t n = 0;
        bool braces = *name == '{';
        if (braces) name++;
        while (is_name_byte(name[n], n == 0)) n++;
        if (n == 0 || (braces && name[n] != '}')) return false;
        *ret_name = (Str){name, n};
        *ret_size = 1 + n + (braces ? 2 : 0);
        return true;
}

char *structure_expand(const char *text, const StrVec *env, bool keep_unknown) {
        Buf out = {0};
        while (*text) {
                Str name;
                size_t size;
                if (*text != '$' || !variable_at(text, &name, &size)) {
                        buf_addc(&out, *text++);
                        continue;
                }
                AUTO(freep) char *key = str_dup(name);
                const char *value = strvec_env_get(env, key);
                if (value) buf_adds(&out, value);
                if (!value && keep_unknown) buf_add(&out, text, size);
                text += size;
        }
        return buf_take(&out);
}

/* ---- all tests of a file, kind by kind */

typedef struct Kind {
        const char *name;
        size_t (*count)(const StructureFile *f);
        const char *(*describe)(const StructureFile *f, size_t i,
                                unsigned *ret_line); /* its name, "" when it has none */
        int (*run)(StructureRun *r, size_t i, Err **e);
} Kind;

#define KIND_FUNCTIONS(kind, list, title, function)                                                \
        static size_t count_##kind(const StructureFile *f) {                                       \
                return f->list.n;                                                                  \
        }                                                                                          \
        static const char *describe_##kind(const StructureFile *f, size_t i, unsigned *ret_line) { \
                *ret_line = f->list.v[i].line;                                                     \
                return title;                                                                      \
        }                                                                                          \
        static int run_##kind(StructureRun *r, size_t i, Err **e) {                                \
                return function(r, &r->file->list.v[i], e);                                        \
        }
KIND_FUNCTIONS(command, commands, f->commands.v[i].name, structure_run_command)
KIND_FUNCTIONS(existence, existences, f->existences.v[i].name, structure_run_existence)
KIND_FUNCTIONS(content, contents, f->contents.v[i].name, structure_run_content)
KIND_FUNCTIONS(license, licenses, "", structure_run_license)

static size_t count_metadata(const StructureFile *f) {
        return f->metadata.line ? 1 : 0;
}
static const char *describe_metadata(const StructureFile *f, size_t i, unsigned *ret_line) {
        (void)i;
        *ret_line = f->metadata.line;
        return "";
}
static int run_metadata(StructureRun *r, size_t i, Err **e) {
        (void)i;
        return structure_run_metadata(r, &r->file->metadata, e);
}

static const Kind kinds[] = {
        {"Command Test", count_command, describe_command, run_command},
        {"File Existence Test", count_existence, describe_existence, run_existence},
        {"File Content Test", count_content, describe_content, run_content},
        {"License Test", count_license, describe_license, run_license},
        {"Metadata Test", count_metadata, describe_metadata, run_metadata},
};

static void count_result(StructureReport *report, const StructureResult *result) {
        size_t *counts[] = {
                [STRUCTURE_PASSED] = &report->passed,
                [STRUCTURE_FAILED] = &report->failed,
                [STRUCTURE_SKIPPED] = &report->skipped,
        };
        ++*counts[result->status];
        report->duration_ns += result->duration_ns;
}

static int run_one(const Kind *kind, size_t i, StructureRun *r, StructureReport *report, Err **e) {
        StructureResult result = {.file = r->file->path};
        const char *name = kind->describe(r->file, i, &result.line);
        result.name = *name ? xasprintf("%s: %s", kind->name, name) : xstrdup(kind->name);
        r->result = &result;
        int64_t started = clock_monotonic_ns();
        int status = kind->run(r, i, e);
        result.duration_ns = clock_monotonic_ns() - started;
        vec_push(&report->results, result);
        count_result(report, &result);
        if (status < 0) return err_wrap(e, "%s:%u: %s", r->file->path, result.line, result.name);
        if (r->params->on_result) r->params->on_result(r->params->context, &result);
        return 0;
}

int structure_file_run(const StructureFile *f, const StructureRunParams *params, StructureReport *report, Err **e) {
        StructureRun run = {.file = f, .params = params};
        for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
                for (size_t i = 0; i < kinds[k].count(f); i++)
                        if (run_one(&kinds[k], i, &run, report, e) < 0) return -1;
        }
        return 0;
}

void structure_report_done(StructureReport *r) {
        for (size_t i = 0; i < r->results.n; i++) {
                StructureResult *result = &r->results.v[i];
                free(result->name);
                free(result->output);
                free(result->errors);
                strvec_done(&result->failures);
        }
        vec_done(&r->results);
}

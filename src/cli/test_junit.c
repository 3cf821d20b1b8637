/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/test_format.h"
#include "cli/text.h"

/* JUnit's XML as test servers read it: one suite, a case a test; times in seconds. */

static void add_attribute(Buf *out, const char *name, Str value) {
        buf_addf(out, " %s=\"", name);
        text_add_xml(out, value);
        buf_addc(out, '"');
}

static void add_time(Buf *out, int64_t ns) {
        buf_addf(out, " time=\"%.6f\"", (double)ns / 1e9);
}

/* One element with all that was found: readers show only the first. */
static void add_failure(Buf *out, const StructureResult *r) {
        buf_adds(out, "<failure");
        add_attribute(out, "message", str_of(r->failures.n ? r->failures.v[0] : "failed"));
        buf_addc(out, '>');
        for (size_t i = 0; i < r->failures.n; i++) {
                text_add_xml(out, str_of(r->failures.v[i]));
                buf_addc(out, '\n');
        }
        buf_addf(out, "</failure>");
}

static void add_output(Buf *out, const char *element, const char *text, size_t size) {
        if (!text) return;
        buf_addf(out, "<%s>", element);
        text_add_xml(out, (Str){text, size});
        buf_addf(out, "</%s>", element);
}

static void add_case(Buf *out, const StructureResult *r) {
        buf_adds(out, "<testcase");
        add_attribute(out, "name", str_of(r->name));
        add_attribute(out, "classname", str_of(r->file));
        buf_addf(out, " line=\"%u\"", r->line);
        add_time(out, r->duration_ns);
        buf_addc(out, '>');
        if (r->status == STRUCTURE_FAILED) add_failure(out, r);
        if (r->status == STRUCTURE_SKIPPED) buf_adds(out, "<skipped/>");
        add_output(out, "system-out", r->output, r->output_size);
        add_output(out, "system-err", r->errors, r->errors_size);
        buf_adds(out, "</testcase>\n");
}

static void add_counts(Buf *out, const StructureReport *r) {
        buf_addf(out, " tests=\"%zu\" failures=\"%zu\" skipped=\"%zu\"", r->results.n, r->failed, r->skipped);
        add_time(out, r->duration_ns);
        buf_adds(out, ">\n");
}

static void junit_finish(const StructureReport *r, const TestFormatOptions *o, Buf *out) {
        buf_adds(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
        add_counts(out, r);
        buf_adds(out, "<testsuite");
        add_attribute(out, "name", str_of(o->suite_name ? o->suite_name : TEST_SUITE_NAME));
        add_counts(out, r);
        for (size_t i = 0; i < r->results.n; i++) add_case(out, &r->results.v[i]);
        buf_adds(out, "</testsuite>\n</testsuites>\n");
}

const TestFormat test_format_junit = {"junit", NULL, junit_finish};

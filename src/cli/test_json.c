/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "cli/test_format.h"
#include "codec/json.h"

/* The document of container-structure-test, member by member; durations in nanoseconds. Skipped is ours: tests that were not
 * run, which are not among the Results. */

static void add_number(Buf *out, const char *key, int64_t value) {
        json_add_key(out, key);
        buf_addf(out, "%" PRId64, value);
}

static void add_output(Buf *out, const char *key, const char *text, size_t size) {
        if (!text) return;
        json_add_key(out, key);
        json_add_string(out, (Str){text, size});
}

static void add_result(const StructureResult *r, Buf *out) {
        buf_addc(out, '{');
        json_add_key(out, "Name");
        json_add_text(out, r->name);
        json_add_key(out, "Pass");
        buf_adds(out, r->status == STRUCTURE_PASSED ? "true" : "false");
        add_output(out, "Stdout", r->output, r->output_size);
        add_output(out, "Stderr", r->errors, r->errors_size);
        if (r->failures.n) {
                json_add_key(out, "Errors");
                json_add_list(out, &r->failures);
        }
        add_number(out, "Duration", r->duration_ns);
        buf_addc(out, '}');
}

static void json_finish(const StructureReport *r, const TestFormatOptions *o, Buf *out) {
        (void)o;
        bool more = false;
        buf_addc(out, '{');
        add_number(out, "Pass", (int64_t)r->passed);
        add_number(out, "Fail", (int64_t)r->failed);
        if (r->skipped) add_number(out, "Skipped", (int64_t)r->skipped);
        add_number(out, "Total", (int64_t)(r->passed + r->failed));
        add_number(out, "Duration", r->duration_ns);
        json_add_key(out, "Results");
        buf_addc(out, '[');
        for (size_t i = 0; i < r->results.n; i++) {
                if (r->results.v[i].status == STRUCTURE_SKIPPED) continue;
                if (more) buf_addc(out, ',');
                add_result(&r->results.v[i], out);
                more = true;
        }
        buf_adds(out, "]}\n");
}

const TestFormat test_format_json = {"json", NULL, json_finish};

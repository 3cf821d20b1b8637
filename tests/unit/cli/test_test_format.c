/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "cli/test_format.h"
#include "cli/text.h"

static void add(StructureReport *report, const char *name, StructureStatus status) {
        StructureResult r = {
                .name = xstrdup(name), .file = "a\"b.yaml", .line = 4, .status = status, .duration_ns = 1500000};
        if (status == STRUCTURE_FAILED) {
                strvec_push(&r.failures, "expected <x>, found 'y'");
                strvec_push(&r.failures, "expected 1, found 2");
                r.output = xstrdup("out\033 & \xff\n");
                r.output_size = strlen(r.output);
        }
        vec_push(&report->results, r);
}

static StructureReport make_report(void) {
        StructureReport report = {.passed = 1, .failed = 1, .skipped = 1, .duration_ns = 2500000000};
        add(&report, "Command Test: one", STRUCTURE_PASSED);
        add(&report, "Command Test: \"two\"", STRUCTURE_FAILED);
        add(&report, "Command Test: three", STRUCTURE_SKIPPED);
        return report;
}

static char *render(const char *name, const char *suite) {
        AUTO(err_freep) Err *e = NULL;
        const TestFormat *format;
        const TestFormatOptions options = {.suite_name = suite};
        StructureReport report = make_report();
        Buf out = {0};
        if (test_format_find(name, &format, &e) < 0) fail_msg("%s", err_message(e));
        for (size_t i = 0; format->result && i < report.results.n; i++)
                format->result(&report.results.v[i], &options, &out);
        format->finish(&report, &options, &out);
        structure_report_done(&report);
        return buf_take(&out);
}

static void test_text(void **state) {
        (void)state;
        AUTO(freep) char *text = render(NULL, NULL);
        assert_string_equal(text, "ok    Command Test: one (1.5 ms)\n"
                                  "FAIL  Command Test: \"two\" (1.5 ms)\n"
                                  "      a\"b.yaml:4: expected <x>, found 'y'\n"
                                  "      a\"b.yaml:4: expected 1, found 2\n"
                                  "      standard output:\n"
                                  "        out& ?\n"
                                  "skip  Command Test: three (1.5 ms)\n"
                                  "\n"
                                  "1 passed, 1 failed, 1 skipped in 2.50 s\n");
}

static void test_tail(void **state) {
        (void)state;
        Buf errors = {0}, out = {0};
        for (int i = 0; i < 30; i++) buf_addf(&errors, "line %d\n", i);
        StructureResult r = {
                .name = (char *)"n", .status = STRUCTURE_FAILED, .errors = errors.p, .errors_size = errors.n};
        test_format_text.result(&r, &(TestFormatOptions){0}, &out);
        assert_non_null(strstr(out.p, "\n      end of standard error:\n        line 10\n        line 11\n"));
        assert_true(ends_with(out.p, "        line 29\n"));
        assert_null(strstr(out.p, "standard output"));
        buf_done(&errors);
        buf_done(&out);
}

static void test_json(void **state) {
        (void)state;
        AUTO(freep) char *text = render("json", NULL);
        assert_string_equal(
                text,
                "{\"Pass\":1,\"Fail\":1,\"Skipped\":1,\"Total\":2,\"Duration\":2500000000,\"Results\":["
                "{\"Name\":\"Command Test: one\",\"Pass\":true,\"Duration\":1500000},"
                "{\"Name\":\"Command Test: \\\"two\\\"\",\"Pass\":false,\"Stdout\":\"out\\u001b \\u0026 \\ufffd\\n\","
                "\"Errors\":[\"expected \\u003cx\\u003e, found 'y'\",\"expected 1, found 2\"],"
                "\"Duration\":1500000}]}\n");
}

static void test_junit(void **state) {
        (void)state;
        AUTO(freep) char *text = render("junit", "a&b");
        assert_string_equal(
                text,
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                "<testsuites tests=\"3\" failures=\"1\" skipped=\"1\" time=\"2.500000\">\n"
                "<testsuite name=\"a&amp;b\" tests=\"3\" failures=\"1\" skipped=\"1\" time=\"2.500000\">\n"
                "<testcase name=\"Command Test: one\" classname=\"a&quot;b.yaml\" line=\"4\" "
                "time=\"0.001500\"></testcase>\n"
                "<testcase name=\"Command Test: &quot;two&quot;\" classname=\"a&quot;b.yaml\" line=\"4\" "
                "time=\"0.001500\">"
                "<failure message=\"expected &lt;x&gt;, found &apos;y&apos;\">expected &lt;x&gt;, found &apos;y&apos;\n"
                "expected 1, found 2\n</failure><system-out>out  &amp; \xef\xbf\xbd\n</system-out></testcase>\n"
                "<testcase name=\"Command Test: three\" classname=\"a&quot;b.yaml\" line=\"4\" "
                "time=\"0.001500\"><skipped/></testcase>\n"
                "</testsuite>\n</testsuites>\n");
}

static void test_xml_characters(void **state) {
        (void)state;
        static const struct {
                const char *in, *out;
        } rows[] = {
                {"\u00e9\U0001f600", "\u00e9\U0001f600"},
                {"\xed\xa0\x80", "\xef\xbf\xbd"},     /* half of a surrogate pair */
                {"\xe0\x80\xaf", "\xef\xbf\xbd"},     /* '/' in too many bytes */
                {"\xef\xbf\xbe", "\xef\xbf\xbd"},     /* U+FFFE */
                {"\xf4\x90\x80\x80", "\xef\xbf\xbd"}, /* above the last one */
                {"\xef\xbf\xbd", "\xef\xbf\xbd"},
                {"a\tb\r\n", "a\tb&#13;\n"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                AUTO(buf_done) Buf out = {0};
                text_add_xml(&out, str_of(rows[i].in));
                assert_string_equal(out.p, rows[i].out);
        }
}

static void test_unknown(void **state) {
        (void)state;
        AUTO(err_freep) Err *e = NULL;
        const TestFormat *format = NULL;
        assert_int_equal(test_format_find("xml", &format, &e), -1);
        assert_int_equal(err_kind(e), ERR_USAGE);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_text),  cmocka_unit_test(test_tail),           cmocka_unit_test(test_json),
                cmocka_unit_test(test_junit), cmocka_unit_test(test_xml_characters), cmocka_unit_test(test_unknown),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}

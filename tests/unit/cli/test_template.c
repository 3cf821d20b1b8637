/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "cli/template.h"

static const char document[] =
        "{\"Id\":\"sha256:ab\",\"Size\":12,\"Tags\":[\"a\",\"b\"],\"None\":null,\"Yes\":true,\"Empty\":[],"
        "\"Config\":{\"User\":\"app\",\"Labels\":{\"z\":\"26\",\"a\":\"1\"},\"Env\":[\"PATH=/bin\"]}}";

static int render(const char *text, Buf *out, Err **e) {
        AUTO(template_freep) Template *t = NULL;
        AUTO(json_decrefp) json_t *value = json_loads(document, 0, NULL);
        if (template_parse(text, &t, e) < 0) return -1;
        return template_render(t, value, out, e);
}

static void check(const char *text, const char *expected) {
        AUTO(buf_done) Buf out = {0};
        AUTO(err_freep) Err *e = NULL;
        if (render(text, &out, &e) < 0) fail_msg("%s: %s", text, err_message(e));
        assert_string_equal(out.p ? out.p : "", expected);
}

static void refuse(const char *text, const char *message) {
        AUTO(buf_done) Buf out = {0};
        AUTO(err_freep) Err *e = NULL;
        if (render(text, &out, &e) == 0) fail_msg("%s gave '%s'", text, out.p);
        assert_string_equal(err_message(e), message);
}

static void test_fields(void **state) {
        (void)state;
        check("", "");
        check("plain", "plain");
        check("{{.Id}}", "sha256:ab");
        check("<{{ .Config.User }}>", "<app>");
        check("{{.Size}} {{.Yes}} {{.None}}", "12 true <no value>");
        check("{{.Tags}} {{.Config.Labels}}", "[a b] map[a:1 z:26]");
        check("{{$.Id}}", "sha256:ab");
        check("{{/* nothing */}}x", "x");
}

static void test_functions(void **state) {
        (void)state;
        check("{{json .Tags}}", "[\"a\",\"b\"]");
        check("{{json .Config.Labels}}", "{\"z\":\"26\",\"a\":\"1\"}");
        check("{{.Id | json}}", "\"sha256:ab\"");
        check("{{index .Tags 1}}", "b");
        check("{{index .Config.Labels \"z\"}}", "26");
        check("{{index .Config.Labels \"absent\"}}", "");
        check("{{index (split .Id \":\") 1}}", "ab");
        check("{{join .Tags \", \"}}", "a, b");
        check("{{upper .Config.User}} {{title \"two words\"}}", "APP Two Words");
        check("{{len .Tags}} {{len .Id}} {{len .None}}", "2 9 0");
        check("{{println .Id `}}`}}", "sha256:ab }}\n");
        check("{{truncate .Id 3}}", "sha");
        check("{{eq .Size 12}} {{ne .Id \"x\"}} {{not .Empty}}", "true true true");
        check("{{or .None .Id}} {{and .Yes .Size}}", "sha256:ab 12");
        check("{{(index .Tags 0) | upper}}", "A");
}

static void test_blocks(void **state) {
        (void)state;
        check("{{range .Tags}}[{{.}}]{{end}}", "[a][b]");
        check("{{range $i, $v := .Tags}}{{$i}}={{$v}} {{end}}", "0=a 1=b ");
        check("{{range $k, $v := .Config.Labels}}{{$k}}={{$v}};{{end}}", "a=1;z=26;");
        check("{{range .Empty}}x{{else}}none{{end}}", "none");
        check("{{range .Tags}}{{$.Size}}{{end}}", "1212");
        check("{{if .Yes}}y{{else}}n{{end}}{{if .None}}y{{else}}n{{end}}", "yn");
        check("{{if .Tags}}{{range .Tags}}{{if eq . \"a\"}}first{{end}}{{end}}{{end}}", "first");
        check("a {{- .Size -}} b", "a12b");
}

static void test_errors(void **state) {
        (void)state;
        refuse("{{.Sizes}}", "template: there is no field 'Sizes'");
        refuse("{{.Id.X}}", "template: '.X' of something that has no fields");
        refuse("{{", "template: '{{' without '}}'");
        refuse("{{}}", "template: {{}} holds nothing");
        refuse("{{if .Id}}", "template: {{if}} without {{end}}");
        refuse("{{range .Id}}{{else}}", "template: {{range}} without {{end}}");
        refuse("{{end}}", "template: {{end}} without {{if}} or {{range}}");
        refuse("{{nothing .Id}}", "template: there is no function 'nothing'");
        refuse("{{json}}", "template: json takes 1 to 1 arguments, not 0");
        refuse("{{index .Tags 9}}", "template: index 9 is outside the list");
        refuse("{{.Id \"x\"}}", "template: '\"x\"' is not expected here");
        refuse("{{\"open}}", "template: '{{' without '}}'");
        refuse("{{(.Id}}", "template: a parenthesis is not closed");
        refuse("{{.Id | .Id}}", "template: what follows '|' must be a function");
        refuse("{{$x}}", "template: there is no variable '$x'");
        refuse("{{.Id | }}", "template: an expression is missing");
        refuse("{{#}}", "template: '#' is not understood");
}

static void test_depth(void **state) {
        (void)state;
        AUTO(buf_done) Buf text = {0};
        buf_adds(&text, "{{");
        for (int i = 0; i < 100; i++) buf_addc(&text, '(');
        buf_adds(&text, ".Id}}");
        refuse(text.p, "template: parentheses nest too deep");
        buf_clear(&text);
        for (int i = 0; i < 100; i++) buf_adds(&text, "{{if .Id}}");
        refuse(text.p, "template: blocks nest too deep");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_fields), cmocka_unit_test(test_functions), cmocka_unit_test(test_blocks),
                cmocka_unit_test(test_errors), cmocka_unit_test(test_depth),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "helper.h"

static void test_defaults_and_print(void **state) {
        (void)state;
        put_file("docker-bake.json", "{\"target\": {\"default\": {\"tags\": [\"a<b\"], \"args\": {\"z\": \"1\", \"a\": "
                                     "null, \"b\": true}}}}");
        AUTO(freep) char *text = baked("");
        assert_string_equal(
                text,
                "{\"group\":{\"default\":{\"targets\":[\"default\"]}},\"target\":{\"default\":{\"context\":\".\","
                "\"dockerfile\":\"Dockerfile\",\"args\":{\"b\":\"true\",\"z\":\"1\"},\"tags\":[\"a\\u003cb\"]}}}");
}

static void test_variables(void **state) {
        (void)state;
        put_file("docker-bake.json",
                 "{\"variable\": {\"TAG\": {\"default\": \"v1\"}, \"FULL\": {\"default\": \"x/${TAG}\"}, \"NONE\": {}, "
                 "\"OFF\": {\"default\": true}, \"LIST\": {\"default\": [\"p\", \"q\"]}}, \"FIXED\": \"f\", "
                 "\"target\": {\"default\": "
                 "{\"tags\": [\"app:${FULL}\"], \"no-cache\": \"${OFF}\", \"platforms\": \"${LIST}\", \"args\": "
                 "{\"A\": \"$${x} ${NONE}.${FIXED} ${LIST[1]} %%{if}\", \"P\": \"${BAKE_LOCAL_PLATFORM}\"}}}}");
        assert_holds(
                baked(""),
                "\"args\":{\"A\":\"$${x} .f q %%{if}\",\"P\":\"linux/amd64\"},\"tags\":[\"app:x/v1\"],\"platforms\":"
                "[\"p\",\"q\"],\"no-cache\":true");
        assert_holds(baked("TAG=v2 OFF=0 FIXED=g"),
                     "\"tags\":[\"app:x/v2\"],\"platforms\":[\"p\",\"q\"],\"no-cache\":false");
        assert_holds(baked("TAG=v2 FIXED=g --var TAG=v3"), "app:x/v3");
        assert_holds(baked("FIXED=g"), ".f q");
        assert_holds(baked("OFF=maybe"), "ERROR: variable OFF: 'maybe' is not true or false");
        assert_holds(baked("--var X"), "ERROR: --var: 'X' is not NAME=VALUE");
}

static void one_value(const char *value, const char *want) {
        AUTO(freep) char *text = xasprintf("{\n\"target\": {\"default\": {\n\"context\": \"%s\"}}}", value);
        put_file("docker-bake.json", text);
        assert_holds(baked(""), want);
}

static void test_template_errors(void **state) {
        (void)state;
        one_value("${X}", "ERROR: docker-bake.json:3: there is no variable 'X'");
        one_value("${upper(X)}", "is an expression of HCL|only ${NAME}");
        one_value("a${X", "'${' without '}'");
        one_value("%{ if true }", "directive of HCL");
        one_value("${BAKE_CMD_CONTEXT.a}", "has no such member");
        put_file("docker-bake.json",
                 "{\"variable\": {\"A\": {\"default\": \"${B}\"}, \"B\": {\"default\": \"${A}\"}}, \"target\": "
                 "{\"default\": {\"context\": \"${A}\"}}}");
        assert_holds(baked(""), "needs itself");
}

static void test_matrix(void **state) {
        (void)state;
        put_file("docker-bake.json", "{\"variable\": {\"VERSIONS\": {\"default\": [\"1\", \"2\"]}}, \"target\": "
                                     "{\"app\": {\"matrix\": {\"v\": \"${VERSIONS}\", "
                                     "\"o\": [{\"name\": \"x\"}, {\"name\": \"y\"}]}, \"name\": "
                                     "\"app-${v}-${o.name}\", \"args\": {\"V\": \"${v}\"}}}}");
        assert_holds(baked("app"), "\"app\":{\"targets\":[\"app-1-x\",\"app-2-x\",\"app-1-y\",\"app-2-y\"]},"
                                   "\"default\":{\"targets\":[\"app\"]}");
        assert_holds(baked("app-2-y"),
                     "\"app-2-y\":{\"context\":\".\",\"dockerfile\":\"Dockerfile\",\"args\":{\"V\":\"2\"}}");
        put_file("docker-bake.json", "{\"target\": {\"app\": {\"matrix\": {\"v\": [\"1\", \"2\"]}}}}");
        assert_holds(baked("app"), "makes the name 'app' twice|give a 'name'");
        put_file("docker-bake.json", "{\"target\": {\"app\": {\"name\": \"x\"}}}");
        assert_holds(baked("app"), "'name' goes with 'matrix' only");
        put_file("docker-bake.json", "{\"group\": {\"app\": {\"matrix\": {}, \"targets\": []}}}");
        assert_holds(baked("app"), "'matrix': groups have none");
}

static void test_unknown_keys(void **state) {
        (void)state;
        put_file("docker-bake.json", "{\n\"target\": {\"default\": {\n\"dokerfile\": \"x\"}}}");
        assert_holds(baked(""),
                     "ERROR: docker-bake.json:3: 'dokerfile' is no key of a target|did you mean 'dockerfile'?");
        put_file("docker-bake.json", "{\"targets\": {\"a\": {}}}");
        assert_holds(baked(""), "ERROR: docker-bake.json:1: 'targets' is no key of a bake file|did you mean 'target'?");
        put_file("docker-bake.json", "{\"group\": {\"default\": {\"target\": [\"a\"]}}}");
        assert_holds(baked(""), "did you mean 'targets'?");
        put_file("docker-bake.json", "{\"variable\": {\"A\": {\"defualt\": 1}}}");
        assert_holds(baked(""), "did you mean 'default'?");
        put_file("docker-bake.json", "{\"target\": {\"a\": {\"tags\": \"x\"}}}");
        assert_holds(baked("a"), "tags: expected a list, not a text");
        put_file("docker-bake.json", "{\"target\": {\"a b\": {}}}");
        assert_holds(baked("a"), "'a b' is no name");
        put_file("docker-bake.json", "{\"function\": {\"f\": {}}}");
        assert_holds(baked("a"), "functions are HCL");
}

static void test_json_errors(void **state) {
        (void)state;
        static const char *const bad[][2] = {
                {"", "docker-bake.json:1: the file ends where a value is expected"},
                {"{\"a\": 1,}", "expected a text in double quotes"},
                {"{\n\"a\" 1}", "docker-bake.json:2: expected ':'"},
                {"{\"a\": \"x\ny\"}", "control characters"},
                {"{\"a\": 01}", "this is no value"},
                {"{\"a\": 1} x", "something behind the document"},
                {"// x\n{}", "JSON has no comments"},
                {"{\"a\": 1, \"a\": 2}", "the key 'a' is there twice"},
                {"[]", "a bake file is a map, not a list"},
                {"{\"a\": \"\\ud83d\\ude00\\u00e9", "the text does not end"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                put_file("docker-bake.json", bad[i][0]);
                assert_holds(baked(""), bad[i][1]);
        }
}

static void test_blocks_as_lists(void **state) {
        (void)state;
        put_file("docker-bake.json", "{\"target\": [{\"a\": {\"tags\": [\"x\"]}}, {\"a\": [{\"args\": {\"A\": "
                                     "\"\\u00e9\"}}, {\"target\": \"t\"}]}]}");
        assert_holds(baked("a"), "\"args\":{\"A\":\"\xc3\xa9\"},\"tags\":[\"x\"],\"target\":\"t\"");
}

static void test_memory_is_limited(void **state) {
        (void)state;
        AUTO(buf_done) Buf text = {0};
        buf_adds(&text, "{\"variable\": {\"V0\": {\"default\": \"0123456789\"}");
        for (int i = 1; i < 40; i++) buf_addf(&text, ", \"V%d\": {\"default\": \"${V%d}${V%d}\"}", i, i - 1, i - 1);
        buf_adds(&text, "}, \"target\": {\"default\": {\"context\": \"${V39}\"}}}");
        put_file("docker-bake.json", text.p);
        assert_holds(baked(""), "becomes larger than");
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, enter_scratch, leave_scratch)
        const struct CMUnitTest tests[] = {
                TEST(test_defaults_and_print), TEST(test_variables),
                TEST(test_template_errors),    TEST(test_matrix),
                TEST(test_unknown_keys),       TEST(test_json_errors),
                TEST(test_blocks_as_lists),    TEST(test_memory_is_limited),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}

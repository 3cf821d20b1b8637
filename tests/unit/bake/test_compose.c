/* SPDX-License-Identifier: Apache-2.0 */
#include "helper.h"

static void test_services(void **state) {
        (void)state;
        put_file("compose.yaml",
                 "services:\n"
                 "  web.app:\n"
                 "    image: org/web:1.10\n"
                 "    environment: {FROM_SERVICE: s}\n"
                 "    build:\n"
                 "      context: ./web/\n"
                 "      dockerfile: D\n"
                 "      args: [A=1, FROM_SERVICE, FROM_ENV, NOWHERE]\n"
                 "      labels: {l: , m: 1}\n"
                 "      additional_contexts: [base=service:db, other=./x]\n"
                 "      extra_hosts: {h: [1.2.3.4, 5.6.7.8]}\n"
                 "      ulimits: {nofile: {soft: 1, hard: 2}, nproc: 3}\n"
                 "      shm_size: 64m\n"
                 "      secrets: [one, {source: two, target: t}]\n"
                 "      no_cache: yes\n"
                 "      sbom: false\n"
                 "      x-bake: {tags: [more], platforms: linux/amd64 linux/arm64, output: 'type=oci,dest=a'}\n"
                 "  db:\n"
                 "    build: db\n"
                 "  plain:\n"
                 "    image: busybox\n"
                 "secrets:\n"
                 "  one: {file: ./one}\n"
                 "  two: {environment: TWO}\n");
        AUTO(freep) char *text = baked("FROM_ENV=e");
        assert_string_equal(text, "{\"group\":{\"default\":{\"targets\":[\"db\",\"web_app\"]}},\"target\":{\"db\":{"
                                  "\"context\":\"db\",\"dockerfile\":"
                                  "\"Dockerfile\"},\"web_app\":{\"attest\":[{\"disabled\":\"true\",\"type\":\"sbom\"}],"
                                  "\"context\":\"web\",\"contexts\":{"
                                  "\"base\":\"target:db\",\"other\":\"./"
                                  "x\"},\"dockerfile\":\"D\",\"args\":{\"A\":\"1\",\"FROM_ENV\":\"e\",\"FROM_SERVICE\":"
                                  "\"s\"},\"labels\":{\"l\":\"\",\"m\":\"1\"},\"tags\":[\"more\"],\"secret\":[{\"id\":"
                                  "\"one\",\"src\":\"./one\"},{\"id\":"
                                  "\"two\",\"env\":\"TWO\"}],\"platforms\":[\"linux/amd64\",\"linux/"
                                  "arm64\"],\"output\":[{\"dest\":\"a\",\"type\":\"oci\"}],"
                                  "\"no-cache\":true,\"shm-size\":\"64m\",\"ulimits\":[\"nofile=1:2\",\"nproc=3:3\"],"
                                  "\"extra-hosts\":{\"h\":"
                                  "\"1.2.3.4,5.6.7.8\"}}}}");
}

static void one(const char *text, const char *environment, const char *want) {
        AUTO(freep) char *file = xasprintf("services:\n  a:\n    build:\n      context: %s\n", text);
        put_file("compose.yaml", file);
        AUTO(freep) char *words = xasprintf("a %s", environment);
        assert_holds(baked(words), want);
}

static void test_interpolation(void **state) {
        (void)state;
        one("x$A", "A=1", "\"context\":\"x1\"");
        one("x${A:-d}", "A=", "\"context\":\"xd\"");
        one("x${A-d}", "A=", "\"context\":\"x\"");
        one("x${A-d}", "", "\"context\":\"xd\"");
        one("x${A:-${B:-e}}", "", "\"context\":\"xe\"");
        one("x${A:+y}", "A=1", "\"context\":\"xy\"");
        one("x${A:+y}", "A=", "\"context\":\"x\"");
        one("x$${A}", "A=1", "\"context\":\"x${A}\"");
        one("x$A", "--var A=2 A=1", "\"context\":\"x2\"");
        one("${A:?say it}", "", "ERROR: compose.yaml:4: the variable 'A' is needed: say it");
        one("${A", "", "ERROR: compose.yaml:4: '${' without '}'");
        one("'${1}'", "", "is no variable");
        put_file(".env", "# c\nA=env # c\nexport Q=\"a\\n${A}\"\nL='${A}'\n");
        one("$A", "", "\"context\":\"env\"");
        one("$A", "A=process", "\"context\":\"process\"");
        one("'$L'", "", "\"context\":\"${A}\"");
        one("$Q", "", "\"context\":\"a\\nenv\"");
        put_file(".env", "A=1\nB 2\n");
        one("$A", "", "ERROR: .env:2: expected '=' behind 'B'");
}

static void test_merging(void **state) {
        (void)state;
        put_file("compose.yaml",
                 "services:\n  a:\n    image: one\n    build: {context: c, args: {A: 1, B: 1}, tags: [x]}\n");
        put_file("docker-compose.yml",
                 "services:\n  a:\n    image: two\n    build: {args: {B: 2}, tags: [y]}\n  b: {image: i, build: .}\n");
        put_file("docker-bake.json", "{\"target\": {\"a\": {\"args\": {\"C\": \"3\"}}}}");
        put_file("docker-bake.override.json", "{\"target\": {\"a\": {\"args\": {\"C\": \"4\"}, \"target\": \"t\"}}}");
        assert_holds(
                baked(""),
                "\"a\":{\"context\":\"c\",\"dockerfile\":\"Dockerfile\",\"args\":{\"A\":\"1\",\"B\":\"2\",\"C\":\"4\"},"
                "\"tags\":[\"x\",\"y\"],\"target\":\"t\"},\"b\":{\"context\":\".\",\"dockerfile\":\"Dockerfile\","
                "\"tags\":[\"i\"]}");
        assert_holds(baked("a -f docker-compose.yml"),
                     "\"a\":{\"context\":\".\",\"dockerfile\":\"Dockerfile\",\"args\":{\"B\":\"2\"},\"tags\":[\"y\"]}");
}

static void test_yaml(void **state) {
        (void)state;
        put_file("compose.yaml", "x-base: &base\n  args: {A: 1}\n  context: c\nservices:\n  a:\n    build:\n      <<: "
                                 "*base\n      context: d\n"
                                 "  b:\n    extends: a\n    build: {target: t}\n");
        assert_holds(baked("b"),
                     "\"b\":{\"context\":\"d\",\"dockerfile\":\"Dockerfile\",\"args\":{\"A\":\"1\"},\"target\":\"t\"}");
        static const char *const bad[][2] = {
                {"", "compose.yaml:1: the file is empty"},
                {"a: [", "compose.yaml:"},
                {"services: *x", "an alias of nothing"},
                {"services:\n  a: 1", "compose.yaml:2: a: expected a map, not a text"},
                {"services:\n  a:\n    build:\n      contxt: x",
                 "compose.yaml:4: 'contxt' is no key of build|did you mean 'context'?"},
                {"services: {a: {build: {x-bake: {tag: [x]}}}}", "'tag' is no key of x-bake|did you mean 'tags'?"},
                {"servces: {}", "did you mean 'services'?"},
                {"services: {a: {build: .}, a: {build: .}}", "the key 'a' is there twice"},
                {"a: 1\n---\nb: 2", "a second document"},
                {"services: {a: {build: {secrets: [s]}}}\nsecrets: {s: {external: true}}", "'s' is external"},
                {"include: [x]", "include: other files are not read"},
                {"services: {a: {extends: b}, b: {extends: a}}", "in a circle"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                put_file("compose.yaml", bad[i][0]);
                assert_holds(baked("a"), bad[i][1]);
        }
}

static void test_aliases_are_limited(void **state) {
        (void)state;
        AUTO(buf_done) Buf text = {0};
        buf_adds(&text, "a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
        for (int i = 1; i < 12; i++) {
                buf_addf(&text, "a%d: &a%d [", i, i);
                for (int k = 0; k < 9; k++) buf_addf(&text, "%s*a%d", k ? ", " : "", i - 1);
                buf_adds(&text, "]\n");
        }
        put_file("compose.yaml", text.p);
        assert_holds(baked(""), "more than 500000 values");
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, enter_scratch, leave_scratch)
        const struct CMUnitTest tests[] = {TEST(test_services), TEST(test_interpolation), TEST(test_merging),
                                           TEST(test_yaml), TEST(test_aliases_are_limited)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}

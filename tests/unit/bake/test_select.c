/* SPDX-License-Identifier: Apache-2.0 */
#include "helper.h"

static const char family[] = "{\"group\": {\"default\": {\"description\": \"d\", \"targets\": [\"more\", \"app\"]}, "
                             "\"more\": {\"targets\": [\"tool\"]}}, \"target\": {"
                             "\"_common\": {\"args\": {\"A\": \"1\", \"B\": \"1\"}, \"tags\": [\"c\"], "
                             "\"no-cache-filter\": [\"s\"], \"platforms\": [\"linux/amd64\"], "
                             "\"labels\": {\"l\": \"1\"}}, "
                             "\"_more\": {\"args\": {\"B\": \"2\"}, \"dockerfile\": \"More\"}, "
                             "\"app\": {\"inherits\": [\"_common\", \"_more\"], \"args\": {\"C\": \"3\"}, "
                             "\"no-cache-filter\": [\"t\", \"s\"], \"tags\": [\"app\", \"app\"]}, "
                             "\"tool\": {\"inherits\": [\"app\"], \"platforms\": []}}}";

static void test_inherits(void **state) {
        (void)state;
        put_file("docker-bake.json", family);
        assert_holds(baked(""), "{\"group\":{\"default\":{\"description\":\"d\",\"targets\":[\"app\",\"more\"]},"
                                "\"more\":{\"targets\":[\"tool\"]}},");
        assert_holds(baked("app"),
                     "\"app\":{\"context\":\".\",\"dockerfile\":\"More\",\"args\":{\"A\":\"1\",\"B\":\"2\",\"C\":\"3\"}"
                     ",\"labels\":{\"l\":\"1\"},"
                     "\"tags\":[\"app\"],\"platforms\":[\"linux/amd64\"],\"no-cache-filter\":[\"s\",\"t\"]}");
        assert_lacks(baked("tool"), "platforms");
        assert_lacks(baked("app"), "tool");
        assert_holds(baked("t*l"), "\"default\":{\"targets\":[\"tool\"]}");
        assert_holds(baked("too"), "ERROR: there is no target or group 'too'|did you mean 'tool'?");
        assert_holds(baked("x*"), "ERROR: no target or group fits 'x*'");
}

static void test_circles(void **state) {
        (void)state;
        put_file("docker-bake.json", "{\"target\": {\"a\": {\"inherits\": [\"b\"]}, \"b\": {\"inherits\": [\"a\"]}}}");
        assert_holds(baked("a"), "inherits in a circle");
        put_file("docker-bake.json", "{\"target\": {\"a\": {\"inherits\": [\"bb\"]}}}");
        assert_holds(baked("a"), "docker-bake.json:1: there is no target 'bb'");
        put_file("docker-bake.json", "{\"group\": {\"a\": {\"targets\": [\"b\"]}, \"b\": {\"targets\": [\"a\", "
                                     "\"t\"]}}, \"target\": {\"t\": {}}}");
        assert_holds(baked("a"), "\"target\":{\"t\":{");
        put_file("docker-bake.json", "{\"target\": {\"a\": {\"contexts\": {\"x\": \"target:b\"}}, \"b\": "
                                     "{\"contexts\": {\"x\": \"target:a\"}}}}");
        assert_holds(baked("a"), "link to each other in a circle");
        put_file("docker-bake.json", "{\"target\": {\"a\": {\"contexts\": {\"x\": \"target:a\"}}}}");
        assert_holds(baked("a"), "links to itself");
}

static void test_set(void **state) {
        (void)state;
        put_file("docker-bake.json", family);
        assert_holds(baked("app --set app.tags=x --set app.tags=y"), "\"tags\":[\"x\",\"y\"]");
        assert_holds(baked("app --set a*.tags+=x"), "\"tags\":[\"app\",\"x\"]");
        assert_holds(baked("app --set *.args.A=9 --set app.args.N"), "\"args\":{\"A\":\"9\",\"B\":\"2\",\"C\":\"3\"}");
        assert_holds(baked("app --set app.args.N N=e"), "\"N\":\"e\"");
        assert_holds(baked("app --set app.platform=linux/arm64"), "\"platforms\":[\"linux/arm64\"]");
        assert_holds(baked("app --set app.output=type=oci,dest=f"), "\"output\":[{\"dest\":\"f\",\"type\":\"oci\"}]");
        assert_holds(baked("app --set app.load=true"), "\"output\":[{\"type\":\"docker\"}]");
        assert_holds(baked("app --set app.push=true"), "\"output\":[{\"push\":\"true\",\"type\":\"image\"}]");
        assert_holds(baked("app --set app.no-cache=true"), "\"no-cache\":true");
        assert_holds(baked("app --set app.contexts.x=target:_more"), "\"_more\":{");
        assert_holds(baked("app --set app.network=host"), "\"entitlements\":[\"network.host\"]");
        assert_holds(baked("app --set app.secrets=id=s,src=f --set app.secret.s=env=V"),
                     "\"secret\":[{\"id\":\"s\",\"env\":\"V\"}]");
        assert_holds(baked("tool --set _common.args.A=7"), "\"A\":\"7\"");
        assert_holds(baked("app --set app.tag=x"), "ERROR: --set: unknown key 'tag'|did you mean 'tags'?");
        assert_holds(baked("app --set app"), "expected TARGET.KEY=VALUE");
        assert_holds(baked("app --set app.tags"), "'=VALUE' is missing");
        assert_holds(baked("app --set app.args=x"), "args needs a name");
        assert_holds(baked("app --set app.tags.x=y"), "tags has no names below it");
        assert_holds(baked("app --set nobody.tags=x"), "no target is called 'nobody'");
        assert_holds(baked("app --set app.no-cache=perhaps"), "expected true or false");
}

static void test_commands(void **state) {
        (void)state;
        put_file("docker-bake.json", "{\"target\": {\"app\": {\"context\": \"./src\", \"contexts\": {\"b\": "
                                     "\"target:base\", \"d\": \"dir\"}, \"args\": {\"A\": \"x,y\"}, "
                                     "\"tags\": [\"t\"], \"output\": [\"type=docker\", \"type=cacheonly\", "
                                     "\"type=oci,\\\"dest=a,b\\\"\"], \"secret\": [{\"id\": \"s\"}], "
                                     "\"ssh\": [\"default=/a,/b\"], \"extra-hosts\": {\"h\": \"1.1.1.1,2.2.2.2\"}, "
                                     "\"attest\": [\"type=sbom,disabled=true\"]}, "
                                     "\"base\": {\"dockerfile-inline\": \"FROM scratch\", \"tags\": [\"b\"], "
                                     "\"output\": [\"type=registry\"]}, \"z\": {\"dockerfile\": "
                                     "\"/abs/D\", \"context\": \"https://x/y.git\"}}}");
        AUTO(freep) char *text = commands_of("app");
        assert_string_equal(
                text, "base: build -- . (linked)\n"
                      "app: build --file=src/Dockerfile --load --output=\"dest=a,b\",type=oci --build-context=d=dir "
                      "--build-arg=A=x,y --tag=t "
                      "--secret=id=s --add-host=h=1.1.1.1 --add-host=h=2.2.2.2 --ssh=default=/a,/b -- src (b=0)\n");
        assert_holds(commands_of("base"), "ERROR: target 'base' is to be pushed");
        assert_holds(commands_of("z"), "z: build --file=/abs/D -- https://x/y.git\n");
}

static void test_files(void **state) {
        (void)state;
        assert_holds(baked(""), "there is no bake file in this directory");
        put_file("docker-bake.hcl", "target \"x\" {}");
        assert_holds(baked(""), "docker-bake.hcl: HCL is not read|write it as JSON once");
        assert_holds(baked("-f absent.json"), "bake file 'absent.json': ");
        put_file("other", "{\"target\": {\"default\": {}}}");
        assert_holds(baked("-f other"), "\"target\":{\"default\"");
        assert_holds(baked("-f other SOURCE_DATE_EPOCH=5"), "\"args\":{\"SOURCE_DATE_EPOCH\":\"5\"}");
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, enter_scratch, leave_scratch)
        const struct CMUnitTest tests[] = {TEST(test_inherits), TEST(test_circles), TEST(test_set), TEST(test_commands),
                                           TEST(test_files)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}

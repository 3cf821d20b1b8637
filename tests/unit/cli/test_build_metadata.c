/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "cli/build_metadata.h"
#include "cli/warnings.h"
#include "oci/manifest.h"

static BuildResult some_result(void) {
        BuildResult r = {.has_image = true, .created_ns = 1600000000LL * 1000000000};
        memset(r.image_id.bytes, 0x11, sizeof r.image_id.bytes);
        return r;
}

static void written(BuildResult *r) {
        memset(r->manifest.bytes, 0x22, sizeof r->manifest.bytes);
        r->top = (ArchiveTop){.digest = r->manifest, .size = 77, .media_type = MEDIA_OCI_MANIFEST};
        r->top.has_platform = platform_parse(STR("linux/arm/v7"), &r->top.platform, NULL) == 0;
}

#define ID "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define MANIFEST "sha256:2222222222222222222222222222222222222222222222222222222222222222"

static void check(const BuildResult *r, const char *ref, const char *expected) {
        char tag[] = "docker.io/library/x:latest", *tags[] = {tag};
        BuildParams params = {.tags = {.v = tags, .n = 1}};
        AUTO(buf_done) Buf json = {0};
        build_metadata_render(&(BuildMetadata){.params = &params, .result = r, .ref = ref}, &json);
        assert_string_equal(json.p, expected);
}

static void test_store_only(void **state) {
        (void)state;
        BuildResult r = some_result();
        check(&r, NULL,
              "{\n  \"containerimage.config.digest\": \"" ID "\",\n  \"containerimage.digest\": \"" ID "\",\n"
              "  \"image.name\": \"docker.io/library/x:latest\"\n}");
}

static void test_manifest(void **state) {
        (void)state;
        BuildResult r = some_result();
        written(&r);
        check(&r, "default/default/x",
              "{\n  \"buildx.build.ref\": \"default/default/x\",\n  \"containerimage.config.digest\": \"" ID "\",\n"
              "  \"containerimage.descriptor\": {\n    \"mediaType\": \"" MEDIA_OCI_MANIFEST "\",\n"
              "    \"digest\": \"" MANIFEST "\",\n    \"size\": 77,\n    \"annotations\": {\n"
              "      \"org.opencontainers.image.created\": \"2020-09-13T12:26:40Z\"\n    },\n"
              "    \"platform\": {\n      \"architecture\": \"arm\",\n      \"os\": \"linux\",\n      \"variant\": "
              "\"v7\"\n"
              "    }\n  },\n  \"containerimage.digest\": \"" MANIFEST "\",\n"
              "  \"image.name\": \"docker.io/library/x:latest\"\n}");
}

static void test_nothing(void **state) {
        (void)state;
        BuildResult r = {0};
        check(&r, NULL, "{}");
        char text[DIGEST_TEXT_SIZE];
        assert_false(build_result_id(&r, text));
}

static void test_id(void **state) {
        (void)state;
        char text[DIGEST_TEXT_SIZE];
        BuildResult r = some_result();
        written(&r);
        assert_true(build_result_id(&r, text));
        assert_string_equal(text, ID);
        r.is_index = true;
        assert_true(build_result_id(&r, text));
        assert_string_equal(text, MANIFEST);
}

static void test_ref(void **state) {
        (void)state;
        AUTO(buf_done) Buf a = {0}, b = {0};
        assert_int_equal(build_metadata_ref(&a, NULL), 0);
        assert_int_equal(build_metadata_ref(&b, NULL), 0);
        assert_int_equal(a.n, strlen("default/default/") + 25);
        assert_string_not_equal(buf_str(&a).p, buf_str(&b).p);
}

static void render(const BuildParams *params, ProvenanceMode mode, json_t *warnings, const char *expected) {
        AUTO(buf_done) Buf json = {0};
        BuildResult r = {0};
        build_metadata_render(
                &(BuildMetadata){.params = params, .result = &r, .provenance = mode, .warnings = warnings}, &json);
        assert_string_equal(json.p, expected);
}

static void test_provenance(void **state) {
        (void)state;
        char uri[] = "pkg:docker/x@1", id[] = "sha256:ab", url[] = "https://h/a.git#v1", commit[] = "sha1:cd";
        BuildMaterial list[] = {{0, uri, id}, {0, url, commit}, {1, url, NULL}};
        BuildMaterials materials = {.v = list, .n = 3};
        PlanPair argument = {"A", "secret"};
        BuildParams params = {.context_path = "https://user:word@h/a.git#v1", .materials = &materials};
        params.plan.build_args = &argument;
        params.plan.build_arg_count = 1;
        params.plan.target = "t";
        assert_int_equal(platform_parse(STR("linux/amd64"), &params.plan.build_platform, NULL), 0);
        AUTO(json_decrefp) json_t *min = build_provenance(&params, 0, PROVENANCE_MIN);
        AUTO(json_decrefp) json_t *max = build_provenance(&params, 1, PROVENANCE_MAX);
        AUTO(freep) char *text = json_dumps(min, JSON_COMPACT | JSON_PRESERVE_ORDER);
        assert_string_equal(
                text,
                "{\"buildType\":\"https://mobyproject.org/buildkit@v1\",\"materials\":["
                "{\"uri\":\"pkg:docker/x@1\",\"digest\":{\"sha256\":\"ab\"}},"
                "{\"uri\":\"https://h/a.git#v1\",\"digest\":{\"sha1\":\"cd\"}}],\"invocation\":{\"configSource\":{"
                "\"uri\":\"https://h/a.git#v1\",\"digest\":{\"sha1\":\"cd\"},\"entryPoint\":\"Dockerfile\"},"
                "\"parameters\":{\"frontend\":\"dockerfile.v0\",\"args\":{\"target\":\"t\"}},"
                "\"environment\":{\"platform\":\"linux/amd64\"}}}");
        AUTO(freep) char *more = json_dumps(json_object_get(max, "invocation"), JSON_COMPACT | JSON_PRESERVE_ORDER);
        assert_non_null(strstr(more, "\"args\":{\"target\":\"t\",\"build-arg:A\":\"secret\"}"));
        assert_int_equal(json_array_size(json_object_get(max, "materials")), 1);
}

static void test_provenance_of_platforms(void **state) {
        (void)state;
        Platform platforms[2];
        BuildParams params = {.platforms = platforms, .platform_count = 2};
        assert_int_equal(platform_parse(STR("linux/arm64"), &platforms[0], NULL), 0);
        assert_int_equal(platform_parse(STR("linux/amd64"), &platforms[1], NULL), 0);
        params.plan.build_platform = platforms[1];
        BuildResult r = {0};
        AUTO(buf_done) Buf json = {0};
        build_metadata_render(&(BuildMetadata){.params = &params, .result = &r, .provenance = PROVENANCE_MIN}, &json);
        const char *first = strstr(json.p, "\"buildx.build.provenance/linux/amd64\"");
        const char *second = strstr(json.p, "\"buildx.build.provenance/linux/arm64\"");
        assert_true(first && second && first < second);
        assert_null(strstr(json.p, "\"buildx.build.provenance\""));
}

static void test_provenance_mode(void **state) {
        (void)state;
        assert_int_equal(provenance_mode(NULL), PROVENANCE_MIN);
        assert_int_equal(provenance_mode("nonsense"), PROVENANCE_MIN);
        assert_int_equal(provenance_mode("true"), PROVENANCE_MIN);
        assert_int_equal(provenance_mode("max"), PROVENANCE_MAX);
        assert_int_equal(provenance_mode("disabled"), PROVENANCE_OFF);
        assert_int_equal(provenance_mode("false"), PROVENANCE_OFF);
}

static void count_events(void *context, const Event *event) {
        (void)event;
        ++*(int *)context;
}

static void test_warnings(void **state) {
        (void)state;
        int passed = 0;
        EventSink next = {count_events, &passed};
        WarningLog log;
        warning_log_init(&log, &next);
        BuildParams params = {0};
        render(&params, PROVENANCE_OFF, log.list, "{}");
        event_emit(&log.sink, &(Event){.type = EVENT_START, .vertex = 1});
        event_emit(&log.sink, &(Event){.type = EVENT_WARNING,
                                       .name = "Rule",
                                       .message = "text",
                                       .url = "https://x",
                                       .first_line = 3,
                                       .last_line = 4});
        assert_int_equal(passed, 2);
        render(&params, PROVENANCE_OFF, log.list,
               "{\n  \"buildx.build.warnings\": [\n    {\n      \"level\": 1,\n      \"short\": \"UnVsZTogdGV4dA==\",\n"
               "      \"detail\": [],\n      \"url\": \"https://x\",\n      \"range\": [\n        {\n"
               "          \"start\": {\n            \"line\": 3\n          },\n"
               "          \"end\": {\n            \"line\": 4\n          }\n        }\n      ]\n    }\n  ]\n}");
        warning_log_done(&log);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_store_only),
                cmocka_unit_test(test_manifest),
                cmocka_unit_test(test_nothing),
                cmocka_unit_test(test_id),
                cmocka_unit_test(test_ref),
                cmocka_unit_test(test_provenance),
                cmocka_unit_test(test_provenance_of_platforms),
                cmocka_unit_test(test_provenance_mode),
                cmocka_unit_test(test_warnings),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}

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
        build_metadata_render(&params, r, ref, &json);
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

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_store_only), cmocka_unit_test(test_manifest), cmocka_unit_test(test_nothing),
                cmocka_unit_test(test_id),         cmocka_unit_test(test_ref),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}

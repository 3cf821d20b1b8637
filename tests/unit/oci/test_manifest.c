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
#include "oci/manifest.h"

#define DIGEST "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static const char manifest_text[] =
        "{\n  \"schemaVersion\": 2,\n  \"mediaType\": \"" MEDIA_OCI_MANIFEST
        "\",\n  \"config\": {\n    \"mediaType\": \"" MEDIA_OCI_CONFIG "\",\n    \"digest\": \"" DIGEST
        "\",\n    \"size\": 12\n  },\n  \"layers\": [\n    {\n      \"mediaType\": \"" MEDIA_OCI_LAYER_GZIP
        "\",\n      \"digest\": \"" DIGEST "\",\n      \"size\": 34,\n      \"annotations\": {\n        \"a\": "
        "\"1\",\n        \"b\": \"2\"\n      }\n    },\n    {\n      \"mediaType\": \"" MEDIA_OCI_LAYER
        "\",\n      \"digest\": \"" DIGEST
        "\",\n      \"size\": 0\n    }\n  ],\n  \"annotations\": {\n    \"k\": \"v \\u0026 w\"\n  }\n}";

static const char index_text[] =
        "{\n  \"schemaVersion\": 2,\n  \"mediaType\": \"" MEDIA_OCI_INDEX
        "\",\n  \"manifests\": [\n    {\n      \"mediaType\": \"" MEDIA_OCI_MANIFEST "\",\n      \"digest\": \"" DIGEST
        "\",\n      \"size\": 5,\n      \"platform\": {\n        \"architecture\": "
        "\"arm\",\n        \"os\": \"linux\",\n        \"os.version\": \"1\",\n        \"variant\": \"v7\"\n      }\n  "
        "  }\n  ]\n}";

static const char empty_text[] = "{\n  \"schemaVersion\": 2,\n  \"manifests\": []\n}";

static void round_trip(const char *text) {
        AUTO(manifest_done) Manifest m;
        AUTO(err_freep) Err *e = NULL;
        AUTO(buf_done) Buf back = {0};
        if (manifest_parse(str_of(text), &m, &e) < 0) {
                manifest_init(&m);
                fail_msg("%s", err_message(e));
        }
        manifest_render(&m, &back);
        assert_string_equal(back.p, text);
}

static void test_round_trips(void **state) {
        (void)state;
        round_trip(manifest_text);
        round_trip(index_text);
        round_trip(empty_text);
}

static void test_fields(void **state) {
        (void)state;
        AUTO(manifest_done) Manifest m;
        assert_int_equal(manifest_parse(str_of(manifest_text), &m, NULL), 0);
        assert_false(m.is_index);
        assert_int_equal(m.config.size, 12);
        assert_int_equal(m.layers.n, 2);
        assert_string_equal(descriptor_annotation(&m.layers.v[0], "b"), "2");
        assert_null(descriptor_annotation(&m.layers.v[1], "b"));
        assert_false(m.layers.v[0].has_platform);
}

static void refuse(const char *json, ErrKind kind, const char *why) {
        AUTO(err_freep) Err *e = NULL;
        Manifest m;
        if (manifest_parse(str_of(json), &m, &e) == 0) fail_msg("accepted: %s", json);
        assert_int_equal(err_kind(e), kind);
        if (!strstr(err_message(e), why)) fail_msg("'%s' is not in '%s'", why, err_message(e));
}

#define ENTRY "{\"digest\":\"" DIGEST "\",\"size\":1}"

static void test_refused(void **state) {
        (void)state;
        refuse("null", ERR_FORMAT, "manifest");
        refuse("[]", ERR_FORMAT, "not a JSON object");
        refuse("{}", ERR_FORMAT, "'schemaVersion' is not 2");
        refuse("{\"schemaVersion\":1,\"fsLayers\":[]}", ERR_UNSUPPORTED, "schema version 1");
        refuse("{\"schemaVersion\":2}", ERR_FORMAT, "neither");
        refuse("{\"schemaVersion\":2,\"manifests\":[],\"layers\":[]}", ERR_FORMAT, "both");
        refuse("{\"schemaVersion\":2,\"manifests\":[],\"mediaType\":\"" MEDIA_OCI_MANIFEST "\"}", ERR_FORMAT,
               "does not fit");
        refuse("{\"schemaVersion\":2,\"config\":" ENTRY ",\"mediaType\":\"" MEDIA_DOCKER_LIST "\"}", ERR_FORMAT,
               "does not fit");
        refuse("{\"schemaVersion\":2,\"layers\":[]}", ERR_FORMAT, "'config' is missing");
        refuse("{\"schemaVersion\":2,\"config\":{\"digest\":\"" DIGEST "\",\"size\":-1}}", ERR_FORMAT,
               "'config': 'size'");
        refuse("{\"schemaVersion\":2,\"config\":{\"size\":1}}", ERR_FORMAT, "'digest' is missing");
        refuse("{\"schemaVersion\":2,\"config\":" ENTRY ",\"layers\":[" ENTRY
               ",{\"digest\":\"sha256:12\",\"size\":1}]}",
               ERR_FORMAT, "'layers', entry 2: 'digest'");
        AUTO(buf_done) Buf many = {0};
        buf_adds(&many, "{\"schemaVersion\":2,\"manifests\":[1");
        for (int i = 0; i < MANIFEST_ENTRIES_MAX; i++) buf_adds(&many, ",1");
        buf_adds(&many, "]}");
        refuse(many.p, ERR_LIMIT, "more than 10000");
}

static void add_entry(Manifest *m, const char *platform, const char *kind) {
        Descriptor d = {.size = 1};
        if (platform) {
                d.has_platform = true;
                assert_int_equal(platform_parse(str_of(platform), &d.platform, NULL), 0);
        }
        if (kind) string_pairs_set(&d.annotations, "vnd.docker.reference.type", kind);
        vec_push(&m->layers, d);
}

static int chosen(const Manifest *m, const char *want) {
        Platform p;
        assert_int_equal(platform_parse(str_of(want), &p, NULL), 0);
        return manifest_select_platform(m, &p);
}

static void test_selection(void **state) {
        (void)state;
        AUTO(manifest_done) Manifest m;
        manifest_init(&m);
        m.is_index = true;
        assert_int_equal(chosen(&m, "linux/amd64"), -1);
        add_entry(&m, "linux/amd64", "attestation-manifest");
        add_entry(&m, "unknown/unknown", NULL);
        assert_int_equal(chosen(&m, "linux/amd64"), -1);
        add_entry(&m, "linux/arm/v6", NULL);
        add_entry(&m, "linux/arm/v7", NULL);
        add_entry(&m, "linux/arm64", NULL);
        add_entry(&m, "linux/amd64", NULL);
        add_entry(&m, "linux/amd64", NULL);
        assert_int_equal(chosen(&m, "linux/amd64"), 5);
        assert_int_equal(chosen(&m, "linux/arm/v7"), 3);
        assert_int_equal(chosen(&m, "linux/arm/v6"), 2);
        assert_int_equal(chosen(&m, "linux/arm64"), 4);
        assert_int_equal(chosen(&m, "linux/s390x"), -1);
        add_entry(&m, NULL, NULL);
        assert_int_equal(chosen(&m, "linux/s390x"), 7);
        assert_int_equal(chosen(&m, "linux/arm/v7"), 3);
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_round_trips), cmocka_unit_test(test_fields),
                                           cmocka_unit_test(test_refused), cmocka_unit_test(test_selection)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}

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
#include "oci/image_config.h"

#define HEX64 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* As BuildKit writes them. */
static const char *const documents[] = {
        "{\"architecture\":\"amd64\",\"config\":{},\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}",
        "{\"architecture\":\"arm64\",\"author\":\"me\",\"config\":{\"User\":\"1000:1000\",\"ExposedPorts\":{\"53/"
        "udp\":{},"
        "\"80/tcp\":{}},\"Env\":[\"PATH=/bin\",\"B=1\",\"A=2\"],\"Entrypoint\":[\"/app\"],\"Cmd\":[\"-x\",\"a "
        "\\u0026\\u0026 b\"],"
        "\"Volumes\":{\"/data\":{}},\"WorkingDir\":\"/w\",\"Labels\":{\"a\":\"1\",\"b\":\"\\u003ctag\\u003e\"},"
        "\"StopSignal\":\"SIGINT\",\"ArgsEscaped\":true,\"Healthcheck\":{\"Test\":[\"CMD-SHELL\",\"true\"],"
        "\"Interval\":30000000000,"
        "\"Timeout\":1000000000,\"StartPeriod\":2000000000,\"StartInterval\":3000000000,\"Retries\":3},\"OnBuild\":["
        "\"RUN x\"],"
        "\"Shell\":[\"/bin/bash\",\"-c\"]},\"created\":\"2026-01-02T03:04:05.123456789Z\",\"history\":[{\"created\":"
        "\"2026-01-02T03:04:05Z\",\"created_by\":\"RUN /bin/sh -c a \\u003e b # buildkit\",\"author\":\"x\","
        "\"comment\":\"buildkit.dockerfile.v0\"},{\"created\":\"0001-01-01T00:00:00Z\",\"created_by\":\"CMD "
        "[\\\"x\\\"]\","
        "\"empty_layer\":true},{}],\"os\":\"linux\",\"os.features\":[\"f\"],\"os.version\":\"1.2\",\"rootfs\":{"
        "\"type\":\"layers\","
        "\"diff_ids\":[\"sha256:" HEX64 "\"]},\"variant\":\"v8\"}",
        "{\"architecture\":\"amd64\",\"config\":{\"Healthcheck\":{}},\"created\":\"1970-01-01T00:00:00Z\",\"os\":"
        "\"linux\","
        "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:" HEX64 "\",\"sha256:" HEX64 "\"]}}",
};

static void parse(const char *json, ImageConfig *c) {
        AUTO(err_freep) Err *e = NULL;
        if (image_config_parse(str_of(json), c, &e) < 0) fail_msg("%s", err_message(e));
}

static void test_round_trip_and_copy(void **state) {
        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(documents); i++) {
                AUTO(image_config_done) ImageConfig c;
                AUTO(image_config_done) ImageConfig copy;
                AUTO(buf_done) Buf back = {0};
                AUTO(buf_done) Buf copied = {0};
                parse(documents[i], &c);
                image_config_render(&c, &back);
                assert_string_equal(back.p, documents[i]);
                image_config_copy(&copy, &c);
                image_config_set_label(&c, "changed", "yes");
                image_config_render(&copy, &copied);
                assert_string_equal(copied.p, documents[i]);
        }
}

static void test_fields(void **state) {
        (void)state;
        AUTO(image_config_done) ImageConfig c;
        parse(documents[1], &c);
        assert_string_equal(c.platform.arch, "arm64");
        assert_string_equal(c.platform.variant, "v8");
        assert_string_equal(c.env.v[1], "B=1");
        assert_true(c.has_entrypoint && c.has_cmd);
        assert_string_equal(c.cmd.v[1], "a && b");
        assert_int_equal(c.healthcheck->interval_ns, 30000000000);
        assert_int_equal(c.healthcheck->retries, 3);
        assert_int_equal(c.history.n, 3);
        assert_false(c.history.v[0].empty_layer);
        assert_true(c.history.v[1].empty_layer);
        assert_true(c.history.v[1].created_ns == IMAGE_TIME_ZERO);
        assert_false(c.history.v[2].has_created);
        assert_string_equal(image_config_label(&c, "b"), "<tag>");
        assert_null(image_config_label(&c, "c"));
}

static void test_what_others_write(void **state) {
        (void)state;
        AUTO(image_config_done) ImageConfig c;
        parse("{\"id\":\"x\",\"container_config\":{\"Cmd\":[\"no\"]},\"docker_version\":\"20\",\"os\":\"linux\","
              "\"created\":null,"
              "\"architecture\":\"amd64\",\"config\":{\"Hostname\":\"h\",\"Cmd\":null,\"Entrypoint\":[],\"Labels\":"
              "null,"
              "\"Volumes\":{},\"ExposedPorts\":{\"2\":{},\"1\":{}}},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":null}"
              "}",
              &c);
        assert_false(c.has_cmd);
        assert_true(c.has_entrypoint);
        assert_int_equal(c.entrypoint.n, 0);
        assert_false(c.has_created);
        assert_string_equal(c.exposed_ports.v[0], "1");
        assert_int_equal(c.diff_ids.n, 0);
}

static void test_labels_stay_sorted(void **state) {
        (void)state;
        AUTO(image_config_done) ImageConfig c;
        AUTO(buf_done) Buf b = {0};
        image_config_init(&c);
        image_config_set_label(&c, "m", "1");
        image_config_set_label(&c, "z", "2");
        image_config_set_label(&c, "a", "3");
        image_config_set_label(&c, "m", "4");
        strvec_push(&c.volumes, "/b");
        strvec_push(&c.volumes, "/a");
        strvec_push(&c.volumes, "/b");
        image_config_render(&c, &b);
        assert_non_null(strstr(b.p, "\"Labels\":{\"a\":\"3\",\"m\":\"4\",\"z\":\"2\"}"));
        assert_non_null(strstr(b.p, "\"Volumes\":{\"/a\":{},\"/b\":{}}"));
}

static void refuse(const char *json, ErrKind kind, const char *why) {
        AUTO(err_freep) Err *e = NULL;
        ImageConfig c;
        if (image_config_parse(str_of(json), &c, &e) == 0) fail_msg("accepted: %s", json);
        assert_int_equal(err_kind(e), kind);
        if (!strstr(err_message(e), why)) fail_msg("'%s' is not in '%s'", why, err_message(e));
}

static void test_refused(void **state) {
        (void)state;
        refuse("", ERR_FORMAT, "not JSON");
        refuse("[]", ERR_FORMAT, "not a JSON object");
        refuse("{}", ERR_FORMAT, "'rootfs' is missing");
        refuse("{\"rootfs\":[]}", ERR_FORMAT, "'rootfs' is not an object");
        refuse("{\"rootfs\":{\"diff_ids\":[1]}}", ERR_FORMAT, "diff_ids");
        refuse("{\"rootfs\":{\"diff_ids\":[\"" HEX64 "\"]}}", ERR_FORMAT, "diff_ids");
        refuse("{\"rootfs\":{\"diff_ids\":[\"sha512:00\"]}}", ERR_UNSUPPORTED, "only sha256");
        refuse("{\"config\":{\"Env\":\"A=1\"}}", ERR_FORMAT, "'Env' is not a list");
        refuse("{\"config\":{\"Labels\":{\"a\":1}}}", ERR_FORMAT, "'Labels'");
        refuse("{\"config\":{\"Healthcheck\":{\"Test\":[],\"Retries\":9999999999}}}", ERR_FORMAT,
               "'Retries' is out of range");
        refuse("{\"history\":[{},{\"created\":\"yesterday\"}]}", ERR_FORMAT, "history entry 2: 'created': 'yesterday'");
        refuse("{\"created\":\"9999-01-01T00:00:00Z\"}", ERR_FORMAT, "'created'");
        refuse("{\"architecture\":\"0123456789012345678901234567890123456789\"}", ERR_FORMAT,
               "'architecture' is longer");
        AUTO(freep) char *large = xmalloc(IMAGE_CONFIG_MAX + 1);
        memset(large, ' ', IMAGE_CONFIG_MAX + 1);
        AUTO(err_freep) Err *e = NULL;
        ImageConfig c;
        assert_true(image_config_parse((Str){large, IMAGE_CONFIG_MAX + 1}, &c, &e) < 0);
        assert_int_equal(err_kind(e), ERR_LIMIT);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_round_trip_and_copy),
                cmocka_unit_test(test_fields),
                cmocka_unit_test(test_what_others_write),
                cmocka_unit_test(test_labels_stay_sorted),
                cmocka_unit_test(test_refused),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}

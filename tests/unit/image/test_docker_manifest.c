/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "image/docker_manifest.h"

static DockerImage image(const char *config, const char *tag, const char *layer) {
        DockerImage i = {.config = xstrdup(config)};
        if (tag) strvec_push(&i.tags, tag);
        if (layer) strvec_push(&i.layers, layer);
        return i;
}

static void renders_as_docker(void **state) {
        (void)state;
        AUTO(docker_manifest_done) DockerManifest m = {0};
        DockerImage a = image("blobs/sha256/aa", "localhost:5000/b:2", "blobs/sha256/11");
        DockerImage again = image("blobs/sha256/aa", "a:1", "blobs/sha256/11");
        DockerImage c = image("blobs/sha256/cc", NULL, NULL);
        DockerImage d = image("blobs/sha256/dd", "a:0", "blobs/sha256/22");
        docker_manifest_add(&m, &a);
        docker_manifest_add(&m, &again);
        docker_manifest_add(&m, &c);
        docker_manifest_add(&m, &d);
        AUTO(buf_done) Buf json = {0}, repositories = {0};
        docker_manifest_render(&m, &json);
        assert_string_equal(
                json.p, "[{\"Config\":\"blobs/sha256/aa\",\"RepoTags\":[\"localhost:5000/b:2\",\"a:1\"],"
                        "\"Layers\":[\"blobs/sha256/11\"]},"
                        "{\"Config\":\"blobs/sha256/cc\",\"RepoTags\":null,\"Layers\":[]},"
                        "{\"Config\":\"blobs/sha256/dd\",\"RepoTags\":[\"a:0\"],\"Layers\":[\"blobs/sha256/22\"]}]");
        assert_true(docker_repositories_render(&m, &repositories));
        assert_string_equal(repositories.p, "{\"a\":{\"0\":\"22\",\"1\":\"11\"},\"localhost:5000/b\":{\"2\":\"11\"}}");
}

static void no_repositories_without_tags(void **state) {
        (void)state;
        AUTO(docker_manifest_done) DockerManifest m = {0};
        DockerImage c = image("blobs/sha256/cc", NULL, NULL);
        docker_manifest_add(&m, &c);
        AUTO(buf_done) Buf repositories = {0};
        assert_false(docker_repositories_render(&m, &repositories));
}

static void parses_what_it_renders(void **state) {
        (void)state;
        AUTO(docker_manifest_done) DockerManifest m = {0};
        AUTO(err_freep) Err *e = NULL;
        const char *json =
                "[{\"Config\":\"x.json\",\"RepoTags\":[\"a:1\"],\"Layers\":[\"l/layer.tar\"],\"Parent\":\"\"}]";
        assert_int_equal(docker_manifest_parse(str_of(json), &m, &e), 0);
        assert_int_equal(m.images.n, 1);
        assert_string_equal(m.images.v[0].config, "x.json");
        assert_string_equal(m.images.v[0].tags.v[0], "a:1");
        assert_string_equal(m.images.v[0].layers.v[0], "l/layer.tar");
}

static void refuses(void **state) {
        (void)state;
        static const char *const bad[] = {
                "",
                "{}",
                "[]",
                "[1]",
                "[{}]",
                "[{\"Config\":1}]",
                "[{\"Config\":\"\"}]",
                "[{\"Config\":\"a\",\"Layers\":\"b\"}]",
                "[{\"Config\":\"a\",\"Layers\":[1]}]",
                "[{\"Config\":\"a\",\"RepoTags\":[{}]}]",
                "[{\"Config\":\"a\"}",
        };
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                DockerManifest m = {0};
                AUTO(err_freep) Err *e = NULL;
                assert_int_equal(docker_manifest_parse(str_of(bad[i]), &m, &e), -1);
                assert_int_equal(err_kind(e), ERR_FORMAT);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(renders_as_docker),
                cmocka_unit_test(no_repositories_without_tags),
                cmocka_unit_test(parses_what_it_renders),
                cmocka_unit_test(refuses),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}

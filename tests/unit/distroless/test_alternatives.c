/* SPDX-License-Identifier: Apache-2.0 */
#include "../layer/helper.h"

#include "distroless/alternatives.h"

static void links_are(const char *root, const char *architecture, const char *const *packages, const char *expected) {
        AUTO(view_freep) View *tree = NULL;
        AUTO(strvec_done) StrVec dirs = {0};
        AUTO(strvec_done) StrVec list = {0};
        AUTO(alternative_links_done) AlternativeLinks links = {0};
        AUTO(buf_done) Buf text = {0};
        strvec_push(&dirs, root);
        assert_int_equal(view_open(&dirs, &tree, NULL), 0);
        for (; *packages; packages++) strvec_push(&list, *packages);
        assert_int_equal(alternatives_find(tree, &list, architecture, &links, NULL), 0);
        for (size_t i = 0; i < links.n; i++) buf_addf(&text, "%s > %s\n", links.v[i].path, links.v[i].target);
        assert_string_equal(text.n ? text.p : "", expected);
}

static void test_java(void **state) {
        (void)state;
        char *root = scratch_new();
        put(root, "usr/lib/jvm/java-17-openjdk-arm64/bin/java", "");
        put(root, "usr/lib/jvm/java-17-openjdk-arm64/bin/keytool", "");
        put(root, "usr/lib/jvm/java-21-openjdk-arm64/bin/java", "");
        const char *const both[] = {"openjdk-21-jre-headless", "openjdk-17-jre-headless", "openjdk-x-jre-headless",
                                    NULL};
        links_are(root, "arm64", both,
                  "/usr/bin/java > /usr/lib/jvm/java-21-openjdk-arm64/bin/java\n"
                  "/usr/bin/keytool > /usr/lib/jvm/java-17-openjdk-arm64/bin/keytool\n");
        links_are(root, "amd64", both, "");
        links_are(root, "arm64", (const char *[]){"openjdk-21-jre", NULL}, "");
        put(root, "usr/bin/java", "of the recipe");
        links_are(root, "arm64", both, "/usr/bin/keytool > /usr/lib/jvm/java-17-openjdk-arm64/bin/keytool\n");
        scratch_free(root);
}

static void test_priorities(void **state) {
        (void)state;
        char *root = scratch_new();
        put(root, "usr/bin/mawk", "");
        put(root, "usr/bin/gawk", "");
        put(root, "usr/lib/x86_64-linux-gnu/blas/libblas.so.3", "");
        put(root, "usr/lib/x86_64-linux-gnu/openblas-pthread/libblas.so.3", "");
        const char *const all[] = {"mawk", "gawk", "libblas3", "libopenblas0-pthread", NULL};
        links_are(root, "amd64", all,
                  "/usr/bin/awk > /usr/bin/gawk\n"
                  "/usr/bin/nawk > /usr/bin/gawk\n"
                  "/usr/lib/x86_64-linux-gnu/libblas.so.3 > /usr/lib/x86_64-linux-gnu/openblas-pthread/libblas.so.3\n");
        links_are(root, "amd64", (const char *[]){"libblas3", "mawk", NULL},
                  "/usr/bin/awk > /usr/bin/mawk\n"
                  "/usr/bin/nawk > /usr/bin/mawk\n"
                  "/usr/lib/x86_64-linux-gnu/libblas.so.3 > /usr/lib/x86_64-linux-gnu/blas/libblas.so.3\n");
        scratch_free(root);
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_java), cmocka_unit_test(test_priorities)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}

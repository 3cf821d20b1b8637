/* SPDX-License-Identifier: Apache-2.0 */
#include "../layer/helper.h"

#include "distroless/ld_conf.h"

static View *open_tree(const char *root) {
        View *tree;
        AUTO(strvec_done) StrVec dirs = {0};
        strvec_push(&dirs, root);
        assert_int_equal(view_open(&dirs, &tree, NULL), 0);
        return tree;
}

static void directories_are(const char *root, const char *expected) {
        AUTO(view_freep) View *tree = open_tree(root);
        AUTO(strvec_done) StrVec found = {0};
        AUTO(buf_done) Buf text = {0};
        assert_int_equal(ld_conf_read(tree, "x86_64-linux-gnu", &found, NULL), 0);
        for (size_t i = 0; i < found.n; i++) buf_addf(&text, "%s\n", found.v[i]);
        assert_string_equal(text.p, expected);
}

#define BUILT_IN "/lib/x86_64-linux-gnu\n/usr/lib/x86_64-linux-gnu\n/lib\n/usr/lib\n"

static void test_lines(void **state) {
        (void)state;
        Str rest = STR("# comment\n\n  /a/b// # c\n\t\ninclude\tx  y\nhwcap 0 nosegneg\nincludex\r\nhwcap\n/\n/e f");
        static const struct {
                LdConfKind kind;
                const char *value;
        } expected[] = {
                {LD_CONF_DIRECTORY, "/a/b"},  {LD_CONF_INCLUDE, "x  y"},   {LD_CONF_DIRECTORY, "includex"},
                {LD_CONF_DIRECTORY, "hwcap"}, {LD_CONF_DIRECTORY, "/e f"},
        };
        Str value;
        for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
                assert_int_equal(ld_conf_next(&rest, &value), expected[i].kind);
                assert_true(str_is(value, expected[i].value));
        }
        assert_int_equal(ld_conf_next(&rest, &value), LD_CONF_END);
}

static void test_includes(void **state) {
        (void)state;
        char *root = scratch_new();
        put(root, "etc/ld.so.conf", "include ld.so.conf.d/*.conf sub*/x*.cnf\n/opt/a\ninclude /etc/absent\n");
        put(root, "etc/ld.so.conf.d/b.conf", "/opt/b\n");
        put(root, "etc/ld.so.conf.d/a.conf", "/opt/../opt/a2/\n");
        put(root, "etc/ld.so.conf.d/.hidden.conf", "/hidden\n");
        put(root, "etc/ld.so.conf.d/c.conf.dpkg-new", "/new\n");
        put(root, "etc/sub1/x.cnf", "/opt/1\n");
        put(root, "etc/sub1-more/xa.cnf", "/opt/2\n");
        put_link(root, "etc/sub1/xl.cnf", "/etc/ld.so.conf.d/b.conf");
        directories_are(root, "/opt/../opt/a2\n/opt/b\n/opt/2\n/opt/1\n/opt/b\n/opt/a\n" BUILT_IN);
        scratch_free(root);
}

static void test_no_file(void **state) {
        (void)state;
        char *root = scratch_new();
        directories_are(root, BUILT_IN);
        put(root, "etc/ld.so.conf.d/x.conf", "/opt\n");
        directories_are(root, "/opt\n" BUILT_IN);
        put(root, "etc/ld.so.conf", "");
        directories_are(root, BUILT_IN);
        scratch_free(root);
}

static void limited(const char *text, const char *says) {
        char *root = scratch_new();
        put(root, "etc/ld.so.conf", text);
        {
                AUTO(view_freep) View *tree = open_tree(root);
                AUTO(strvec_done) StrVec found = {0};
                AUTO(err_freep) Err *e = NULL;
                assert_true(ld_conf_read(tree, "x", &found, &e) < 0);
                assert_int_equal(err_kind(e), ERR_LIMIT);
                assert_non_null(strstr(err_message(e), says));
                assert_int_equal(found.n, 0);
        }
        scratch_free(root);
}

static void test_limits(void **state) {
        (void)state;
        limited("include ld.so.conf\n", "include each other");
        limited("include *a*a*a*a*a*a*a*a*a\n", "stars");
        AUTO(buf_done) Buf text = {0};
        for (size_t i = 0; i <= LD_CONF_DIRECTORIES_MAX; i++) buf_adds(&text, "/d\n");
        limited(text.p, "directories");
        buf_clear(&text);
        buf_reserve(&text, LD_CONF_FILE_MAX + 2);
        while (text.n <= LD_CONF_FILE_MAX) buf_adds(&text, "################################\n");
        limited(text.p, "/etc/ld.so.conf");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_lines),
                cmocka_unit_test(test_includes),
                cmocka_unit_test(test_no_file),
                cmocka_unit_test(test_limits),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../layer/helper.h"
#include "certificates.h"
#include "distroless/ca_bundle.h"

static const char key[] = "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n";

static void bundle_is(const CaSet *s, const char *expected) {
        AUTO(buf_done) Buf text = {0};
        ca_set_render_bundle(s, &text);
        assert_string_equal(text.p, expected);
}

static void test_tree_in_order_of_paths(void **state) {
        (void)state;
        char *root = scratch_new();
        put(root, CA_PACKAGED_PATH "/b/one.crt", "# one\n" PLAIN_PEM);
        put(root, CA_PACKAGED_PATH "/b-side/two.crt", BMP_PEM);
        put(root, CA_PACKAGED_PATH "/README", "no end of line");
        put_link(root, CA_PACKAGED_PATH "/a.crt", "b/one.crt");
        AUTO(view_freep) View *tree = NULL;
        StrVec dirs = {0};
        strvec_push(&dirs, root);
        assert_int_equal(view_open(&dirs, &tree, NULL), 0);
        AUTO(ca_set_done) CaSet set = {0};
        assert_int_equal(ca_set_read_tree(&set, tree, NULL), 0);
        bundle_is(&set, "no end of line\n" BMP_PEM "# one\n" PLAIN_PEM);
        assert_int_equal(set.certificates.n, 2);
        assert_string_equal(set.files.v[1].path, CA_PACKAGED_PATH "/b-side/two.crt");
        assert_int_equal(set.certificates.v[1].certificate.not_before_s, PLAIN_TIME);
        strvec_done(&dirs);
        scratch_free(root);
}

static void test_no_tree(void **state) {
        (void)state;
        AUTO(view_freep) View *tree = NULL;
        assert_int_equal(view_open(&(StrVec){0}, &tree, NULL), 0);
        AUTO(ca_set_done) CaSet set = {0};
        assert_int_equal(ca_set_read_tree(&set, tree, NULL), 0);
        assert_int_equal(set.files.n, 0);
}

static void test_extra(void **state) {
        (void)state;
        AUTO(ca_set_done) CaSet set = {0};
        assert_int_equal(
                ca_set_add_extra(&set, "my.pem", STR("mine\n" MULTI_PEM "known\n" PLAIN_PEM MULTI_PEM SAME_PEM), NULL),
                0);
        assert_int_equal(ca_set_add_packaged(&set, CA_PACKAGED_PATH "/x.crt", STR(BMP_PEM), NULL), 0);
        assert_int_equal(ca_set_add_extra(&set, "again.pem", STR(BMP_PEM), NULL), 0);
        bundle_is(&set, BMP_PEM MULTI_PEM PLAIN_PEM SAME_PEM);
        assert_int_equal(set.certificates.n, 4);
}

static void refused(const char *text, bool packaged, ErrKind kind, const char *says) {
        AUTO(ca_set_done) CaSet set = {0};
        AUTO(err_freep) Err *e = NULL;
        assert_true((packaged ? ca_set_add_packaged : ca_set_add_extra)(&set, "ca.pem", str_of(text), &e) < 0);
        assert_int_equal(err_kind(e), kind);
        assert_non_null(strstr(err_message(e), says));
        assert_int_equal(set.files.n, 0);
}

static void test_refused(void **state) {
        (void)state;
        AUTO(freep) char *both = xasprintf("%s%s", PLAIN_PEM, key);
        refused(both, false, ERR_DENIED, "a private key");
        refused("", false, ERR_SYNTAX, "ca.pem: there is no certificate in it");
        refused("0\202\001", false, ERR_SYNTAX, "no certificate");
        refused("\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", true, ERR_FORMAT,
                "ca.pem:2: it is not an X.509 certificate");
        refused("-----BEGIN CERTIFICATE-----\nAAAA\n", true, ERR_FORMAT, "ca.pem:1: BEGIN without END");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_tree_in_order_of_paths),
                cmocka_unit_test(test_no_tree),
                cmocka_unit_test(test_extra),
                cmocka_unit_test(test_refused),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}

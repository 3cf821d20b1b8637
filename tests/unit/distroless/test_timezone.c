/* SPDX-License-Identifier: Apache-2.0 */
#include "../layer/helper.h"

#include "distroless/timezone.h"

static View *open_tree(const char *root) {
        View *tree;
        AUTO(strvec_done) StrVec dirs = {0};
        strvec_push(&dirs, root);
        assert_int_equal(view_open(&dirs, &tree, NULL), 0);
        return tree;
}

static void refused(View *tree, const char *zone, const char *hint) {
        AUTO(err_freep) Err *e = NULL;
        assert_true(timezone_check(tree, zone, "a.yaml:7", &e) < 0);
        assert_int_equal(err_kind(e), ERR_SYNTAX);
        assert_non_null(strstr(err_message(e), "a.yaml:7: there is no time zone"));
        assert_non_null(strstr(err_hints(e), hint));
}

static void test_zones(void **state) {
        (void)state;
        char *root = scratch_new();
        put(root, "usr/share/zoneinfo/Europe/Berlin", "TZif2...");
        put(root, "usr/share/zoneinfo/Etc/GMT+5", "TZif2...");
        put(root, "usr/share/zoneinfo/tzdata.zi", "# version");
        put_link(root, "usr/share/zoneinfo/UTC", "Etc/GMT+5");
        put(root, "etc/secret", "TZif");
        {
                AUTO(view_freep) View *tree = open_tree(root);
                assert_int_equal(timezone_check(tree, "Europe/Berlin", "x", NULL), 0);
                assert_int_equal(timezone_check(tree, "Etc/GMT+5", "x", NULL), 0);
                assert_int_equal(timezone_check(tree, "UTC", "x", NULL), 0);
                refused(tree, "Europe/Berln", "did you mean 'Europe/Berlin'?");
                refused(tree, "UTX", "did you mean 'UTC'?");
                refused(tree, "US/Eastern", "tzdata-legacy");
                refused(tree, "Europe", "");
                refused(tree, "tzdata.zi", "");
                refused(tree, "../../../etc/secret", "tzdata");
                refused(tree, "/Europe/Berlin", "tzdata");
                refused(tree, "", "tzdata");
        }
        scratch_free(root);
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_zones)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}

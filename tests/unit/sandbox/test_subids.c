/* SPDX-License-Identifier: Apache-2.0 */
#include "cm.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "sandbox/subids.h"

static void test_parse(void **state) {
        (void)state;
        SubidRange r[SUBID_RANGES_MAX];
        const char *text =
                "root:1:1\nann:100000:65536\n# x\nann:bad:1\n1000:200000:10\nann:5\n\nann:4294967295:2\nann:1:0\n";
        assert_int_equal(subids_parse(text, "ann", 1000, r), 2);
        assert_int_equal(r[0].start, 100000);
        assert_int_equal(r[0].count, 65536);
        assert_int_equal(r[1].start, 200000);
        assert_int_equal(subids_parse(text, "bob", 7, r), 0);
        assert_int_equal(subids_parse(text, NULL, 1000, r), 1);
        assert_int_equal(subids_parse("", "ann", 1000, r), 0);
}

static void test_map(void **state) {
        (void)state;
        const SubidRange r[] = {{100000, 65536}, {300000, 10}};
        AUTO(strvec_done) StrVec map = {0};
        subids_map(r, 2, 1000, &map);
        const char *const wanted[] = {"0", "1000", "1", "1", "100000", "65536", "65537", "300000", "10"};
        assert_int_equal(map.n, 9);
        for (size_t i = 0; i < map.n; i++) assert_string_equal(map.v[i], wanted[i]);
}

static void test_many(void **state) {
        (void)state;
        AUTO(buf_done) Buf text = {0};
        for (int i = 0; i < SUBID_RANGES_MAX + 5; i++) buf_adds(&text, "u:100000:1\n");
        SubidRange r[SUBID_RANGES_MAX];
        assert_int_equal(subids_parse(text.p, "u", 1, r), SUBID_RANGES_MAX);
}

static void test_identity(void **state) {
        (void)state;
        AUTO(buf_done) Buf map = {0};
        assert_true(subids_identity("         0          0 4294967295\n", &map));
        assert_string_equal(map.p, "0 0 4294967294\n");
        map.n = 0;
        assert_true(subids_identity("0 1000 1\n         1 100000 65536", &map));
        assert_string_equal(map.p, "0 0 1\n1 1 65536\n");
        assert_false(subids_identity("0 1\n", &map));
        assert_false(subids_identity("0 x 1\n", &map));
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_parse), cmocka_unit_test(test_map),
                                           cmocka_unit_test(test_many), cmocka_unit_test(test_identity)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}

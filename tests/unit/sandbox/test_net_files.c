/* SPDX-License-Identifier: Apache-2.0 */
#include "cm.h"
#include "sandbox/internal.h"

static void test_hosts(void **state) {
        (void)state;
        AUTO(strvec_done) StrVec extra = {0};
        strvec_push(&extra, "db:10.0.0.1");
        strvec_push(&extra, "six:fe80::1");
        strvec_push(&extra, "seven:[::2]");
        AUTO(buf_done) Buf text = {0};
        assert_int_equal(hosts_render("box", &extra, &text, NULL), 0);
        assert_string_equal(text.p, "127.0.0.1\tlocalhost box\n::1\tlocalhost ip6-localhost ip6-loopback\n"
                                    "10.0.0.1\tdb\nfe80::1\tsix\n::2\tseven\n");
        strvec_push(&extra, "none");
        AUTO(err_freep) Err *e = NULL;
        assert_int_equal(hosts_render("box", &extra, &text, &e), -1);
        assert_int_equal(err_kind(e), ERR_USAGE);
}

static void expect(const char *host, bool keep, const char *wanted) {
        AUTO(buf_done) Buf text = {0};
        resolv_render(host, keep, &text);
        assert_string_equal(text.p ? text.p : "", wanted);
}

static void test_resolv(void **state) {
        (void)state;
        expect("nameserver 127.0.0.1\n", true, "nameserver 127.0.0.1\n");
        expect("search a\nnameserver 127.0.0.1\nnameserver 9.9.9.9\n", false, "search a\nnameserver 9.9.9.9\n");
        expect("nameserver ::1\noptions x\n", false, "options x\n\nnameserver 8.8.8.8\nnameserver 8.8.4.4\n");
        expect("nameservers 127.0.0.1\nnameserver\t1.1.1.1", false, "nameservers 127.0.0.1\nnameserver\t1.1.1.1");
        expect("", true, "");
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_hosts), cmocka_unit_test(test_resolv)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}

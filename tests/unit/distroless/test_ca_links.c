/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "certificates.h"
#include "distroless/ca_bundle.h"

/* "PATH > TARGET" or "PATH: a file", a line each. */
static void links_are(const CaSet *s, const char *expected) {
        CaEntries list;
        assert_int_equal(ca_set_links(s, &list, NULL), 0);
        AUTO(buf_done) Buf text = {0};
        for (size_t i = 0; i < list.n; i++) {
                const CaEntry *one = &list.v[i];
                assert_true((one->target == NULL) != (one->text == NULL));
                buf_addf(&text, "%s%s%s\n", one->path, one->target ? " > " : ": a file",
                         one->target ? one->target : "");
        }
        assert_string_equal(text.p, expected);
        ca_entries_done(&list);
}

static void add(CaSet *s, const char *path, const char *text) {
        assert_int_equal(ca_set_add_packaged(s, path, str_of(text), NULL), 0);
}

static void test_packaged(void **state) {
        (void)state;
        AUTO(ca_set_done) CaSet set = {0};
        add(&set, "usr/share/ca-certificates/m/A (B), c.crt", PLAIN_PEM);
        add(&set, "usr/share/ca-certificates/m/copy.crt", PLAIN_PEM);
        add(&set, "usr/share/ca-certificates/m/README", "text");
        add(&set, "usr/share/ca-certificates/m/s.crt", SAME_PEM);
        add(&set, "usr/share/ca-certificates/m/two.crt", BMP_PEM MULTI_PEM);
        links_are(&set, "etc/ssl/certs/A_=B=__c.pem > /usr/share/ca-certificates/m/A (B), c.crt\n"
                        "etc/ssl/certs/copy.pem > /usr/share/ca-certificates/m/copy.crt\n"
                        "etc/ssl/certs/dac02027.0 > A_=B=__c.pem\n"
                        "etc/ssl/certs/dac02027.1 > s.pem\n"
                        "etc/ssl/certs/s.pem > /usr/share/ca-certificates/m/s.crt\n"
                        "etc/ssl/certs/two.pem > /usr/share/ca-certificates/m/two.crt\n");
}

static void test_extra(void **state) {
        (void)state;
        AUTO(ca_set_done) CaSet set = {0};
        add(&set, "usr/share/ca-certificates/m/p.crt", PLAIN_PEM);
        assert_int_equal(ca_set_add_extra(&set, "/etc/my ca.pem", STR(PLAIN_PEM BMP_PEM MULTI_PEM), NULL), 0);
        links_are(&set, "usr/local/share/ca-certificates/my_ca-2.crt: a file\n"
                        "usr/local/share/ca-certificates/my_ca.crt: a file\n"
                        "etc/ssl/certs/0a32ccd4.0 > my_ca-2.pem\n"
                        "etc/ssl/certs/aa6e8a44.0 > my_ca.pem\n"
                        "etc/ssl/certs/dac02027.0 > p.pem\n"
                        "etc/ssl/certs/my_ca-2.pem > /usr/local/share/ca-certificates/my_ca-2.crt\n"
                        "etc/ssl/certs/my_ca.pem > /usr/local/share/ca-certificates/my_ca.crt\n"
                        "etc/ssl/certs/p.pem > /usr/share/ca-certificates/m/p.crt\n");
}

static void test_names_taken(void **state) {
        (void)state;
        AUTO(ca_set_done) CaSet set = {0};
        AUTO(err_freep) Err *e = NULL;
        CaEntries list;
        add(&set, "usr/share/ca-certificates/m/p.crt", PLAIN_PEM);
        add(&set, "usr/share/ca-certificates/n/p.crt", BMP_PEM); /* the last wins */
        links_are(&set, "etc/ssl/certs/aa6e8a44.0 > p.pem\n"
                        "etc/ssl/certs/p.pem > /usr/share/ca-certificates/n/p.crt\n");
        assert_int_equal(ca_set_add_extra(&set, "mine/p.pem", STR(MULTI_PEM), NULL), 0);
        assert_true(ca_set_links(&set, &list, &e) < 0);
        assert_int_equal(err_kind(e), ERR_CONFLICT);
        assert_non_null(strstr(err_message(e), "n/p.crt and mine/p.pem would both be /etc/ssl/certs/p.pem"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_packaged),
                cmocka_unit_test(test_extra),
                cmocka_unit_test(test_names_taken),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "debian/apt_auth.h"

/* base64 of a:b, c:d */
#define A_B "Basic YTpi"
#define C_D "Basic Yzpk"

static void answers(const char *text, const char *url, const char *expected) {
        AUTO(apt_auth_done) AptAuth auth = {0};
        AUTO(err_freep) Err *e = NULL;
        if (apt_auth_parse(str_of(text), "f", &auth, &e) < 0) fail_msg("'%s': %s", text, err_message(e));
        AUTO(freep) char *header = apt_auth_header(&auth, url);
        if (!expected && header) fail_msg("'%s' has an entry in '%s'", url, text);
        if (expected && !(header && strcmp(header, expected) == 0)) fail_msg("'%s' in '%s': %s", url, text, header);
}

/* What apt_auth.conf(5) says of "https://example.org/debian". */
static void test_examples_of_the_manual(void **state) {
        (void)state;
        static const char *const fitting[] = {"example.org", "example.org/deb", "example.org/debian",
                                              "example.org/debian/", "https://example.org"};
        static const char *const others[] = {"example.org:443", "example.org/deb/", "example.org/ubuntu",
                                             "example.orga",    "example.net",      "http://example.org"};
        for (size_t i = 0; i < sizeof fitting / sizeof fitting[0]; i++) {
                AUTO(freep) char *text = xasprintf("machine %s login a password b", fitting[i]);
                answers(text, "https://example.org/debian/dists/x/InRelease", A_B);
        }
        for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
                AUTO(freep) char *text = xasprintf("machine %s\n login a\n password b\n", others[i]);
                answers(text, "https://example.org/debian/dists/x/InRelease", NULL);
        }
}

static void test_schemes_and_ports(void **state) {
        (void)state;
        answers("machine h login a password b", "http://h/x", NULL);
        answers("machine http://h login a password b", "http://h/x", A_B);
        answers("machine http://h login a password b", "http://h:8080/x", A_B);
        answers("machine H:8080 login a password b", "HTTPS://h:8080/x", A_B);
        answers("machine h:8081 login a password b", "https://h:8080/x", NULL);
        answers("machine [::1] login a password b", "https://[::1]:80/x", A_B);
        answers("machine h login a password b", "https://u:p@h/x", NULL);
        answers("machine h login a password b", "https://evil/h", NULL);
        answers("machine h login a password b", "https://evil@x/?h", NULL);
}

static void test_first_entry_that_fits(void **state) {
        (void)state;
        static const char text[] =
                "machine h/one login a password b\nmachine h login c password d\nmachine h/two login e";
        answers(text, "https://h/one/x", A_B);
        answers(text, "https://h/two/x", C_D);
        answers("machine h\nmachine h login c password d", "https://h/", C_D);
        answers("# machine h login a password b\nmachine h account z login c port 1 password d # password e",
                "https://h/", "Basic Yzpl");
        answers("machine h login c password #d", "https://h/", "Basic YzojZA==");
}

static void test_mistakes(void **state) {
        (void)state;
        static const struct {
                const char *text, *said;
        } cases[] = {{"machine h login a password", "f:1: nothing behind 'password'"},
                     {"\nmachine", "f:2: nothing behind 'machine'"},
                     {"\n\nlogin a", "f:3: 'login' before the first 'machine'"},
                     {"machine https:///x login a", "f:1: 'machine' names no host"}};
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                AUTO(apt_auth_done) AptAuth auth = {0};
                AUTO(err_freep) Err *e = NULL;
                assert_true(apt_auth_parse(str_of(cases[i].text), "f", &auth, &e) < 0);
                if (!strstr(err_message(e), cases[i].said))
                        fail_msg("'%s' is not in '%s'", cases[i].said, err_message(e));
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_examples_of_the_manual),
                cmocka_unit_test(test_schemes_and_ports),
                cmocka_unit_test(test_first_entry_that_fits),
                cmocka_unit_test(test_mistakes),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}

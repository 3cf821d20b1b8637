/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "debian/apt_sources.h"
#include "os/fs.h"

typedef int (*Parse)(Str text, const char *file, AptRepositories *ret, Err **e);

/* "URI[,URI] SUITE[,SUITE] COMPONENT... [arch=..] [keys=..]" of each, a line each. */
static void add_list(Buf *out, const StrVec *list) {
        for (size_t i = 0; i < list->n; i++) buf_addf(out, "%s%s", i ? "," : "", list->v[i]);
}

static char *shown(const AptRepositories *list) {
        Buf out = {0};
        for (size_t i = 0; i < list->n; i++) {
                const AptRepository *r = &list->v[i];
                buf_addf(&out, "%s ", r->where);
                add_list(&out, &r->uris);
                buf_addc(&out, ' ');
                add_list(&out, &r->suites);
                buf_addc(&out, ' ');
                add_list(&out, &r->components);
                if (r->architectures.n) buf_adds(&out, " arch="), add_list(&out, &r->architectures);
                if (r->keyrings.n) buf_adds(&out, " keys="), add_list(&out, &r->keyrings);
                if (r->fingerprints.n) buf_adds(&out, " prints="), add_list(&out, &r->fingerprints);
                if (r->inline_key) buf_adds(&out, " inline");
                if (r->trusted) buf_adds(&out, " trusted");
                if (r->ignore_valid_until) buf_adds(&out, " for-ever");
                if (r->ignore_date) buf_adds(&out, " any-date");
                if (r->date_max_future_s) buf_addf(&out, " future=%lld", (long long)r->date_max_future_s);
                buf_addc(&out, '\n');
        }
        return buf_take(&out);
}

static void parses(Parse parse, const char *text, const char *expected) {
        AUTO(apt_repositories_done) AptRepositories list = {0};
        AUTO(err_freep) Err *e = NULL;
        int r = parse(str_of(text), "f", &list, &e);
        if (r < 0) fail_msg("'%s': %s", text, err_message(e));
        AUTO(freep) char *got = shown(&list);
        assert_string_equal(got, expected);
}

static void fails(Parse parse, const char *text, const char *said) {
        AUTO(apt_repositories_done) AptRepositories list = {0};
        AUTO(err_freep) Err *e = NULL;
        assert_int_equal(parse(str_of(text), "f", &list, &e), -1);
        if (!strstr(err_message(e), said)) fail_msg("'%s' is not in '%s'", said, err_message(e));
}

#define PRINT "0123456789ABCDEF0123456789abcdef01234567"

static void test_lines(void **state) {
        (void)state;
        parses(apt_sources_parse_lines, "", "");
        parses(apt_sources_parse_lines, "# comment\n\n  deb-src http://h/d s main\n", "");
        parses(apt_sources_parse_lines, "deb http://h/debian/ bookworm main contrib # all\n",
               "f:1 http://h/debian bookworm main,contrib\n");
        parses(apt_sources_parse_lines,
               "\ndeb [arch=amd64,arm64 signed-by=/k/a.gpg,/k/b.asc lang=en] https://h/d s/updates main",
               "f:2 https://h/d s/updates main arch=amd64,arm64 keys=/k/a.gpg,/k/b.asc\n");
        parses(apt_sources_parse_lines, "deb\t[ trusted=yes check-valid-until=no ]\tfile:///srv/x ./\r\n",
               "f:1 file:///srv/x ./  trusted for-ever\n");
        parses(apt_sources_parse_lines, "deb [check-date=no date-max-future=60] http://h s c",
               "f:1 http://h s c any-date future=60\n");
        parses(apt_sources_parse_lines, "deb cdrom:[Debian 12 _Bookworm_]/ bookworm main\ndeb http://u:p@h:80/x#y s c",
               "f:2 http://u:p@h:80/x#y s c\n");
        parses(apt_sources_parse_lines, "deb [signed-by=" PRINT "!] http://h s c",
               "f:1 http://h s c prints=" PRINT "!\n");
}

static void test_wrong_lines(void **state) {
        (void)state;
        fails(apt_sources_parse_lines, "debian http://h s c", "f:1: 'debian' where \"deb\" or \"deb-src\" is expected");
        fails(apt_sources_parse_lines, "\ndeb", "f:2: no URI");
        fails(apt_sources_parse_lines, "deb http://h", "f:1: no suite behind the URI 'http://h'");
        fails(apt_sources_parse_lines, "deb http://h s", "f:1: no components for suite 's'");
        fails(apt_sources_parse_lines, "deb http://h s/ main", "suite 's/' ends in a slash");
        fails(apt_sources_parse_lines, "deb h/d s main", "'h/d' is no URI");
        fails(apt_sources_parse_lines, "deb http://h ../../s main", "'../../s' is no suite");
        fails(apt_sources_parse_lines, "deb http://h s a/../b", "'a/../b' is no component");
        fails(apt_sources_parse_lines, "deb [arch=a%2f] http://h s c", "'a%2f' is no architecture");
        fails(apt_sources_parse_lines, "deb [signed-by=a.gpg] http://h s c",
              "'a.gpg' is neither an absolute file name nor");
        fails(apt_sources_parse_lines, "deb [trusted=perhaps] http://h s c", "'perhaps' is neither yes nor no");
        fails(apt_sources_parse_lines, "deb [date-max-future=0] http://h s c", "'0' is no number of seconds");
        fails(apt_sources_parse_lines, "deb [trusted] http://h s c", "option 'trusted': NAME=VALUE");
        fails(apt_sources_parse_lines, "deb [trusted=yes http://h s c", "no ']'");
        fails(apt_sources_parse_lines, "deb [arch+=arm64] http://h s c", "lists cannot be changed");
}

static void test_nul(void **state) {
        (void)state;
        static const Parse parsers[] = {apt_sources_parse_lines, apt_sources_parse_stanzas};
        for (size_t i = 0; i < ARRAY_SIZE(parsers); i++) {
                AUTO(apt_repositories_done) AptRepositories list = {0};
                AUTO(err_freep) Err *e = NULL;
                assert_int_equal(parsers[i](STR("# x\ndeb http://h s \0main\n"), "f", &list, &e), -1);
                assert_string_equal(err_message(e), "f:2: a NUL byte in the text");
        }
}

static void test_stanzas(void **state) {
        (void)state;
        parses(apt_sources_parse_stanzas,
               "# Debian\nTypes: deb deb-src\nURIs: http://a/debian/ http://b\n# in between\nSuites: s "
               "s-updates\nComponents: main\n"
               "Signed-By: /k\n\nTypes: deb-src\nURIs: x\nSuites: y\n\nTypes: deb\nEnabled: no\nURIs: x\nSuites: y\n\n"
               "types: deb\nuris: file:/x\nsuites: ./\ntrusted: yes\narchitectures: amd64 arm64\ncheck-valid-until: "
               "false\n",
               "f:2 http://a/debian,http://b s,s-updates main keys=/k\n"
               "f:18 file:/x ./  arch=amd64,arm64 trusted for-ever\n");
        parses(apt_sources_parse_stanzas,
               "Types: deb\nURIs: http://a\n http://b\nSuites: s\nComponents:\n main\n# off\n contrib\n",
               "f:1 http://a,http://b s main,contrib\n");
}

static void test_inline_key(void **state) {
        (void)state;
        static const char text[] =
                "Types: deb\nURIs: http://a\nSuites: s\nComponents: c\nSigned-By:\n -----BEGIN PGP PUBLIC KEY "
                "BLOCK-----\n .\n mDMEYC\n -----END PGP PUBLIC KEY BLOCK-----\n";
        AUTO(apt_repositories_done) AptRepositories list = {0};
        assert_int_equal(apt_sources_parse_stanzas(STR(text), "f", &list, NULL), 0);
        assert_int_equal(list.n, 1);
        assert_string_equal(list.v[0].inline_key,
                            "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDMEYC\n-----END PGP PUBLIC KEY BLOCK-----\n");
        assert_int_equal(list.v[0].keyrings.n, 0);
}

static void test_wrong_stanzas(void **state) {
        (void)state;
        fails(apt_sources_parse_stanzas, "URIs: http://h\n", "f:1: a stanza without the field Types");
        fails(apt_sources_parse_stanzas, "\nTypes: deb\nSuites: s\n", "f:2: no URI");
        fails(apt_sources_parse_stanzas, "Types: deb\nEnabled: maybe\n", "Enabled: 'maybe' is neither yes nor no");
        fails(apt_sources_parse_stanzas, "no field\n", "f:1: ");
}

static void write_text(const char *root, const char *name, const char *text) {
        AUTO(freep) char *path = NULL;
        assert_true(asprintf(&path, "%s/%s", root, name) > 0);
        assert_int_equal(file_write_atomic(AT_FDCWD, path, text, strlen(text), 0644, NULL), 0);
}

static void test_a_machines_files(void **state) {
        (void)state;
        char root[] = "/tmp/test-sources-XXXXXX";
        assert_non_null(mkdtemp(root));
        AUTO(apt_repositories_done) AptRepositories list = {0}, none = {0};
        AUTO(err_freep) Err *e = NULL;
        assert_int_equal(apt_sources_read(root, &none, NULL), 0);
        assert_int_equal(none.n, 0);
        AUTO(freep) char *directory = NULL;
        assert_true(asprintf(&directory, "%s/etc/apt/sources.list.d", root) > 0);
        assert_int_equal(dir_make_all(AT_FDCWD, directory, 0755, NULL), 0);
        write_text(root, "etc/apt/sources.list", "deb http://first s c\n");
        write_text(root, "etc/apt/sources.list.d/b.list", "deb [signed-by=/k] http://third s c\n");
        write_text(root, "etc/apt/sources.list.d/a.sources",
                   "Types: deb\nURIs: http://second\nSuites: s\nComponents: c\n");
        write_text(root, "etc/apt/sources.list.d/c.list.save", "nonsense\n");
        assert_int_equal(apt_sources_read(root, &list, NULL), 0);
        assert_int_equal(list.n, 3);
        assert_string_equal(list.v[0].uris.v[0], "http://first");
        assert_string_equal(list.v[1].uris.v[0], "http://second");
        assert_string_equal(list.v[2].uris.v[0], "http://third");
        assert_true(starts_with(list.v[2].keyrings.v[0], root)); /* that root's key */
        write_text(root, "etc/apt/sources.list.d/c.list", "nonsense\n");
        apt_repositories_done(&none);
        assert_int_equal(apt_sources_read(root, &none, &e), -1);
        assert_non_null(strstr(err_message(e), "/etc/apt/sources.list.d/c.list:1: 'nonsense'"));
        assert_int_equal(tree_remove(AT_FDCWD, root, NULL), 0);
}

static void test_for_release(void **state) {
        (void)state;
        static const char machine_text[] = "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg arch=amd64] "
                                           "http://mirror/anything bookworm main contrib\n"
                                           "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] "
                                           "http://mirror/anything bookworm-updates main\n"
                                           "deb http://mirror/debian-security bookworm-security main non-free\n"
                                           "deb http://mirror/debian bookworm-backports main\n"
                                           "deb https://vendor/linux/debian bookworm stable\n"
                                           "deb [signed-by=/k/vendor.gpg] https://vendor/debian bookworm main\n"
                                           "deb https://vendor/repos bookworm main\n"
                                           "deb https://vendor/debian nodistro main\n"
                                           "deb https://vendor/debian bookworm-pgdg main\n"
                                           "deb http://flat/debian ./\n";
        AUTO(apt_repositories_done) AptRepositories machine = {0}, list = {0}, sid = {0}, none = {0};
        AUTO(err_freep) Err *e = NULL;
        assert_int_equal(apt_sources_parse_lines(STR(machine_text), "m", &machine, NULL), 0);
        assert_int_equal(apt_sources_for_release(&machine, "trixie", &list, NULL), 0);
        AUTO(freep) char *got = shown(&list);
        assert_string_equal(
                got,
                "m:1 http://mirror/anything trixie main keys=/usr/share/keyrings/debian-archive-keyring.gpg\n"
                "m:2 http://mirror/anything trixie-updates main keys=/usr/share/keyrings/debian-archive-keyring.gpg\n"
                "m:3 http://mirror/debian-security trixie-security main\n");
        assert_int_equal(apt_sources_for_release(&machine, "sid", &sid, NULL), 0);
        assert_int_equal(sid.n, 1);
        assert_string_equal(sid.v[0].suites.v[0], "sid");
        assert_int_equal(apt_sources_for_release(&none, "trixie", &list, &e), -1);
        assert_int_equal(err_kind(e), ERR_NOT_FOUND);
        assert_non_null(strstr(err_hints(e), "--repository \"deb "));
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines),
                                           cmocka_unit_test(test_wrong_lines),
                                           cmocka_unit_test(test_nul),
                                           cmocka_unit_test(test_stanzas),
                                           cmocka_unit_test(test_inline_key),
                                           cmocka_unit_test(test_wrong_stanzas),
                                           cmocka_unit_test(test_a_machines_files),
                                           cmocka_unit_test(test_for_release)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}

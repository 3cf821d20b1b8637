/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "net/git_ref.h"

typedef struct Row {
        const char *text;
        const char *remote, *ref, *subdir, *checksum; /* remote NULL: no git reference */
} Row;

static void same(const char *got, const char *want) {
        if (want) {
                assert_non_null(got);
                assert_string_equal(got, want);
        } else {
                assert_null(got);
        }
}

static void test_forms(void **state) {
        (void)state;
        static const Row rows[] = {
                {"https://h/a.git", "https://h/a.git", NULL, NULL, NULL},
                {"https://h/a.git#main", "https://h/a.git", "main", NULL, NULL},
                {"https://h/a.git#main:sub/dir", "https://h/a.git", "main", "sub/dir", NULL},
                {"https://h/a.git#:sub/../x/", "https://h/a.git", NULL, "x", NULL},
                {"https://h/a.git#:../../etc", "https://h/a.git", NULL, "etc", NULL},
                {"http://h/a.git?branch=b&subdir=s", "http://h/a.git", "refs/heads/b", "s", NULL},
                {"http://h/a.git?tag=v1", "http://h/a.git", "refs/tags/v1", NULL, NULL},
                {"http://h/a.git?checksum=ABCDEF1", "http://h/a.git", NULL, NULL, "abcdef1"},
                {"http://h/a.git?ref=main&subdir=a%2Fb", "http://h/a.git", "main", "a/b", NULL},
                {"http://h/a.git?ref=main#main:d", "http://h/a.git", "main", "d", NULL},
                {"git://h/a", "git://h/a", NULL, NULL, NULL},
                {"ssh://git@h:22/a", "ssh://git@h:22/a", NULL, NULL, NULL},
                {"git@host:a/b.git#v1", "git@host:a/b.git", "v1", NULL, NULL},
                {"other-user@host:a", "other-user@host:a", NULL, NULL, NULL},
                {"github.com/a/b", "https://github.com/a/b", NULL, NULL, NULL},
                {"https://h/a", NULL, NULL, NULL, NULL},
                {"https://h/a.git/info", NULL, NULL, NULL, NULL},
                {"https://h/a.tar.gz#x.git", NULL, NULL, NULL, NULL},
                {"dir/file", NULL, NULL, NULL, NULL},
                {"-oProxyCommand=x@host:a", NULL, NULL, NULL, NULL},
                {"a@b", NULL, NULL, NULL, NULL},
                {"", NULL, NULL, NULL, NULL},
        };
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                GitRef r = {0};
                AUTO(err_freep) Err *e = NULL;
                int status = git_ref_parse(rows[i].text, true, &r, &e);
                assert_int_equal(status, rows[i].remote ? GIT_REF : GIT_REF_OTHER);
                if (rows[i].remote) {
                        same(r.remote, rows[i].remote);
                        same(r.ref, rows[i].ref);
                        same(r.subdir, rows[i].subdir);
                        same(r.checksum, rows[i].checksum);
                }
                git_ref_done(&r);
        }
        GitRef r;
        assert_int_equal(git_ref_parse("github.com/a/b", false, &r, NULL), GIT_REF_OTHER);
}

static void test_options(void **state) {
        (void)state;
        GitRef r = {0};
        assert_int_equal(git_ref_parse("git://h/a?keep-git-dir&submodules=false&mtime=commit", false, &r, NULL),
                         GIT_REF);
        assert_int_equal(r.keep_git_dir, 1);
        assert_false(r.submodules);
        assert_true(r.commit_times);
        git_ref_done(&r);
        assert_int_equal(git_ref_parse("git://h/a?keep-git-dir=0", false, &r, NULL), GIT_REF);
        assert_int_equal(r.keep_git_dir, 0);
        assert_true(r.submodules);
        git_ref_done(&r);
}

static void test_errors(void **state) {
        (void)state;
        static const char *const bad[] = {
                "git://h/a?ref=x&ref=x",
                "git://h/a?tag=x&branch=y",
                "git://h/a?ref=x#y",
                "git://h/a?refs=x",
                "git://h/a?submodules=many",
                "git://h/a?mtime=now",
                "git://h/a?checksum=xyz",
                "git://h/a#-x",
                "git://h/a#a b",
                "git://h/a?subdir=a#m:b",
                "git://h/a?ref=",
                "git://h/a?fetch-by-commit",
                "git://h/a?checksum=abcdef1&fetch-by-commit",
        };
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                GitRef r = {0};
                AUTO(err_freep) Err *e = NULL;
                assert_int_equal(git_ref_parse(bad[i], false, &r, &e), -1);
                assert_int_equal(err_kind(e), ERR_SYNTAX);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_forms), cmocka_unit_test(test_options),
                                           cmocka_unit_test(test_errors)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "debian/resolve.h"
#include "packages.h"

enum { ROOTS_MAX = 8 };

/* "name version; Field: value; ..." a line. */
static void add_line(Buf *text, Str line) {
        Str head, name, field;
        bool more = str_cut(&line, ';', &head);
        str_cut(&head, ' ', &name);
        AUTO(buf_done) Buf fields = {0};
        while (more) {
                more = str_cut(&line, ';', &field);
                buf_addf(&fields, STR_FMT "\n", STR_ARG(str_trim(field)));
        }
        AUTO(freep) char *package = str_dup(name), *version = str_dup(head);
        packages_add(text, package, version, fields.n > 0 ? fields.p : "");
}

static PackageUniverse *universe_of(const char *lines) {
        AUTO(buf_done) Buf text = {0};
        Str rest = str_of(lines), line;
        for (bool more = true; more;) {
                more = str_cut(&rest, '\n', &line);
                if (line.n > 0) add_line(&text, line);
        }
        PackageIndex *index;
        AUTO(err_freep) Err *e = NULL;
        if (packages_open(buf_str(&text), "testing main", &index, &e) < 0) fail_msg("%s", err_message(e));
        PackageUniverse *u = package_universe_new("amd64");
        assert_int_equal(package_universe_add(u, index, NULL), 0);
        return u;
}

/* roots: "a, b=1, -c": with what it needs, or alone behind "-". */
static int resolve(PackageUniverse *u, const char *names, PackageList *ret, Err **e) {
        ResolveRoot roots[ROOTS_MAX];
        AUTO(strvec_done) StrVec copies = {0};
        Str rest = str_of(names), name;
        for (bool more = true; more && copies.n < ROOTS_MAX;) {
                more = str_cut(&rest, ',', &name);
                name = str_trim(name);
                bool alone = name.n > 0 && name.p[0] == '-';
                strvec_push_take(&copies, str_dup(alone ? str_sub(name, 1, name.n) : name));
                roots[copies.n - 1] =
                        (ResolveRoot){.name = copies.v[copies.n - 1], .where = "recipe.yaml:7", .closure = !alone};
        }
        return debian_resolve(u, roots, copies.n, ret, e);
}

static void assert_resolves(const char *packages, const char *roots, const char *expected) {
        AUTO(package_universe_freep) PackageUniverse *u = universe_of(packages);
        AUTO(err_freep) Err *e = NULL;
        AUTO(buf_done) Buf text = {0};
        PackageList list;
        if (resolve(u, roots, &list, &e) < 0)
                fail_msg("%s: %s\n%s", roots, err_message(e), err_excerpt_text(e) ? err_excerpt_text(e) : "");
        for (size_t i = 0; i < list.n; i++) buf_addf(&text, "%s" STR_FMT, i > 0 ? " " : "", STR_ARG(list.v[i]->name));
        assert_string_equal(text.n > 0 ? text.p : "", expected);
}

static void test_closure_and_order(void **state) {
        (void)state;
        const char *packages = "aa 1; Depends: zz, bb (>= 1)\n"
                               "bb 1; Pre-Depends: cc\n"
                               "cc 1; Depends: bb\n"
                               "zz 1\n"
                               "unused 1\n";
        assert_resolves(packages, "aa", "cc bb zz aa");
        assert_resolves(packages, "zz, aa", "cc bb zz aa");
        assert_resolves(packages, "-aa", "aa");
        assert_resolves(packages, "zz", "zz");
        assert_resolves("aa 1; Recommends: bb; Suggests: bb\nbb 1\n", "aa", "aa");
}

static void test_alone(void **state) {
        (void)state;
        const char *packages = "aa 1; Depends: bb\nbb 1; Depends: cc\ncc 1\n";
        assert_resolves(packages, "-bb", "bb");
        assert_resolves(packages, "aa, -bb", "bb aa");
        assert_resolves(packages, "-bb, bb", "cc bb");
        assert_resolves("aa 1; Depends: missing\n", "-aa", "aa");
}

static void test_alternatives(void **state) {
        (void)state;
        const char *packages = "aa 1; Depends: bb | cc\nbb 1\ncc 1\ndd 1; Depends: aa, cc\nff 1; Depends: cc, aa\n"
                               "gg 1; Depends: nowhere | cc\nhh 1; Depends: broken | bb\nbroken 1; Depends: nowhere\n"
                               "deep 1; Depends: broken\nii 1; Depends: deep | cc\n";
        assert_resolves(packages, "aa", "bb aa");
        assert_resolves(packages, "aa, cc", "cc aa");
        assert_resolves(packages, "cc, aa", "cc aa");
        assert_resolves(packages, "dd", "bb cc aa dd");
        assert_resolves(packages, "ff", "cc aa ff");
        assert_resolves(packages, "gg", "cc gg");
        assert_resolves(packages, "hh", "bb hh");
        assert_resolves(packages, "ii", "cc ii");
}

static void test_versions(void **state) {
        (void)state;
        const char *packages = "lib 1.9\nlib 1.10; Depends: other\nother 1\naa 1; Depends: lib (<< 1.10) | other\nbb "
                               "1; Depends: lib (>= 1.10)\n";
        assert_resolves(packages, "lib", "other lib");
        assert_resolves(packages, "lib=1.9", "lib");
        assert_resolves(packages, "lib (<< 1.10)", "lib");
        assert_resolves(packages, "lib = 1.9", "lib");
        assert_resolves(packages, "lib=1.9 [amd64]", "lib");
        assert_resolves(packages, "lib (>= 1), lib (<= 1.9)", "lib");
        assert_resolves(packages, "aa", "other aa");
        assert_resolves(packages, "aa, lib=1.9", "lib aa");
        assert_resolves(packages, "bb", "other lib bb");
        assert_resolves(packages, "lib [arm64], other [!arm64]", "other");
}

static void test_virtual_packages(void **state) {
        (void)state;
        const char *packages = "aa 1; Depends: virtual\nbb 1; Depends: virtual (>= 2)\ncc 1; Depends: real\n"
                               "plain 1; Provides: virtual; Priority: optional\n"
                               "chosen 1; Provides: virtual; Priority: standard\n"
                               "versioned 9; Provides: virtual (= 2), only; Priority: extra\n"
                               "real 1; Priority: extra\nfake 1; Provides: real; Priority: required; Essential: yes\n"
                               "dd 1; Depends: virtual (>= 3) | real\n";
        assert_resolves(packages, "aa", "chosen aa");
        assert_resolves(packages, "plain, aa", "plain aa");
        assert_resolves(packages, "bb", "versioned bb");
        assert_resolves(packages, "cc", "real cc");
        assert_resolves(packages, "dd", "real dd");
        assert_resolves(packages, "only", "versioned");
}

static void test_provider_ties(void **state) {
        (void)state;
        assert_resolves("aa 1; Depends: vv\nmm 1; Provides: vv\ness 1; Provides: vv; Essential: yes\n", "aa", "ess aa");
        assert_resolves("aa 1; Depends: vv\nmm 1; Provides: vv\nnn 1; Provides: vv\n", "aa", "mm aa");
        assert_resolves("aa 1; Depends: vv\nmm 1; Provides: vv\nold 1; Provides: vv; Protected: yes\n", "aa", "old aa");
        /* an older version that provides it is not considered */
        assert_resolves("aa 1; Depends: vv\nbb 1; Provides: vv\nbb 2\ncc 1; Provides: vv\n", "aa", "cc aa");
}

static void test_conflicts(void **state) {
        (void)state;
        const char *packages = "aa 1; Depends: bb, cc | dd\nbb 1; Conflicts: cc\ncc 1\ndd 1\n"
                               "ee 1; Depends: cc, bb | dd\n"
                               "ff 1; Depends: gg | hh, ii\ngg 1\nhh 1\nii 1; Breaks: gg (<< 2)\n"
                               "self 1; Conflicts: mta; Provides: mta\nother 1; Conflicts: mta; Provides: mta\n"
                               "jj 1; Depends: self, other | dd\n"
                               "kk 1; Depends: gg, old | dd\nold 1; Conflicts: gg (<< 1)\n";
        assert_resolves(packages, "aa", "bb dd aa");
        assert_resolves(packages, "ee", "cc dd ee");
        assert_resolves(packages, "ff", "hh ii ff");
        assert_resolves(packages, "self", "self");
        assert_resolves(packages, "jj", "dd self jj");
        assert_resolves(packages, "kk", "gg old kk");
}

static void test_multi_arch(void **state) {
        (void)state;
        const char *packages =
                "python3 3; Multi-Arch: allowed\nplain 1\naa 1; Depends: python3:any (>= 3)\n"
                "bb 1; Depends: plain:any | python3:amd64\ncc 1; Depends: foreign\nforeign 1; Multi-Arch: foreign\n"
                "dd 1; Depends: plain:arm64 | python3\n";
        assert_resolves(packages, "aa", "python3 aa");
        assert_resolves(packages, "bb", "python3 bb");
        assert_resolves(packages, "cc", "foreign cc");
        assert_resolves(packages, "dd", "python3 dd");
        assert_resolves(packages, "plain:amd64", "plain");
}

/* What an alternative that was given up had brought in is not in the result. */
static void test_leftovers(void **state) {
        (void)state;
        const char *packages =
                "aa 1; Depends: bb | cc\nbb 1; Depends: dd, ee\ndd 1\nee 1; Depends: ff\nff 1; Depends: gone\ncc 1\n";
        assert_resolves(packages, "aa", "cc aa");
}

typedef struct Wrong {
        const char *packages, *roots;
        ErrKind kind;
        const char *message, *excerpt, *hints;
} Wrong;

static void assert_says(const char *found, const char *expected) {
        if (expected && (!found || !strstr(found, expected)))
                fail_msg("'%s' does not say '%s'", found ? found : "(nothing)", expected);
}

static void assert_wrong(const Wrong *w) {
        AUTO(package_universe_freep) PackageUniverse *u = universe_of(w->packages);
        AUTO(err_freep) Err *e = NULL;
        PackageList list;
        if (resolve(u, w->roots, &list, &e) >= 0) fail_msg("%s should fail", w->roots);
        assert_says(err_message(e), w->message);
        assert_says(err_excerpt_text(e), w->excerpt);
        assert_says(err_hints(e), w->hints);
        assert_int_equal(err_kind(e), w->kind);
}

static void test_roots_refused(void **state) {
        (void)state;
        static const Wrong wrong[] = {
                {"nginx 1\n", "ngnix", ERR_NOT_FOUND, "recipe.yaml:7: there is no package 'ngnix'", NULL,
                 "did you mean 'nginx'?\nsearched for amd64: testing main\n"},
                {"aa 1\naa 2\n", "aa=3", ERR_NOT_FOUND, "recipe.yaml:7: there is no 'aa (= 3)'", NULL,
                 "there is: 2 (testing main), 1 (testing main)"},
                {"aa 1\naa 2\n", "aa=1, aa=2", ERR_CONFLICT, "no version is what all that ask for this package want",
                 NULL, "there is: 2"},
                {"aa 1; Provides: vv\nbb 1; Provides: vv\n", "vv", ERR_NOT_FOUND, "'vv' is a virtual package", NULL,
                 "name one of those that provide it: 'aa', 'bb'"},
                {"aa 1\n", "AA", ERR_SYNTAX,
                 "recipe.yaml:7: package 'AA': relation 'AA': expected the name of a package", NULL, "write 'libpq5'"},
                {"aa 1\n", "aa | bb", ERR_SYNTAX, "expected the name of one package", NULL, NULL},
                {"aa 1\n", "", ERR_SYNTAX, "expected the name of one package", NULL, NULL},
                {"aa 1\n", "aa:arm64", ERR_NOT_FOUND, "there is no 'aa:arm64'", NULL, NULL},
        };
        for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) assert_wrong(&wrong[i]);
}

static void test_chains(void **state) {
        (void)state;
        static const Wrong wrong[] = {
                {"app 1; Depends: lib (>= 2)\nlib 2; Depends: base (= 1)\nbase 2\n", "app", ERR_CONFLICT,
                 "recipe.yaml:7: package 'app' cannot be had: 'lib' needs 'base (= 1)'",
                 "recipe.yaml:7: app 1 (testing main)\n  needs lib (>= 2): lib 2 (testing main)\n  needs base (= 1): "
                 "there is 2 (testing main)\n",
                 "searched for amd64: testing main"},
                {"app 1; Depends: gone\n", "app", ERR_CONFLICT, "'app' needs 'gone'",
                 "needs gone: there is no such package\n", NULL},
                {"app 1; Depends: mid\nmid 1; Depends: gone | lib (>= 2) | bad\nlib 1\nbad 1; Depends: nowhere\n",
                 "app", ERR_CONFLICT, "'mid' needs 'gone | lib (>= 2) | bad'",
                 "  needs mid: mid 1 (testing main)\n  needs gone | lib (>= 2) | bad:\n    gone: there is no such "
                 "package\n"
                 "    lib (>= 2): there is 1 (testing main)\n    bad: 'bad' needs 'nowhere', which cannot be had\n",
                 NULL},
                {"aa 1; Conflicts: bb\nbb 1\n", "aa, bb", ERR_CONFLICT,
                 "recipe.yaml:7: packages 'aa' and 'bb' exclude each other: 'aa' names 'bb' in Conflicts or Breaks",
                 "recipe.yaml:7: aa 1 (testing main)\nrecipe.yaml:7: bb 1 (testing main)\n", NULL},
                {"aa 1; Depends: mm\nmm 1; Breaks: cc (<< 2)\nbb 1; Depends: cc\ncc 1\n", "aa, bb", ERR_CONFLICT,
                 "'bb' needs 'cc'",
                 "'cc' and 'mm' exclude each other\nrecipe.yaml:7: aa 1 (testing main)\n  needs mm: mm 1 (testing "
                 "main)\n",
                 NULL},
                {"app 1; Depends: vv (>= 2)\npp 1; Provides: vv\n", "app", ERR_CONFLICT, "'app' needs 'vv (>= 2)'",
                 "'pp' provides it, but not in this version", NULL},
                {"app 1; Depends: B@d\n", "app", ERR_FORMAT, "testing main: package 'app' 1: Depends: relation 'B@d'",
                 NULL, NULL},
        };
        for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) assert_wrong(&wrong[i]);
}

/* A chain that is longer than anybody has. */
static void test_depth(void **state) {
        (void)state;
        enum { COUNT = 6000 };
        AUTO(buf_done) Buf lines = {0};
        for (int i = 0; i < COUNT; i++) buf_addf(&lines, "p%d 1; Depends: p%d\n", i, i + 1);
        buf_addf(&lines, "p%d 1\n", COUNT);
        Wrong wrong = {
                .packages = lines.p, .roots = "p0", .kind = ERR_LIMIT, .message = "a chain of more than 4096 packages"};
        assert_wrong(&wrong);
        assert_resolves(lines.p, "p5998", "p6000 p5999 p5998");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_closure_and_order),
                cmocka_unit_test(test_alone),
                cmocka_unit_test(test_alternatives),
                cmocka_unit_test(test_versions),
                cmocka_unit_test(test_virtual_packages),
                cmocka_unit_test(test_provider_ties),
                cmocka_unit_test(test_conflicts),
                cmocka_unit_test(test_multi_arch),
                cmocka_unit_test(test_leftovers),
                cmocka_unit_test(test_roots_refused),
                cmocka_unit_test(test_chains),
                cmocka_unit_test(test_depth),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include "base/buf.h"
#include "dockerfile/ignore.h"

static Ignore *rules(const char *text) {
        Ignore *x = NULL;
        Err *e = NULL;
        if (ignore_parse(".dockerignore", str_of(text), &x, &e) < 0) fail_msg("%s", err_message(e));
        return x;
}

/* paths: names with blanks between; those that are hidden begin with "-" */
static void assert_hides(const char *text, const char *paths) {
        AUTO(ignore_freep) Ignore *x = rules(text);
        Str rest = str_of(paths), one;
        for (bool more = true; more;) {
                more = str_cut(&rest, ' ', &one);
                bool want = one.n > 0 && one.p[0] == '-';
                AUTO(freep) char *path = str_dup(str_sub(one, want ? 1 : 0, one.n));
                if (ignore_match(x, path, false, NULL) != want) fail_msg("%s: %s", text, path);
        }
}

static void test_forms(void **state) {
        (void)state;
        assert_hides("a.txt", "-a.txt d/a.txt a.txt2 -a.txt/below");
        assert_hides("\xEF\xBB\xBF"
                     "a\r\n d/ \r\n",
                     "-a -d -d/e x/d");
        assert_hides("# c\n\n   a   \n  # no comment\nx#y\na#", "-a c -x#y -a#");
        assert_hides("/a\n/d/e", "-a b/a d -d/e -d/e/f");
        assert_hides("./a\nd/./e\nf/../g\n../h", "-a -d/e -g h f");
        assert_hides("A\nB", "a -A b -B/c");
        assert_hides(".\n/\n..", "a b .x");
        assert_hides("", "a b/c");
}

static void test_wildcards(void **state) {
        (void)state;
        assert_hides("*.md", "-c.md d/c.md -.md c.mdx");
        assert_hides("*", "-a -d/e -.x");
        assert_hides("*/*.md", "c.md -d/c.md d/e/c.md -d/c.md/f");
        assert_hides("?.md\n[ab].txt", "-c.md cc.md -a.txt c.txt -\xC3\xA4.md");
        assert_hides("[^a]x\n[a-ce-e]y", "ax -bx -dx -cy -ey dy");
        assert_hides("\\*.txt\nb\\.txt", "-*.txt a.txt -b.txt");
        assert_hides("a*b*c", "-abc -axbxc ab/c -aXbYc/d abcd");
        assert_hides("d/*", "d -d/e -d/e/f");
}

static void test_levels(void **state) {
        (void)state;
        assert_hides("**/*.md", "-c.md -d/c.md -d/e/c.md -d/x.md/y c.m");
        assert_hides("**/a", "-a -d/a -d/e/a -d/a/f ba d/ba");
        assert_hides("**/a/b", "-a/b -d/a/b -d/a/b/c a d/b");
        assert_hides("d/**", "d -d/e -d/e/f de");
        assert_hides("d/**/f", "-d/f -d/e/f -d/e/g/f -d/f/h f d/xf");
        assert_hides("**", "-a -b/c");
        assert_hides("**/", "-a -b/c");
        assert_hides("**/n/**", "n -n/a -d/n/a -d/n/a/b d/nn/a");
        assert_hides("**foo", "-foo -xfoo -d/xfoo -d/foo/y food");
        assert_hides("a**b", "-ab -ax/b axb -a/b -ax/y/b");
        assert_hides("**/*.a/**/*.b", "-x.a/y.b -q/x.a/p/q/y.b y.b -x.a/y.b/z");
        assert_hides("a/**/b/**/c", "-a/b/c -a/x/b/y/z/c a/c");
}

static void test_exceptions(void **state) {
        (void)state;
        assert_hides("*.txt\n!b.txt", "-a.txt b.txt");
        assert_hides("*.txt\n! b.txt", "-a.txt b.txt");
        assert_hides("!b.txt\n*.txt", "-a.txt -b.txt");
        assert_hides("d\n!d/e\nd/e/a", "-d -d/x d/e d/e/y -d/e/a");
        assert_hides("*\n!a\n!d/e/y", "a -b -d -d/e d/e/y -d/e/z");
        AUTO(ignore_freep) Ignore *x = rules("a\n!b");
        assert_true(ignore_has_exceptions(x));
}

static bool prunes(const Ignore *x, const char *path) {
        bool prune;
        ignore_match(x, path, true, &prune);
        return prune;
}

static void test_prune(void **state) {
        (void)state;
        AUTO(ignore_freep) Ignore *x = rules("!early/x\n*\n!d/e/y\n!k*/z\n!deep/**/q");
        assert_true(prunes(x, "early"));
        assert_true(prunes(x, "node_modules"));
        assert_false(prunes(x, "d"));
        assert_false(prunes(x, "d/e"));
        assert_true(prunes(x, "d/f"));
        assert_true(prunes(x, "d/e/x"));
        assert_false(prunes(x, "kk"));
        assert_true(prunes(x, "kk/y"));
        assert_false(prunes(x, "deep/a/b"));
        assert_false(prunes(x, "."));
        AUTO(ignore_freep) Ignore *plain = rules("a");
        assert_true(prunes(plain, "a"));
        assert_false(prunes(plain, "b"));
        AUTO(ignore_freep) Ignore *all = rules("*\n!**/x");
        assert_false(prunes(all, "any"));
}

static void test_explain(void **state) {
        (void)state;
        unsigned line = 0;
        const char *rule = NULL;
        AUTO(ignore_freep) Ignore *x = rules("# c\n*.txt\n\n ! b.txt \n");
        assert_true(ignore_explain(x, "a.txt", &line, &rule));
        assert_int_equal(line, 2);
        assert_string_equal(rule, "*.txt");
        assert_true(ignore_explain(x, "b.txt", &line, &rule));
        assert_int_equal(line, 4);
        assert_string_equal(rule, "! b.txt");
        assert_false(ignore_explain(x, "c", &line, &rule));
}

static void assert_rule_refused(const char *text, const char *part) {
        Ignore *x = NULL;
        AUTO(err_freep) Err *e = NULL;
        assert_int_equal(ignore_parse("ctx/.dockerignore", str_of(text), &x, &e), -1);
        if (!strstr(err_message(e), part)) fail_msg("'%s' has no '%s'", err_message(e), part);
}

static void test_refused(void **state) {
        (void)state;
        assert_rule_refused("ok\na[", "ctx/.dockerignore:2: syntax error in pattern 'a['");
        assert_rule_refused("a\\", "syntax error in pattern");
        assert_rule_refused("[]a]", "syntax error in pattern");
        assert_rule_refused("[a-]", "syntax error in pattern");
        assert_rule_refused("!", "illegal exclusion pattern");
        AUTO(freep) char *long_rule = xmalloc(5001);
        memset(long_rule, 'x', 5000);
        long_rule[5000] = '\0';
        assert_rule_refused(long_rule, "at most 4096");
}

static void test_no_explosion(void **state) {
        (void)state;
        Buf pattern = {0}, path = {0};
        for (int i = 0; i < 800; i++) buf_adds(&pattern, i % 2 ? "*a" : "**/");
        buf_adds(&pattern, "\na*a*a*a*a*a*a*a*a*a*a*a*a*b\n**/a*a*a*a*a*a*a*a*a*a*b");
        for (int i = 0; i < 1000; i++) buf_adds(&path, "aaa/");
        buf_adds(&path, "x");
        AUTO(ignore_freep) Ignore *x = rules(pattern.p);
        assert_false(ignore_match(x, path.p + 3990, false, NULL));
        ignore_match(x, path.p, false, NULL);
        buf_done(&pattern);
        buf_done(&path);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_forms),      cmocka_unit_test(test_wildcards),    cmocka_unit_test(test_levels),
                cmocka_unit_test(test_exceptions), cmocka_unit_test(test_prune),        cmocka_unit_test(test_explain),
                cmocka_unit_test(test_refused),    cmocka_unit_test(test_no_explosion),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}

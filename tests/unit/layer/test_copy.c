/* SPDX-License-Identifier: Apache-2.0 */
#include "copy_fixture.h"

static void test_destinations(void **state) {
        CopyCase *c = *state;
        put(c->context, "a.txt", "a");
        put(c->context, "d/b.txt", "b");
        put_mode(c->context, "x", "x", 0750);
        put(c->base, "data/old", "o");
        put_dir(c->base, "data", 0711);
        copy_ok(c, "a.txt", "/one", "f644 one=a\n");
        copy_ok(c, "a.txt", "/one/", "d755 one/\nf644 one/a.txt=a\n");
        copy_ok(c, "a.txt", "/data", "d711 data/\nf644 data/a.txt=a\n");
        copy_ok(c, "/a.txt /d/b.txt", "/dst/", "d755 dst/\nf644 dst/a.txt=a\nf644 dst/b.txt=b\n");
        copy_ok(c, "a.txt x", "/data", "d711 data/\nf644 data/a.txt=a\nf750 data/x=x\n");
        copy_ok(c, "d/../a.txt", "/p/q/r", "d755 p/\nd755 p/q/\nf644 p/q/r=a\n");
        copy_ok(c, "../../a.txt", "/y", "f644 y=a\n");
        copy_ok(c, "d", "/new", "d755 new/\nf644 new/b.txt=b\n");
        copy_ok(c, "d/. a.txt", "/new", "d755 new/\nf644 new/a.txt=a\nf644 new/b.txt=b\n");
        copy_ok(c, "a.txt", "/", "f644 a.txt=a\n");
        copy_fails(c, "a.txt x", "/none", "end it with a slash");
        copy_fails(c, "a.txt x", "/none", "must be a directory");
}

static void test_merging(void **state) {
        CopyCase *c = *state;
        put(c->context, "d/sub/f", "f");
        put_dir(c->context, "d/sub", 0711);
        put_dir(c->context, "d/empty", 0700);
        put_link(c->context, "d/link", "sub");
        put(c->base, "x/sub/keep", "k");
        put_dir(c->base, "x", 0700);
        put_dir(c->base, "x/sub", 0770);
        copy_ok(c, "d", "/x", "d700 x/\nd700 x/empty/\nl x/link>sub\nd711 x/sub/\nf644 x/sub/f=f\n");
        put(c->base, "file/a", "1");
        put(c->base, "plain", "p");
        put(c->base, "y/sub", "a file");
        put(c->base, "z/link/in", "dir");
        copy_fails(c, "d", "/plain", "non-directory");
        copy_fails(c, "d", "/y", "non-directory");
        copy_fails(c, "d", "/z", "cannot replace directory '/z/link' with a link");
        copy_fails(c, "d/sub/f", "/plain/f", "not a directory");
        copy_fails(c, "d/sub/f", "/plain/", "not a directory");
        copy_ok(c, "d/sub/f", "/plain", "f644 plain=f\n");
}

static void test_destination_links(void **state) {
        CopyCase *c = *state;
        put(c->context, "a", "a");
        put(c->base, "real/deep/x", "x");
        put(c->base, "target", "old");
        put_link(c->base, "l1", "/real");
        put_link(c->base, "l2", "l1");
        put_link(c->base, "real/l3", "../l2/deep");
        put_link(c->base, "tofile", "/target");
        put_link(c->base, "dangling", "/made/dir");
        put_link(c->base, "escape", "/../../../outside");
        copy_ok(c, "a", "/l2/l3/f", "d755 real/\nd755 real/deep/\nf644 real/deep/f=a\n");
        copy_ok(c, "a", "/tofile", "f644 target=a\n");
        copy_ok(c, "a", "/dangling/", "d755 made/\nd755 made/dir/\nf644 made/dir/a=a\n");
        copy_ok(c, "a", "/dangling", "d755 made/\nf644 made/dir=a\n");
        copy_ok(c, "a", "/escape/a", "d755 outside/\nf644 outside/a=a\n");
}

static void test_sources(void **state) {
        CopyCase *c = *state;
        put(c->root, "outside/secret", "no");
        put(c->context, "f", "f");
        put(c->context, "d/f", "df");
        put(c->context, "d/.hid", "h");
        put_link(c->context, "link", "f");
        put_link(c->context, "dirlink", "/d");
        put_link(c->context, "evil", "../outside");
        put_link(c->context, "loop", "loop");
        put_link(c->context, "d/up", "../../outside/secret");
        copy_ok(c, "link", "/one", "f644 one=f\n");
        copy_ok(c, "dirlink", "/two", "d755 two/\nf644 two/.hid=h\nf644 two/f=df\nl two/up>../../outside/secret\n");
        copy_ok(c, "dirlink/f", "/three", "f644 three=df\n");
        copy_fails(c, "evil", "/x", "not found");
        copy_fails(c, "evil/secret", "/x", "not found");
        copy_fails(c, "../outside/secret", "/x", "not found");
        copy_fails(c, "loop", "/x", "Too many levels");
        copy_fails(c, "f nope", "/x/", "\"/nope\": not found");
        copy_fails(c, "d/ff", "/x/", "did you mean 'd/f'?");
        copy_fails(c, "ff", "/x", "build context");
}

static void test_wildcards(void **state) {
        CopyCase *c = *state;
        put(c->context, "a.txt", "a");
        put(c->context, "b.txt", "b");
        put(c->context, ".c.txt", "c");
        put(c->context, "d1/x", "x");
        put(c->context, "d2/y.txt", "y");
        put(c->context, "d2/s/z.txt", "z");
        put_link(c->context, "l", "d1");
        copy_ok(c, "*.txt", "/t/", "d755 t/\nf644 t/.c.txt=c\nf644 t/a.txt=a\nf644 t/b.txt=b\n");
        copy_ok(c, "d*", "/t/", "d755 t/\nd755 t/s/\nf644 t/s/z.txt=z\nf644 t/x=x\nf644 t/y.txt=y\n");
        copy_ok(c, "**/*.txt", "/t/", "d755 t/\nf644 t/y.txt=y\n");
        copy_ok(c, "*/[x-y]*", "/t/", "d755 t/\nf644 t/x=x\nf644 t/y.txt=y\n");
        copy_ok(c, "a*.txt", "/one", "f644 one=a\n");
        copy_ok(c, "?", "/t/", "d755 t/\nf644 t/x=x\n");
        copy_ok(c, "*.nope", "/t/", "");
        copy_fails(c, "*.txt", "/one", "slash");
        copy_fails(c, "nodir/*.txt", "/t/", "not found");
        copy_fails(c, "[a", "/t/", "pattern");
        put(c->context, "x[1]", "literal");
        CopyParams literal = {.destination = "/t/", .literal_names = true};
        copy_params_ok(c, literal, "x[1]", "d755 t/\nf644 t/x[1]=literal\n");
}

static void test_excludes(void **state) {
        CopyCase *c = *state;
        put(c->context, "d/a.txt", "a");
        put(c->context, "d/b.txt", "b");
        put(c->context, "d/s/f", "f");
        put(c->context, "d/s/g.md", "g");
        CopyParams p = {.destination = "/o/", .excludes = (const char *[]){"*.txt", "!b.txt"}, .exclude_count = 2};
        copy_params_ok(c, p, "d", "d755 o/\nf644 o/b.txt=b\nd755 o/s/\nf644 o/s/f=f\nf644 o/s/g.md=g\n");
        p.excludes = (const char *[]){"s", "a.txt"};
        copy_params_ok(c, p, "d", "d755 o/\nf644 o/b.txt=b\n");
        copy_params_ok(c, p, "d/a.txt", "d755 o/\nf644 o/a.txt=a\n");
        copy_params_ok(c, p, "d/*.txt", "d755 o/\nf644 o/a.txt=a\nf644 o/b.txt=b\n");
        p.excludes = (const char *[]){"/s", "**/*.md"};
        copy_params_ok(c, p, "d", "d755 o/\nf644 o/a.txt=a\nf644 o/b.txt=b\nd755 o/s/\nf644 o/s/f=f\n");
        p.excludes = (const char *[]){"s", "!s/f"};
        copy_params_ok(c, p, "d", "d755 o/\nf644 o/a.txt=a\nf644 o/b.txt=b\nd755 o/s/\nf644 o/s/f=f\n");
        p.excludes = (const char *[]){"*", "./x/"};
        copy_params_ok(c, p, "d", "d755 o/\n");
}

static void test_parents(void **state) {
        CopyCase *c = *state;
        put(c->context, "src/a.txt", "a");
        put(c->context, "src/x/b.txt", "b");
        put(c->context, "src/x/no", "n");
        put(c->context, "src/x/y/c.txt", "c");
        put(c->context, "src/other/no", "n");
        put_dir(c->context, "src/x", 0711);
        CopyParams p = {.destination = "/o/", .parents = true};
        copy_params_ok(
                c, p, "src/**/*.txt",
                "d755 o/\nd755 o/src/\nf644 o/src/a.txt=a\nd711 o/src/x/\nf644 o/src/x/b.txt=b\nd755 o/src/x/y/\n"
                "f644 o/src/x/y/c.txt=c\n");
        copy_params_ok(c, p, "src/x/y",
                       "d755 o/\nd755 o/src/\nd711 o/src/x/\nd755 o/src/x/y/\nf644 o/src/x/y/c.txt=c\n");
        copy_params_ok(c, p, "src/./x/b.txt", "d755 o/\nd711 o/x/\nf644 o/x/b.txt=b\n");
        copy_params_ok(
                c, p, "**/no",
                "d755 o/\nd755 o/src/\nd755 o/src/other/\nf644 o/src/other/no=n\nd711 o/src/x/\nf644 o/src/x/no=n\n");
        copy_params_ok(c, p, "src/*.nope", "");
        Err *e = NULL;
        assert_true(copy_with(c, NULL, p, "src/nope.txt", &e) < 0);
        assert_message(&e, "not found");
        next_draft(c);
        p.excludes = (const char *[]){"**/b.txt"};
        p.exclude_count = 1;
        copy_params_ok(c, p, "src/x/**/*.txt",
                       "d755 o/\nd755 o/src/\nd711 o/src/x/\nd755 o/src/x/y/\nf644 o/src/x/y/c.txt=c\n");
}

static void test_modes(void **state) {
        CopyCase *c = *state;
        put_mode(c->context, "d/s/f", "f", 0640);
        put_mode(c->context, "d/run", "r", 0700);
        put_link(c->context, "d/l", "run");
        put_mode(c->context, "suid", "s", 04755);
        CopyParams p = {.destination = "/x/y/", .has_mode = true, .mode = "740"};
        copy_params_ok(c, p, "d", "d740 x/\nd740 x/y/\nl x/y/l>run\nf740 x/y/run=r\nd740 x/y/s/\nf740 x/y/s/f=f\n");
        p.mode = "go=rX";
        copy_params_ok(c, p, "d", "d755 x/\nd755 x/y/\nl x/y/l>run\nf755 x/y/run=r\nd755 x/y/s/\nf644 x/y/s/f=f\n");
        copy_ok(c, "suid", "/suid", "f4755 suid=s\n");
}

static void test_inlines(void **state) {
        CopyCase *c = *state;
        put(c->context, "f", "f");
        CopyInline files[] = {{"EOF", "text\n", 5}, {"two", "", 0}};
        CopyParams p = {.destination = "/h/", .inlines = files, .inline_count = 2};
        copy_params_ok(c, p, "f", "d755 h/\nf644 h/EOF=text\n\nf644 h/f=f\nf644 h/two=\n");
        p.inline_count = 1;
        p.destination = "/exact";
        copy_params_ok(c, p, "", "f644 exact=text\n\n");
}

static void test_overlaps(void **state) {
        CopyCase *c = *state;
        put(c->context, "a/f", "first");
        put(c->context, "a/s/x", "x");
        put_dir(c->context, "a/s", 0700);
        put(c->context, "b/f", "second");
        put(c->context, "b/s/y", "y");
        put(c->context, "c/s", "a file");
        copy_ok(c, "a b", "/o/", "d755 o/\nf644 o/f=second\nd755 o/s/\nf644 o/s/x=x\nf644 o/s/y=y\n");
        copy_ok(c, "b/f a/f", "/o/", "d755 o/\nf644 o/f=first\n");
        copy_fails(c, "a c", "/o/", "cannot replace directory '/o/s' with a file");
        copy_fails(c, "c a", "/o/", "non-directory");
}

static void test_hard_links(void **state) {
        CopyCase *c = *state;
        put(c->context, "d/one", "linked");
        put_hard_link(c->context, "d/sub/three", "d/one");
        put_hard_link(c->context, "e/four", "d/one");
        put(c->root, "outside", "o");
        AUTO(freep) char *outside = at(c->root, "outside");
        AUTO(freep) char *inside = at(c->context, "d/in");
        assert_int_equal(link(outside, inside), 0);
        Err *e = NULL;
        assert_ok(copy_with(c, NULL, (CopyParams){.destination = "/o/"}, "d e", &e), &e);
        struct stat one, three, four, in;
        assert_int_equal(fstatat(c->draft.fs_fd, "o/one", &one, 0), 0);
        assert_int_equal(fstatat(c->draft.fs_fd, "o/sub/three", &three, 0), 0);
        assert_int_equal(fstatat(c->draft.fs_fd, "o/four", &four, 0), 0);
        assert_int_equal(fstatat(c->draft.fs_fd, "o/in", &in, 0), 0);
        assert_int_equal(one.st_ino, three.st_ino);
        assert_int_equal(one.st_nlink, 2);
        assert_int_equal(four.st_nlink, 1);
        assert_int_equal(in.st_nlink, 1);
}

static void test_times(void **state) {
        CopyCase *c = *state;
        put(c->context, "d/s/f", "f");
        AUTO(freep) char *d = at(c->context, "d");
        AUTO(freep) char *s = at(c->context, "d/s");
        AUTO(freep) char *base_x = at(c->base, "x");
        put(c->base, "x/y/z", "z");
        set_mtime(s, 1300000000);
        set_mtime(d, 1400000000);
        set_mtime(base_x, 1500000000);
        Err *e = NULL;
        assert_ok(copy_with(c, NULL, (CopyParams){.destination = "/x/y"}, "d", &e), &e);
        static const struct {
                const char *path;
                int64_t mtime;
        } expected[] = {{"x", 1500000000}, {"x/y", 1400000000}, {"x/y/s", 1300000000}, {"x/y/s/f", 1600000000}};
        for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
                struct stat st;
                assert_int_equal(fstatat(c->draft.fs_fd, expected[i].path, &st, 0), 0);
                assert_int_equal(st.st_mtim.tv_sec, expected[i].mtime);
        }
        next_draft(c);
        CopySet *set;
        assert_ok(select_with(c, NULL, (CopyParams){.destination = "/n"}, "d", &set, &e), &e);
        assert_ok(apply_set(c, set, (CopyApply){.clamp_mtime_ns = 1350000000000000000}, &e), &e);
        copy_set_free(set);
        struct stat st;
        assert_int_equal(fstatat(c->draft.fs_fd, "n/s/f", &st, 0), 0);
        assert_int_equal(st.st_mtim.tv_sec, 1350000000);
        assert_int_equal(fstatat(c->draft.fs_fd, "n", &st, 0), 0);
        assert_int_equal(st.st_mtim.tv_sec, 1350000000);
        assert_int_equal(fstatat(c->draft.fs_fd, "n/s", &st, 0), 0);
        assert_int_equal(st.st_mtim.tv_sec, 1300000000);
}

static void test_make_dirs(void **state) {
        CopyCase *c = *state;
        put(c->base, "have/x", "x");
        put_dir(c->base, "have", 0700);
        put_link(c->base, "l", "have");
        put(c->base, "file", "f");
        Err *e = NULL;
        assert_ok(layer_make_dirs(c->below, &c->draft, &(MakeDirsParams){"/have", geteuid(), getegid(), 1}, &e), &e);
        assert_tree(c->draft.fs_path, "");
        assert_ok(
                layer_make_dirs(c->below, &c->draft, &(MakeDirsParams){"/l/a/b", geteuid(), getegid(), 1000000000}, &e),
                &e);
        assert_tree(c->draft.fs_path, "d700 have/\nd755 have/a/\nd755 have/a/b/\n");
        assert_true(layer_make_dirs(c->below, &c->draft, &(MakeDirsParams){"/file", 0, 0, 1}, &e) < 0);
        assert_message(&e, "not a directory");
        assert_true(layer_make_dirs(c->below, &c->draft, &(MakeDirsParams){"/file/x", 0, 0, 1}, &e) < 0);
        assert_message(&e, "not a directory");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, case_set_up, case_tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                CASE(test_destinations), CASE(test_merging),  CASE(test_destination_links), CASE(test_sources),
                CASE(test_wildcards),    CASE(test_excludes), CASE(test_parents),           CASE(test_modes),
                CASE(test_inlines),      CASE(test_overlaps), CASE(test_hard_links),        CASE(test_times),
                CASE(test_make_dirs),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "copy_fixture.h"

#include <sys/xattr.h>

#include "layer/overlay.h"

/* Digests, hard links instead of copies, filters. */

static Digest digest_of(CopyCase *c, const CopyRoot *root, CopyParams params, const char *sources) {
        CopySet *set;
        Digest d;
        Err *e = NULL;
        if (!params.destination) params.destination = "/o/";
        assert_ok(select_with(c, root, params, sources, &set, &e), &e);
        assert_ok(copy_set_digest(set, &d, &e), &e);
        assert_false(copy_set_needs_reading(set));
        copy_set_free(set);
        return d;
}

static void assert_same(Digest a, Digest b) {
        assert_true(digest_eq(&a, &b));
}

static void assert_other(Digest a, Digest b) {
        assert_false(digest_eq(&a, &b));
}

static void test_digest(void **state) {
        CopyCase *c = *state;
        CopyParams p = {0};
        put(c->context, "d/f", "one");
        put(c->context, "d/g", "two");
        put_link(c->context, "d/l", "f");
        AUTO(freep) char *f = at(c->context, "d/f");
        AUTO(freep) char *d = at(c->context, "d");
        Digest first = digest_of(c, NULL, p, "d");
        set_mtime(f, 1234567890);
        set_mtime(d, 1234567890);
        assert_same(first, digest_of(c, NULL, p, "d"));
        assert_int_equal(chmod(d, 0700), 0); /* the source directory itself never shows */
        assert_same(first, digest_of(c, NULL, p, "d"));
        put(c->context, "unselected", "x");
        assert_same(first, digest_of(c, NULL, p, "d"));
        assert_int_equal(chmod(f, 0755), 0);
        assert_other(first, digest_of(c, NULL, p, "d"));
        assert_int_equal(chmod(f, 0644), 0);
        put(c->context, "d/f", "eno");
        assert_other(first, digest_of(c, NULL, p, "d"));
        put(c->context, "d/f", "one");
        assert_same(first, digest_of(c, NULL, p, "d"));
        put(c->context, "d/new", "");
        assert_other(first, digest_of(c, NULL, p, "d"));
        AUTO(freep) char *new = at(c->context, "d/new");
        assert_int_equal(unlink(new), 0);
        AUTO(freep) char *l = at(c->context, "d/l");
        assert_int_equal(unlink(l), 0);
        put_link(c->context, "d/l", "g");
        assert_other(first, digest_of(c, NULL, p, "d"));
        assert_int_equal(unlink(l), 0);
        put_link(c->context, "d/l", "f");
        assert_same(first, digest_of(c, NULL, p, "d"));
        AUTO(freep) char *g = at(c->context, "d/g");
        AUTO(freep) char *h = at(c->context, "d/h");
        assert_int_equal(rename(g, h), 0);
        assert_other(first, digest_of(c, NULL, p, "d"));
        assert_int_equal(rename(h, g), 0);
        p.has_mode = true;
        p.mode = "600";
        assert_other(first, digest_of(c, NULL, p, "d"));
        p = (CopyParams){.has_owner = true, .uid = 77, .gid = 78};
        assert_other(first, digest_of(c, NULL, p, "d"));
        p = (CopyParams){.destination = "/elsewhere/"};
        assert_other(first, digest_of(c, NULL, p, "d"));
}

static void test_digest_after_copying(void **state) {
        CopyCase *c = *state;
        put(c->context, "d/f", "one");
        put(c->context, "d/s/g", "two");
        put_hard_link(c->context, "d/h", "d/f");
        AUTO(freep) char *big = at(c->context, "d/big");
        int fd = open(big, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        for (int i = 0; i < 3000; i++) assert_int_equal(dprintf(fd, "%08d%4088s", i, "x"), 4096);
        close(fd);
        Digest before = digest_of(c, NULL, (CopyParams){0}, "d");
        CopySet *set;
        Err *e = NULL;
        assert_ok(select_with(c, NULL, (CopyParams){.destination = "/o/"}, "d", &set, &e), &e);
        assert_int_equal(copy_set_file_count(set), 4);
        assert_int_equal(copy_set_bytes(set), 3000 * 4096 + 6);
        assert_true(copy_set_needs_reading(set));
        AUTO(digest_index_freep) DigestIndex *record = digest_index_new();
        assert_ok(apply_set(c, set, (CopyApply){.record = record}, &e), &e);
        assert_false(copy_set_needs_reading(set));
        assert_false(copy_set_changed(set));
        Digest after, got, expected;
        assert_ok(copy_set_digest(set, &after, &e), &e);
        assert_same(before, after);
        sha256_of("one", 3, &expected);
        assert_true(digest_index_get(record, "o/f", NULL, &got));
        assert_same(expected, got);
        assert_true(digest_index_get(record, "o/h", NULL, &got));
        assert_true(digest_index_get(record, "o/big", NULL, &got));
        copy_set_free(set);
        AUTO(freep) char *copied = at(c->draft.fs_path, "o/big");
        AUTO(freep) char *command = xasprintf("cmp -s %s %s", big, copied);
        assert_int_equal(system(command), 0);
}

static ino_t inode_at(const Draft *d, const char *path) {
        struct stat st;
        assert_int_equal(fstatat(d->fs_fd, path, &st, AT_SYMLINK_NOFOLLOW), 0);
        return st.st_ino;
}

static void test_links_to_earlier(void **state) {
        CopyCase *c = *state;
        put(c->context, "d/same", "same");
        put(c->context, "d/change", "aaa");
        put(c->context, "d/touch", "t");
        put(c->context, "d/twin", "w");
        put_hard_link(c->context, "d/twin2", "d/twin");
        CopySet *set;
        Err *e = NULL;
        AUTO(digest_index_freep) DigestIndex *record = digest_index_new();
        assert_ok(select_with(c, NULL, (CopyParams){.destination = "/o/"}, "d", &set, &e), &e);
        assert_ok(apply_set(c, set, (CopyApply){.record = record}, &e), &e);
        copy_set_free(set);
        Draft earlier = c->draft;
        c->draft = draft_at(c->root, "second");
        put(c->context, "d/change", "bbb"); /* equal size and time */
        AUTO(freep) char *touched = at(c->context, "d/touch");
        set_mtime(touched, 1700000000);
        AUTO(freep) char *twin2 = at(c->context, "d/twin2");
        assert_int_equal(unlink(twin2), 0);
        put(c->context, "d/twin2", "w");
        assert_ok(select_with(c, NULL, (CopyParams){.destination = "/o/"}, "d", &set, &e), &e);
        CopyApply again = {.earlier_path = earlier.fs_path, .earlier = record};
        assert_ok(apply_set(c, set, again, &e), &e);
        copy_set_free(set);
        assert_tree(c->draft.fs_path,
                    "d755 o/\nf644 o/change=bbb\nf644 o/same=same\nf644 o/touch=t\nf644 o/twin=w\nf644 o/twin2=w\n");
        assert_int_equal(inode_at(&c->draft, "o/same"), inode_at(&earlier, "o/same"));
        assert_int_not_equal(inode_at(&c->draft, "o/change"), inode_at(&earlier, "o/change"));
        assert_int_equal(inode_at(&c->draft, "o/touch"), inode_at(&earlier, "o/touch")); /* times do not count */
        assert_int_not_equal(inode_at(&c->draft, "o/twin"), inode_at(&c->draft, "o/twin2"));
        draft_close(&earlier);
}

static void test_links_to_source(void **state) {
        CopyCase *c = *state;
        AUTO(freep) char *low = at(c->root, "low");
        AUTO(freep) char *high = at(c->root, "high");
        put(low, "d/a", "a");
        put(low, "d/gone", "g");
        put(high, "d/b", "b");
        put_whiteout(high, "d/gone");
        AUTO(freep) char *a = at(low, "d/a");
        AUTO(freep) char *shared = at(high, "d/shared");
        assert_int_equal(link(a, shared), 0); /* two files of the view, one inode of the store */
        AUTO(view_freep) View *stage = open_views((const char *[]){low, high}, 2);
        CopyRoot root = {.root_fd = -1, .view = stage, .keep_owner = true};
        CopySet *set;
        Err *e = NULL;
        CopyParams p = {.destination = "/o/", .has_owner = false};
        assert_ok(select_with(c, &root, p, "/d", &set, &e), &e);
        assert_ok(apply_set(c, set, (CopyApply){.link_from_source = true}, &e), &e);
        copy_set_free(set);
        assert_tree(c->draft.fs_path, "d755 o/\nf644 o/a=a\nf644 o/b=b\nf644 o/shared=a\n");
        struct stat st;
        assert_int_equal(stat(a, &st), 0);
        bool first = inode_at(&c->draft, "o/a") == st.st_ino;
        assert_true(first);
        assert_int_not_equal(inode_at(&c->draft, "o/shared"), st.st_ino);
        next_draft(c);
        p.has_mode = true;
        p.mode = "0700";
        assert_ok(select_with(c, &root, p, "/d/a", &set, &e), &e);
        assert_ok(apply_set(c, set, (CopyApply){.link_from_source = true}, &e), &e);
        copy_set_free(set);
        assert_tree(c->draft.fs_path, "d700 o/\nf700 o/a=a\n");
        assert_int_not_equal(inode_at(&c->draft, "o/a"), st.st_ino);
}

/* Hides "secret", everything in "mostly" but "mostly/keep", and "empty" whose inside could be visible but is not. */
static bool hidden(void *context, const char *path, bool directory, bool *ret_prune) {
        (void)context;
        (void)directory;
        *ret_prune = !streq(path, "mostly") && !streq(path, "empty");
        if (streq(path, "mostly/keep")) return false;
        return starts_with(path, "secret") || starts_with(path, "mostly") || starts_with(path, "empty");
}

static char *explain(void *context, const char *path) {
        (void)context;
        return streq(path, "secret") ? xstrdup(".dockerignore:3: secret") : NULL;
}

static void test_filter(void **state) {
        CopyCase *c = *state;
        put(c->context, "f", "f");
        put(c->context, "secret", "s");
        put(c->context, "mostly/keep", "k");
        put(c->context, "mostly/not", "n");
        put(c->context, "empty/x", "x");
        put_link(c->context, "link", "secret");
        CopyFilter filter = {hidden, explain, NULL};
        CopyRoot root = {.root_fd = c->context_fd, .root_path = c->context, .filter = &filter};
        CopyParams p = {.destination = "/o/"};
        Err *e = NULL;
        assert_ok(copy_with(c, &root, p, ".", &e), &e);
        assert_tree(c->draft.fs_path, "d755 o/\nf644 o/f=f\nl o/link>secret\nd755 o/mostly/\nf644 o/mostly/keep=k\n");
        next_draft(c);
        assert_ok(copy_with(c, &root, p, "mostly", &e), &e);
        assert_tree(c->draft.fs_path, "d755 o/\nf644 o/keep=k\n");
        next_draft(c);
        assert_ok(copy_with(c, &root, p, "s* m* e*", &e), &e);
        assert_tree(c->draft.fs_path, "d755 o/\nf644 o/keep=k\n");
        assert_true(copy_with(c, &root, p, "secret", &e) < 0);
        assert_message(&e, ".dockerignore:3: secret hides it");
        assert_true(copy_with(c, &root, p, "link", &e) < 0);
        assert_message(&e, "not found");
        assert_true(copy_with(c, &root, p, "empty", &e) < 0);
        assert_message(&e, "not found");
        assert_true(copy_with(c, &root, p, "secre", &e) < 0);
        assert_null(strstr(err_hints(e), "secret"));
        err_clear(&e);
}

static void test_xattrs(void **state) {
        CopyCase *c = *state;
        put(c->context, "f", "f");
        AUTO(freep) char *f = at(c->context, "f");
        Digest before = digest_of(c, NULL, (CopyParams){0}, "f");
        if (setxattr(f, "user.note", "hello", 5, 0) < 0) skip();
        assert_int_equal(setxattr(f, "user.overlay.opaque", "y", 1, 0), 0);
        assert_other(before, digest_of(c, NULL, (CopyParams){0}, "f"));
        Err *e = NULL;
        assert_ok(copy_with(c, NULL, (CopyParams){.destination = "/o"}, "f", &e), &e);
        AUTO(freep) char *copied = at(c->draft.fs_path, "o");
        char value[16];
        assert_int_equal(getxattr(copied, "user.note", value, sizeof value), 5);
        assert_true(getxattr(copied, "user.overlay.opaque", value, sizeof value) < 0);
}

static void test_empty_stage(void **state) {
        CopyCase *c = *state;
        AUTO(view_freep) View *nothing = open_views(NULL, 0);
        CopyRoot root = {.root_fd = -1, .view = nothing, .keep_owner = true};
        Err *e = NULL;
        digest_of(c, &root, (CopyParams){0}, "/");
        assert_ok(copy_with(c, &root, (CopyParams){.destination = "/o/"}, "/", &e), &e);
        assert_tree(c->draft.fs_path, "d755 o/\n");
        assert_true(copy_with(c, &root, (CopyParams){.destination = "/o/"}, "/x", &e) < 0);
        assert_message(&e, "not found");
}

static void test_cancelled(void **state) {
        CopyCase *c = *state;
        put(c->context, "f", "f");
        volatile bool cancelled = true;
        CopySet *set;
        Err *e = NULL;
        assert_ok(select_with(c, NULL, (CopyParams){.destination = "/o"}, "f", &set, &e), &e);
        assert_true(apply_set(c, set, (CopyApply){.cancelled = &cancelled}, &e) < 0);
        assert_int_equal(err_kind(e), ERR_CANCELLED);
        err_clear(&e);
        copy_set_free(set);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, case_set_up, case_tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                CASE(test_digest),           CASE(test_digest_after_copying),
                CASE(test_links_to_earlier), CASE(test_links_to_source),
                CASE(test_filter),           CASE(test_xattrs),
                CASE(test_empty_stage),      CASE(test_cancelled),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}

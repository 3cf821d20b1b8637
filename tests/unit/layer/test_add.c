/* SPDX-License-Identifier: Apache-2.0 */
#include "copy_fixture.h"
#include "tar_text.h"

#include "layer/overlay.h"

/* ADD of local archives. */

static void add_ok(CopyCase *c, CopyParams params, const char *sources, const char *expected) {
        params.unpack_archives = true;
        copy_params_ok(c, params, sources, expected);
}

static void test_unpacks(void **state) {
        CopyCase *c = *state;
        TarText t;
        tar_begin(&t);
        tar_add(&t, TAR_DIR, "./", "", 0711);
        tar_add(&t, TAR_DIR, "d", "", 0755);
        tar_add(&t, TAR_FILE, "d/f", "file", 0640);
        tar_add(&t, TAR_SYMLINK, "d/l", "f", 0777);
        tar_add(&t, TAR_HARDLINK, "d/h", "d/f", 0640);
        tar_end(&t);
        tar_save(&t, c->context, "data");
        tar_done(&t);
        put(c->context, "fake.tar", "this is no archive");
        put(c->context, "empty.tar", "");
        put(c->context, "plain", "p");
        put_link(c->context, "link", "data");
        static const char *const unpacked = "d755 o/\nd755 o/d/\nf640 o/d/f=file\nf640 o/d/h=file\nl o/d/l>f\n";
        add_ok(c, (CopyParams){.destination = "/o/"}, "data", unpacked);
        add_ok(c, (CopyParams){.destination = "/o"}, "data", unpacked);
        add_ok(c, (CopyParams){.destination = "/o"}, "link", unpacked);
        add_ok(c, (CopyParams){.destination = "/o/", .has_mode = true, .mode = "600"}, "data", unpacked);
        add_ok(c, (CopyParams){.destination = "/o/"}, "fake.tar empty.tar",
               "d755 o/\nf644 o/empty.tar=\nf644 o/fake.tar=this is no archive\n");
        AUTO(freep) char *mixed = xasprintf("%sf644 o/plain=p\n", unpacked);
        add_ok(c, (CopyParams){.destination = "/o/"}, "data plain", mixed);
        AUTO(freep) char *d = at(c->context, "d");
        AUTO(freep) char *data = at(c->context, "data");
        AUTO(freep) char *inside = at(c->context, "d/data");
        assert_int_equal(mkdir(d, 0755), 0);
        assert_int_equal(rename(data, inside), 0);
        Err *e = NULL;
        assert_ok(copy_with(c, NULL, (CopyParams){.destination = "/o", .unpack_archives = true}, "d", &e), &e);
        struct stat st;
        assert_int_equal(fstatat(c->draft.fs_fd, "o/data", &st, 0), 0); /* inside a directory it is a file */
        assert_true(S_ISREG(st.st_mode));
}

static void test_onto_what_is_there(void **state) {
        CopyCase *c = *state;
        put(c->base, "o/d/old", "old");
        put_dir(c->base, "o/d", 0700);
        put_dir(c->base, "o", 0711);
        put(c->base, "o/real/x", "x");
        put_link(c->base, "o/link", "real");
        put_link(c->base, "o/away", "/elsewhere");
        put(c->base, "o/gone/x", "x");
        put(c->base, "o/keep/k", "k");
        put(c->base, "o/file", "f");
        put(c->base, "o/tree/x", "x");
        put(c->base, "o/up", "below");
        TarText t;
        tar_begin(&t);
        tar_file(&t, "d/new", "n");
        tar_file(&t, "link/y", "y");
        tar_file(&t, "away/z", "z");
        tar_file(&t, ".wh.gone", "");
        tar_file(&t, ".wh.never", "");
        tar_file(&t, "keep/.wh..wh..opq", "");
        tar_file(&t, "keep/new", "n");
        tar_add(&t, TAR_DIR, "file", "", 0755);
        tar_file(&t, "tree", "a file");
        tar_add(&t, TAR_HARDLINK, "h", "up", 0644);
        tar_end(&t);
        tar_save(&t, c->context, "a.tar");
        tar_done(&t);
        Err *e = NULL;
        assert_ok(copy_with(c, NULL, (CopyParams){.destination = "/o/", .unpack_archives = true}, "a.tar", &e), &e);
        assert_tree(
                c->draft.fs_path,
                "d711 o/\nd700 o/d/\nf644 o/d/new=n\nd755 o/elsewhere/\nf644 o/elsewhere/z=z\nd755 o/file/\nw o/gone\n"
                "f644 o/h=below\nd755 o/keep/\nf644 o/keep/new=n\nd755 o/real/\nf644 o/real/y=y\nf644 o/tree=a file\n"
                "f644 o/up=below\n");
        assert_true(overlay_is_opaque(c->draft.fs_fd, "o/keep"));
        View *merged = open_views((const char *[]){c->base, c->draft.fs_path}, 2);
        DirList list;
        assert_ok(view_list(merged, "/o/keep", &list, &e), &e);
        assert_int_equal(list.n, 1);
        dir_list_done(&list);
        view_free(merged);
}

static void test_stays_in_destination(void **state) {
        CopyCase *c = *state;
        TarText t;
        tar_begin(&t);
        tar_file(&t, "../../up", "u");
        tar_file(&t, "/etc/x", "x");
        tar_add(&t, TAR_SYMLINK, "evil", "../../../..", 0777);
        tar_file(&t, "evil/landed", "l");
        tar_end(&t);
        tar_save(&t, c->context, "a.tar");
        tar_done(&t);
        add_ok(c, (CopyParams){.destination = "/dst/"}, "a.tar",
               "d755 dst/\nd755 dst/etc/\nf644 dst/etc/x=x\nl dst/evil>../../../..\nf644 dst/landed=l\nf644 "
               "dst/up=u\n");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, case_set_up, case_tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {CASE(test_unpacks), CASE(test_onto_what_is_there),
                                           CASE(test_stays_in_destination)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}

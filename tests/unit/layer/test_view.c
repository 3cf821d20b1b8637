/* SPDX-License-Identifier: Apache-2.0 */
#include "helper.h"

#include <errno.h>

#include "layer/overlay.h"
#include "layer/view.h"

static void assert_found(View *v, const char *path, bool follow, const char *resolved) {
        ViewEntry entry;
        Err *e = NULL;
        int r = view_lookup(v, path, follow, &entry, &e);
        assert_ok(r, &e);
        assert_int_equal(r, VIEW_FOUND);
        assert_string_equal(entry.path, resolved);
        view_entry_done(&entry);
}

static void assert_absent(View *v, const char *path, const char *resolved) {
        ViewEntry entry;
        Err *e = NULL;
        int r = view_lookup(v, path, true, &entry, &e);
        assert_ok(r, &e);
        assert_int_equal(r, VIEW_ABSENT);
        assert_string_equal(entry.path, resolved);
        view_entry_done(&entry);
}

static void test_links_stay_inside(void **state) {
        (void)state;
        char *root = scratch_new();
        put(root, "real/deep/f", "x");
        put_link(root, "abs", "/real");
        put_link(root, "rel", "abs/deep");
        put_link(root, "up", "../../../../..");
        put_link(root, "real/back", "../rel");
        put_link(root, "dangling", "/made/dir");
        put_link(root, "l1", "l2");
        put_link(root, "l2", "l1");
        View *v = open_views((const char *[]){root}, 1);
        assert_found(v, "/abs/deep/f", true, "/real/deep/f");
        assert_found(v, "rel/f", true, "/real/deep/f");
        assert_found(v, "/up/up/real", true, "/real");
        assert_found(v, "/real/back/f", true, "/real/deep/f");
        assert_found(v, "/abs", false, "/abs");
        assert_found(v, "/abs/", false, "/real");
        assert_found(v, "/../../real/./deep/../deep", true, "/real/deep");
        assert_found(v, "/", true, "/");
        assert_absent(v, "/dangling", "/made/dir");
        assert_absent(v, "/dangling/x", "/made/dir/x");
        assert_absent(v, "/nope/../abs/new", "/real/new");
        assert_absent(v, "/real/deep/f/g", "/real/deep/f/g");
        ViewEntry entry;
        Err *e = NULL;
        assert_true(view_lookup(v, "/l1", true, &entry, &e) < 0);
        assert_int_equal(err_errno(e), ELOOP);
        err_clear(&e);
        view_free(v);
        scratch_free(root);
}

static void names_of(View *v, const char *path, const char *expected) {
        DirList list;
        Err *e = NULL;
        assert_ok(view_list(v, path, &list, &e), &e);
        Buf out = {0};
        for (size_t i = 0; i < list.n; i++) buf_addf(&out, "%s ", list.v[i].name);
        assert_string_equal(out.n ? out.p : "", expected);
        buf_done(&out);
        dir_list_done(&list);
}

static void test_layers_merge(void **state) {
        (void)state;
        char *root = scratch_new();
        AUTO(freep) char *low = at(root, "low");
        AUTO(freep) char *mid = at(root, "mid");
        AUTO(freep) char *top = at(root, "top");
        put(low, "d/a", "low");
        put(low, "d/b", "low");
        put(low, "gone/x", "low");
        put(low, "opaque/old", "low");
        put(low, "kind", "file");
        put(mid, "d/b", "mid");
        put(mid, "d/c", "mid");
        put_whiteout(mid, "gone");
        put(mid, "opaque/new", "mid");
        put(mid, "kind/inside", "mid");
        int fd = open(mid, O_PATH | O_CLOEXEC);
        assert_int_equal(overlay_set_opaque(fd, "opaque", NULL), 0);
        close(fd);
        put_whiteout(top, "d/a");
        put(top, "gone/y", "top");
        View *v = open_views((const char *[]){low, mid, top}, 3);
        names_of(v, "/", "d gone kind opaque ");
        names_of(v, "/d", "b c ");
        names_of(v, "/gone", "y ");
        names_of(v, "/opaque", "new ");
        names_of(v, "/kind", "inside ");
        assert_absent(v, "/d/a", "/d/a");
        assert_absent(v, "/gone/x", "/gone/x");
        assert_absent(v, "/opaque/old", "/opaque/old");
        char *data;
        size_t size;
        assert_int_equal(view_read_file(v, "/d/b", 100, &data, &size, NULL), VIEW_FOUND);
        assert_string_equal(data, "mid");
        free(data);
        assert_int_equal(view_read_file(v, "/d", 100, &data, &size, NULL), VIEW_ABSENT);
        Err *e = NULL;
        assert_true(view_read_file(v, "/d/b", 2, &data, &size, &e) < 0);
        assert_int_equal(err_kind(e), ERR_LIMIT);
        err_clear(&e);
        view_free(v);
        scratch_free(root);
}

static void test_empty_view(void **state) {
        (void)state;
        View *v = open_views(NULL, 0);
        assert_found(v, "/", true, "/");
        assert_absent(v, "/a/../b", "/b");
        names_of(v, "/", "");
        view_free(v);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_links_stay_inside),
                cmocka_unit_test(test_layers_merge),
                cmocka_unit_test(test_empty_view),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "helper.h"

#include "layer/users.h"

typedef struct Fixture {
        char *root;
        View *view, *empty;
} Fixture;

static int set_up(void **state) {
        Fixture *f = xcalloc(1, sizeof *f);
        f->root = scratch_new();
        put(f->root, "real/passwd",
            "# accounts\nroot:x:0:0:root:/root:/bin/sh\n\nbroken line\napp:x:1000:1000::/home/app:/bin/sh\n"
            "web:x:1001:2001::/:/bin/false\n42:x:777:778::/n:\n");
        put_link(f->root, "etc/passwd", "/real/passwd");
        put(f->root, "etc/group", "root:x:0:\nwheel:x:10:root,app\nusers:x:100: app , web\napp:x:1000:\nwww:x:2001:\n");
        f->view = open_views((const char *[]){f->root}, 1);
        f->empty = open_views(NULL, 0);
        *state = f;
        return 0;
}

static int tear_down(void **state) {
        Fixture *f = *state;
        view_free(f->view);
        view_free(f->empty);
        scratch_free(f->root);
        free(f);
        return 0;
}

static void assert_run(View *v, const char *spec, const char *expected) {
        User user;
        Err *e = NULL;
        assert_ok(users_resolve_run(v, spec, &user, &e), &e);
        Buf out = {0};
        buf_addf(&out, "%u:%u %s", user.uid, user.gid, user.home);
        for (size_t i = 0; i < user.group_count; i++) buf_addf(&out, " %u", user.groups[i]);
        assert_string_equal(out.p, expected);
        buf_done(&out);
        user_done(&user);
}

static void test_run(void **state) {
        Fixture *f = *state;
        assert_run(f->view, "", "0:0 /root 10");
        assert_run(f->view, "app", "1000:1000 /home/app 10 100");
        assert_run(f->view, "1000", "1000:1000 /home/app 10 100");
        assert_run(f->view, "app:www", "1000:2001 /home/app");
        assert_run(f->view, "app:29", "1000:29 /home/app");
        assert_run(f->view, "1234", "1234:0 /");
        assert_run(f->view, "1234:5678", "1234:5678 /");
        assert_run(f->view, "42", "42:0 /");
        assert_run(f->empty, "", "0:0 /");
        assert_run(f->empty, "7:8", "7:8 /");
}

static void test_run_unknown(void **state) {
        Fixture *f = *state;
        User user;
        Err *e = NULL;
        assert_true(users_resolve_run(f->view, "ap", &user, &e) < 0);
        assert_int_equal(err_kind(e), ERR_NOT_FOUND);
        assert_message(&e, "did you mean 'app'");
        assert_true(users_resolve_run(f->view, "app:wheels", &user, &e) < 0);
        assert_message(&e, "did you mean 'wheel'");
        assert_true(users_resolve_run(f->empty, "app", &user, &e) < 0);
        assert_message(&e, "no /etc/passwd");
        assert_true(users_resolve_run(f->view, "4294967295", &user, &e) < 0);
        assert_message(&e, "invalid user id");
        assert_true(users_resolve_run(f->view, "99999999999", &user, &e) < 0);
        assert_message(&e, "invalid user id");
}

static void assert_chown(View *v, const char *spec, uid_t uid, gid_t gid) {
        uid_t got_uid;
        gid_t got_gid;
        Err *e = NULL;
        assert_ok(users_resolve_chown(v, spec, &got_uid, &got_gid, &e), &e);
        assert_int_equal(got_uid, uid);
        assert_int_equal(got_gid, gid);
}

static void test_chown(void **state) {
        Fixture *f = *state;
        assert_chown(f->view, "app:users", 1000, 100);
        assert_chown(f->view, "web", 1001, 2001);
        assert_chown(f->view, "app:29", 1000, 29);
        assert_chown(f->view, "1001:wheel", 1001, 10);
        assert_chown(f->view, "42:77", 42, 77);
        assert_chown(f->view, "42", 42, 42);
        assert_chown(f->empty, "5", 5, 5);
        assert_chown(f->empty, "5:6", 5, 6);
        uid_t uid;
        gid_t gid;
        Err *e = NULL;
        assert_true(users_resolve_chown(f->empty, "app", &uid, &gid, &e) < 0);
        assert_message(&e, "passwd");
        assert_true(users_resolve_chown(f->view, "app:nogrouphere", &uid, &gid, &e) < 0);
        assert_message(&e, "group");
        assert_true(users_resolve_chown(f->view, "nobodyhere", &uid, &gid, &e) < 0);
        assert_message(&e, "unknown user");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_run),
                cmocka_unit_test(test_run_unknown),
                cmocka_unit_test(test_chown),
        };
        return cmocka_run_group_tests(tests, set_up, tear_down);
}

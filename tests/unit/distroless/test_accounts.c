/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "distroless/accounts.h"

static const AccountUser root = {"root", 0, 0, NULL, "/root", NULL, "a.yaml:1", false};
static const AccountUser nobody = {"nobody", 65534, 65534, NULL, NULL, NULL, "a.yaml:2", false};
static const AccountUser nonroot = {"nonroot", 65532, 65532, NULL, "/home/nonroot", NULL, "a.yaml:3", false};
static const AccountGroup group_root = {"root", 0, NULL, 0, "a.yaml:5", false};
static const AccountGroup group_nobody = {"nobody", 65534, NULL, 0, "a.yaml:6", false};
static const AccountGroup group_tty = {"tty", 5, NULL, 0, "a.yaml:7", false};
static const AccountGroup group_staff = {"staff", 50, NULL, 0, "a.yaml:8", false};
static const AccountGroup group_nonroot = {"nonroot", 65532, NULL, 0, "a.yaml:9", false};

static void test_google_order(void **state) {
        (void)state;
        const AccountUser app = {"app", 1000, 0, "An app", "/srv", "/bin/sh", "b.yaml:4", false};
        const AccountUser users[] = {app, nonroot, nobody, root};
        const char *const members[] = {"nonroot", "app"};
        const AccountGroup db = {"db", 70, members, 2, "b.yaml:9", false};
        const AccountGroup groups[] = {db, group_nonroot, group_staff, group_tty, group_nobody, group_root};
        AUTO(buf_done) Buf passwd = {0};
        AUTO(buf_done) Buf group = {0};
        assert_int_equal(accounts_render(&(Accounts){users, 4, groups, 6}, &passwd, &group, NULL), 0);
        assert_string_equal(passwd.p, "root:x:0:0:root:/root:/sbin/nologin\n"
                                      "nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\n"
                                      "nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n"
                                      "app:x:1000:0:An app:/srv:/bin/sh\n");
        assert_string_equal(
                group.p, "root:x:0:\nnobody:x:65534:\ntty:x:5:\nstaff:x:50:\nnonroot:x:65532:\ndb:x:70:nonroot,app\n");
}

/* Both must be said. */
static void refused(const Accounts *accounts, const char *one, const char *two) {
        AUTO(buf_done) Buf passwd = {0};
        AUTO(buf_done) Buf group = {0};
        AUTO(err_freep) Err *e = NULL;
        assert_true(accounts_render(accounts, &passwd, &group, &e) < 0);
        assert_int_equal(err_kind(e), ERR_SYNTAX);
        AUTO(buf_done) Buf text = {0};
        buf_addf(&text, "%s\n%s", err_message(e), err_hints(e));
        assert_non_null(strstr(text.p, one));
        assert_non_null(strstr(text.p, two));
        assert_int_equal(passwd.n + group.n, 0);
}

static void test_used_twice(void **state) {
        (void)state;
        const AccountUser same_id[] = {root, nonroot, {"app", 65532, 0, NULL, NULL, NULL, "b.yaml:4", false}};
        refused(&(Accounts){same_id, 3, &group_root, 1}, "b.yaml:4: user 'app' has id 65532", "'nonroot' at a.yaml:3");
        const AccountUser same_name[] = {root, {"root", 1, 0, NULL, NULL, NULL, "b.yaml:4", false}};
        refused(&(Accounts){same_name, 2, &group_root, 1}, "b.yaml:4: user 'root'", "a.yaml:1");
        const AccountGroup same_gid[] = {group_root, {"wheel", 0, NULL, 0, "b.yaml:7", false}};
        refused(&(Accounts){&root, 1, same_gid, 2}, "b.yaml:7: group 'wheel'", "'root' at a.yaml:5");
        const AccountGroup same_group[] = {group_root, {"root", 9, NULL, 0, "b.yaml:7", false}};
        refused(&(Accounts){&root, 1, same_group, 2}, "b.yaml:7: group 'root'", "a.yaml:5");
}

static void test_bad_fields(void **state) {
        (void)state;
        static const AccountUser bad[] = {
                {"", 1, 0, NULL, NULL, NULL, "x:1", false},
                {"1st", 1, 0, NULL, NULL, NULL, "x:1", false},
                {"a:b", 1, 0, NULL, NULL, NULL, "x:1", false},
                {"abcdefghijklmnopqrstuvwxyzabcdefghijklm", 1, 0, NULL, NULL, NULL, "x:1", false},
                {"a", UINT32_MAX, 0, NULL, NULL, NULL, "x:1", false},
                {"a", 1, 0, "x:y", NULL, NULL, "x:1", false},
                {"a", 1, 0, NULL, "home", NULL, "x:1", false},
                {"a", 1, 0, NULL, "/a\nroot::0:0:", NULL, "x:1", false},
                {"a", 1, 0, NULL, NULL, "sh", "x:1", false},
        };
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) refused(&(Accounts){&bad[i], 1, &group_root, 1}, "x:1: ", "");
}

static void test_unknown_references(void **state) {
        (void)state;
        refused(&(Accounts){&nonroot, 1, &group_root, 1}, "a.yaml:3: user 'nonroot' is of group 65532", "gid: 65532");
        const char *const members[] = {"nonrot"};
        const AccountUser users[] = {root, nobody};
        const AccountGroup groups[] = {group_root, group_nobody, {"db", 70, members, 1, "b.yaml:9", false}};
        refused(&(Accounts){users, 2, groups, 3}, "b.yaml:9: group 'db' has the member 'nonrot'", "no user");
        const AccountUser more[] = {root, {"nonroot", 7, 0, NULL, NULL, NULL, "c:1", false}};
        refused(&(Accounts){more, 2, (AccountGroup[]){group_root, groups[2]}, 2}, "'nonrot'",
                "did you mean 'nonroot'?");
}

/* What the image has already is referred to, and not written again. */
static void test_there(void **state) {
        (void)state;
        const AccountUser daemon = {"daemon", 1, 1, NULL, NULL, NULL, "passwd:2", true};
        const AccountUser users[] = {daemon, {"me", 1000, 100, NULL, NULL, "/bin/sh", "b.yaml:4", false}};
        const char *const members[] = {"daemon", "me"};
        const AccountGroup groups[] = {{"users", 100, NULL, 0, "group:9", true},
                                       {"db", 70, members, 2, "b.yaml:9", false}};
        AUTO(buf_done) Buf passwd = {0};
        AUTO(buf_done) Buf group = {0};
        assert_int_equal(accounts_render(&(Accounts){users, 2, groups, 2}, &passwd, &group, NULL), 0);
        assert_string_equal(passwd.p, "me:x:1000:100:me:/nonexistent:/bin/sh\n");
        assert_string_equal(group.p, "db:x:70:daemon,me\n");
        const AccountUser same_id[] = {daemon, {"me", 1, 100, NULL, NULL, NULL, "b.yaml:4", false}};
        refused(&(Accounts){same_id, 2, groups, 1}, "b.yaml:4: user 'me' has id 1", "'daemon' at passwd:2");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_google_order), cmocka_unit_test(test_used_twice),
                cmocka_unit_test(test_bad_fields),   cmocka_unit_test(test_unknown_references),
                cmocka_unit_test(test_there),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}

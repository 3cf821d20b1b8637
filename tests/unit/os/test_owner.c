/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "os/owner.h"

enum { SOMEBODY = 54321, SKIPPED = 77 };

/* What an ordinary user sees: he is root, everybody else is out of reach. Exit status 0 when all is so. */
static int as_somebody(void) {
        struct stat own = {.st_uid = geteuid(), .st_gid = getegid()}, other = {.st_uid = 7, .st_gid = 8};
        Owner seen = owner_of(&own), made = owner_of_new_files();
        if (seen.uid || seen.gid || made.uid || made.gid) return 1;
        seen = owner_of(&other);
        if (seen.uid != 7 || seen.gid != 8) return 2;
        char path[] = "/tmp/decant-owner-XXXXXX";
        AUTO(closep) int fd = mkstemp(path);
        if (fd < 0) return 3;
        int status = 0;
        if (owner_set(fd, (Owner){0, 0}) < 0 || owner_set_at(AT_FDCWD, path, (Owner){0, 0}) < 0) status = 4;
        if (owner_set(fd, (Owner){0, 7}) == 0 || owner_set_at(AT_FDCWD, path, (Owner){geteuid(), 0}) == 0) status = 5;
        if (errno != EPERM) status = 6;
        AUTO(err_freep) Err *e = NULL;
        if (owner_failed("x/y", (Owner){1, 2}, &e) != -1 || !strstr(err_message(e), "'/x/y' to 1:2")) status = 7;
        if (!strstr(err_hints(e), "decant doctor")) status = 8;
        unlink(path);
        return status;
}

static void test_ordinary_user(void **state) {
        (void)state;
        pid_t pid = fork();
        if (pid == 0) _exit(geteuid() == 0 && setresuid(SOMEBODY, SOMEBODY, SOMEBODY) < 0 ? SKIPPED : as_somebody());
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
}

static void test_root(void **state) {
        (void)state;
        if (geteuid() != 0) return;
        struct stat own = {.st_uid = 0, .st_gid = 0}, other = {.st_uid = 7, .st_gid = 8}, found;
        assert_int_equal(owner_of(&own).uid, 0);
        assert_int_equal(owner_of(&other).gid, 8);
        char path[] = "/tmp/decant-owner-XXXXXX";
        AUTO(closep) int fd = mkstemp(path);
        assert_true(fd >= 0);
        assert_int_equal(owner_set(fd, (Owner){7, 8}), 0);
        assert_int_equal(fstat(fd, &found), 0);
        unlink(path);
        assert_int_equal(found.st_uid, 7);
        assert_int_equal(found.st_gid, 8);
        assert_int_equal(owner_check((Owner){7, 8}, NULL), 0);
        AUTO(err_freep) Err *e = NULL;
        assert_int_equal(owner_check((Owner){UINT32_MAX, 0}, &e), -1);
        assert_int_equal(err_kind(e), ERR_DENIED);
        assert_non_null(strstr(err_message(e), "4294967295"));
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_ordinary_user), cmocka_unit_test(test_root)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}

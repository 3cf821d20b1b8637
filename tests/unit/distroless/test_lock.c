/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "distroless/lock.h"

#define SHA "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define OTHER_SHA "sha256:03b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define HEAD                                                                                                \
        "{\"version\": 1, \"recipe\": \"base\", \"release\": \"debian12\", \"architectures\": {\"amd64\": " \
        "{\"packages\": ["
#define TAIL "]}}}"
#define PACKAGE(name, version, sha)                                  \
        "{\"name\": \"" name "\", \"version\": \"" version           \
        "\", \"architecture\": \"amd64\", \"suite\": \"bookworm\", " \
        "\"path\": \"pool/x.deb\", \"size\": 12, \"sha256\": \"" sha "\"}"

static LockFile parse(const char *json) {
        LockFile file;
        AUTO(err_freep) Err *e = NULL;
        if (lock_file_parse(str_of(json), "x.lock.json", &file, &e) < 0) fail_msg("%s", err_message(e));
        return file;
}

static void check_refused(const char *json, const char *message) {
        LockFile file;
        AUTO(err_freep) Err *e = NULL;
        assert_true(lock_file_parse(str_of(json), "x.lock.json", &file, &e) < 0);
        print_message("%s\n", err_message(e));
        assert_non_null(strstr(err_message(e), message));
        assert_non_null(strstr(err_message(e), "x.lock.json"));
        assert_int_equal(err_kind(e), ERR_SYNTAX);
}

static void test_round_trip(void **state) {
        (void)state;
        AUTO(lock_file_done) LockFile file = {.recipe = strdup("python3"), .release = strdup("debian13")};
        BaseLock lock = {.architecture = strdup("arm64")};
        strvec_push(&lock.asked, "python3 alone");
        vec_push(&lock.suites, (LockedSuite){.suite = strdup("trixie"), .date_s = 1700000000});
        vec_push(&lock.packages, (LockedPackage){.use = USE_CERTIFICATES,
                                                 .name = strdup("ca-certificates"),
                                                 .version = strdup("2:20230311"),
                                                 .architecture = strdup("all"),
                                                 .source = strdup("ca-certificates"),
                                                 .suite = strdup("trixie"),
                                                 .uri = strdup("https://apt.example.org/debian"),
                                                 .path = strdup("pool/main/c/ca.deb"),
                                                 .size = 155340});
        for (LockUse use = USE_FILES; use <= USE_DEPENDENCY; use++)
                vec_push(&lock.packages, (LockedPackage){.use = use,
                                                         .name = strdup("p"),
                                                         .version = strdup("1"),
                                                         .architecture = strdup("amd64"),
                                                         .suite = strdup("trixie"),
                                                         .path = strdup("pool/p.deb")});
        vec_push(&file.architectures, lock);
        AUTO(buf_done) Buf first = {0}, second = {0};
        lock_file_render(&file, &first);
        AUTO(lock_file_done) LockFile again = parse(first.p);
        lock_file_render(&again, &second);
        assert_string_equal(first.p, second.p);
        const BaseLock *found = lock_file_find(&again, "arm64");
        assert_non_null(found);
        assert_null(lock_file_find(&again, "amd64"));
        assert_int_equal(found->packages.v[0].use, USE_CERTIFICATES);
        assert_int_equal(found->packages.v[0].size, 155340);
        assert_int_equal(found->asked.n, 1);
        assert_string_equal(found->asked.v[0], "python3 alone");
        for (LockUse use = USE_FILES; use <= USE_DEPENDENCY; use++)
                assert_int_equal(found->packages.v[1 + use].use, use);
        assert_int_equal(found->suites.v[0].date_s, 1700000000);
        assert_string_equal(found->packages.v[0].uri, "https://apt.example.org/debian");
}

static void test_bad_files(void **state) {
        (void)state;
        check_refused("[]", "not an object");
        check_refused("{\"version\": 2, \"recipe\": \"x\", \"release\": \"y\"}", "'version' is 2");
        check_refused("{\"version\": 1, \"release\": \"y\"}", "'recipe' is missing");
        check_refused(HEAD "{}" TAIL, "package 1: 'name' is missing");
        check_refused(HEAD PACKAGE("a", "1", "sha256:12") TAIL, "'sha256'");
        check_refused(HEAD
                      "{\"name\": \"a\", \"version\": \"1\", \"architecture\": \"all\", \"suite\": \"s\", \"path\": "
                      "\"../../etc/passwd\", \"size\": 1, \"sha256\": \"" SHA "\"}" TAIL,
                      "no path in a repository");
        check_refused(HEAD
                      "{\"name\": \"a\", \"version\": \"1\", \"architecture\": \"all\", \"suite\": \"s\", \"path\": "
                      "\"p\", \"use\": \"shell\", \"size\": 1, \"sha256\": \"" SHA "\"}" TAIL,
                      "'use' is 'shell'");
        check_refused("{\"version\": 1, \"recipe\": \"a\", \"release\": \"b\", \"architectures\": {\"amd64\": 3}}",
                      "'amd64'");
        check_refused("{\"version\": 1, \"recipe\": \"a\", \"release\": \"b\", \"architectures\": {\"amd64\": {}}}",
                      "'packages' is missing");
        check_refused("{\"version\": 1, \"recipe\": \"a\", \"release\": \"b\", \"architectures\": {\"amd64\": "
                      "{\"asked\": [1], \"packages\": []}}}",
                      "'asked' has something that is no text");
}

/* It is the lock of one recipe and release, and a package in it is what its control file says. */
static void test_belongs(void **state) {
        (void)state;
        AUTO(lock_file_done) LockFile file = parse(HEAD PACKAGE("a", "1", SHA) TAIL);
        assert_int_equal(lock_file_check(&file, "x", "base", "debian12", NULL), 0);
        AUTO(err_freep) Err *e = NULL;
        assert_true(lock_file_check(&file, "x", "base", "debian13", &e) < 0);
        assert_non_null(strstr(err_message(e), "x: it is the lock of base (debian12), not of base (debian13)"));
        err_clear(&e);
        assert_true(lock_file_check(&file, "x", "cc", "debian12", NULL) < 0);
        static const struct {
                const char *control, *says;
        } cases[] = {{"Package: a\nVersion: 1\nArchitecture: amd64\n", NULL},
                     {"Package: b\nVersion: 1\nArchitecture: amd64\n", "says 'Package: b'; the lock says 'a'"},
                     {"Package: a\nVersion: 2\nArchitecture: amd64\n", "says 'Version: 2'; the lock says '1'"},
                     {"Package: a\nVersion: 1\nArchitecture: all\n", "the lock says 'amd64'"}};
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO(control_paragraph_done) ControlParagraph p = {0};
                size_t offset = 0;
                assert_true(control_next(str_of(cases[i].control), "c", &offset, &p, NULL) > 0);
                int r = locked_package_check(&file.architectures.v[0].packages.v[0], &p, &e);
                assert_int_equal(r, cases[i].says ? -1 : 0);
                if (cases[i].says) assert_non_null(strstr(err_message(e), cases[i].says));
                err_clear(&e);
        }
}

static void test_compare(void **state) {
        (void)state;
        AUTO(lock_file_done)
        LockFile before = parse(
                HEAD PACKAGE("libc6", "2.36-9", SHA) "," PACKAGE("old", "1", SHA) "," PACKAGE("same", "3", SHA) TAIL);
        AUTO(lock_file_done)
        LockFile after = parse(HEAD PACKAGE("same", "3", OTHER_SHA) "," PACKAGE("new", "2", SHA) "," PACKAGE(
                "libc6", "2.36-10", OTHER_SHA) TAIL);
        AUTO(strvec_done) StrVec lines = {0};
        base_lock_compare(&before.architectures.v[0], &after.architectures.v[0], &lines);
        assert_int_equal(lines.n, 4);
        assert_string_equal(lines.v[0], "libc6 2.36-9 -> 2.36-10");
        assert_string_equal(lines.v[1], "+ new 2");
        assert_string_equal(lines.v[2], "- old 1");
        assert_string_equal(lines.v[3], "same 3: other bytes under the same version");
        strvec_done(&lines);
        base_lock_compare(&after.architectures.v[0], &after.architectures.v[0], &lines);
        assert_int_equal(lines.n, 0);
        strvec_push(&after.architectures.v[0].asked, "new");
        base_lock_compare(&after.architectures.v[0], &after.architectures.v[0], &lines);
        assert_int_equal(lines.n, 0);
        AUTO(lock_file_done) LockFile empty = parse(HEAD TAIL), asks = parse(HEAD TAIL);
        strvec_push(&asks.architectures.v[0].asked, "new");
        base_lock_compare(&empty.architectures.v[0], &asks.architectures.v[0], &lines);
        assert_int_equal(lines.n, 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_round_trip), cmocka_unit_test(test_bad_files),
                                           cmocka_unit_test(test_belongs), cmocka_unit_test(test_compare)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}

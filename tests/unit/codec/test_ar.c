/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "codec/ar.h"

#define MAGIC "!<arch>\n"
#define HEADER(name16, size10) name16 "0           0     0     100644  " size10 "`\n"

static int file_of(const char *text, size_t size) {
        int fd = memfd_create("ar", MFD_CLOEXEC);
        assert_int_equal(write(fd, text, size), (ssize_t)size);
        return fd;
}

static void test_members(void **state) {
        (void)state;
        static const char text[] = MAGIC HEADER("debian-binary   ", "4         ") "2.0\n" HEADER(
                "control.tar/    ", "3         ") "abc\n" HEADER("data.tar.xz     ", "0         ");
        AUTO(closep) int fd = file_of(text, sizeof text - 1);
        ArReader r;
        ArMember m;
        assert_int_equal(ar_open(fd, &r, NULL), 0);
        assert_int_equal(ar_next(&r, &m, NULL), AR_MEMBER);
        assert_string_equal(m.name, "debian-binary");
        assert_int_equal(m.offset, 68);
        assert_int_equal(m.size, 4);
        assert_int_equal(ar_next(&r, &m, NULL), AR_MEMBER);
        assert_string_equal(m.name, "control.tar");
        assert_memory_equal(text + m.offset, "abc", 3);
        assert_int_equal(ar_next(&r, &m, NULL), AR_MEMBER);
        assert_string_equal(m.name, "data.tar.xz");
        assert_int_equal(m.size, 0);
        assert_int_equal(ar_next(&r, &m, NULL), AR_END);
}

static void test_damaged(void **state) {
        (void)state;
        static const struct {
                const char *text;
                ErrKind kind;
                const char *said;
        } rows[] = {
                {"", ERR_FORMAT, "only 0 bytes"},
                {"PK\3\4 and more", ERR_FORMAT, "!<arch>"},
                {MAGIC "short", ERR_FORMAT, "cut short at byte 13"},
                {MAGIC HEADER("a               ", "9         ") "abc", ERR_FORMAT, "'a' is cut short: 3 of 9"},
                {MAGIC HEADER("a               ", "x         ") "abc", ERR_FORMAT, "no number"},
                {MAGIC HEADER("a               ", "9999999999") "abc", ERR_FORMAT, "cut short"},
                {MAGIC HEADER("                ", "0         "), ERR_FORMAT, "without a name"},
                {MAGIC HEADER("#1/20           ", "20        "), ERR_UNSUPPORTED, "long name"},
                {MAGIC HEADER("/0              ", "20        "), ERR_UNSUPPORTED, "long name"},
                {MAGIC "a               0           0     0     100644  0         xx", ERR_FORMAT, "no header"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                AUTO(closep) int fd = file_of(rows[i].text, strlen(rows[i].text));
                AUTO(err_freep) Err *e = NULL;
                ArReader r;
                ArMember m;
                assert_true(ar_open(fd, &r, &e) < 0 || ar_next(&r, &m, &e) < 0);
                assert_int_equal(err_kind(e), rows[i].kind);
                if (!strstr(err_message(e), rows[i].said)) fail_msg("'%s' not in '%s'", rows[i].said, err_message(e));
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_members), cmocka_unit_test(test_damaged)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "codec/elf_file.h"

static int memory_file(const void *data, size_t size) {
        int fd = memfd_create("elf", MFD_CLOEXEC);
        assert_true(fd >= 0);
        assert_int_equal(pwrite(fd, data, size, 0), size);
        return fd;
}

/* This program itself: it is dynamic. */
static void test_own_program(void **state) {
        (void)state;
        AUTO(closep) int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
        AUTO(err_freep) Err *e = NULL;
        ElfFile file;
        assert_int_equal(elf_read(fd, &file, &e), ELF_FOUND);
        assert_non_null(file.interpreter);
        assert_int_equal(access(file.interpreter, R_OK), 0);
        assert_true(strvec_index(&file.needed, "libc.so.6") >= 0);
        bool libc = false;
        for (size_t i = 0; i < file.wants.n; i++)
                libc |= streq(file.wants.v[i].file, "libc.so.6") && starts_with(file.wants.v[i].name, "GLIBC_2.");
        assert_true(libc);
        elf_file_done(&file);
}

static void test_other_files(void **state) {
        (void)state;
        ElfFile file;
        static const char *const texts[] = {"", "#!/bin/sh\n", "\177ELF",
                                            "not an elf file, but long enough to be one if it were .................."};
        for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
                AUTO(closep) int fd = memory_file(texts[i], strlen(texts[i]));
                assert_int_equal(elf_read(fd, &file, NULL), ELF_NONE);
        }
}

/* Cut off anywhere, or with a byte changed anywhere in its head: it may be refused, nothing else may happen. */
static void test_damaged(void **state) {
        (void)state;
        AUTO(closep) int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
        unsigned char head[4096];
        ElfFile file;
        assert_int_equal(pread(fd, head, sizeof head, 0), sizeof head);
        for (size_t size = 0; size < sizeof head; size += 13) {
                AUTO(closep) int cut = memory_file(head, size);
                AUTO(err_freep) Err *e = NULL;
                if (elf_read(cut, &file, &e) == ELF_FOUND) elf_file_done(&file);
        }
        for (size_t at = 16; at < 1024; at++) {
                unsigned char saved = head[at];
                head[at] = (unsigned char)~saved;
                AUTO(closep) int changed = memory_file(head, sizeof head);
                AUTO(err_freep) Err *e = NULL;
                if (elf_read(changed, &file, &e) == ELF_FOUND) elf_file_done(&file);
                head[at] = saved;
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_own_program),
                cmocka_unit_test(test_other_files),
                cmocka_unit_test(test_damaged),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}

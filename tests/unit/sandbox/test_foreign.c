/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "cm.h"
#include "os/fs.h"
#include "sandbox/foreign.h"

#define ARM64                                                                                                   \
        "offset 0\nmagic 7f454c460201010000000000000000000200b700\nmask ffffffffffffff00fffffffffffffffffeffff" \
        "ff\n"

static char *directory;

static void put(const char *name, const char *text) {
        AUTO(freep) char *path = xasprintf("%s/%s", directory, name);
        assert_int_equal(file_write_atomic(AT_FDCWD, path, text, strlen(text), 0644, NULL), 0);
}

static int set_up(void **state) {
        (void)state;
        const char *tmp = getenv("TMPDIR");
        directory = xasprintf("%s/decant-foreign-XXXXXX", tmp ? tmp : "/tmp");
        assert_non_null(mkdtemp(directory));
        put("status", "enabled\n");
        put("register", "");
        return 0;
}

static int tear_down(void **state) {
        (void)state;
        tree_remove(AT_FDCWD, directory, NULL);
        free(directory);
        return 0;
}

static void test_native(void **state) {
        (void)state;
        assert_int_equal(foreign_state("/nowhere", "amd64", "amd64"), FOREIGN_NATIVE);
        assert_int_equal(foreign_state("/nowhere", "amd64", "386"), FOREIGN_NATIVE);
        assert_int_equal(foreign_state("/nowhere", "amd64", "arm64"), FOREIGN_UNMOUNTED);
        assert_int_equal(foreign_state("/nowhere", "amd64", "wasm"), FOREIGN_UNKNOWN);
}

static void test_entries(void **state) {
        (void)state;
        assert_int_equal(foreign_state(directory, "amd64", "arm64"), FOREIGN_ABSENT);
        put("jar", "enabled\ninterpreter /usr/bin/jexec\nflags: \nextension .jar\n");
        put("broken", "enabled\nflags: F\noffset 4294967295\nmagic 7f\n");
        assert_int_equal(foreign_state(directory, "amd64", "arm64"), FOREIGN_ABSENT);
        put("qemu-aarch64", "disabled\ninterpreter /usr/bin/q\nflags: F\n" ARM64);
        assert_int_equal(foreign_state(directory, "amd64", "arm64"), FOREIGN_OFF);
        put("qemu-aarch64", "enabled\ninterpreter /usr/bin/q\nflags: OC\n" ARM64);
        assert_int_equal(foreign_state(directory, "amd64", "arm64"), FOREIGN_NOT_FIXED);
        put("another", "enabled\ninterpreter /usr/bin/q\nflags: OCF\n" ARM64);
        assert_int_equal(foreign_state(directory, "amd64", "arm64"), FOREIGN_EMULATED);
        assert_int_equal(foreign_state(directory, "amd64", "riscv64"), FOREIGN_ABSENT);
        put("status", "disabled\n");
        assert_int_equal(foreign_state(directory, "amd64", "arm64"), FOREIGN_OFF);
}

/* Big endian headers have their halves the other way round. */
static void test_big_endian(void **state) {
        (void)state;
        put("qemu-s390x",
            "enabled\ninterpreter /q\nflags: F\noffset 0\nmagic 7f454c4602020100000000000000000000020016\n"
            "mask ffffffffffffff00fffffffffffffffffffeffff\n");
        assert_int_equal(foreign_state(directory, "amd64", "s390x"), FOREIGN_EMULATED);
        assert_int_equal(foreign_state(directory, "s390x", "amd64"), FOREIGN_ABSENT);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_native, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_entries, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_big_endian, set_up, tear_down),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "distroless/origins.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "os/fs.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

typedef struct Fixture {
        char root[64];
        Store *store;
} Fixture;

static int setup(void **state) {
        Fixture *f = calloc(1, sizeof *f);
        strcpy(f->root, "/tmp/decant-origins-XXXXXX");
        *state = f;
        return mkdtemp(f->root) && store_open(f->root, &f->store, NULL) == 0 ? 0 : -1;
}

static int teardown(void **state) {
        Fixture *f = *state;
        store_close(f->store);
        int r = tree_remove(AT_FDCWD, f->root, NULL);
        free(f);
        return r;
}

static void note(Fixture *f, const char *snapshot, const char *text) {
        assert_int_equal(store_note_set(f->store, NOTE_PACKAGES, snapshot, text, NULL), 0);
}

static void test_all_layers_count(void **state) {
        Fixture *f = *state;
        AUTO(strvec_done) StrVec snapshots = {0};
        AUTO(package_origins_done) PackageOrigins list = {0};
        note(f, "a",
             "[{\"name\":\"libc6\",\"version\":\"2\",\"architecture\":\"amd64\",\"sha256\":\"sha256:" HEX "\","
             "\"download\":\"https://apt.example.org/libc6.deb\"}]");
        note(f, "c",
             "[{\"name\":\"tzdata\",\"version\":\"1\",\"architecture\":\"all\",\"sha256\":\"sha256:" HEX "\"}]");
        strvec_push(&snapshots, "a");
        strvec_push(&snapshots, "b"); /* nothing is known of it */
        strvec_push(&snapshots, "c");
        assert_int_equal(package_origins_read(f->store, &snapshots, &list, NULL), 0);
        assert_int_equal(list.n, 2);
        const PackageOrigin *found = package_origins_find(&list, "libc6", "2", "amd64");
        char hex[DIGEST_HEX_SIZE];
        assert_non_null(found);
        digest_hex(&found->sha256, hex);
        assert_string_equal(hex, HEX);
        assert_string_equal(found->download, "https://apt.example.org/libc6.deb");
        assert_null(package_origins_find(&list, "libc6", "2.1", "amd64"));
        found = package_origins_find(&list, "tzdata", "1", "all");
        assert_non_null(found);
        assert_null(found->download);
}

static void test_damage_is_an_error(void **state) {
        Fixture *f = *state;
        static const char *const texts[] = {
                "[", "[{}]", "[{\"name\":1}]",
                "[{\"name\":\"a\",\"version\":\"1\",\"architecture\":\"all\",\"sha256\":\"sha256:12\"}]"};
        AUTO(strvec_done) StrVec snapshots = {0};
        strvec_push(&snapshots, "a");
        for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
                PackageOrigins list = {0};
                AUTO(err_freep) Err *e = NULL;
                note(f, "a", texts[i]);
                assert_true(package_origins_read(f->store, &snapshots, &list, &e) < 0);
                assert_non_null(strstr(err_message(e), "packages of layer 1"));
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_all_layers_count, setup, teardown),
                cmocka_unit_test_setup_teardown(test_damage_is_an_error, setup, teardown),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}

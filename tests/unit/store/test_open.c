/* SPDX-License-Identifier: Apache-2.0 */
#include <sqlite3.h>
#include <sys/wait.h>

#include "os/clock.h"
#include "fixture.h"

static void creates_what_is_missing(void **state) {
        (void)state;
        AUTO(drop_root) char *root = make_root();
        AUTO(freep) char *deep = xasprintf("%s/a/b", root);
        Store *s = open_store(deep);
        assert_string_equal(store_root(s), deep);
        struct stat st;
        assert_int_equal(fstatat(store_root_fd(s), "blobs/sha256", &st, 0), 0);
        assert_int_equal(st.st_mode & 0777, 0700);
        AUTO(freep) char *version = NULL;
        size_t size;
        OK(file_read(store_root_fd(s), "version", 100, &version, &size, &e));
        assert_string_equal(version, "1\n");
        assert_int_equal(assert_whole(s), 0);
        store_close(s);
        store_close(open_store(deep));
}

static void keeps_values(void **state) {
        (void)state;
        AUTO(drop_root) char *root = make_root();
        Store *s = open_store(root);
        char *value = NULL;
        assert_int_equal(OK(store_value_get(s, "x", &value, &e)), STORE_ABSENT);
        OK(store_value_set(s, "x", "1", &e));
        OK(store_value_set(s, "x", "2", &e));
        store_close(s);
        s = open_store(root);
        assert_int_equal(OK(store_value_get(s, "x", &value, &e)), STORE_FOUND);
        assert_string_equal(value, "2");
        free(value);
        store_close(s);
}

static void refuses_newer_and_damaged(void **state) {
        (void)state;
        AUTO(drop_root) char *root = make_root();
        store_close(open_store(root));
        AUTO(freep) char *version = xasprintf("%s/version", root), *db = xasprintf("%s/store.db", root);
        Store *s = NULL;
        OK(file_write_atomic(AT_FDCWD, version, "2\n", 2, 0600, &e));
        FAILS(ERR_STORE, store_open(root, &s, &e));
        OK(file_write_atomic(AT_FDCWD, version, "x\n", 2, 0600, &e));
        FAILS(ERR_STORE, store_open(root, &s, &e));
        OK(file_write_atomic(AT_FDCWD, version, "1\n", 2, 0600, &e));
        AUTO(freep) char *log = xasprintf("%s/store.db-wal", root);
        assert_int_equal(unlink(log), 0);
        char junk[8192];
        memset(junk, 'j', sizeof junk);
        OK(file_write_atomic(AT_FDCWD, db, junk, sizeof junk, 0600, &e));
        FAILS(ERR_STORE, store_open(root, &s, &e));
        assert_null(s);
}

static void change_database(const char *root, const char *sql) {
        AUTO(freep) char *path = xasprintf("%s/store.db", root);
        sqlite3 *db;
        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
        sqlite3_close(db);
}

static void refuses_newer_schema(void **state) {
        (void)state;
        AUTO(drop_root) char *root = make_root();
        store_close(open_store(root));
        change_database(root, "PRAGMA user_version=7");
        Store *s = NULL;
        FAILS(ERR_STORE, store_open(root, &s, &e));
}

/* The machine went down before store_sync(): what was recorded since is dropped with all that depends on it. */
static void drops_what_another_boot_left_unsynced(void **state) {
        (void)state;
        AUTO(drop_root) char *root = make_root();
        Store *s = open_store(root);
        SnapshotInfo safe = make_snapshot(s, "safe"), lost = make_snapshot(s, "lost");
        put_step(s, "safe", safe.id);
        put_step(s, "none", "");
        Digest safe_image = put_image(s, "{1}", safe.id);
        assert_true(store_needs_sync(s));
        OK(store_sync(s, &e));
        assert_false(store_needs_sync(s));
        lost = make_snapshot(s, "lost");
        put_step(s, "lost", lost.id);
        Digest lost_image = put_image(s, "{2}", lost.id), half_lost = put_image(s, "{3}", safe.id);
        OK(store_tag_set(s, "safe", &safe_image, &e));
        OK(store_tag_set(s, "lost", &lost_image, &e));
        assert_true(store_needs_sync(s));
        store_close(s);
        change_database(root, "UPDATE unsynced SET boot = 12345");
        s = open_store(root);
        StepRecord record;
        Digest key = digest_of("safe"), id;
        ImageRecord image = {0};
        assert_int_equal(OK(store_step_get(s, &key, &record, &e)), STORE_FOUND);
        key = digest_of("none");
        assert_int_equal(OK(store_step_get(s, &key, &record, &e)), STORE_FOUND);
        key = digest_of("lost");
        assert_int_equal(OK(store_step_get(s, &key, &record, &e)), STORE_ABSENT);
        assert_int_equal(OK(store_tag_get(s, "safe", &id, &e)), STORE_FOUND);
        assert_int_equal(OK(store_tag_get(s, "lost", &id, &e)), STORE_ABSENT);
        assert_int_equal(OK(store_image_get(s, &half_lost, &image, &e)), STORE_ABSENT);
        assert_int_equal(OK(store_image_get(s, &safe_image, &image, &e)), STORE_FOUND);
        image_record_done(&image);
        assert_false(store_needs_sync(s));
        assert_int_equal(assert_whole(s), 6); /* the lost snapshot, two configs, three work directories set aside */
        /* the same bytes again: they replace what may be damaged */
        Digest again = put_image(s, "{2}", NULL);
        assert_true(digest_eq(&again, &lost_image));
        assert_int_equal(assert_whole(s), 5);
        OK(store_sync(s, &e));
        assert_int_equal(assert_whole(s), 2); /* nobody owns what was set aside */
        store_close(s);
}

static void opens_fast(void **state) {
        (void)state;
        AUTO(drop_root) char *root = make_root();
        Store *s = open_store(root);
        for (int i = 0; i < 50; i++) put_step(s, (char[]){(char)('0' + i), 0}, make_snapshot(s, "x").id);
        OK(store_sync(s, &e));
        store_close(s);
        int64_t best = INT64_MAX, lookup = 0;
        for (int i = 0; i < 20; i++) {
                int64_t start = clock_monotonic_ns();
                s = open_store(root);
                int64_t opened = clock_monotonic_ns();
                StepRecord record;
                for (int k = 0; k < 20; k++) {
                        Digest key = digest_of((char[]){(char)('0' + k), 0});
                        OK(store_step_get(s, &key, &record, &e));
                }
                lookup = clock_monotonic_ns() - opened;
                store_close(s);
                if (opened - start < best) best = opened - start;
        }
        print_message("open %lld us, 20 lookups %lld us\n", (long long)best / 1000, (long long)lookup / 1000);
        assert_true(best < 20 * 1000000); /* far off on a busy machine; the bench has the real figure */
}

/* Many first starts at once. */
static void opens_from_many_processes(void **state) {
        (void)state;
        AUTO(drop_root) char *root = make_root();
        pid_t pids[8];
        for (int i = 0; i < 8; i++) {
                pids[i] = fork();
                if (pids[i] == 0) {
                        Store *s = NULL;
                        Err *e = NULL;
                        int r = store_open(root, &s, &e);
                        if (r < 0) fprintf(stderr, "%s\n", err_message(e));
                        if (r == 0) r = store_value_set(s, "x", "1", &e);
                        store_close(s);
                        _exit(r < 0);
                }
        }
        for (int i = 0; i < 8; i++) {
                int status;
                waitpid(pids[i], &status, 0);
                assert_int_equal(status, 0);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(creates_what_is_missing),
                cmocka_unit_test(keeps_values),
                cmocka_unit_test(refuses_newer_and_damaged),
                cmocka_unit_test(refuses_newer_schema),
                cmocka_unit_test(drops_what_another_boot_left_unsynced),
                cmocka_unit_test(opens_fast),
                cmocka_unit_test(opens_from_many_processes),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}

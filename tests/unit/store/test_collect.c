/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <sys/wait.h>

#include "fixture.h"

static const CollectParams everything = {.images_all = true, .cache_all = true};

/* Fill the store by a process that is gone afterwards, so that nothing is leased. */
static void in_child(const char *root, void (*work)(Store *s)) {
        pid_t pid = fork();
        if (pid == 0) {
                Store *s = open_store(root);
                work(s);
                store_close(s);
                _exit(0);
        }
        int status;
        waitpid(pid, &status, 0);
        assert_int_equal(status, 0);
}

static void fill(Store *s) {
        SnapshotInfo base = make_snapshot(s, "base"), cached = make_snapshot(s, "cached"),
                     loose = make_snapshot(s, "loose");
        (void)loose;
        put_step(s, "base", base.id);
        put_step(s, "cached", cached.id);
        Digest named = put_image(s, "named", base.id), key = digest_of("cached"), alias = digest_of("alias");
        put_image(s, "unnamed", base.id);
        OK(store_tag_set(s, "name", &named, &e));
        OK(store_alias_put(s, &alias, &key, &e));
        Digest blob;
        OK(store_blob_put(s, "loose blob", 10, &blob, &e));
        OK(store_note_set(s, NOTE_PACKAGES, base.id, "of base", &e));
        OK(store_note_set(s, NOTE_PACKAGES, loose.id, "of loose", &e));
        OK(store_value_set(s, "loose", loose.id, &e));
}

static bool has_note(Store *s, StoreNote kind, const char *subject) {
        AUTO(freep) char *text = NULL;
        return OK(store_note_get(s, kind, subject, &text, &e)) == STORE_FOUND;
}

static void notes_go_with_what_they_are_of(void **state) {
        (void)state;
        AUTO(drop_root) char *root = make_root();
        in_child(root, fill);
        Store *s = open_store(root);
        AUTO(freep) char *loose = NULL;
        Digest id;
        StepRecord base;
        char hex[DIGEST_HEX_SIZE];
        assert_int_equal(OK(store_value_get(s, "loose", &loose, &e)), STORE_FOUND);
        assert_int_equal(OK(store_tag_get(s, "name", &id, &e)), STORE_FOUND);
        digest_hex(&id, hex);
        OK(store_note_set(s, NOTE_ANNOTATIONS, hex, "{}", &e));
        Digest key = digest_of("base");
        assert_int_equal(OK(store_step_get(s, &key, &base, &e)), STORE_FOUND);
        CollectReport report = collect(s, (CollectParams){.dry_run = true});
        collect_report_done(&report);
        assert_true(has_note(s, NOTE_PACKAGES, loose));
        report = collect(s, (CollectParams){0});
        collect_report_done(&report);
        assert_false(has_note(s, NOTE_PACKAGES, loose));
        assert_true(has_note(s, NOTE_PACKAGES, base.snapshot));
        assert_true(has_note(s, NOTE_ANNOTATIONS, hex));
        OK(store_note_set(s, NOTE_ANNOTATIONS, hex, NULL, &e));
        assert_false(has_note(s, NOTE_ANNOTATIONS, hex));
        store_close(s);
}

static void removes_what_nothing_refers_to(void **state) {
        (void)state;
        AUTO(drop_root) char *root = make_root();
        in_child(root, fill);
        Store *s = open_store(root);
        CollectReport report = collect(s, (CollectParams){.dry_run = true});
        assert_int_equal(report.snapshots_removed, 1);
        assert_int_equal(report.blobs_removed, 1);
        uint64_t promised = report.bytes_freed;
        assert_true(promised > 0);
        collect_report_done(&report);
        report = collect(s, (CollectParams){0});
        assert_int_equal(report.snapshots_removed, 1);
        assert_int_equal(report.blobs_removed, 1);
        assert_int_equal(report.steps_removed, 0);
        assert_int_equal(report.bytes_freed, promised);
        collect_report_done(&report);
        assert_int_equal(assert_whole(s), 0);
        report = collect(s, (CollectParams){.images_untagged = true});
        assert_int_equal(report.images.n, 1);
        assert_int_equal(report.blobs_removed, 1);
        assert_int_equal(report.snapshots_removed, 0);
        collect_report_done(&report);
        Digest id;
        assert_int_equal(OK(store_tag_get(s, "name", &id, &e)), STORE_FOUND);
        store_close(s);
}

static char *note_of(const char *root, const char *key_text) {
        char hex[DIGEST_HEX_SIZE];
        Digest key = digest_of(key_text);
        digest_hex(&key, hex);
        return xasprintf("%s/cache/checks/1-%s", root, hex);
}

/* Notes on the result of a step go when its record goes. */
static void removes_notes_of_steps(void **state) {
        (void)state;
        AUTO(drop_root) char *root = make_root();
        in_child(root, fill);
        AUTO(freep) char *directory = xasprintf("%s/cache/checks", root);
        AUTO(freep) char *kept = note_of(root, "base");
        AUTO(freep) char *gone = note_of(root, "no step has this");
        AUTO(freep) char *strange = xasprintf("%s/strange", directory);
        Store *s = open_store(root);
        OK(dir_make_all(AT_FDCWD, directory, 0755, &e));
        OK(file_write_atomic(AT_FDCWD, kept, "x", 1, 0644, &e));
        OK(file_write_atomic(AT_FDCWD, gone, "x", 1, 0644, &e));
        OK(file_write_atomic(AT_FDCWD, strange, "x", 1, 0644, &e));
        CollectReport report = collect(s, (CollectParams){.dry_run = true});
        collect_report_done(&report);
        assert_int_equal(access(gone, F_OK), 0);
        report = collect(s, (CollectParams){0});
        collect_report_done(&report);
        assert_int_equal(access(kept, F_OK), 0);
        assert_int_equal(access(gone, F_OK), -1);
        assert_int_equal(access(strange, F_OK), -1);
        report = collect(s, everything);
        collect_report_done(&report);
        assert_int_equal(access(kept, F_OK), -1);
        store_close(s);
}

static void removes_everything(void **state) {
        (void)state;
        AUTO(drop_root) char *root = make_root();
        in_child(root, fill);
        Store *s = open_store(root);
        CollectReport report = collect(s, everything);
        assert_int_equal(report.images.n, 2);
        assert_int_equal(report.steps_removed, 2);
        assert_int_equal(report.snapshots_removed, 3);
        assert_int_equal(report.blobs_removed, 3);
        collect_report_done(&report);
        assert_int_equal(assert_whole(s), 0);
        Digest alias = digest_of("alias"), key;
        assert_int_equal(OK(store_alias_get(s, &alias, &key, &e)), STORE_ABSENT);
        store_close(s);
}

static void leaves_what_is_in_use(void **state) {
        (void)state;
        AUTO(drop_root) char *root = make_root();
        in_child(root, fill);
        Store *user = open_store(root), *s = open_store(root);
        StepRecord record;
        Digest key = digest_of("cached");
        assert_int_equal(OK(store_step_get(user, &key, &record, &e)), STORE_FOUND);
        Draft *draft;
        OK(store_draft_new(user, &draft, &e));
        CollectReport report = collect(s, everything);
        assert_int_equal(report.snapshots_removed, 2);
        collect_report_done(&report);
        assert_true(snapshot_there(s, record.snapshot));
        put_step(user, "cached", record.snapshot); /* still possible: it is leased */
        SnapshotInfo info = {0};
        OK(store_draft_commit(user, draft, &info, &e));
        put_step(user, "new", info.id);
        assert_int_equal(assert_whole(s), 1); /* set aside by the other process */
        store_close(user);
        report = collect(s, (CollectParams){0});
        assert_int_equal(report.snapshots_removed, 0);
        collect_report_done(&report);
        report = collect(s, everything);
        assert_int_equal(report.snapshots_removed, 2);
        collect_report_done(&report);
        assert_int_equal(assert_whole(s), 0);
        store_close(s);
}

static void killed(Store *s) {
        Draft *draft;
        OK(store_draft_new(s, &draft, &e));
        OK(file_write_atomic(draft->fs_fd, "file", "x", 1, 0644, &e));
        make_snapshot(s, "unused");
        int fd;
        Digest key = digest_of("key");
        OK(store_step_lock(s, &key, NULL, &fd, &e));
        _exit(0); /* as kill -9 would: nothing is cleaned up */
}

static void cleans_up_after_the_dead(void **state) {
        (void)state;
        AUTO(drop_root) char *root = make_root();
        in_child(root, killed);
        Store *s = open_store(root);
        assert_int_equal(assert_whole(s), 2); /* a draft, and what was set aside */
        CollectReport report = collect(s, (CollectParams){0});
        assert_int_equal(report.snapshots_removed, 1);
        collect_report_done(&report);
        assert_int_equal(assert_whole(s), 0);
        DirList list;
        OK(dir_list(store_root_fd(s), "tmp", &list, &e));
        assert_int_equal(list.n, 0);
        dir_list_done(&list);
        OK(dir_list(store_root_fd(s), "locks", &list, &e));
        for (size_t i = 0; i < list.n; i++) assert_false(starts_with(list.v[i].name, "process-"));
        dir_list_done(&list);
        store_close(s);
}

static void sweeps_many_leftovers_on_the_way(void **state) {
        (void)state;
        AUTO(drop_root) char *root = make_root();
        for (int i = 0; i < 66; i++) in_child(root, killed);
        Store *s = open_store(root);
        char *scratch;
        OK(store_scratch(s, "x", &scratch, &e));
        free(scratch);
        DirList list;
        OK(dir_list(store_root_fd(s), "tmp", &list, &e));
        assert_true(list.n < 6);
        dir_list_done(&list);
        store_close(s);
}

static void fill_by_size(Store *s) {
        char data[4096] = {0};
        memset(data, 'x', sizeof data - 1);
        for (int i = 0; i < 4; i++) {
                char key[2] = {(char)('0' + i), 0};
                put_step(s, key, make_snapshot(s, data).id);
        }
}

static void keeps_a_budget(void **state) {
        (void)state;
        AUTO(drop_root) char *root = make_root();
        in_child(root, fill_by_size);
        Store *s = open_store(root);
        CollectReport report = collect(s, (CollectParams){.keep_bytes = 9000});
        assert_int_equal(report.steps_removed, 2);
        assert_int_equal(report.snapshots_removed, 2);
        collect_report_done(&report);
        StepRecord record;
        Digest oldest = digest_of("0"), newest = digest_of("3");
        assert_int_equal(OK(store_step_get(s, &oldest, &record, &e)), STORE_ABSENT);
        assert_int_equal(OK(store_step_get(s, &newest, &record, &e)), STORE_FOUND);
        report = collect(s, (CollectParams){.cache_older_than_ns = 3600LL * 1000000000});
        assert_int_equal(report.steps_removed, 0);
        collect_report_done(&report);
        usleep(2000);
        report = collect(s, (CollectParams){.cache_older_than_ns = 1});
        assert_int_equal(report.steps_removed, 2);
        assert_int_equal(report.snapshots_removed, 1); /* the one just looked up is leased */
        collect_report_done(&report);
        store_close(s);
}

static void foreign_layer(Store *s) {
        Draft *d;
        OK(store_draft_new(s, &d, &e));
        SnapshotInfo info = {.foreign = true, .has_diff_id = true};
        OK(store_blob_put(s, "tar", 3, &info.diff_id, &e));
        LayerBlob form = {.diff_id = info.diff_id, .size = 2, .media_type = (char[]){"gzip"}};
        OK(store_blob_put(s, "gz", 2, &form.digest, &e));
        OK(store_layer_blob_put(s, &form, &e));
        OK(store_draft_commit(s, d, &info, &e));
        put_step(s, "foreign", info.id);
}

static void keeps_the_bytes_of_foreign_layers(void **state) {
        (void)state;
        AUTO(drop_root) char *root = make_root();
        in_child(root, foreign_layer);
        Store *s = open_store(root);
        CollectReport report = collect(s, (CollectParams){0});
        assert_int_equal(report.blobs_removed, 0);
        collect_report_done(&report);
        report = collect(s, (CollectParams){.cache_all = true});
        assert_int_equal(report.blobs_removed, 2);
        assert_int_equal(report.snapshots_removed, 1);
        collect_report_done(&report);
        Digest diff = digest_of("tar");
        LayerBlob form;
        assert_int_equal(OK(store_layer_blob_get(s, &diff, &form, &e)), STORE_ABSENT);
        store_close(s);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(removes_what_nothing_refers_to),
                cmocka_unit_test(notes_go_with_what_they_are_of),
                cmocka_unit_test(removes_notes_of_steps),
                cmocka_unit_test(removes_everything),
                cmocka_unit_test(leaves_what_is_in_use),
                cmocka_unit_test(cleans_up_after_the_dead),
                cmocka_unit_test(sweeps_many_leftovers_on_the_way),
                cmocka_unit_test(keeps_a_budget),
                cmocka_unit_test(keeps_the_bytes_of_foreign_layers),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <pthread.h>

#include "fixture.h"

static int set_up(void **state) {
        char *root = make_root();
        *state = open_store(root);
        free(root);
        return 0;
}

static int tear_down(void **state) {
        AUTO(freep) char *root = xstrdup(store_root(*state));
        store_close(*state);
        return tree_remove(AT_FDCWD, root, NULL);
}

static void publishes_drafts(void **state) {
        Store *s = *state;
        Draft *d;
        OK(store_draft_new(s, &d, &e));
        struct stat st;
        assert_int_equal(stat(d->fs_path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0755);
        AUTO(freep) char *inner = xasprintf("%s/work", d->work_path);
        assert_int_equal(mkdir(inner, 0), 0); /* as overlayfs leaves it */
        SnapshotInfo info = {.size_bytes = 7, .entry_count = 3, .foreign = true, .has_diff_id = true};
        info.diff_id = digest_of("diff");
        OK(store_draft_commit(s, d, &info, &e));
        assert_int_equal(strlen(info.id), 32);
        SnapshotInfo got;
        assert_int_equal(OK(store_snapshot_get(s, info.id, &got, &e)), STORE_FOUND);
        assert_int_equal(got.size_bytes, 7);
        assert_int_equal(got.entry_count, 3);
        assert_true(got.foreign && got.has_diff_id && !got.empty && got.created_ns == info.created_ns);
        assert_true(snapshot_there(s, info.id));
        assert_int_equal(OK(store_snapshot_by_diff_id(s, &info.diff_id, &got, &e)), STORE_FOUND);
        assert_string_equal(got.id, info.id);
        Digest other = digest_of("other");
        assert_int_equal(OK(store_snapshot_by_diff_id(s, &other, &got, &e)), STORE_ABSENT);
        OK(store_snapshot_set_diff_id(s, info.id, &other, &e));
        assert_int_equal(OK(store_snapshot_by_diff_id(s, &other, &got, &e)), STORE_FOUND);
        FAILS(ERR_NOT_FOUND, store_snapshot_set_diff_id(s, "00000000000000000000000000000000", &other, &e));
}

static void discards_drafts(void **state) {
        Store *s = *state;
        Draft *d;
        OK(store_draft_new(s, &d, &e));
        AUTO(freep) char *path = xstrdup(d->path);
        store_draft_discard(s, d);
        store_draft_discard(s, NULL);
        assert_int_equal(access(path, F_OK), -1);
        char *scratch;
        OK(store_scratch(s, "purpose", &scratch, &e));
        assert_int_equal(access(scratch, W_OK), 0);
        free(scratch);
}

static void keeps_steps_and_aliases(void **state) {
        Store *s = *state;
        SnapshotInfo snapshot = make_snapshot(s, "x");
        Digest key = digest_of("key"), alias = digest_of("alias"), got_key;
        StepRecord record = {.content = digest_of("content"), .duration_ns = 12, .created_ns = 34}, got;
        memcpy(record.snapshot, snapshot.id, sizeof snapshot.id);
        assert_int_equal(OK(store_step_get(s, &key, &got, &e)), STORE_ABSENT);
        OK(store_step_put(s, &key, &record, "RUN x", &e));
        assert_int_equal(OK(store_step_get(s, &key, &got, &e)), STORE_FOUND);
        assert_string_equal(got.snapshot, snapshot.id);
        assert_true(digest_eq(&got.content, &record.content));
        assert_int_equal(got.duration_ns, 12);
        assert_int_equal(got.created_ns, 34);
        strcpy(record.snapshot, "ffffffffffffffffffffffffffffffff");
        FAILS(ERR_NOT_FOUND, store_step_put(s, &key, &record, NULL, &e));
        record = (StepRecord){0};
        OK(store_step_put(s, &key, &record, NULL, &e));
        assert_int_equal(OK(store_step_get(s, &key, &got, &e)), STORE_FOUND);
        assert_string_equal(got.snapshot, "");
        assert_true(digest_is_zero(&got.content));
        assert_int_equal(OK(store_alias_get(s, &alias, &got_key, &e)), STORE_ABSENT);
        OK(store_alias_put(s, &alias, &key, &e));
        assert_int_equal(OK(store_alias_get(s, &alias, &got_key, &e)), STORE_FOUND);
        assert_true(digest_eq(&key, &got_key));
}

static void keeps_blobs(void **state) {
        Store *s = *state;
        size_t size = 1 << 20;
        AUTO(freep) char *data = xmalloc(size);
        memset(data, 'd', size);
        BlobWriter *w;
        OK(blob_writer_new(s, &w, &e));
        OK(blob_writer_add(w, data, 100, &e));
        OK(blob_writer_add(w, data, 200000, &e));
        OK(blob_writer_add(w, data, size - 200100, &e));
        Digest expected, digest;
        sha256_of(data, size, &expected);
        uint64_t got_size;
        OK(blob_writer_commit(w, &expected, &digest, &got_size, &e));
        assert_int_equal(got_size, size);
        AUTO(freep) char *read_back = NULL;
        size_t read_size;
        assert_int_equal(OK(store_blob_read(s, &digest, size, &read_back, &read_size, &e)), STORE_FOUND);
        assert_int_equal(read_size, size);
        assert_memory_equal(read_back, data, size);
        char *too_long;
        FAILS(ERR_LIMIT, store_blob_read(s, &digest, size - 1, &too_long, &read_size, &e));
        int fd;
        assert_int_equal(OK(store_blob_open(s, &digest, &fd, &got_size, &e)), STORE_FOUND);
        struct stat st;
        assert_int_equal(fstat(fd, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0444);
        close(fd);
        Digest absent = digest_of("absent");
        assert_int_equal(OK(store_blob_open(s, &absent, &fd, NULL, &e)), STORE_ABSENT);
        OK(store_blob_put(s, data, size, &digest, &e));
        assert_true(digest_eq(&digest, &expected));
        OK(blob_writer_new(s, &w, &e));
        OK(blob_writer_add(w, "x", 1, &e));
        FAILS(ERR_FORMAT, blob_writer_commit(w, &expected, &digest, &got_size, &e));
        OK(blob_writer_new(s, &w, &e));
        blob_writer_free(w);
        OK(store_blob_put(s, "", 0, &digest, &e));
        assert_int_equal(assert_whole(s), 0);
}

static void keeps_forms_of_layers(void **state) {
        Store *s = *state;
        LayerBlob blob = {.diff_id = digest_of("diff"), .size = 3, .media_type = (char[]){"a/b"}}, got;
        blob.digest = digest_of("not there");
        FAILS(ERR_NOT_FOUND, store_layer_blob_put(s, &blob, &e));
        OK(store_blob_put(s, "abc", 3, &blob.digest, &e));
        OK(store_layer_blob_put(s, &blob, &e));
        assert_int_equal(OK(store_layer_blob_get(s, &blob.diff_id, &got, &e)), STORE_FOUND);
        assert_string_equal(got.media_type, "a/b");
        assert_true(digest_eq(&got.digest, &blob.digest));
        layer_blob_done(&got);
        assert_int_equal(OK(store_layer_blob_get(s, &blob.digest, &got, &e)), STORE_ABSENT);
}

static void keeps_platforms_of_names(Store *s, const Digest *one, const Digest *two) {
        const char *name = "docker.io/library/many:latest";
        const TagPlatform list[] = {{"linux/amd64", *one}, {"linux/arm64", *two}};
        OK(store_tag_set_platforms(s, name, list, ARRAY_SIZE(list), &e));
        Digest id;
        assert_int_equal(OK(store_tag_get(s, name, &id, &e)), STORE_FOUND);
        assert_true(digest_eq(&id, one));
        TagList got;
        OK(store_tag_platforms(s, name, &got, &e));
        assert_int_equal(got.n, 2);
        assert_string_equal(got.v[1].name, "linux/arm64");
        assert_true(digest_eq(&got.v[1].image_id, two));
        tag_list_done(&got);
        FAILS(ERR_CONFLICT, store_image_remove(s, two, &e));
        OK(store_tag_list(s, true, &got, &e));
        assert_int_equal(got.n, 3); /* a, b, many: the images of platforms are no lines of their own */
        tag_list_done(&got);
        OK(store_tag_set(s, name, one, &e)); /* for all platforms */
        OK(store_tag_platforms(s, name, &got, &e));
        assert_int_equal(got.n, 0);
        tag_list_done(&got);
        OK(store_tag_set_platforms(s, name, list, ARRAY_SIZE(list), &e));
        assert_int_equal(OK(store_tag_remove(s, name, &e)), STORE_FOUND);
        OK(store_tag_platforms(s, name, &got, &e));
        assert_int_equal(got.n, 0);
        tag_list_done(&got);
}

static void keeps_images_and_names(void **state) {
        Store *s = *state;
        SnapshotInfo one = make_snapshot(s, "1"), two = make_snapshot(s, "2");
        ImageRecord record = {.created_ns = 11, .size_bytes = 22}, got = {0};
        strvec_push(&record.snapshots, one.id);
        strvec_push(&record.snapshots, two.id);
        strvec_push(&record.snapshots, one.id);
        record.id = digest_of("config");
        FAILS(ERR_NOT_FOUND, store_image_put(s, &record, &e));
        OK(store_blob_put(s, "config", 6, &record.id, &e));
        OK(store_image_put(s, &record, &e));
        OK(store_image_put(s, &record, &e));
        assert_int_equal(OK(store_image_get(s, &record.id, &got, &e)), STORE_FOUND);
        assert_int_equal(got.snapshots.n, 3);
        assert_string_equal(got.snapshots.v[1], two.id);
        assert_int_equal(got.created_ns, 11);
        image_record_done(&got);
        Digest other = put_image(s, "other", NULL), id;
        FAILS(ERR_NOT_FOUND, store_tag_set(s, "n", &(Digest){{1}}, &e));
        OK(store_tag_set(s, "docker.io/library/a:latest", &record.id, &e));
        OK(store_tag_set(s, "docker.io/library/b:latest", &record.id, &e));
        assert_int_equal(OK(store_tag_get(s, "docker.io/library/a:latest", &id, &e)), STORE_FOUND);
        assert_true(digest_eq(&id, &record.id));
        TagList list;
        OK(store_tag_list(s, false, &list, &e));
        assert_int_equal(list.n, 2);
        tag_list_done(&list);
        OK(store_tag_list(s, true, &list, &e));
        assert_int_equal(list.n, 3);
        tag_list_done(&list);
        FAILS(ERR_CONFLICT, store_image_remove(s, &record.id, &e));
        keeps_platforms_of_names(s, &record.id, &other);
        assert_int_equal(OK(store_tag_remove(s, "docker.io/library/a:latest", &e)), STORE_FOUND);
        assert_int_equal(OK(store_tag_remove(s, "docker.io/library/a:latest", &e)), STORE_ABSENT);
        assert_int_equal(OK(store_tag_remove(s, "docker.io/library/b:latest", &e)), STORE_FOUND);
        assert_int_equal(OK(store_image_remove(s, &record.id, &e)), STORE_FOUND);
        assert_int_equal(OK(store_image_remove(s, &record.id, &e)), STORE_ABSENT);
        assert_int_equal(OK(store_image_get(s, &record.id, &got, &e)), STORE_ABSENT);
        assert_int_equal(OK(store_image_get(s, &other, &got, &e)), STORE_FOUND);
        image_record_done(&got);
        image_record_done(&record);
}

static void finds_images_by_prefix(void **state) {
        Store *s = *state;
        Digest id = put_image(s, "config", NULL), found[4];
        put_image(s, "another", NULL);
        char hex[DIGEST_HEX_SIZE];
        digest_hex(&id, hex);
        size_t count;
        OK(store_image_find_prefix(s, hex, found, 4, &count, &e));
        assert_int_equal(count, 1);
        hex[9] = '\0';
        OK(store_image_find_prefix(s, hex, found, 4, &count, &e));
        assert_int_equal(count, 1);
        assert_true(digest_eq(&found[0], &id));
        OK(store_image_find_prefix(s, "xyz", found, 4, &count, &e));
        assert_int_equal(count, 0);
        OK(store_image_find_prefix(s, "", found, 4, &count, &e));
        assert_int_equal(count, 0);
}

static void note_wait(void *context, int pid) {
        *(int *)context = pid;
}

typedef struct Waiter {
        Store *store;
        int pid, fd;
} Waiter;

static void *wait_for_lock(void *context) {
        Waiter *w = context;
        Digest key = digest_of("key");
        return store_step_lock(w->store, &key, &(StepLockWait){note_wait, &w->pid, NULL}, &w->fd, NULL) == 0 ? w : NULL;
}

static void locks_steps(void **state) {
        Store *s = *state;
        Digest key = digest_of("key"), other = digest_of("other");
        int fd, other_fd, pid = -1;
        OK(store_step_lock(s, &key, &(StepLockWait){note_wait, &pid, NULL}, &fd, &e));
        OK(store_step_lock(s, &other, &(StepLockWait){note_wait, &pid, NULL}, &other_fd, &e));
        assert_int_equal(pid, -1);
        Waiter waiter = {.store = s, .pid = -1};
        pthread_t thread;
        pthread_create(&thread, NULL, wait_for_lock, &waiter);
        usleep(50000);
        close(fd);
        void *result;
        pthread_join(thread, &result);
        assert_non_null(result);
        assert_int_equal(waiter.pid, getpid());
        close(waiter.fd);
        close(other_fd);
}

static void says_what_it_uses(void **state) {
        Store *s = *state;
        SnapshotInfo one = make_snapshot(s, "12345"), two = make_snapshot(s, "123");
        put_image(s, "config", one.id);
        put_step(s, "a", one.id);
        put_step(s, "b", two.id);
        StoreUsage usage;
        OK(store_usage(s, &usage, &e));
        assert_int_equal(usage.image_count, 1);
        assert_int_equal(usage.image_active_count, 1); /* this process made it */
        assert_int_equal(usage.image_bytes, 5);
        assert_int_equal(usage.step_count, 2);
        assert_int_equal(usage.step_bytes, 3);
        assert_int_equal(usage.snapshot_bytes, 8);
        assert_int_equal(usage.blob_count, 1);
        OK(store_usage(s, &usage, &e));
}

static void check_finds_faults(void **state) {
        Store *s = *state;
        SnapshotInfo snapshot = make_snapshot(s, "x");
        put_step(s, "a", snapshot.id);
        Digest config = put_image(s, "config", snapshot.id);
        assert_int_equal(assert_whole(s), 0);
        AUTO(freep) char *directory = xasprintf("%s/snapshots/%s", store_root(s), snapshot.id);
        OK(tree_remove(AT_FDCWD, directory, &e));
        char hex[DIGEST_HEX_SIZE];
        digest_hex(&config, hex);
        AUTO(freep) char *blob = xasprintf("%s/blobs/sha256/%s", store_root(s), hex);
        assert_int_equal(unlink(blob), 0);
        OK(file_write_atomic(AT_FDCWD, blob, "CONFIG", 6, 0600, &e));
        StrVec findings = {0};
        OK(store_check(s, false, &findings, NULL, &e));
        assert_int_equal(findings.n, 1);
        assert_true(starts_with(findings.v[0], "snapshot "));
        strvec_done(&findings);
        OK(store_check(s, true, &findings, NULL, &e));
        assert_int_equal(findings.n, 2);
        strvec_done(&findings);
        assert_int_equal(unlink(blob), 0);
        int fd;
        FAILS(ERR_SYS, store_blob_open(s, &config, &fd, NULL, &e));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(publishes_drafts, set_up, tear_down),
                cmocka_unit_test_setup_teardown(discards_drafts, set_up, tear_down),
                cmocka_unit_test_setup_teardown(keeps_steps_and_aliases, set_up, tear_down),
                cmocka_unit_test_setup_teardown(keeps_blobs, set_up, tear_down),
                cmocka_unit_test_setup_teardown(keeps_forms_of_layers, set_up, tear_down),
                cmocka_unit_test_setup_teardown(keeps_images_and_names, set_up, tear_down),
                cmocka_unit_test_setup_teardown(finds_images_by_prefix, set_up, tear_down),
                cmocka_unit_test_setup_teardown(locks_steps, set_up, tear_down),
                cmocka_unit_test_setup_teardown(says_what_it_uses, set_up, tear_down),
                cmocka_unit_test_setup_teardown(check_finds_faults, set_up, tear_down),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}

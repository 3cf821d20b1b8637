/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>

#include "os/clock.h"
#include "store/digest_index.h"
#include "fixture.h"

typedef struct Fixture {
        Store *store;
        char *root;
        int fd;
} Fixture;

static int set_up(void **state) {
        Fixture *f = xcalloc(1, sizeof *f);
        f->root = make_root();
        f->store = open_store(f->root);
        f->fd = open(f->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
        *state = f;
        return 0;
}

static int tear_down(void **state) {
        Fixture *f = *state;
        store_close(f->store);
        close(f->fd);
        drop_root(&f->root);
        free(f);
        return 0;
}

static DigestIndex *open_index(Fixture *f) {
        DigestIndex *x = NULL;
        OK(digest_index_open_context(f->store, f->fd, "/context", &x, &e));
        return x;
}

static const int64_t second_ns = 1000000000;

/* A file that was changed at second 100 of the epoch, and is read at second 200. */
static struct stat old_file(unsigned inode) {
        return (struct stat){.st_dev = 1, .st_ino = inode, .st_size = 5, .st_mtim = {100, 1}, .st_ctim = {100, 2}};
}

static char *index_path(Fixture *f) {
        DirList list;
        OK(dir_list(store_root_fd(f->store), "digests", &list, &e));
        assert_int_equal(list.n, 1);
        char *path = xasprintf("%s/digests/%s", f->root, list.v[0].name);
        dir_list_done(&list);
        return path;
}

static void remembers(void **state) {
        Fixture *f = *state;
        AUTO(digest_index_freep) DigestIndex *x = open_index(f);
        struct stat st = old_file(1);
        Digest a = digest_of("a"), b = digest_of("b"), got;
        assert_false(digest_index_get(x, "a", &st, &got));
        digest_index_add(x, "a", &st, 200 * second_ns, &b);
        digest_index_add(x, "a", &st, 200 * second_ns, &a);
        digest_index_add(x, "dir/b", &st, 200 * second_ns, &b);
        assert_true(digest_index_get(x, "a", &st, &got));
        assert_true(digest_eq(&got, &a));
        OK(digest_index_save(x, &e));
        assert_true(digest_index_get(x, "a", &st, &got));
        AUTO(digest_index_freep) DigestIndex *y = open_index(f);
        assert_true(digest_index_get(y, "a", &st, &got));
        assert_true(digest_eq(&got, &a));
        assert_true(digest_index_get(y, "dir/b", &st, &got));
        assert_true(digest_eq(&got, &b));
        assert_false(digest_index_get(y, "dir", &st, &got));
        assert_false(digest_index_get(y, "a", NULL, &got));
        struct stat changed = st;
        changed.st_size++;
        assert_false(digest_index_get(y, "a", &changed, &got));
        changed = st;
        changed.st_ctim.tv_nsec++;
        assert_false(digest_index_get(y, "a", &changed, &got));
        changed = st;
        changed.st_ino++;
        assert_false(digest_index_get(y, "a", &changed, &got));
        /* replaced by a merge, the other one kept */
        digest_index_add(y, "a", &changed, 200 * second_ns, &b);
        OK(digest_index_save(y, &e));
        AUTO(digest_index_freep) DigestIndex *z = open_index(f);
        assert_false(digest_index_get(z, "a", &st, &got));
        assert_true(digest_index_get(z, "a", &changed, &got));
        assert_true(digest_index_get(z, "dir/b", &st, &got));
}

static void distrusts_young_files(void **state) {
        Fixture *f = *state;
        AUTO(digest_index_freep) DigestIndex *x = open_index(f);
        struct stat st = old_file(1), coarse = old_file(2);
        coarse.st_mtim.tv_nsec = coarse.st_ctim.tv_nsec = 0;
        Digest a = digest_of("a"), got;
        digest_index_add(x, "a", &st, 100 * second_ns + 20000001, &a);
        assert_false(digest_index_get(x, "a", &st, &got));
        digest_index_add(x, "a", &st, 100 * second_ns + 20000002, &a);
        assert_true(digest_index_get(x, "a", &st, &got));
        digest_index_add(x, "c", &coarse, 101 * second_ns, &a);
        assert_false(digest_index_get(x, "c", &coarse, &got));
        digest_index_add(x, "c", &coarse, 102 * second_ns, &a);
        assert_true(digest_index_get(x, "c", &coarse, &got));
        st.st_mtim.tv_sec = 300; /* in the future */
        digest_index_add(x, "f", &st, 200 * second_ns, &a);
        assert_false(digest_index_get(x, "f", &st, &got));
}

static void belongs_to_a_snapshot(void **state) {
        Fixture *f = *state;
        Draft *d;
        OK(store_draft_new(f->store, &d, &e));
        AUTO(digest_index_freep) DigestIndex *x = digest_index_new();
        Digest a = digest_of("a"), got;
        digest_index_add(x, "usr/bin/a", NULL, 0, &a);
        FAILS(ERR_INTERNAL, digest_index_save(x, &e));
        OK(digest_index_save_draft(x, d, &e));
        SnapshotInfo info = {0};
        OK(store_draft_commit(f->store, d, &info, &e));
        AUTO(digest_index_freep) DigestIndex *y = NULL;
        OK(digest_index_open_snapshot(f->store, info.id, &y, &e));
        assert_true(digest_index_get(y, "usr/bin/a", NULL, &got));
        assert_true(digest_eq(&got, &a));
        assert_false(digest_index_get(y, "usr/bin/b", NULL, &got));
        AUTO(digest_index_freep) DigestIndex *z = NULL;
        OK(digest_index_open_snapshot(f->store, "none", &z, &e));
        assert_false(digest_index_get(z, "usr/bin/a", NULL, &got));
}

/* Whatever byte is damaged or missing: an entry is absent or right. */
static void survives_damage(void **state) {
        Fixture *f = *state;
        AUTO(digest_index_freep) DigestIndex *x = open_index(f);
        Digest want[5], got;
        struct stat st = old_file(7);
        for (int i = 0; i < 5; i++) {
                char path[8] = {'p', (char)('0' + i), 0};
                want[i] = digest_of(path);
                digest_index_add(x, path, &st, 200 * second_ns, &want[i]);
        }
        OK(digest_index_save(x, &e));
        AUTO(freep) char *path = index_path(f), *data = NULL;
        size_t size, found = 0;
        OK(file_read(AT_FDCWD, path, 1 << 20, &data, &size, &e));
        for (size_t at = 0; at < size * 2; at++) {
                AUTO(freep) char *copy = xmemdup(data, size);
                if (at < size) copy[at] = (char)(copy[at] ^ 0x41);
                OK(file_write_atomic(AT_FDCWD, path, copy, at < size ? size : at - size, 0600, &e));
                AUTO(digest_index_freep) DigestIndex *y = open_index(f);
                for (int i = 0; i < 5; i++) {
                        char name[8] = {'p', (char)('0' + i), 0};
                        if (!digest_index_get(y, name, &st, &got)) continue;
                        assert_true(digest_eq(&got, &want[i]));
                        found++;
                }
                digest_index_add(y, "more", &st, 200 * second_ns, &want[0]);
                OK(digest_index_save(y, &e)); /* merges what is left */
                assert_true(digest_index_get(y, "more", &st, &got));
        }
        assert_true(found > size);
}

typedef struct Job {
        DigestIndex *index;
        unsigned from, to;
} Job;

static void *add_many(void *context) {
        Job *job = context;
        for (unsigned i = job->from; i < job->to; i++) {
                char path[64];
                snprintf(path, sizeof path, "some/directory%u/with/file-%u.c", i / 100, i);
                struct stat st = old_file(i);
                Digest d = {{0}}, got;
                memcpy(d.bytes, &i, sizeof i);
                digest_index_add(job->index, path, &st, 200 * second_ns, &d);
                if (!digest_index_get(job->index, path, &st, &got)) abort();
        }
        return NULL;
}

static void is_quick_and_shared_by_threads(void **state) {
        Fixture *f = *state;
        enum { COUNT = 50000 };
        AUTO(digest_index_freep) DigestIndex *x = open_index(f);
        Job jobs[2] = {{x, 0, COUNT / 2}, {x, COUNT / 2, COUNT}};
        pthread_t threads[2];
        for (int i = 0; i < 2; i++) pthread_create(&threads[i], NULL, add_many, &jobs[i]);
        for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
        int64_t start = clock_monotonic_ns();
        OK(digest_index_save(x, &e));
        int64_t saved = clock_monotonic_ns();
        AUTO(digest_index_freep) DigestIndex *y = open_index(f);
        int64_t opened = clock_monotonic_ns();
        for (unsigned i = 0; i < COUNT; i++) {
                char path[64];
                snprintf(path, sizeof path, "some/directory%u/with/file-%u.c", i / 100, i);
                struct stat st = old_file(i);
                Digest got;
                if (!digest_index_get(y, path, &st, &got) || memcmp(got.bytes, &i, sizeof i) != 0) fail_msg("%s", path);
        }
        int64_t looked_up = clock_monotonic_ns();
        print_message("save %lld us, open %lld us, look up %lld us\n", (long long)(saved - start) / 1000,
                      (long long)(opened - saved) / 1000, (long long)(looked_up - opened) / 1000);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(remembers, set_up, tear_down),
                cmocka_unit_test_setup_teardown(distrusts_young_files, set_up, tear_down),
                cmocka_unit_test_setup_teardown(belongs_to_a_snapshot, set_up, tear_down),
                cmocka_unit_test_setup_teardown(survives_damage, set_up, tear_down),
                cmocka_unit_test_setup_teardown(is_quick_and_shared_by_threads, set_up, tear_down),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}

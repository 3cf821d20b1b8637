/* SPDX-License-Identifier: Apache-2.0 */
/* Writers and collectors are killed at random moments; afterwards every record has its files, and what a live process
 * uses never went away below it. DECANT_KILL_ROUNDS sets how often (default 25). */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "fixture.h"

enum { WRITERS = 4, COLLECTORS = 1, PROCESSES = WRITERS + COLLECTORS, KEYS = 40 };

static unsigned next_random(unsigned *state) {
        *state = *state * 1664525u + 1013904223u;
        return *state >> 8;
}

/* In a child: nothing but a violation ends it with a status that is not 0. */
#define MUST(condition)                                                                 \
        do {                                                                            \
                if (!(condition)) {                                                     \
                        fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
                        _exit(1);                                                       \
                }                                                                       \
        } while (0)
#define DO(call)                                                          \
        ({                                                                \
                Err *e = NULL;                                            \
                int result_ = (call);                                     \
                if (result_ < 0) fprintf(stderr, "%s\n", err_message(e)); \
                MUST(result_ >= 0);                                       \
                result_;                                                  \
        })

static Digest key_of(unsigned n) {
        char text[16];
        snprintf(text, sizeof text, "key %u", n % KEYS);
        return digest_of(text);
}

static bool file_there(Store *s, const char *id) {
        AUTO(freep) char *path = xasprintf("%s/snapshots/%s/fs/file", store_root(s), id);
        return access(path, F_OK) == 0;
}

static void new_snapshot(Store *s, SnapshotInfo *ret_info) {
        Draft *d;
        DO(store_draft_new(s, &d, &e));
        DO(file_write_atomic(d->fs_fd, "file", "content", 7, 0644, &e));
        *ret_info = (SnapshotInfo){.size_bytes = 7, .entry_count = 1};
        DO(store_draft_commit(s, d, ret_info, &e));
}

static void run_step(Store *s, unsigned n) {
        Digest key = key_of(n);
        StepRecord record = {0};
        int lock;
        DO(store_step_lock(s, &key, NULL, &lock, &e));
        if (DO(store_step_get(s, &key, &record, &e)) == STORE_ABSENT) {
                SnapshotInfo info;
                new_snapshot(s, &info);
                memcpy(record.snapshot, info.id, sizeof info.id);
                DO(store_step_put(s, &key, &record, "step", &e));
                DO(store_alias_put(s, &key, &key, &e));
        }
        close(lock);
        MUST(file_there(s, record.snapshot));
}

static void make_image(Store *s, unsigned n) {
        char text[16];
        snprintf(text, sizeof text, "config %u", n % 8);
        ImageRecord image = {.created_ns = 1};
        SnapshotInfo info;
        new_snapshot(s, &info);
        strvec_push(&image.snapshots, info.id);
        DO(store_blob_put(s, text, strlen(text), &image.id, &e));
        DO(store_image_put(s, &image, &e));
        DO(store_tag_set(s, text, &image.id, &e));
        int fd;
        MUST(DO(store_blob_open(s, &image.id, &fd, NULL, &e)) == STORE_FOUND);
        close(fd);
        image_record_done(&image);
}

static void read_image(Store *s, unsigned n) {
        char text[16];
        snprintf(text, sizeof text, "config %u", n % 8);
        Digest id;
        ImageRecord image;
        if (DO(store_tag_get(s, text, &id, &e)) != STORE_FOUND) return;
        if (DO(store_image_get(s, &id, &image, &e)) != STORE_FOUND) return;
        usleep(200);
        for (size_t i = 0; i < image.snapshots.n; i++) MUST(file_there(s, image.snapshots.v[i]));
        int fd;
        MUST(DO(store_blob_open(s, &id, &fd, NULL, &e)) == STORE_FOUND);
        close(fd);
        image_record_done(&image);
}

static void collect_some(Store *s, unsigned n) {
        CollectParams params = {.images_untagged = n & 1, .images_all = (n & 14) == 2, .cache_all = (n & 48) == 16};
        params.keep_bytes = n & 64 ? 70 : 0;
        CollectReport report;
        DO(store_collect(s, &params, &report, &e));
        collect_report_done(&report);
}

static void work(const char *root, unsigned seed, bool collector) {
        for (;;) {
                Store *s;
                DO(store_open(root, &s, &e));
                for (unsigned i = 0; i < 12; i++) {
                        unsigned n = next_random(&seed);
                        if (collector)
                                collect_some(s, n);
                        else if (n % 16 < 10)
                                run_step(s, n / 16);
                        else if (n % 16 < 13)
                                make_image(s, n / 16);
                        else if (n % 16 < 15)
                                read_image(s, n / 16);
                        else
                                MUST(store_needs_sync(s) || true);
                }
                store_close(s);
        }
}

static void round_of(const char *root, unsigned *seed) {
        pid_t pids[PROCESSES];
        for (int i = 0; i < PROCESSES; i++) {
                pids[i] = fork();
                if (pids[i] == 0) work(root, *seed + (unsigned)i * 7919u, i >= WRITERS);
        }
        for (int i = 0; i < PROCESSES; i++) {
                usleep(next_random(seed) % 20000);
                kill(pids[i], SIGKILL);
        }
        for (int i = 0; i < PROCESSES; i++) {
                int status;
                waitpid(pids[i], &status, 0);
                assert_true(WIFSIGNALED(status));
        }
}

static void stays_whole_when_killed(void **state) {
        (void)state;
        AUTO(drop_root) char *root = make_root();
        const char *text = getenv("DECANT_KILL_ROUNDS");
        unsigned rounds = text ? (unsigned)atoi(text) : 25, seed = text ? (unsigned)getpid() : 1;
        uint64_t most_garbage = 0;
        for (unsigned i = 0; i < rounds; i++) {
                round_of(root, &seed);
                Store *s = open_store(root);
                uint64_t garbage = assert_whole(s);
                if (garbage > most_garbage) most_garbage = garbage;
                if (i % 8 == 7) OK(store_sync(s, &e));
                store_close(s);
        }
        Store *s = open_store(root);
        CollectReport report = collect(s, (CollectParams){0});
        collect_report_done(&report);
        assert_int_equal(assert_whole(s), 0);
        report = collect(s, (CollectParams){.images_all = true, .cache_all = true});
        collect_report_done(&report);
        assert_int_equal(assert_whole(s), 0);
        store_close(s);
        print_message("%u rounds, at most %llu pieces of garbage\n", rounds, (unsigned long long)most_garbage);
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(stays_whole_when_killed)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}

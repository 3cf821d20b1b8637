/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "build/build.h"
#include "image/image.h"
#include "os/fs.h"

/* Builds without RUN: they need no privilege, and many of their steps run at once. */

typedef struct Fixture {
        char path[64];
        Store *store;
        unsigned cached, done, failed;
} Fixture;

static void put(const Fixture *f, const char *name, const char *text) {
        AUTO(freep) char *path = xasprintf("%s/context/%s", f->path, name);
        assert_int_equal(file_write_atomic(AT_FDCWD, path, text, strlen(text), 0644, NULL), 0);
}

static int set_up(void **state) {
        Fixture *f = xcalloc(1, sizeof *f);
        snprintf(f->path, sizeof f->path, "/tmp/decant-graph-XXXXXX");
        assert_non_null(mkdtemp(f->path));
        AUTO(freep) char *context = xasprintf("%s/context", f->path);
        AUTO(freep) char *root = xasprintf("%s/store", f->path);
        assert_int_equal(dir_make_all(AT_FDCWD, context, 0755, NULL), 0);
        assert_int_equal(store_open(root, &f->store, NULL), 0);
        *state = f;
        return 0;
}

static int tear_down(void **state) {
        Fixture *f = *state;
        store_close(f->store);
        tree_remove(AT_FDCWD, f->path, NULL);
        free(f);
        return 0;
}

static void count(void *context, const Event *event) {
        Fixture *f = context;
        if (event->type != EVENT_DONE) return;
        f->cached += event->outcome == VERTEX_CACHED;
        f->done += event->outcome == VERTEX_DONE;
        f->failed += event->outcome == VERTEX_FAILED;
}

static int build(Fixture *f, BuildResult *ret_result, Err **e) {
        AUTO(freep) char *context = xasprintf("%s/context", f->path);
        EventSink sink = {count, f};
        f->cached = f->done = f->failed = 0;
        BuildParams params = {
                .store = f->store, .events = &sink, .context_path = context, .want_image = true, .cancel_fd = -1};
        return build_run(&params, ret_result, e);
}

/* n stages that each copy their own file and one that collects them. */
static void many_stages(Fixture *f, unsigned n) {
        Buf text = {0}, last = {0};
        buf_adds(&last, "FROM scratch\n");
        for (unsigned i = 0; i < n; i++) {
                char name[16];
                snprintf(name, sizeof name, "f%u", i);
                put(f, name, name);
                buf_addf(&text, "FROM scratch AS s%u\nWORKDIR /w\nCOPY f%u /w/f%u\n", i, i, i);
                buf_addf(&last, "COPY --from=s%u /w/f%u /all/\n", i, i);
        }
        buf_add_str(&text, buf_str(&last));
        put(f, "Dockerfile", text.p);
        buf_done(&text);
        buf_done(&last);
}

static void check_file(Fixture *f, const BuildResult *result, const char *path, const char *text) {
        Image image;
        assert_int_equal(image_load(f->store, &result->image_id, &image, NULL), STORE_FOUND);
        bool found = false;
        for (size_t i = 0; i < image.snapshots.n; i++) {
                AUTO(freep) char *fs = store_snapshot_path(f->store, image.snapshots.v[i]);
                AUTO(freep) char *file = xasprintf("%s/%s", fs, path);
                AUTO(freep) char *data = NULL;
                size_t size;
                if (access(file, F_OK) < 0) continue;
                assert_int_equal(file_read(AT_FDCWD, file, 100, &data, &size, NULL), 0);
                assert_string_equal(data, text);
                found = true;
        }
        image_done(&image);
        assert_true(found);
}

static void test_parallel_stages_and_cache(void **state) {
        Fixture *f = *state;
        enum { STAGES = 24 };
        many_stages(f, STAGES);
        BuildResult first, second;
        AUTO(err_freep) Err *e = NULL;
        if (build(f, &first, &e) < 0) fail_msg("%s", err_message(e));
        assert_int_equal(first.steps_total, STAGES * 3);
        check_file(f, &first, "all/f7", "f7");
        if (build(f, &second, &e) < 0) fail_msg("%s", err_message(e));
        assert_int_equal(second.steps_cached, STAGES * 3);
        assert_true(digest_eq(&first.image_id, &second.image_id));
}

/* A stage that changes without changing what is copied out of it leaves later steps cached. */
static void test_early_cut_off(void **state) {
        Fixture *f = *state;
        put(f, "a", "a");
        put(f, "b", "b");
        put(f, "Dockerfile", "FROM scratch AS s\nCOPY a b /d/\nFROM scratch\nCOPY --from=s /d/a /a\n");
        BuildResult first, second;
        AUTO(err_freep) Err *e = NULL;
        if (build(f, &first, &e) < 0) fail_msg("%s", err_message(e));
        put(f, "b", "changed");
        if (build(f, &second, &e) < 0) fail_msg("%s", err_message(e));
        assert_int_equal(second.steps_total, 2);
        assert_int_equal(second.steps_cached, 1);
        assert_true(digest_eq(&first.image_id, &second.image_id));
}

static void test_unreachable_stage_is_not_built(void **state) {
        Fixture *f = *state;
        put(f, "a", "a");
        put(f, "Dockerfile", "FROM nowhere AS unused\nCOPY missing /\nFROM scratch\nCOPY a /\n");
        BuildResult result;
        AUTO(err_freep) Err *e = NULL;
        if (build(f, &result, &e) < 0) fail_msg("%s", err_message(e));
        assert_int_equal(result.steps_total, 1);
}

static void test_failure_names_the_line(void **state) {
        Fixture *f = *state;
        put(f, "apple", "a");
        put(f, "Dockerfile", "FROM scratch\nCOPY apple /\nCOPY appel /b\n");
        AUTO(err_freep) Err *e = NULL;
        assert_int_equal(build(f, NULL, &e), -1);
        assert_int_equal(err_kind(e), ERR_NOT_FOUND);
        assert_non_null(strstr(err_message(e), "Dockerfile:3"));
        assert_non_null(strstr(err_excerpt_text(e), ">>> COPY appel /b"));
        assert_non_null(strstr(err_hints(e), "apple"));
        assert_int_equal(f->failed, 1);
}

static void *build_in_thread(void *argument) {
        Fixture *f = argument;
        EventSink sink = {NULL, NULL};
        AUTO(freep) char *context = xasprintf("%s/context", f->path);
        BuildParams params = {
                .store = f->store, .events = &sink, .context_path = context, .want_image = true, .cancel_fd = -1};
        BuildResult *result = xcalloc(1, sizeof *result);
        if (build_run(&params, result, NULL) < 0) result->has_image = false;
        return result;
}

/* Two builds of one input at once agree. */
static void test_concurrent_builds(void **state) {
        Fixture *f = *state;
        many_stages(f, 8);
        pthread_t threads[4];
        for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
                assert_int_equal(pthread_create(&threads[i], NULL, build_in_thread, f), 0);
        BuildResult *results[4];
        for (size_t i = 0; i < ARRAY_SIZE(threads); i++) pthread_join(threads[i], (void **)&results[i]);
        for (size_t i = 0; i < ARRAY_SIZE(threads); i++) assert_true(results[i]->has_image);
        check_file(f, results[0], "all/f3", "f3");
        for (size_t i = 0; i < ARRAY_SIZE(threads); i++) free(results[i]);
}

static void test_cancelled_before_the_start(void **state) {
        Fixture *f = *state;
        many_stages(f, 4);
        AUTO(freep) char *context = xasprintf("%s/context", f->path);
        static const volatile bool yes = true;
        BuildParams params = {.store = f->store, .context_path = context, .cancelled = &yes, .cancel_fd = -1};
        AUTO(err_freep) Err *e = NULL;
        assert_int_equal(build_run(&params, NULL, &e), -1);
        assert_int_equal(err_kind(e), ERR_CANCELLED);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_parallel_stages_and_cache, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_early_cut_off, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_unreachable_stage_is_not_built, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_failure_names_the_line, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_concurrent_builds, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_cancelled_before_the_start, set_up, tear_down),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}

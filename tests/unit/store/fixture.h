/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "os/fs.h"
#include "store/store.h"

/* A directory for one test, removed by drop_root(). The store is in it. */
static inline char *make_root(void) {
        const char *base = getenv("TMPDIR");
        char *path = xasprintf("%s/decant-store-XXXXXX", base && *base ? base : "/tmp");
        assert_non_null(mkdtemp(path));
        return path;
}

static inline void drop_root(char **root) {
        assert_int_equal(tree_remove(AT_FDCWD, *root, NULL), 0);
        free(*root);
}

static inline void assert_ok(int r, Err *e) {
        if (r < 0) fail_msg("%s", e ? err_message(e) : "failed without an error");
}
#define OK(call)                       \
        ({                             \
                Err *e = NULL;         \
                int result_ = (call);  \
                assert_ok(result_, e); \
                result_;               \
        })
/* The call fails, with the kind. */
#define FAILS(error_kind, call)                              \
        ({                                                   \
                Err *e = NULL;                               \
                assert_true((call) < 0);                     \
                assert_non_null(e);                          \
                assert_int_equal(err_kind(e), (error_kind)); \
                err_free(e);                                 \
        })

static inline Store *open_store(const char *root) {
        Store *s = NULL;
        OK(store_open(root, &s, &e));
        return s;
}

static inline Digest digest_of(const char *text) {
        Digest d;
        sha256_of(text, strlen(text), &d);
        return d;
}

/* A snapshot with one file. */
static inline SnapshotInfo make_snapshot(Store *s, const char *content) {
        Draft *d = NULL;
        OK(store_draft_new(s, &d, &e));
        OK(file_write_atomic(d->fs_fd, "file", content, strlen(content), 0644, &e));
        SnapshotInfo info = {.size_bytes = strlen(content), .entry_count = 1};
        OK(store_draft_commit(s, d, &info, &e));
        return info;
}

static inline bool snapshot_there(Store *s, const char *id) {
        AUTO(freep) char *path = store_snapshot_path(s, id);
        struct stat st;
        return stat(path, &st) == 0;
}

static inline void put_step(Store *s, const char *key, const char *snapshot) {
        StepRecord record = {.duration_ns = 5};
        snprintf(record.snapshot, sizeof record.snapshot, "%s", snapshot);
        Digest digest = digest_of(key);
        OK(store_step_put(s, &digest, &record, key, &e));
}

static inline Digest put_image(Store *s, const char *config, const char *snapshot) {
        ImageRecord record = {.created_ns = 1, .size_bytes = 2};
        OK(store_blob_put(s, config, strlen(config), &record.id, &e));
        if (snapshot) strvec_push(&record.snapshots, snapshot);
        OK(store_image_put(s, &record, &e));
        Digest id = record.id;
        image_record_done(&record);
        return id;
}

/* No findings; returns how much garbage there is. */
static inline uint64_t assert_whole(Store *s) {
        StrVec findings = {0};
        uint64_t garbage = 0;
        OK(store_check(s, true, &findings, &garbage, &e));
        for (size_t i = 0; i < findings.n; i++) print_error("finding: %s\n", findings.v[i]);
        assert_int_equal(findings.n, 0);
        strvec_done(&findings);
        return garbage;
}

static inline CollectReport collect(Store *s, CollectParams params) {
        CollectReport report;
        OK(store_collect(s, &params, &report, &e));
        return report;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "os/fs.h"
#include "os/workers.h"
#include "store/internal.h"

enum { CHECK_READ_SIZE = 256 << 10 };

typedef struct CheckedBlob {
        Digest digest;
        uint64_t size;
} CheckedBlob;

typedef struct Check {
        Store *store;
        pthread_mutex_t lock; /* of findings, while blobs are hashed on all cores */
        StrVec findings;
        StrVec snapshots;
        VEC(CheckedBlob) blobs;
        Map *known; /* names of snapshots and blobs that have a record */
        uint64_t garbage;
} Check;

static void check_done(Check *c) {
        pthread_mutex_destroy(&c->lock);
        strvec_done(&c->findings);
        strvec_done(&c->snapshots);
        vec_done(&c->blobs);
        map_free(c->known);
}

static void found(Check *c, const char *text) {
        pthread_mutex_lock(&c->lock);
        strvec_push(&c->findings, text);
        pthread_mutex_unlock(&c->lock);
}

/* ---- records against records */

/* Each query gives one line for people per violation. */
static const char *const record_checks[] = {
        "SELECT 'step ' || lower(hex(key)) || ': its snapshot ' || snapshot || ' has no record' FROM step"
        " WHERE snapshot NOT IN (SELECT id FROM snapshot)",
        "SELECT 'image ' || lower(hex(image)) || ': layer ' || (position + 1) || ': snapshot ' || snapshot ||"
        " ' has no record' FROM image_layer WHERE snapshot NOT IN (SELECT id FROM snapshot)",
        "SELECT 'image ' || lower(hex(id)) || ': its config has no record' FROM image"
        " WHERE id NOT IN (SELECT digest FROM blob)",
        "SELECT 'image ' || lower(hex(image)) || ' has layers but no record' FROM image_layer"
        " WHERE image NOT IN (SELECT id FROM image) GROUP BY image",
        "SELECT 'name ' || name || ': there is no image ' || lower(hex(image)) FROM tag"
        " WHERE image NOT IN (SELECT id FROM image)",
        "SELECT 'layer ' || lower(hex(diff_id)) || ': its blob ' || lower(hex(digest)) || ' has no record'"
        " FROM layer_blob WHERE digest NOT IN (SELECT digest FROM blob)",
};

static int report_lines(Check *c, const char *text, const char *fine, Err **e) {
        AUTO(statement_finalp) sqlite3_stmt *q = db_prepare(c->store, text, e);
        if (!q) return -1;
        for (;;) {
                int r = db_next(c->store, q, e);
                if (r <= 0) return r;
                const char *line = (const char *)sqlite3_column_text(q, 0);
                if (line && !(fine && streq(line, fine))) found(c, line);
        }
}

static int check_records(Check *c, bool deep, Err **e) {
        for (size_t i = 0; i < ARRAY_SIZE(record_checks); i++)
                if (report_lines(c, record_checks[i], NULL, e) < 0) return -1;
        return report_lines(c, deep ? "PRAGMA integrity_check" : "PRAGMA quick_check", "ok", e);
}

static int list_snapshots(Check *c, Err **e) {
        AUTO(statement_finalp) sqlite3_stmt *q = db_prepare(c->store, "SELECT id FROM snapshot", e);
        if (!q) return -1;
        for (;;) {
                int r = db_next(c->store, q, e);
                if (r <= 0) return r;
                const char *id = (const char *)sqlite3_column_text(q, 0);
                strvec_push(&c->snapshots, id);
                map_puts(c->known, id, c);
        }
}

static int list_blobs(Check *c, Err **e) {
        AUTO(statement_finalp) sqlite3_stmt *q = db_prepare(c->store, "SELECT digest, size FROM blob", e);
        if (!q) return -1;
        for (;;) {
                int r = db_next(c->store, q, e);
                if (r <= 0) return r;
                CheckedBlob blob = {.size = (uint64_t)sqlite3_column_int64(q, 1)};
                column_digest(q, 0, &blob.digest);
                vec_push(&c->blobs, blob);
                char hex[DIGEST_HEX_SIZE];
                digest_hex(&blob.digest, hex);
                map_puts(c->known, hex, c);
        }
}

static int read_records(Check *c, bool deep, Err **e) {
        AUTO(db_unlockp) Store *held = db_lock(c->store);
        /* One transaction: the queries see one state, whatever others do meanwhile. */
        AUTO(db_rollbackp) Store *open = held;
        if (db_exec(open, "BEGIN", e) < 0 || check_records(c, deep, e) < 0) return -1;
        if (list_snapshots(c, e) < 0 || list_blobs(c, e) < 0) return -1;
        return db_commit(open, e);
}

/* ---- records against files. Records go before their files, so what is missing counts only while its record stands. */

static bool still_recorded(Store *s, const char *id, const Digest *digest) {
        AUTO(db_unlockp) Store *held = db_lock(s);
        AUTO(statement_donep) sqlite3_stmt *q = db_statement(held, digest ? ST_BLOB_GET : ST_SNAPSHOT_HAS, NULL);
        if (!q) return true;
        if (digest)
                bind_digest(q, 1, digest);
        else
                bind_text(q, 1, id);
        return db_next(s, q, NULL) != DB_END;
}

static void check_snapshot(Check *c, const char *id) {
        AUTO(freep) char *path = xasprintf("snapshots/%s/fs", id);
        struct stat st;
        if (fstatat(c->store->root_fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode)) return;
        if (!still_recorded(c->store, id, NULL)) return;
        AUTO(freep) char *line = xasprintf("snapshot %s: its directory is missing", id);
        found(c, line);
}

static bool hash_file(int fd, Digest *ret_digest) {
        AUTO(freep) unsigned char *buffer = xmalloc(CHECK_READ_SIZE);
        AUTO(sha256_freep) Sha256 *hash = sha256_new();
        for (;;) {
                size_t n;
                if (fd_read_full(fd, buffer, CHECK_READ_SIZE, &n, NULL) < 0) return false;
                sha256_add(hash, buffer, n);
                if (n < CHECK_READ_SIZE) break;
        }
        sha256_finish(hash, ret_digest);
        return true;
}

/* What is wrong with it, or NULL. */
static const char *blob_fault(Store *s, const CheckedBlob *blob, bool deep) {
        AUTO(freep) char *path = blob_path(&blob->digest);
        AUTO(closep) int fd = openat(s->root_fd, path, O_RDONLY | O_CLOEXEC);
        struct stat st;
        Digest digest;
        if (fd < 0 || fstat(fd, &st) < 0) return errno == ENOENT ? "its file is missing" : "its file cannot be opened";
        if ((uint64_t)st.st_size != blob->size) return "its file has another size";
        if (!deep) return NULL;
        if (!hash_file(fd, &digest)) return "its file cannot be read";
        return digest_eq(&digest, &blob->digest) ? NULL : "its bytes have another digest";
}

static void check_blob(Check *c, const CheckedBlob *blob, bool deep) {
        const char *fault = blob_fault(c->store, blob, deep);
        if (!fault || !still_recorded(c->store, NULL, &blob->digest)) return;
        char text[DIGEST_TEXT_SIZE];
        digest_text(&blob->digest, text);
        AUTO(freep) char *line = xasprintf("blob %s: %s", text, fault);
        found(c, line);
}

static int check_blob_deep(void *context, size_t index) {
        Check *c = context;
        check_blob(c, &c->blobs.v[index], true);
        return 0;
}

static void check_files(Check *c, bool deep) {
        for (size_t i = 0; i < c->snapshots.n; i++) check_snapshot(c, c->snapshots.v[i]);
        if (deep)
                parallel_for(c->blobs.n, check_blob_deep, c);
        else
                for (size_t i = 0; i < c->blobs.n; i++) check_blob(c, &c->blobs.v[i], false);
}

/* ---- files against records: garbage is no fault, only counted */

static int count_garbage(Check *c, const char *directory, Err **e) {
        DirList list = {0};
        if (dir_list(c->store->root_fd, directory, &list, e) < 0) return -1;
        for (size_t i = 0; i < list.n; i++)
                if (!map_gets(c->known, list.v[i].name)) c->garbage++;
        dir_list_done(&list);
        return 0;
}

/* What stands in scratch directories, this process's own left aside. */
static int count_scratch(Check *c, Err **e) {
        DirList list = {0};
        if (dir_list(c->store->root_fd, "tmp", &list, e) < 0) return -1;
        for (size_t i = 0; i < list.n; i++) {
                if (c->store->process && streq(list.v[i].name, c->store->process)) continue;
                AUTO(freep) char *path = xasprintf("tmp/%s", list.v[i].name);
                count_garbage(c, path, NULL); /* may be gone by now */
        }
        dir_list_done(&list);
        return 0;
}

int store_check(Store *s, bool deep, StrVec *ret_findings, uint64_t *ret_garbage_count, Err **e) {
        AUTO(check_done) Check c = {.store = s, .known = map_new()};
        pthread_mutex_init(&c.lock, NULL);
        if (read_records(&c, deep, e) < 0) return err_wrap(e, "check the store");
        check_files(&c, deep);
        if (count_garbage(&c, "snapshots", e) < 0 || count_garbage(&c, "blobs/sha256", e) < 0 ||
            count_scratch(&c, e) < 0)
                return err_wrap(e, "check the store");
        strvec_sort(&c.findings);
        *ret_findings = c.findings;
        c.findings = (StrVec){0};
        if (ret_garbage_count) *ret_garbage_count = c.garbage;
        return 0;
}

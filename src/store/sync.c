/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "os/lock.h"
#include "store/internal.h"

/* 0 when there is none. */
static int last_mark(Store *s, int64_t *ret_seq, Err **e) {
        AUTO(db_unlockp) Store *held = db_lock(s);
        AUTO(statement_donep) sqlite3_stmt *q = db_statement(held, ST_LAST_MARK, e);
        if (!q) return -1;
        int r = db_next(s, q, e);
        if (r < 0) return r;
        *ret_seq = r == DB_ROW ? sqlite3_column_int64(q, 0) : 0;
        return 0;
}

static int clear_marks(Store *s, int64_t seq, Err **e) {
        AUTO(db_unlockp) Store *held = db_lock(s);
        AUTO(statement_donep) sqlite3_stmt *q = db_statement(held, ST_CLEAR_MARKS, e);
        if (!q) return -1;
        bind_i64(q, 1, seq);
        return db_run(s, q, e);
}

static int sync_files(Store *s, Err **e) {
        AUTO(closep) int fd = openat(s->root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0) return err_sys(e, "open '%s'", s->root);
        return syncfs(fd) < 0 ? err_sys(e, "sync '%s'", s->root) : 0;
}

/* Brings the log into the database, with the syncs that this needs. Readers may keep it from becoming empty; what
 * counts is that the log was synced. */
static int checkpoint(Store *s, Err **e) {
        AUTO(db_unlockp) Store *held = db_lock(s);
        sqlite3_busy_timeout(held->db, 100);
        int r = sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
        sqlite3_busy_timeout(s->db, STORE_BUSY_TIMEOUT_MS);
        return r == SQLITE_OK || (r & 0xff) == SQLITE_BUSY ? 0 : db_fail(s, e, "sync the store");
}

/* Every start reads the whole log: when nobody calls store_sync(), somebody has to pay at last. */
void log_trim(Store *s) {
        struct stat st;
        if (sqlite3_total_changes(s->db) == 0 || fstatat(s->root_fd, "store.db-wal", &st, 0) < 0) return;
        if (st.st_size > STORE_LOG_MAX) checkpoint(s, NULL);
}

/* One process at a time, because the marks are numbered by the largest that stands: were they cleared by somebody else
 * meanwhile, a new mark could get a number that we believe to be synced. */
int store_sync(Store *s, Err **e) {
        AUTO(closep) int lock = -1;
        if (lock_file(s->root_fd, "locks/sync", LOCK_EXCLUSIVE, true, &lock, e) < 0) return -1;
        int64_t seq;
        if (last_mark(s, &seq, e) < 0) return -1;
        if (seq > 0 && (sync_files(s, e) < 0 || clear_marks(s, seq, e) < 0)) return -1;
        if (checkpoint(s, e) < 0) return -1;
        sweep_dead(s, false, NULL, NULL); /* whoever calls this has time; what fails is for the collector to tell */
        return 0;
}

bool store_needs_sync(Store *s) {
        int64_t seq;
        return last_mark(s, &seq, NULL) == 0 && seq > 0;
}

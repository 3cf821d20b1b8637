/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "store/internal.h"

static const char *const sql_text[ST_MAX] = {
#define STORE_SQL_TEXT(name, text) [ST_##name] = text,
        STORE_SQL(STORE_SQL_TEXT)
#undef STORE_SQL_TEXT
};

static int fail_damaged(Store *s, Err **e, const char *doing) {
        err_new(e, ERR_STORE, "%s: the database of the store is damaged: %s", doing, sqlite3_errmsg(s->db));
        return err_hint(e, "move '%s' away; the next command begins an empty store", s->root);
}

static int fail_system(Store *s, Err **e, const char *doing, int code) {
        int number = sqlite3_system_errno(s->db);
        if (number == 0)
                number = code == SQLITE_FULL ? ENOSPC : code == SQLITE_IOERR ? EIO : s->read_only ? EROFS : EACCES;
        errno = number;
        return err_sys(e, "%s: '%s/store.db': %s", doing, s->root, sqlite3_errmsg(s->db));
}

int db_fail(Store *s, Err **e, const char *doing) {
        int code = sqlite3_errcode(s->db) & 0xff;
        switch (code) {
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB: return fail_damaged(s, e, doing);
        case SQLITE_FULL:
        case SQLITE_IOERR:
        case SQLITE_PERM:
        case SQLITE_READONLY:
        case SQLITE_CANTOPEN: return fail_system(s, e, doing, code);
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
                return err_new(e, ERR_CONFLICT, "%s: another process has kept the store busy for %d s", doing,
                               STORE_BUSY_TIMEOUT_MS / 1000);
        default: return err_new(e, ERR_INTERNAL, "%s: %s", doing, sqlite3_errmsg(s->db));
        }
}

/* The first process to open the database empties the shared index of the log by truncating it to 3 bytes. On a file
 * system that discards freed blocks at once this takes milliseconds, so zeros are written over it instead: the same
 * to SQLite. */
static int empty_in_place(int fd, off_t size) {
        static const char zeros[4096];
        struct stat st;
        if (size != 3 || fstat(fd, &st) < 0) return ftruncate(fd, size);
        for (off_t at = 0; at < st.st_size; at += (off_t)sizeof zeros) {
                size_t n = st.st_size - at < (off_t)sizeof zeros ? (size_t)(st.st_size - at) : sizeof zeros;
                if (pwrite(fd, zeros, n, at) != (ssize_t)n) return ftruncate(fd, size);
        }
        return 0;
}

static void replace_truncate(void) {
        sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
        if (vfs && vfs->iVersion >= 3) vfs->xSetSystemCall(vfs, "ftruncate", (sqlite3_syscall_ptr)empty_in_place);
}

int db_open(Store *s, bool create, Err **e) {
        static pthread_once_t once = PTHREAD_ONCE_INIT;
        pthread_once(&once, replace_truncate);
        AUTO(freep) char *path = xasprintf("%s/store.db", s->root);
        int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (create ? SQLITE_OPEN_CREATE : 0);
        int r = sqlite3_open_v2(path, &s->db, flags, NULL);
        if (!s->db) return err_new(e, ERR_INTERNAL, "open '%s': no memory", path);
        if (r != SQLITE_OK) return db_fail(s, e, "open the store");
        sqlite3_extended_result_codes(s->db, 1);
        sqlite3_busy_timeout(s->db, STORE_BUSY_TIMEOUT_MS);
        /* A checkpoint waits for the disk: it belongs to store_sync(), not to every commit or end of a process. */
        sqlite3_wal_autocheckpoint(s->db, STORE_LOG_PAGES_MAX);
        sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        return db_exec(s, "PRAGMA synchronous=NORMAL; PRAGMA cache_size=-1024; PRAGMA temp_store=MEMORY", e);
}

void db_close(Store *s) {
        for (size_t i = 0; i < ST_MAX; i++) sqlite3_finalize(s->statements[i]);
        if (s->db) sqlite3_close(s->db);
        s->db = NULL;
}

sqlite3_stmt *db_prepare(Store *s, const char *text, Err **e) {
        sqlite3_stmt *q = NULL;
        if (sqlite3_prepare_v2(s->db, text, -1, &q, NULL) == SQLITE_OK) return q;
        db_fail(s, e, "query the store");
        return NULL;
}

sqlite3_stmt *db_statement(Store *s, StoreSql number, Err **e) {
        sqlite3_stmt **q = &s->statements[number];
        if (*q) return *q;
        if (sqlite3_prepare_v3(s->db, sql_text[number], -1, SQLITE_PREPARE_PERSISTENT, q, NULL) == SQLITE_OK) return *q;
        db_fail(s, e, "query the store");
        return NULL;
}

void statement_donep(sqlite3_stmt **q) {
        if (!*q) return;
        sqlite3_reset(*q);
        sqlite3_clear_bindings(*q);
}

void statement_finalp(sqlite3_stmt **q) {
        sqlite3_finalize(*q);
}

int db_next(Store *s, sqlite3_stmt *q, Err **e) {
        int r = sqlite3_step(q);
        if (r == SQLITE_ROW) return DB_ROW;
        if (r == SQLITE_DONE) return DB_END;
        return db_fail(s, e, "use the store");
}

int db_run(Store *s, sqlite3_stmt *q, Err **e) {
        for (;;) {
                int r = db_next(s, q, e);
                if (r <= 0) return r;
        }
}

int db_exec(Store *s, const char *text, Err **e) {
        if (sqlite3_exec(s->db, text, NULL, NULL, NULL) == SQLITE_OK) return 0;
        return db_fail(s, e, "use the store");
}

static int run_plain(Store *s, StoreSql number, Err **e) {
        AUTO(statement_donep) sqlite3_stmt *q = db_statement(s, number, e);
        return q ? db_run(s, q, e) : -1;
}

int db_begin(Store *s, Err **e) {
        return run_plain(s, ST_BEGIN, e);
}

int db_commit(Store *s, Err **e) {
        return run_plain(s, ST_COMMIT, e);
}

void db_rollbackp(Store **s) {
        if (*s && !sqlite3_get_autocommit((*s)->db)) run_plain(*s, ST_ROLLBACK, NULL);
}

int db_durable(Store *s, bool on, Err **e) {
        return db_exec(s, on ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL", e);
}

void bind_digest(sqlite3_stmt *q, int at, const Digest *d) {
        if (d)
                sqlite3_bind_blob(q, at, d->bytes, sizeof d->bytes, SQLITE_STATIC);
        else
                sqlite3_bind_null(q, at);
}

void bind_text(sqlite3_stmt *q, int at, const char *text) {
        sqlite3_bind_text(q, at, text, -1, SQLITE_STATIC);
}

void bind_i64(sqlite3_stmt *q, int at, int64_t v) {
        sqlite3_bind_int64(q, at, v);
}

bool column_digest(sqlite3_stmt *q, int at, Digest *ret_digest) {
        const void *data = sqlite3_column_blob(q, at);
        *ret_digest = (Digest){0};
        if (!data || sqlite3_column_bytes(q, at) != sizeof ret_digest->bytes) return false;
        memcpy(ret_digest->bytes, data, sizeof ret_digest->bytes);
        return true;
}

void column_id(sqlite3_stmt *q, int at, char ret_id[SNAPSHOT_ID_SIZE]) {
        const char *text = (const char *)sqlite3_column_text(q, at);
        ret_id[0] = '\0';
        if (text && strlen(text) == SNAPSHOT_ID_SIZE - 1) memcpy(ret_id, text, SNAPSHOT_ID_SIZE);
}

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>

#include "base/map.h"
#include "base/vec.h"
#include "store/sql.h"
#include "store/store.h"

/* What the files of this folder share. Nobody outside includes this. */

enum {
        STORE_VERSION = 1,
        STORE_ROOT_MAX = 480,            /* bytes of its path; SQLite takes 512 for that of the database */
        STORE_BUSY_TIMEOUT_MS = 30000,   /* longest wait for another process's transaction */
        STORE_DESCRIPTION_MAX = 1024,    /* bytes kept of a step's description */
        STORE_USED_PENDING_MAX = 256,    /* marks of use kept in memory before they are written */
        STORE_LEFTOVERS_MAX = 64,        /* entries of tmp/ above which the dead ones are swept on the way */
        STORE_LEASE_FILE_MAX = 64 << 20, /* bytes of one process's lease file */
        STORE_COLLECT_WAIT_MS = 10000,   /* how long one collector waits for another */
        STORE_IMAGE_LAYERS_MAX = 4096,
        STORE_LOG_MAX = 1 << 20,       /* bytes of SQLite's log that store_close() leaves */
        STORE_LOG_PAGES_MAX = 4 << 10, /* pages of it after which a commit brings them into the database */
};

struct Store {
        char *root;
        int root_fd;
        uint64_t boot; /* 0 until store_boot() */

        pthread_mutex_t db_lock; /* guards what follows, down to used_pending */
        sqlite3 *db;
        sqlite3_stmt *statements[ST_MAX];
        int gate_fd;                    /* locks/gate */
        bool read_only;                 /* the file system is: no collector either, so nothing needs a lease */
        Map *leases;                    /* "s<id>" or "b<hex>" held by this process */
        off_t lease_offset, lease_room; /* of its lease file: written, and long */
        VEC(Digest) used_pending;

        pthread_mutex_t process_lock; /* guards what follows; may be taken while db_lock is held */
        char *process;                /* "<pid>-<random>", NULL until process_start() */
        int process_fd;               /* locks/process-<...>, locked; leases are written to it */
        bool process_scratch;         /* tmp/<process> exists */
        atomic_uint scratch_count;
};

enum { SNAPSHOT_EMPTY = 1, SNAPSHOT_FOREIGN = 2 }; /* bits of snapshot.flags */

/* ---- db.c: everything here except db_open() wants db_lock */

static inline Store *db_lock(Store *s) {
        pthread_mutex_lock(&s->db_lock);
        return s;
}
static inline void db_unlockp(Store **s) {
        if (*s) pthread_mutex_unlock(&(*s)->db_lock);
}

enum { DB_END = 0, DB_ROW = 1 };

int db_open(Store *s, bool create, Err **e);
void db_close(Store *s);
int db_fail(Store *s, Err **e, const char *doing); /* *e from SQLite's last error; -1 */
/* A kept statement, ready for binding, or NULL with *e. Release by AUTO(statement_donep). */
sqlite3_stmt *db_statement(Store *s, StoreSql number, Err **e);
void statement_donep(sqlite3_stmt **q);
/* A statement of one use. Release by AUTO(statement_finalp). */
sqlite3_stmt *db_prepare(Store *s, const char *text, Err **e);
void statement_finalp(sqlite3_stmt **q);
int db_next(Store *s, sqlite3_stmt *q, Err **e); /* DB_ROW, DB_END or <0 */
int db_run(Store *s, sqlite3_stmt *q, Err **e);  /* to the end */
int db_exec(Store *s, const char *text, Err **e);
int db_begin(Store *s, Err **e);
int db_commit(Store *s, Err **e);
/* AUTO(db_rollbackp) Store *open = s: undoes a transaction that was begun and not committed. */
void db_rollbackp(Store **s);
/* Commits from now on wait for the disk (or, with false, do not). Outside a transaction. */
int db_durable(Store *s, bool on, Err **e);

void bind_digest(sqlite3_stmt *q, int at, const Digest *d); /* NULL binds NULL; borrowed until the statement is reset */
void bind_text(sqlite3_stmt *q, int at, const char *text);  /* the same */
void bind_i64(sqlite3_stmt *q, int at, int64_t v);
bool column_digest(sqlite3_stmt *q, int at, Digest *ret_digest);        /* false and zero when it holds none */
void column_id(sqlite3_stmt *q, int at, char ret_id[SNAPSHOT_ID_SIZE]); /* "" when it holds none */

/* ---- schema.c */

int schema_create(Store *s, Err **e); /* idempotent */
int schema_check(Store *s, Err **e);  /* ERR_STORE unless it is ours */
/* Drop the records whose files were not known to be on disk when the machine went down. */
int schema_drop_lost(Store *s, Err **e);
uint64_t store_boot(Store *s);

/* ---- lease.c */

/* Give this process its name, lock and lease file, if it has none yet. */
int process_start(Store *s, Err **e);
void process_stop(Store *s);
/* With db_lock. No collector looks at records and leases while somebody is inside the gate: enter, find a record, lease
 * what it names, leave (AUTO(gate_leavep)). gate_enter(): s, or NULL with *e. Nothing that waits for a transaction
 * belongs inside. What is new is leased before it is recorded, and needs no gate. */
Store *gate_enter(Store *s, Err **e);
void gate_leavep(Store **s);
int gate_close(Store *s, int *ret_fd,
               Err **e); /* the collector's side: exclusive, close the descriptor to open it again */
int lease_snapshot(Store *s, const char *id, Err **e);
int lease_blob(Store *s, const Digest *digest, Err **e);
/* What live processes hold, as of now: keys as in Store.leases. */
int leases_read_all(Store *s, Map *leases, Err **e);
bool leases_have_blob(const Map *leases, const Digest *digest);
bool leases_have_snapshot(const Map *leases, const char *id);

/* ---- draft.c */

/* A new name in this process's scratch directory, absolute, owned; nothing stands there yet. */
int scratch_name(Store *s, const char *purpose, char **ret_path, Err **e);

/* ---- sweep.c */

/* Remove scratch directories and lease files of dead processes. io_bytes (or NULL) counts what that frees. */
int sweep_dead(Store *s, bool dry_run, uint64_t *io_bytes, Err **e);
/* Remove the directories of cache mounts that nobody uses. */
int sweep_mounts(Store *s, bool dry_run, uint64_t *io_bytes, Err **e);
/* Remove step locks that nobody holds. */
int sweep_step_locks(Store *s, Err **e);

/* ---- snapshot.c, blob.c: with db_lock, inside a transaction */

/* ERR_NOT_FOUND when there is no such record. */
int snapshot_require(Store *s, const char *id, Err **e);
int blob_require(Store *s, const Digest *digest, Err **e);
char *blob_path(const Digest *digest); /* relative to the root, owned */
int step_flush_used(Store *s, Err **e);

/* ---- note.c: with db_lock, inside a transaction */

int note_forget(Store *s, StoreNote kind, const char *subject, Err **e);
int notes_drop(Store *s, Err **e); /* those of what is gone */

/* ---- sync.c */

void log_trim(Store *s); /* without db_lock; before closing */

/* ---- tree_size.c */

/* Add the blocks, in bytes, that removing dir_fd/path would free. seen: files with several names counted so far (made
 * by map_new()). Absent is fine, what cannot be read is left out. */
void tree_blocks(int dir_fd, const char *path, Map *seen, uint64_t *io_bytes);

/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "os/fs.h"
#include "store/internal.h"

/* Secondary indexes are few on purpose: each costs every commit one more page. What only the collector or the first
 * start after a crash asks for may scan. */
static const char schema[] =
        "CREATE TABLE snapshot (id TEXT PRIMARY KEY, size INTEGER, entries INTEGER, flags INTEGER, diff_id BLOB,"
        " created INTEGER) WITHOUT ROWID;"
        "CREATE INDEX snapshot_diff ON snapshot (diff_id) WHERE diff_id IS NOT NULL;"
        "CREATE TABLE step (key BLOB PRIMARY KEY, snapshot TEXT, content BLOB, duration INTEGER, created INTEGER,"
        " used INTEGER, description TEXT) WITHOUT ROWID;"
        "CREATE TABLE alias (alias BLOB PRIMARY KEY, key BLOB) WITHOUT ROWID;"
        "CREATE TABLE blob (digest BLOB PRIMARY KEY, size INTEGER, created INTEGER) WITHOUT ROWID;"
        "CREATE TABLE layer_blob (diff_id BLOB, digest BLOB, size INTEGER, media_type TEXT,"
        " PRIMARY KEY (diff_id, digest)) WITHOUT ROWID;"
        "CREATE TABLE image (id BLOB PRIMARY KEY, created INTEGER, size INTEGER, added INTEGER) WITHOUT ROWID;"
        "CREATE TABLE image_layer (image BLOB, position INTEGER, snapshot TEXT, PRIMARY KEY (image, position))"
        " WITHOUT ROWID;"
        "CREATE TABLE tag (name TEXT PRIMARY KEY, image BLOB, tagged INTEGER) WITHOUT ROWID;"
        "CREATE TABLE value (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;"
        "CREATE TABLE unsynced (seq INTEGER PRIMARY KEY, boot INTEGER, snapshot TEXT, blob BLOB);"
        "PRAGMA user_version=1;";

static int user_version(Store *s, int64_t *ret_version, Err **e) {
        AUTO(statement_finalp) sqlite3_stmt *q = db_prepare(s, "PRAGMA user_version", e);
        if (!q) return -1;
        int r = db_next(s, q, e);
        if (r < 0) return r;
        *ret_version = r == DB_ROW ? sqlite3_column_int64(q, 0) : 0;
        return 0;
}

int schema_create(Store *s, Err **e) {
        if (db_exec(s, "PRAGMA page_size=1024; PRAGMA journal_mode=WAL", e) < 0) return -1;
        AUTO(db_rollbackp) Store *open = s;
        if (db_begin(s, e) < 0) return -1;
        int64_t version;
        if (user_version(open, &version, e) < 0) return -1;
        if (version == 0 && db_exec(s, schema, e) < 0) return -1;
        return db_commit(s, e);
}

int schema_check(Store *s, Err **e) {
        int64_t version;
        if (user_version(s, &version, e) < 0) return -1;
        if (version == STORE_VERSION) return 0;
        err_new(e, ERR_STORE, "the store '%s' has version %lld, this decant knows version %d", s->root,
                (long long)version, STORE_VERSION);
        return err_hint(e, "use a newer decant, or another directory (DECANT_ROOT)");
}

uint64_t store_boot(Store *s) {
        if (s->boot) return s->boot;
        AUTO(freep) char *text = NULL;
        size_t size;
        uint64_t v = 0;
        if (file_read(AT_FDCWD, "/proc/sys/kernel/random/boot_id", 64, &text, &size, NULL) == 0 && size >= 18) {
                /* "01234567-89ab-cdef-...": the first sixteen digits tell boots apart well enough */
                char digits[17];
                memcpy(digits, text, 8);
                memcpy(digits + 8, text + 9, 4);
                memcpy(digits + 12, text + 14, 4);
                if (!u64_parse((Str){digits, 16}, 16, &v)) v = 0;
        }
        s->boot = v ? v : 1; /* no /proc: a lost boot goes unnoticed, nothing else */
        return s->boot;
}

static int run_with_boot(Store *s, const char *text, Err **e) {
        AUTO(statement_finalp) sqlite3_stmt *q = db_prepare(s, text, e);
        if (!q) return -1;
        bind_i64(q, 1, (int64_t)store_boot(s));
        return db_run(s, q, e);
}

static int drop_lost_records(Store *s, Err **e) {
        static const char *const steps[] = {
                "CREATE TEMP TABLE lost AS SELECT snapshot, blob FROM unsynced WHERE boot <> ?",
                "DELETE FROM layer_blob WHERE digest IN (SELECT blob FROM temp.lost)",
                "DELETE FROM blob WHERE digest IN (SELECT blob FROM temp.lost)",
                /* a foreign layer cannot be made again from its snapshot alone */
                "INSERT INTO temp.lost SELECT id, NULL FROM snapshot WHERE flags & 2 AND diff_id NOT IN"
                " (SELECT digest FROM blob) AND diff_id NOT IN (SELECT diff_id FROM layer_blob)",
                "DELETE FROM step WHERE snapshot IN (SELECT snapshot FROM temp.lost)",
                "DELETE FROM image WHERE id IN (SELECT blob FROM temp.lost) OR id IN"
                " (SELECT image FROM image_layer WHERE snapshot IN (SELECT snapshot FROM temp.lost))",
                "DELETE FROM image_layer WHERE image NOT IN (SELECT id FROM image)",
                "DELETE FROM tag WHERE image NOT IN (SELECT id FROM image)",
                "DELETE FROM snapshot WHERE id IN (SELECT snapshot FROM temp.lost)",
                "DELETE FROM unsynced WHERE boot <> ?",
                "DROP TABLE temp.lost",
        };
        for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
                if (run_with_boot(s, steps[i], e) < 0) return -1;
        return 0;
}

/* All marks carry one boot id at any time, because this drops the others before anybody adds one: looking at the first
 * is enough. */
int schema_drop_lost(Store *s, Err **e) {
        {
                AUTO(statement_donep) sqlite3_stmt *q = db_statement(s, ST_FIRST_MARK, e);
                if (!q) return -1;
                int r = db_next(s, q, e);
                if (r <= 0) return r;
                if ((uint64_t)sqlite3_column_int64(q, 0) == store_boot(s)) return 0;
        }
        AUTO(db_rollbackp) Store *open = s;
        if (db_begin(open, e) < 0 || drop_lost_records(s, e) < 0) return -1;
        return db_commit(s, e);
}

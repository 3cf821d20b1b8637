/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/cleanup.h"
#include "store/internal.h"

/* As SNAPSHOT_GET and SNAPSHOT_BY_DIFF order their columns. *ret_dying: a collector wants it. */
static void read_row(sqlite3_stmt *q, SnapshotInfo *info, bool *ret_dying) {
        *info = (SnapshotInfo){0};
        column_id(q, 0, info->id);
        info->size_bytes = (uint64_t)sqlite3_column_int64(q, 1);
        info->entry_count = (uint64_t)sqlite3_column_int64(q, 2);
        int64_t flags = sqlite3_column_int64(q, 3);
        info->empty = flags & SNAPSHOT_EMPTY;
        info->foreign = flags & SNAPSHOT_FOREIGN;
        info->has_diff_id = column_digest(q, 4, &info->diff_id);
        info->created_ns = sqlite3_column_int64(q, 5);
        *ret_dying = sqlite3_column_int64(q, 6) != 0;
}

/* What this process leases already stays whatever a collector marked: it is about to take the mark back. */
static int get_once(Store *s, const char *id, SnapshotInfo *ret_info, Err **e) {
        AUTO(statement_donep) sqlite3_stmt *q = db_statement(s, ST_SNAPSHOT_GET, e);
        if (!q) return -1;
        bind_text(q, 1, id);
        int r = db_next(s, q, e);
        if (r != DB_ROW) return r < 0 ? r : STORE_ABSENT;
        SnapshotInfo info;
        bool dying;
        read_row(q, &info, &dying);
        if (dying && !lease_held(s, 's', id)) return STORE_ABSENT;
        *ret_info = info;
        return STORE_FOUND;
}

/* A lease counts from the first look that succeeds after it was written; a dying row can then only be one that was
 * marked before, so it must not be believed. */
static int get_after_lease(Store *s, const char *id, SnapshotInfo *ret_info, Err **e) {
        AUTO(statement_donep) sqlite3_stmt *q = db_statement(s, ST_SNAPSHOT_GET, e);
        if (!q) return -1;
        bind_text(q, 1, id);
        int r = db_next(s, q, e);
        if (r != DB_ROW) return r < 0 ? r : STORE_ABSENT;
        bool dying;
        read_row(q, ret_info, &dying);
        return dying ? STORE_ABSENT : STORE_FOUND;
}

int store_snapshot_get(Store *s, const char *id, SnapshotInfo *ret_info, Err **e) {
        AUTO(db_unlockp) Store *held = db_lock(s);
        SnapshotInfo info;
        int r = get_once(held, id, &info, e);
        if (r == STORE_FOUND) {
                int leased = lease_snapshot(s, id, e);
                if (leased < 0) return leased;
                if (leased == LEASE_NEW) r = get_after_lease(s, id, &info, e);
        }
        if (r == STORE_FOUND) *ret_info = info;
        return r;
}

static int id_by_diff(Store *s, const Digest *diff_id, char ret_id[SNAPSHOT_ID_SIZE], Err **e) {
        AUTO(statement_donep) sqlite3_stmt *q = db_statement(s, ST_SNAPSHOT_BY_DIFF, e);
        if (!q) return -1;
        bind_digest(q, 1, diff_id);
        int r = db_next(s, q, e);
        if (r != DB_ROW) return r < 0 ? r : STORE_ABSENT;
        column_id(q, 0, ret_id);
        return STORE_FOUND;
}

int store_snapshot_by_diff_id(Store *s, const Digest *diff_id, SnapshotInfo *ret_info, Err **e) {
        char id[SNAPSHOT_ID_SIZE];
        int r;
        {
                AUTO(db_unlockp) Store *held = db_lock(s);
                r = id_by_diff(held, diff_id, id, e);
        }
        return r == STORE_FOUND ? store_snapshot_get(s, id, ret_info, e) : r;
}

int store_snapshot_set_diff_id(Store *s, const char *id, const Digest *diff_id, Err **e) {
        AUTO(db_unlockp) Store *held = db_lock(s);
        AUTO(statement_donep) sqlite3_stmt *q = db_statement(held, ST_SNAPSHOT_SET_DIFF, e);
        if (!q) return -1;
        bind_digest(q, 1, diff_id);
        bind_text(q, 2, id);
        if (db_run(s, q, e) < 0) return -1;
        if (sqlite3_changes(s->db) == 0) return err_new(e, ERR_NOT_FOUND, "the store has no snapshot '%s'", id);
        return 0;
}

char *store_snapshot_path(const Store *s, const char *id) {
        return xasprintf("%s/snapshots/%s/fs", s->root, id);
}

static int is_dying(Store *s, const char *id, bool *ret_dying, Err **e) {
        AUTO(statement_donep) sqlite3_stmt *q = db_statement(s, ST_SNAPSHOT_DYING, e);
        if (!q) return -1;
        bind_text(q, 1, id);
        int r = db_next(s, q, e);
        if (r < 0) return r;
        if (r == DB_END) return err_new(e, ERR_NOT_FOUND, "the store has no snapshot '%s'", id);
        *ret_dying = sqlite3_column_int64(q, 0) != 0;
        return 0;
}

int snapshot_revive(Store *s, const char *id, Err **e) {
        bool dying = false;
        if (is_dying(s, id, &dying, e) < 0) return -1;
        if (!dying) return 0;
        AUTO(statement_donep) sqlite3_stmt *q = db_statement(s, ST_SNAPSHOT_REVIVE, e);
        if (!q) return -1;
        bind_text(q, 1, id);
        return db_run(s, q, e);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/cleanup.h"
#include "store/internal.h"

/* As SNAPSHOT_GET and SNAPSHOT_BY_DIFF order their columns. */
static void read_row(sqlite3_stmt *q, SnapshotInfo *ret_info) {
        *ret_info = (SnapshotInfo){0};
        column_id(q, 0, ret_info->id);
        ret_info->size_bytes = (uint64_t)sqlite3_column_int64(q, 1);
        ret_info->entry_count = (uint64_t)sqlite3_column_int64(q, 2);
        int64_t flags = sqlite3_column_int64(q, 3);
        ret_info->empty = flags & SNAPSHOT_EMPTY;
        ret_info->foreign = flags & SNAPSHOT_FOREIGN;
        ret_info->has_diff_id = column_digest(q, 4, &ret_info->diff_id);
        ret_info->created_ns = sqlite3_column_int64(q, 5);
}

/* Run a query that finds one snapshot, and lease it. */
static int find_leased(Store *s, sqlite3_stmt *q, SnapshotInfo *ret_info, Err **e) {
        AUTO(gate_leavep) Store *gate = gate_enter(s, e);
        if (!gate) return -1;
        int r = db_next(s, q, e);
        if (r != DB_ROW) return r < 0 ? r : STORE_ABSENT;
        SnapshotInfo info;
        read_row(q, &info);
        if (lease_snapshot(s, info.id, e) < 0) return -1;
        *ret_info = info;
        return STORE_FOUND;
}

int store_snapshot_get(Store *s, const char *id, SnapshotInfo *ret_info, Err **e) {
        AUTO(db_unlockp) Store *held = db_lock(s);
        AUTO(statement_donep) sqlite3_stmt *q = db_statement(held, ST_SNAPSHOT_GET, e);
        if (!q) return -1;
        bind_text(q, 1, id);
        return find_leased(s, q, ret_info, e);
}

int store_snapshot_by_diff_id(Store *s, const Digest *diff_id, SnapshotInfo *ret_info, Err **e) {
        AUTO(db_unlockp) Store *held = db_lock(s);
        AUTO(statement_donep) sqlite3_stmt *q = db_statement(held, ST_SNAPSHOT_BY_DIFF, e);
        if (!q) return -1;
        bind_digest(q, 1, diff_id);
        return find_leased(s, q, ret_info, e);
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

int snapshot_require(Store *s, const char *id, Err **e) {
        AUTO(statement_donep) sqlite3_stmt *q = db_statement(s, ST_SNAPSHOT_HAS, e);
        if (!q) return -1;
        bind_text(q, 1, id);
        int r = db_next(s, q, e);
        if (r < 0) return r;
        return r == DB_ROW ? 0 : err_new(e, ERR_NOT_FOUND, "the store has no snapshot '%s'", id);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/cleanup.h"
#include "os/clock.h"
#include "store/internal.h"

static const int64_t used_grain_ns = 60LL * 1000000000;

static int get_row(Store *s, const Digest *key, StepRecord *ret_record, int64_t *ret_used_ns, Err **e) {
        AUTO(statement_donep) sqlite3_stmt *q = db_statement(s, ST_STEP_GET, e);
        if (!q) return -1;
        bind_digest(q, 1, key);
        int r = db_next(s, q, e);
        if (r != DB_ROW) return r < 0 ? r : STORE_ABSENT;
        column_id(q, 0, ret_record->snapshot);
        column_digest(q, 1, &ret_record->content);
        ret_record->duration_ns = sqlite3_column_int64(q, 2);
        ret_record->created_ns = sqlite3_column_int64(q, 3);
        *ret_used_ns = sqlite3_column_int64(q, 4);
        return STORE_FOUND;
}

static int get_leased(Store *s, const Digest *key, StepRecord *ret_record, int64_t *ret_used_ns, Err **e) {
        AUTO(gate_leavep) Store *gate = gate_enter(s, e);
        if (!gate) return -1;
        int r = get_row(gate, key, ret_record, ret_used_ns, e);
        if (r != STORE_FOUND || ret_record->snapshot[0] == '\0') return r;
        return lease_snapshot(s, ret_record->snapshot, e) < 0 ? -1 : STORE_FOUND;
}

static int put_used(Store *s, const Digest *key, int64_t now_ns, Err **e) {
        AUTO(statement_donep) sqlite3_stmt *q = db_statement(s, ST_STEP_USED, e);
        if (!q) return -1;
        bind_i64(q, 1, now_ns);
        bind_digest(q, 2, key);
        return db_run(s, q, e);
}

int step_flush_used(Store *s, Err **e) {
        if (s->used_pending.n == 0) return 0;
        AUTO(db_rollbackp) Store *open = s;
        if (db_begin(open, e) < 0) return -1;
        int64_t now_ns = clock_now_ns();
        for (size_t i = 0; i < s->used_pending.n; i++)
                if (put_used(s, &s->used_pending.v[i], now_ns, e) < 0) return -1;
        s->used_pending.n = 0;
        return db_commit(s, e);
}

int store_step_get(Store *s, const Digest *key, StepRecord *ret_record, Err **e) {
        AUTO(db_unlockp) Store *held = db_lock(s);
        StepRecord record;
        int64_t used_ns;
        int r = get_leased(held, key, &record, &used_ns, e);
        if (r != STORE_FOUND) return r;
        if (clock_now_ns() - used_ns >= used_grain_ns) vec_push(&s->used_pending, *key);
        if (s->used_pending.n >= STORE_USED_PENDING_MAX && step_flush_used(s, e) < 0) return -1;
        *ret_record = record;
        return STORE_FOUND;
}

static int put_row(Store *s, const Digest *key, const StepRecord *record, const char *description, Err **e) {
        AUTO(statement_donep) sqlite3_stmt *q = db_statement(s, ST_STEP_PUT, e);
        if (!q) return -1;
        int64_t now_ns = clock_now_ns();
        size_t length = description ? strnlen(description, STORE_DESCRIPTION_MAX) : 0;
        bind_digest(q, 1, key);
        bind_text(q, 2, record->snapshot[0] ? record->snapshot : NULL);
        bind_digest(q, 3, digest_is_zero(&record->content) ? NULL : &record->content);
        bind_i64(q, 4, record->duration_ns);
        bind_i64(q, 5, record->created_ns ? record->created_ns : now_ns);
        bind_i64(q, 6, now_ns);
        sqlite3_bind_text(q, 7, description, (int)length, SQLITE_STATIC);
        return db_run(s, q, e);
}

int store_step_put(Store *s, const Digest *key, const StepRecord *record, const char *description, Err **e) {
        AUTO(db_unlockp) Store *held = db_lock(s);
        AUTO(db_rollbackp) Store *open = held;
        if (db_begin(open, e) < 0) return -1;
        if (record->snapshot[0] && snapshot_require(s, record->snapshot, e) < 0) return -1;
        if (put_row(s, key, record, description, e) < 0) return -1;
        return db_commit(s, e);
}

int store_alias_get(Store *s, const Digest *alias, Digest *ret_key, Err **e) {
        AUTO(db_unlockp) Store *held = db_lock(s);
        AUTO(statement_donep) sqlite3_stmt *q = db_statement(held, ST_ALIAS_GET, e);
        if (!q) return -1;
        bind_digest(q, 1, alias);
        int r = db_next(s, q, e);
        if (r != DB_ROW) return r < 0 ? r : STORE_ABSENT;
        Digest key;
        if (!column_digest(q, 0, &key)) return STORE_ABSENT;
        *ret_key = key;
        return STORE_FOUND;
}

int store_alias_put(Store *s, const Digest *alias, const Digest *key, Err **e) {
        AUTO(db_unlockp) Store *held = db_lock(s);
        AUTO(statement_donep) sqlite3_stmt *q = db_statement(held, ST_ALIAS_PUT, e);
        if (!q) return -1;
        bind_digest(q, 1, alias);
        bind_digest(q, 2, key);
        return db_run(s, q, e);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "store/internal.h"

static int select_two(Store *s, const char *text, uint64_t *ret_first, uint64_t *ret_second, Err **e) {
        AUTO(statement_finalp) sqlite3_stmt *q = db_prepare(s, text, e);
        if (!q) return -1;
        int r = db_next(s, q, e);
        if (r < 0) return r;
        *ret_first = (uint64_t)sqlite3_column_int64(q, 0);
        *ret_second = (uint64_t)sqlite3_column_int64(q, 1);
        return 0;
}

/* Images that a live process uses, and the snapshots below them, into temporary tables. */
static int list_used(Store *s, const Map *leases, Err **e) {
        if (db_exec(s,
                    "CREATE TEMP TABLE IF NOT EXISTS used_image (id BLOB PRIMARY KEY);"
                    "CREATE TEMP TABLE IF NOT EXISTS used_snapshot (id TEXT PRIMARY KEY);"
                    "DELETE FROM used_image; DELETE FROM used_snapshot",
                    e) < 0)
                return -1;
        AUTO(statement_finalp)
        sqlite3_stmt *image = db_prepare(s, "INSERT INTO used_image SELECT id FROM image WHERE id = ?", e);
        AUTO(statement_finalp)
        sqlite3_stmt *snapshot = db_prepare(s, "INSERT OR IGNORE INTO used_snapshot VALUES (?)", e);
        if (!image || !snapshot) return -1;
        for (size_t i = 0; i < map_count(leases); i++) {
                const char *key;
                Digest digest;
                map_at(leases, i, &key, NULL);
                bool blob = key[0] == 'b' && digest_parse(str_of(key + 1), &digest, NULL) == 0;
                sqlite3_stmt *q = blob ? image : snapshot;
                if (blob)
                        bind_digest(q, 1, &digest);
                else
                        bind_text(q, 1, key + 1);
                if (db_run(s, q, e) < 0) return -1;
                sqlite3_reset(q);
        }
        return 0;
}

static int count_all(Store *s, StoreUsage *u, Err **e) {
        uint64_t none;
        if (select_two(s, "SELECT count(*), coalesce(sum(size), 0) FROM snapshot", &u->snapshot_count,
                       &u->snapshot_bytes, e) < 0 ||
            select_two(s, "SELECT count(*), coalesce(sum(size), 0) FROM blob", &u->blob_count, &u->blob_bytes, e) < 0 ||
            select_two(s, "SELECT count(*), 0 FROM image", &u->image_count, &none, e) < 0 ||
            select_two(s, "SELECT count(*), 0 FROM step", &u->step_count, &none, e) < 0)
                return -1;
        return select_two(s, "SELECT count(*), 0 FROM temp.used_image", &u->image_active_count, &none, e);
}

/* Snapshots of images count for the images, those that only step records hold for the cache. */
static int count_shares(Store *s, StoreUsage *u, Err **e) {
        if (select_two(s,
                       "SELECT coalesce(sum(size), 0), coalesce(sum(CASE WHEN id IN (SELECT snapshot FROM image_layer"
                       " WHERE image IN (SELECT id FROM temp.used_image)) THEN 0 ELSE size END), 0) FROM snapshot"
                       " WHERE id IN (SELECT snapshot FROM image_layer)",
                       &u->image_bytes, &u->image_reclaimable_bytes, e) < 0)
                return -1;
        return select_two(s,
                          "SELECT coalesce(sum(size), 0), coalesce(sum(CASE WHEN id IN (SELECT id FROM"
                          " temp.used_snapshot) THEN 0 ELSE size END), 0) FROM snapshot WHERE id IN (SELECT snapshot"
                          " FROM step) AND id NOT IN (SELECT snapshot FROM image_layer)",
                          &u->step_bytes, &u->step_reclaimable_bytes, e);
}

int store_usage(Store *s, StoreUsage *ret_usage, Err **e) {
        AUTO(map_freep) Map *leases = map_new();
        if (leases_read_all(s, leases, e) < 0) return -1;
        AUTO(db_unlockp) Store *held = db_lock(s);
        StoreUsage usage = {0};
        if (list_used(held, leases, e) < 0 || count_all(s, &usage, e) < 0 || count_shares(s, &usage, e) < 0) return -1;
        *ret_usage = usage;
        return 0;
}

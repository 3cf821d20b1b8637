/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/cleanup.h"
#include "os/clock.h"
#include "store/collect_internal.h"

/* What keeps a blob: being an image's config, or being the wire form of a layer that stays. */
#define BLOB_IS_HELD                                                                                        \
        "(digest IN (SELECT id FROM image) OR digest IN (SELECT l.digest FROM layer_blob l JOIN snapshot n" \
        " ON n.diff_id = l.diff_id) OR digest IN (SELECT diff_id FROM snapshot WHERE flags & 2"             \
        " AND diff_id IS NOT NULL))"

typedef VEC(Digest) DigestVec;

static int select_digests(Store *s, const char *text, DigestVec *list, Err **e) {
        AUTO(statement_finalp) sqlite3_stmt *q = db_prepare(s, text, e);
        if (!q) return -1;
        for (;;) {
                int r = db_next(s, q, e);
                if (r <= 0) return r;
                Digest d;
                column_digest(q, 0, &d);
                vec_push(list, d);
        }
}

static int select_ids(Store *s, const char *text, StrVec *list, Err **e) {
        AUTO(statement_finalp) sqlite3_stmt *q = db_prepare(s, text, e);
        if (!q) return -1;
        for (;;) {
                int r = db_next(s, q, e);
                if (r <= 0) return r;
                strvec_push(list, (const char *)sqlite3_column_text(q, 0));
        }
}

static int run_with_digest(Store *s, StoreSql number, const Digest *d, Err **e) {
        AUTO(statement_donep) sqlite3_stmt *q = db_statement(s, number, e);
        if (!q) return -1;
        bind_digest(q, 1, d);
        return db_run(s, q, e);
}

static int run_with_id(Store *s, StoreSql number, const char *id, Err **e) {
        AUTO(statement_donep) sqlite3_stmt *q = db_statement(s, number, e);
        if (!q) return -1;
        bind_text(q, 1, id);
        return db_run(s, q, e);
}

static int drop_listed_images(Collection *c, const DigestVec *images, const Map *leases, Err **e) {
        Store *s = c->store;
        for (size_t i = 0; i < images->n; i++) {
                if (leases_have_blob(leases, &images->v[i])) continue;
                if (run_with_digest(s, ST_IMAGE_DELETE, &images->v[i], e) < 0) return -1;
                vec_push(&c->report.images, images->v[i]);
        }
        if (db_exec(s, "DELETE FROM tag WHERE image NOT IN (SELECT id FROM image)", e) < 0) return -1;
        return db_exec(s, "DELETE FROM image_layer WHERE image NOT IN (SELECT id FROM image)", e);
}

static int drop_images(Collection *c, const Map *leases, Err **e) {
        if (!c->params->images_all && !c->params->images_untagged) return 0;
        DigestVec images = {0};
        int r = select_digests(c->store,
                               c->params->images_all ? "SELECT id FROM image"
                                                     : "SELECT id FROM image WHERE id NOT IN (SELECT image FROM tag)",
                               &images, e);
        if (r == 0) r = drop_listed_images(c, &images, leases, e);
        vec_done(&images);
        return r;
}

static int drop_steps_before(Collection *c, int64_t used_ns, Err **e) {
        AUTO(statement_finalp) sqlite3_stmt *q = db_prepare(c->store, "DELETE FROM step WHERE used < ?", e);
        if (!q) return -1;
        bind_i64(q, 1, used_ns);
        if (db_run(c->store, q, e) < 0) return -1;
        c->report.steps_removed += (uint64_t)sqlite3_changes(c->store->db);
        return 0;
}

/* Walk from the most recently used on; what comes after the budget is spent goes. Snapshots that an image holds cost
 * nothing, because dropping their records would free nothing. */
static int list_over_budget(Collection *c, Map *counted, DigestVec *victims, Err **e) {
        AUTO(statement_finalp)
        sqlite3_stmt *q = db_prepare(c->store,
                                     "SELECT s.key, s.snapshot, n.size FROM step s JOIN snapshot n ON n.id = s.snapshot"
                                     " WHERE s.snapshot NOT IN (SELECT snapshot FROM image_layer) ORDER BY s.used DESC",
                                     e);
        if (!q) return -1;
        uint64_t total = 0;
        for (;;) {
                int r = db_next(c->store, q, e);
                if (r <= 0) return r;
                const char *id = (const char *)sqlite3_column_text(q, 1);
                if (!map_puts(counted, id, c)) total += (uint64_t)sqlite3_column_int64(q, 2);
                Digest key;
                if (total > c->params->keep_bytes && column_digest(q, 0, &key)) vec_push(victims, key);
        }
}

static int drop_over_budget(Collection *c, Err **e) {
        AUTO(map_freep) Map *counted = map_new();
        DigestVec victims = {0};
        int r = list_over_budget(c, counted, &victims, e);
        for (size_t i = 0; i < victims.n && r == 0; i++)
                r = run_with_digest(c->store, ST_STEP_DELETE, &victims.v[i], e);
        if (r == 0) c->report.steps_removed += victims.n;
        vec_done(&victims);
        return r;
}

static int drop_steps(Collection *c, Err **e) {
        const CollectParams *p = c->params;
        if (p->cache_all && drop_steps_before(c, INT64_MAX, e) < 0) return -1;
        if (p->cache_older_than_ns > 0 && drop_steps_before(c, clock_now_ns() - p->cache_older_than_ns, e) < 0)
                return -1;
        if (p->keep_bytes > 0 && drop_over_budget(c, e) < 0) return -1;
        return db_exec(c->store, "DELETE FROM alias WHERE key NOT IN (SELECT key FROM step)", e);
}

static int drop_snapshots(Store *s, const Map *leases, Err **e) {
        AUTO(strvec_done) StrVec ids = {0};
        if (select_ids(s,
                       "SELECT id FROM snapshot WHERE id NOT IN (SELECT snapshot FROM step WHERE snapshot IS NOT NULL"
                       " UNION SELECT snapshot FROM image_layer)",
                       &ids, e) < 0)
                return -1;
        for (size_t i = 0; i < ids.n; i++)
                if (!leases_have_snapshot(leases, ids.v[i]) && run_with_id(s, ST_SNAPSHOT_DELETE, ids.v[i], e) < 0)
                        return -1;
        return 0;
}

static int drop_listed_blobs(Store *s, const DigestVec *blobs, const Map *leases, Err **e) {
        for (size_t i = 0; i < blobs->n; i++)
                if (!leases_have_blob(leases, &blobs->v[i]) && run_with_digest(s, ST_BLOB_DELETE, &blobs->v[i], e) < 0)
                        return -1;
        return 0;
}

static int drop_blobs(Store *s, const Map *leases, Err **e) {
        DigestVec blobs = {0};
        int r = select_digests(s, "SELECT digest FROM blob WHERE NOT " BLOB_IS_HELD, &blobs, e);
        if (r == 0) r = drop_listed_blobs(s, &blobs, leases, e);
        vec_done(&blobs);
        if (r < 0) return r;
        return db_exec(s, "DELETE FROM layer_blob WHERE digest NOT IN (SELECT digest FROM blob)", e);
}

int collect_drop(Collection *c, const Map *leases, Err **e) {
        if (drop_images(c, leases, e) < 0 || drop_steps(c, e) < 0) return -1;
        if (drop_snapshots(c->store, leases, e) < 0) return -1;
        return drop_blobs(c->store, leases, e) < 0 ? -1 : notes_drop(c->store, e);
}

/* 1: there is a record; 0: none. */
static int has_row(Store *s, StoreSql number, const char *id, const Digest *digest, Err **e) {
        AUTO(statement_donep) sqlite3_stmt *q = db_statement(s, number, e);
        if (!q) return -1;
        if (digest)
                bind_digest(q, 1, digest);
        else
                bind_text(q, 1, id);
        return db_next(s, q, e);
}

static int find_snapshots(Collection *c, const Map *leases, Err **e) {
        for (size_t i = 0; i < c->snapshot_files.n; i++) {
                const char *name = c->snapshot_files.v[i].name;
                if (leases_have_snapshot(leases, name)) continue;
                int r = has_row(c->store, ST_SNAPSHOT_HAS, name, NULL, e);
                if (r < 0) return r;
                if (r == 0) strvec_push(&c->snapshot_victims, name);
        }
        return 0;
}

static int find_blobs(Collection *c, const Map *leases, Err **e) {
        for (size_t i = 0; i < c->blob_files.n; i++) {
                const char *name = c->blob_files.v[i].name;
                Digest digest;
                if (digest_parse(str_of(name), &digest, NULL) == 0) {
                        if (leases_have_blob(leases, &digest)) continue;
                        int r = has_row(c->store, ST_BLOB_GET, NULL, &digest, e);
                        if (r < 0) return r;
                        if (r > 0) continue;
                }
                strvec_push(&c->blob_victims, name);
        }
        return 0;
}

int collect_find_victims(Collection *c, const Map *leases, Err **e) {
        if (find_snapshots(c, leases, e) < 0) return -1;
        return find_blobs(c, leases, e);
}

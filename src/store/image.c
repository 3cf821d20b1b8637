/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "os/clock.h"
#include "store/internal.h"

void image_record_done(ImageRecord *r) {
        strvec_done(&r->snapshots);
        *r = (ImageRecord){0};
}

static int put_row(Store *s, const ImageRecord *record, Err **e) {
        AUTO(statement_donep) sqlite3_stmt *q = db_statement(s, ST_IMAGE_PUT, e);
        if (!q) return -1;
        bind_digest(q, 1, &record->id);
        bind_i64(q, 2, record->created_ns);
        bind_i64(q, 3, (int64_t)record->size_bytes);
        bind_i64(q, 4, clock_now_ns());
        return db_run(s, q, e);
}

static int run_with_id(Store *s, StoreSql number, const Digest *id, Err **e) {
        AUTO(statement_donep) sqlite3_stmt *q = db_statement(s, number, e);
        if (!q) return -1;
        bind_digest(q, 1, id);
        return db_run(s, q, e);
}

static int put_layer(Store *s, const Digest *image, size_t position, const char *snapshot, Err **e) {
        if (snapshot_require(s, snapshot, e) < 0) return -1;
        AUTO(statement_donep) sqlite3_stmt *q = db_statement(s, ST_LAYER_ADD, e);
        if (!q) return -1;
        bind_digest(q, 1, image);
        bind_i64(q, 2, (int64_t)position);
        bind_text(q, 3, snapshot);
        return db_run(s, q, e);
}

static int put_layers(Store *s, const ImageRecord *record, Err **e) {
        if (run_with_id(s, ST_LAYERS_DELETE, &record->id, e) < 0) return -1;
        for (size_t i = 0; i < record->snapshots.n; i++)
                if (put_layer(s, &record->id, i, record->snapshots.v[i], e) < 0) return -1;
        return 0;
}

int store_image_put(Store *s, const ImageRecord *record, Err **e) {
        if (record->snapshots.n > STORE_IMAGE_LAYERS_MAX)
                return err_new(e, ERR_LIMIT, "an image of %zu layers (maximum %d)", record->snapshots.n,
                               STORE_IMAGE_LAYERS_MAX);
        AUTO(db_unlockp) Store *held = db_lock(s);
        AUTO(db_rollbackp) Store *open = held;
        if (db_begin(open, e) < 0 || blob_require(s, &record->id, e) < 0) return -1;
        if (put_row(s, record, e) < 0 || put_layers(s, record, e) < 0) return -1;
        return db_commit(s, e);
}

static int get_row(Store *s, const Digest *id, ImageRecord *record, Err **e) {
        AUTO(statement_donep) sqlite3_stmt *q = db_statement(s, ST_IMAGE_GET, e);
        if (!q) return -1;
        bind_digest(q, 1, id);
        int r = db_next(s, q, e);
        if (r != DB_ROW) return r < 0 ? r : STORE_ABSENT;
        record->id = *id;
        record->created_ns = sqlite3_column_int64(q, 0);
        record->size_bytes = (uint64_t)sqlite3_column_int64(q, 1);
        return STORE_FOUND;
}

static int get_layers(Store *s, ImageRecord *record, Err **e) {
        AUTO(statement_donep) sqlite3_stmt *q = db_statement(s, ST_LAYERS_GET, e);
        if (!q) return -1;
        bind_digest(q, 1, &record->id);
        for (;;) {
                int r = db_next(s, q, e);
                if (r <= 0) return r;
                char id[SNAPSHOT_ID_SIZE];
                column_id(q, 0, id);
                strvec_push(&record->snapshots, id);
        }
}

static int lease_all(Store *s, const ImageRecord *record, Err **e) {
        if (lease_blob(s, &record->id, e) < 0) return -1;
        for (size_t i = 0; i < record->snapshots.n; i++)
                if (lease_snapshot(s, record->snapshots.v[i], e) < 0) return -1;
        return 0;
}

int store_image_get(Store *s, const Digest *id, ImageRecord *ret_record, Err **e) {
        AUTO(db_unlockp) Store *held = db_lock(s);
        AUTO(gate_leavep) Store *gate = gate_enter(held, e);
        if (!gate) return -1;
        AUTO(image_record_done) ImageRecord record = {0};
        int r = get_row(s, id, &record, e);
        if (r != STORE_FOUND) return r;
        if (get_layers(s, &record, e) < 0 || lease_all(s, &record, e) < 0) return -1;
        *ret_record = record;
        record = (ImageRecord){0};
        return STORE_FOUND;
}

/* The first and the last id that begin with hex. */
static bool prefix_range(const char *hex, Digest *ret_low, Digest *ret_high) {
        size_t n = strlen(hex);
        char text[DIGEST_HEX_SIZE];
        if (n == 0 || n >= sizeof text) return false;
        memset(text, '0', sizeof text - 1);
        memcpy(text, hex, n);
        if (!hex_parse((Str){text, sizeof text - 1}, ret_low->bytes, sizeof ret_low->bytes)) return false;
        memset(text + n, 'f', sizeof text - 1 - n);
        return hex_parse((Str){text, sizeof text - 1}, ret_high->bytes, sizeof ret_high->bytes);
}

int store_image_find_prefix(Store *s, const char *hex, Digest *ret_ids, size_t max, size_t *ret_count, Err **e) {
        Digest low, high;
        *ret_count = 0;
        if (!prefix_range(hex, &low, &high)) return 0;
        AUTO(db_unlockp) Store *held = db_lock(s);
        AUTO(statement_donep) sqlite3_stmt *q = db_statement(held, ST_IMAGE_RANGE, e);
        if (!q) return -1;
        bind_digest(q, 1, &low);
        bind_digest(q, 2, &high);
        bind_i64(q, 3, (int64_t)max);
        for (size_t n = 0; n < max; n++) {
                int r = db_next(s, q, e);
                if (r <= 0) return r;
                column_digest(q, 0, &ret_ids[n]);
                *ret_count = n + 1;
        }
        return 0;
}

/* STORE_ABSENT when no name points to it. */
static int name_of(Store *s, const Digest *id, char **ret_name, Err **e) {
        AUTO(statement_donep) sqlite3_stmt *q = db_statement(s, ST_TAG_OF_IMAGE, e);
        if (!q) return -1;
        bind_digest(q, 1, id);
        int r = db_next(s, q, e);
        if (r != DB_ROW) return r < 0 ? r : STORE_ABSENT;
        *ret_name = xstrdup((const char *)sqlite3_column_text(q, 0));
        return STORE_FOUND;
}

static int check_unnamed(Store *s, const Digest *id, Err **e) {
        AUTO(freep) char *name = NULL;
        int r = name_of(s, id, &name, e);
        if (r < 0) return r;
        if (r == STORE_FOUND) return err_new(e, ERR_CONFLICT, "the image is still named '%s'", name);
        return 0;
}

int store_image_remove(Store *s, const Digest *id, Err **e) {
        AUTO(db_unlockp) Store *held = db_lock(s);
        AUTO(db_rollbackp) Store *open = held;
        if (db_begin(open, e) < 0 || check_unnamed(s, id, e) < 0) return -1;
        if (run_with_id(s, ST_IMAGE_DELETE, id, e) < 0) return -1;
        bool removed = sqlite3_changes(s->db) > 0;
        char hex[DIGEST_HEX_SIZE];
        digest_hex(id, hex);
        if (run_with_id(s, ST_LAYERS_DELETE, id, e) < 0 || note_forget(s, NOTE_ANNOTATIONS, hex, e) < 0) return -1;
        if (db_commit(s, e) < 0) return -1;
        return removed ? STORE_FOUND : STORE_ABSENT;
}

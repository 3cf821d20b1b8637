/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/cleanup.h"
#include "store/internal.h"

void layer_blob_done(LayerBlob *blob) {
        free(blob->media_type);
        *blob = (LayerBlob){0};
}

int store_layer_blob_put(Store *s, const LayerBlob *blob, Err **e) {
        AUTO(db_unlockp) Store *held = db_lock(s);
        AUTO(db_rollbackp) Store *open = held;
        if (db_begin(open, e) < 0 || blob_require(s, &blob->digest, e) < 0) return -1;
        AUTO(statement_donep) sqlite3_stmt *q = db_statement(s, ST_LAYER_BLOB_PUT, e);
        if (!q) return -1;
        bind_digest(q, 1, &blob->diff_id);
        bind_digest(q, 2, &blob->digest);
        bind_i64(q, 3, (int64_t)blob->size);
        bind_text(q, 4, blob->media_type);
        if (db_run(s, q, e) < 0) return -1;
        return db_commit(s, e);
}

static int get_row(Store *s, const Digest *diff_id, LayerBlob *ret_blob, Err **e) {
        AUTO(statement_donep) sqlite3_stmt *q = db_statement(s, ST_LAYER_BLOB_GET, e);
        if (!q) return -1;
        bind_digest(q, 1, diff_id);
        int r = db_next(s, q, e);
        if (r != DB_ROW) return r < 0 ? r : STORE_ABSENT;
        ret_blob->diff_id = *diff_id;
        column_digest(q, 0, &ret_blob->digest);
        ret_blob->size = (uint64_t)sqlite3_column_int64(q, 1);
        const char *media_type = (const char *)sqlite3_column_text(q, 2);
        ret_blob->media_type = xstrdup(media_type ? media_type : "");
        return STORE_FOUND;
}

int store_layer_blob_get(Store *s, const Digest *diff_id, LayerBlob *ret_blob, Err **e) {
        AUTO(db_unlockp) Store *held = db_lock(s);
        AUTO(gate_leavep) Store *gate = gate_enter(held, e);
        if (!gate) return -1;
        AUTO(layer_blob_done) LayerBlob blob = {0};
        int r = get_row(s, diff_id, &blob, e);
        if (r != STORE_FOUND) return r;
        if (lease_blob(s, &blob.digest, e) < 0) return -1;
        *ret_blob = blob;
        blob = (LayerBlob){0};
        return STORE_FOUND;
}

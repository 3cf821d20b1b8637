/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/cleanup.h"
#include "os/clock.h"
#include "store/internal.h"

static int check_image(Store *s, const Digest *id, Err **e) {
        AUTO(statement_donep) sqlite3_stmt *q = db_statement(s, ST_IMAGE_GET, e);
        if (!q) return -1;
        bind_digest(q, 1, id);
        int r = db_next(s, q, e);
        if (r < 0) return r;
        char text[DIGEST_TEXT_SIZE];
        digest_text(id, text);
        return r == DB_ROW ? 0 : err_new(e, ERR_NOT_FOUND, "the store has no image '%s'", text);
}

/* A platform of a name is a row of its own, "NAME PLATFORM": no name holds a space, and everything that keeps named images
 * keeps these. */

static int put_row(Store *s, const char *name, const Digest *image_id, Err **e) {
        if (check_image(s, image_id, e) < 0) return -1;
        AUTO(statement_donep) sqlite3_stmt *q = db_statement(s, ST_TAG_SET, e);
        if (!q) return -1;
        bind_text(q, 1, name);
        bind_digest(q, 2, image_id);
        bind_i64(q, 3, clock_now_ns());
        return db_run(s, q, e);
}

static int run_with_name(Store *s, StoreSql number, const char *name, Err **e) {
        AUTO(statement_donep) sqlite3_stmt *q = db_statement(s, number, e);
        if (!q) return -1;
        bind_text(q, 1, name);
        return db_run(s, q, e);
}

static int put_platforms(Store *s, const char *name, const TagPlatform *v, size_t count, Err **e) {
        for (size_t i = 0; i < count; i++) {
                AUTO(freep) char *row = xasprintf("%s %s", name, v[i].platform);
                if (put_row(s, row, &v[i].image_id, e) < 0) return -1;
        }
        return 0;
}

static int set_name(Store *s, const char *name, const Digest *image_id, const TagPlatform *v, size_t count, Err **e) {
        AUTO(db_unlockp) Store *held = db_lock(s);
        AUTO(db_rollbackp) Store *open = held;
        if (db_begin(open, e) < 0 || run_with_name(s, ST_TAG_FORGET_PLATFORMS, name, e) < 0) return -1;
        if (put_row(s, name, image_id, e) < 0 || put_platforms(s, name, v, count, e) < 0) return -1;
        return db_commit(s, e);
}

int store_tag_set(Store *s, const char *name, const Digest *image_id, Err **e) {
        return set_name(s, name, image_id, NULL, 0, e);
}

int store_tag_set_platforms(Store *s, const char *name, const TagPlatform *v, size_t count, Err **e) {
        return set_name(s, name, &v[0].image_id, v, count, e);
}

int store_tag_get(Store *s, const char *name, Digest *ret_image_id, Err **e) {
        AUTO(db_unlockp) Store *held = db_lock(s);
        AUTO(statement_donep) sqlite3_stmt *q = db_statement(held, ST_TAG_GET, e);
        if (!q) return -1;
        bind_text(q, 1, name);
        int r = db_next(s, q, e);
        if (r != DB_ROW) return r < 0 ? r : STORE_ABSENT;
        column_digest(q, 0, ret_image_id);
        return STORE_FOUND;
}

int store_tag_remove(Store *s, const char *name, Err **e) {
        AUTO(db_unlockp) Store *held = db_lock(s);
        if (run_with_name(held, ST_TAG_FORGET_PLATFORMS, name, e) < 0) return -1;
        if (run_with_name(held, ST_TAG_DELETE, name, e) < 0) return -1;
        return sqlite3_changes(s->db) > 0 ? STORE_FOUND : STORE_ABSENT;
}

void tag_list_done(TagList *list) {
        for (size_t i = 0; i < list->n; i++) free(list->v[i].name);
        free(list->v);
        *list = (TagList){0};
}

typedef VEC(TagRow) TagRows;

static int read_rows(Store *s, sqlite3_stmt *q, TagRows *rows, Err **e) {
        for (;;) {
                int r = db_next(s, q, e);
                if (r <= 0) return r;
                TagRow row = {.name = xstrdup((const char *)sqlite3_column_text(q, 0)),
                              .tagged_ns = sqlite3_column_int64(q, 2)};
                column_digest(q, 1, &row.image_id);
                vec_push(rows, row);
        }
}

int store_tag_list(Store *s, bool untagged, TagList *ret_list, Err **e) {
        AUTO(db_unlockp) Store *held = db_lock(s);
        AUTO(statement_donep) sqlite3_stmt *q = db_statement(held, untagged ? ST_TAG_LIST_ALL : ST_TAG_LIST, e);
        if (!q) return -1;
        TagRows rows = {0};
        int r = read_rows(s, q, &rows, e);
        TagList list = {rows.v, rows.n};
        if (r < 0)
                tag_list_done(&list);
        else
                *ret_list = list;
        return r;
}

int store_tag_platforms(Store *s, const char *name, TagList *ret_list, Err **e) {
        AUTO(db_unlockp) Store *held = db_lock(s);
        AUTO(statement_donep) sqlite3_stmt *q = db_statement(held, ST_TAG_PLATFORMS, e);
        if (!q) return -1;
        bind_text(q, 1, name);
        TagRows rows = {0};
        int r = read_rows(s, q, &rows, e);
        TagList list = {rows.v, rows.n};
        if (r < 0)
                tag_list_done(&list);
        else
                *ret_list = list;
        return r;
}

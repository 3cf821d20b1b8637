/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/num.h"
#include "store/internal.h"

/* Notes are values whose names end with what they are of, so that a store of any age has room for them. What is after a prefix in the
 * order of bytes, and before its last byte plus one, begins with it. */

typedef struct NoteKind {
        const char *prefix;
        const char *drop; /* those whose subject is gone */
} NoteKind;

static const NoteKind kinds[] = {
        [NOTE_ANNOTATIONS] = {"annotations/", "DELETE FROM value WHERE name > 'annotations/' AND name < 'annotations0'"
                                              " AND substr(name, 13) NOT IN (SELECT lower(hex(id)) FROM image)"},
        [NOTE_PACKAGES] = {"packages/", "DELETE FROM value WHERE name > 'packages/' AND name < 'packages0'"
                                        " AND substr(name, 10) NOT IN (SELECT id FROM snapshot)"},
};

static char *note_name(StoreNote kind, const char *subject) {
        return xasprintf("%s%s", kinds[kind].prefix, subject);
}

int store_note_get(Store *s, StoreNote kind, const char *subject, char **ret_text, Err **e) {
        AUTO(freep) char *name = note_name(kind, subject);
        return store_value_get(s, name, ret_text, e);
}

static int remove_value(Store *s, const char *name, Err **e) {
        AUTO(statement_donep) sqlite3_stmt *q = db_statement(s, ST_VALUE_DELETE, e);
        if (!q) return -1;
        bind_text(q, 1, name);
        return db_run(s, q, e);
}

int store_note_set(Store *s, StoreNote kind, const char *subject, const char *text, Err **e) {
        AUTO(freep) char *name = note_name(kind, subject);
        if (text) return store_value_set(s, name, text, e);
        AUTO(db_unlockp) Store *held = db_lock(s);
        return remove_value(held, name, e);
}

int note_forget(Store *s, StoreNote kind, const char *subject, Err **e) {
        AUTO(freep) char *name = note_name(kind, subject);
        return remove_value(s, name, e);
}

int notes_drop(Store *s, Err **e) {
        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
                if (db_exec(s, kinds[i].drop, e) < 0) return -1;
        return 0;
}

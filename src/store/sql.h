/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Every statement that is kept prepared, with its name. ST_<name> is its number. */
#define STORE_SQL(X)                                                                                                   \
        X(BEGIN, "BEGIN IMMEDIATE")                                                                                    \
        X(COMMIT, "COMMIT")                                                                                            \
        X(ROLLBACK, "ROLLBACK")                                                                                        \
        X(FIRST_MARK, "SELECT boot FROM unsynced ORDER BY seq LIMIT 1")                                                \
        X(LAST_MARK, "SELECT seq FROM unsynced ORDER BY seq DESC LIMIT 1")                                             \
        X(CLEAR_MARKS, "DELETE FROM unsynced WHERE seq <= ?")                                                          \
        X(MARK_SNAPSHOT, "INSERT INTO unsynced (boot, snapshot) VALUES (?, ?)")                                        \
        X(MARK_BLOB, "INSERT INTO unsynced (boot, blob) VALUES (?, ?)")                                                \
        X(SNAPSHOT_ADD, "INSERT INTO snapshot (id, size, entries, flags, diff_id, created) "                           \
                        "VALUES (?, ?, ?, ?, ?, ?)")                                                                   \
        X(SNAPSHOT_GET, "SELECT id, size, entries, flags, diff_id, created FROM snapshot WHERE id = ?")                \
        X(SNAPSHOT_BY_DIFF, "SELECT id, size, entries, flags, diff_id, created FROM snapshot "                         \
                            "WHERE diff_id = ? LIMIT 1")                                                               \
        X(SNAPSHOT_SET_DIFF, "UPDATE snapshot SET diff_id = ? WHERE id = ?")                                           \
        X(SNAPSHOT_HAS, "SELECT 1 FROM snapshot WHERE id = ?")                                                         \
        X(SNAPSHOT_DELETE, "DELETE FROM snapshot WHERE id = ?")                                                        \
        X(STEP_GET, "SELECT snapshot, content, duration, created, used FROM step WHERE key = ?")                       \
        X(STEP_PUT, "INSERT OR REPLACE INTO step (key, snapshot, content, duration, created, used, description) "      \
                    "VALUES (?, ?, ?, ?, ?, ?, ?)")                                                                    \
        X(STEP_USED, "UPDATE step SET used = ? WHERE key = ?")                                                         \
        X(STEP_DELETE, "DELETE FROM step WHERE key = ?")                                                               \
        X(ALIAS_GET, "SELECT key FROM alias WHERE alias = ?")                                                          \
        X(ALIAS_PUT, "INSERT OR REPLACE INTO alias (alias, key) VALUES (?, ?)")                                        \
        X(BLOB_GET, "SELECT size FROM blob WHERE digest = ?")                                                          \
        X(BLOB_PUT, "INSERT INTO blob (digest, size, created) VALUES (?, ?, ?) "                                       \
                    "ON CONFLICT (digest) DO UPDATE SET size = excluded.size")                                         \
        X(BLOB_DELETE, "DELETE FROM blob WHERE digest = ?")                                                            \
        X(LAYER_BLOB_PUT, "INSERT OR REPLACE INTO layer_blob (diff_id, digest, size, media_type) VALUES (?, ?, ?, ?)") \
        X(LAYER_BLOB_GET, "SELECT digest, size, media_type FROM layer_blob WHERE diff_id = ? LIMIT 1")                 \
        X(IMAGE_PUT, "INSERT INTO image (id, created, size, added) VALUES (?, ?, ?, ?) "                               \
                     "ON CONFLICT (id) DO UPDATE SET created = excluded.created, size = excluded.size")                \
        X(IMAGE_GET, "SELECT created, size FROM image WHERE id = ?")                                                   \
        X(IMAGE_DELETE, "DELETE FROM image WHERE id = ?")                                                              \
        X(IMAGE_RANGE, "SELECT id FROM image WHERE id >= ? AND id <= ? ORDER BY id LIMIT ?")                           \
        X(LAYERS_GET, "SELECT snapshot FROM image_layer WHERE image = ? ORDER BY position")                            \
        X(LAYER_ADD, "INSERT INTO image_layer (image, position, snapshot) VALUES (?, ?, ?)")                           \
        X(LAYERS_DELETE, "DELETE FROM image_layer WHERE image = ?")                                                    \
        X(TAG_SET, "INSERT OR REPLACE INTO tag (name, image, tagged) VALUES (?, ?, ?)")                                \
        X(TAG_GET, "SELECT image FROM tag WHERE name = ?")                                                             \
        X(TAG_DELETE, "DELETE FROM tag WHERE name = ?")                                                                \
        X(TAG_FORGET_PLATFORMS, "DELETE FROM tag WHERE name > ?1 || ' ' AND name < ?1 || '!'")                         \
        X(TAG_PLATFORMS, "SELECT substr(name, length(?1) + 2), image, tagged FROM tag "                                \
                         "WHERE name > ?1 || ' ' AND name < ?1 || '!' ORDER BY name")                                  \
        X(TAG_OF_IMAGE, "SELECT name FROM tag WHERE image = ? ORDER BY name LIMIT 1")                                  \
        X(TAG_LIST, "SELECT name, image, tagged FROM tag WHERE instr(name, ' ') = 0 ORDER BY tagged DESC, name")       \
        X(TAG_LIST_ALL, "SELECT name, image, tagged FROM tag WHERE instr(name, ' ') = 0 "                              \
                        "UNION ALL SELECT NULL, id, added FROM image WHERE id NOT IN (SELECT image FROM tag) "         \
                        "ORDER BY 3 DESC, 1")                                                                          \
        X(VALUE_GET, "SELECT value FROM value WHERE name = ?")                                                         \
        X(VALUE_SET, "INSERT OR REPLACE INTO value (name, value) VALUES (?, ?)")                                       \
        X(VALUE_DELETE, "DELETE FROM value WHERE name = ?")

typedef enum StoreSql {
#define STORE_SQL_NUMBER(name, text) ST_##name,
        STORE_SQL(STORE_SQL_NUMBER)
#undef STORE_SQL_NUMBER
                ST_MAX,
} StoreSql;

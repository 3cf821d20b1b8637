/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "os/clock.h"
#include "os/fs.h"
#include "os/lock.h"
#include "store/internal.h"

enum { BLOB_BUFFER_SIZE = 64 << 10 };

struct BlobWriter {
        Store *store;
        Sha256 *hash;
        char *path; /* of the scratch file; NULL once it is gone or published */
        int fd;
        uint64_t size;
        size_t pending;
        unsigned char buffer[BLOB_BUFFER_SIZE]; /* small pieces are written together */
};

char *blob_path(const Digest *digest) {
        char hex[DIGEST_HEX_SIZE];
        digest_hex(digest, hex);
        return xasprintf("blobs/sha256/%s", hex);
}

void blob_writer_free(BlobWriter *w) {
        if (!w) return;
        if (w->fd >= 0) close(w->fd);
        if (w->path) unlink(w->path);
        if (w->hash) sha256_free(w->hash);
        free(w->path);
        free(w);
}
DEFINE_FREEP(BlobWriter, blob_writer_free);

int blob_writer_new(Store *s, BlobWriter **ret_writer, Err **e) {
        AUTO(freep) char *path = NULL;
        if (scratch_name(s, "blob", &path, e) < 0) return -1;
        AUTO(blob_writer_freep) BlobWriter *w = xmalloc(sizeof *w);
        *w = (BlobWriter){.store = s, .fd = -1};
        w->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (w->fd < 0) return err_sys(e, "create '%s'", path);
        w->path = TAKE(path);
        w->hash = sha256_new();
        *ret_writer = TAKE(w);
        return 0;
}

static int flush(BlobWriter *w, Err **e) {
        size_t size = w->pending;
        w->pending = 0;
        return size ? fd_write_all(w->fd, w->buffer, size, e) : 0;
}

int blob_writer_add(BlobWriter *w, const void *data, size_t size, Err **e) {
        sha256_add(w->hash, data, size);
        w->size += size;
        if (size > sizeof w->buffer - w->pending && flush(w, e) < 0) return err_wrap(e, "write a blob");
        if (size >= sizeof w->buffer) {
                if (fd_write_all(w->fd, data, size, e) < 0) return err_wrap(e, "write a blob");
                return 0;
        }
        memcpy(w->buffer + w->pending, data, size);
        w->pending += size;
        return 0;
}

static int blob_row(Store *s, const Digest *digest, uint64_t *ret_size, Err **e) {
        AUTO(statement_donep) sqlite3_stmt *q = db_statement(s, ST_BLOB_GET, e);
        if (!q) return -1;
        bind_digest(q, 1, digest);
        int r = db_next(s, q, e);
        if (r != DB_ROW) return r < 0 ? r : STORE_ABSENT;
        *ret_size = (uint64_t)sqlite3_column_int64(q, 0);
        return STORE_FOUND;
}

static int record_blob(Store *s, const Digest *digest, uint64_t size, Err **e) {
        AUTO(db_unlockp) Store *held = db_lock(s);
        AUTO(db_rollbackp) Store *open = held;
        if (db_begin(open, e) < 0) return -1;
        AUTO(statement_donep) sqlite3_stmt *put = db_statement(s, ST_BLOB_PUT, e);
        AUTO(statement_donep) sqlite3_stmt *mark = db_statement(s, ST_MARK_BLOB, e);
        if (!put || !mark) return -1;
        bind_digest(put, 1, digest);
        bind_i64(put, 2, (int64_t)size);
        bind_i64(put, 3, clock_now_ns());
        bind_i64(mark, 1, (int64_t)store_boot(s));
        bind_digest(mark, 2, digest);
        if (db_run(s, put, e) < 0 || db_run(s, mark, e) < 0) return -1;
        return db_commit(s, e);
}

static int lease_and_find(Store *s, const Digest *digest, uint64_t *ret_size, Err **e) {
        AUTO(db_unlockp) Store *held = db_lock(s);
        if (lease_blob(held, digest, e) < 0) return -1;
        return blob_row(s, digest, ret_size, e);
}

/* A blob's name is its content, so unlike a snapshot it may come back while a collector is removing it. The shared lock
 * keeps the collector, which removes under an exclusive one, from taking the new file for the old. */
static int publish(BlobWriter *w, const Digest *digest, Err **e) {
        Store *s = w->store;
        AUTO(closep) int lock = -1;
        if (lock_file(s->root_fd, "locks/blobs", LOCK_SHARED, true, &lock, e) < 0) return -1;
        uint64_t size;
        int r = lease_and_find(s, digest, &size, e);
        if (r < 0) return r;
        if (r == STORE_FOUND && size == w->size) return 0;
        AUTO(freep) char *place = blob_path(digest);
        if (renameat(AT_FDCWD, w->path, s->root_fd, place) < 0) return err_sys(e, "publish '%s'", place);
        free(TAKE(w->path));
        return record_blob(s, digest, w->size, e);
}

static int check_expected(const Digest *expected, const Digest *digest, Err **e) {
        if (!expected || digest_eq(expected, digest)) return 0;
        char wanted[DIGEST_TEXT_SIZE], found[DIGEST_TEXT_SIZE];
        digest_text(expected, wanted);
        digest_text(digest, found);
        return err_new(e, ERR_FORMAT, "the bytes of blob %s have the digest %s", wanted, found);
}

int blob_writer_commit(BlobWriter *w, const Digest *expected, Digest *ret_digest, uint64_t *ret_size, Err **e) {
        AUTO(blob_writer_freep) BlobWriter *owned = w;
        Digest digest;
        if (flush(w, e) < 0) return err_wrap(e, "write a blob");
        sha256_finish(w->hash, &digest);
        if (check_expected(expected, &digest, e) < 0) return -1;
        if (fchmod(w->fd, 0444) < 0) return err_sys(e, "set the mode of '%s'", w->path);
        if (publish(owned, &digest, e) < 0) return err_wrap(e, "store a blob");
        if (ret_digest) *ret_digest = digest;
        if (ret_size) *ret_size = w->size;
        return 0;
}

int store_blob_put(Store *s, const void *data, size_t size, Digest *ret_digest, Err **e) {
        BlobWriter *w;
        if (blob_writer_new(s, &w, e) < 0) return -1;
        if (blob_writer_add(w, data, size, e) < 0) {
                blob_writer_free(w);
                return -1;
        }
        return blob_writer_commit(w, NULL, ret_digest, NULL, e);
}

static int find_blob(Store *s, const Digest *digest, uint64_t *ret_size, Err **e) {
        AUTO(db_unlockp) Store *held = db_lock(s);
        return blob_row(held, digest, ret_size, e);
}

static int fail_missing(Store *s, const char *path, Err **e) {
        err_sys(e, "open '%s/%s'", s->root, path);
        return err_hint(e, "'decant doctor --store' says what else is missing");
}

int store_blob_open(Store *s, const Digest *digest, int *ret_fd, uint64_t *ret_size, Err **e) {
        AUTO(freep) char *path = blob_path(digest);
        uint64_t size;
        int r = find_blob(s, digest, &size, e);
        if (r != STORE_FOUND) return r;
        int fd = openat(s->root_fd, path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 && errno == ENOENT) { /* collected since we looked, or lost */
                r = find_blob(s, digest, &size, e);
                if (r != STORE_FOUND) return r;
                errno = ENOENT;
        }
        if (fd < 0) return fail_missing(s, path, e);
        *ret_fd = fd;
        if (ret_size) *ret_size = size;
        return STORE_FOUND;
}

int store_blob_read(Store *s, const Digest *digest, size_t max_size, char **ret_data, size_t *ret_size, Err **e) {
        AUTO(closep) int fd = -1;
        int r = store_blob_open(s, digest, &fd, NULL, e);
        if (r != STORE_FOUND) return r;
        size_t size;
        if (fd_read_all(fd, max_size, ret_data, &size, e) < 0) return err_wrap(e, "read a blob");
        if (ret_size) *ret_size = size;
        return STORE_FOUND;
}

int blob_require(Store *s, const Digest *digest, Err **e) {
        uint64_t size;
        int r = blob_row(s, digest, &size, e);
        if (r != STORE_ABSENT) return r;
        char text[DIGEST_TEXT_SIZE];
        digest_text(digest, text);
        return err_new(e, ERR_NOT_FOUND, "the store has no blob '%s'", text);
}

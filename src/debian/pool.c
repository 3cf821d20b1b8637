/* SPDX-License-Identifier: Apache-2.0 */
#include "debian/pool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "debian/archive_internal.h"
#include "net/url.h"
#include "os/fs.h"
#include "os/lock.h"
#include "os/workers.h"

enum { HASH_BLOCK = 256 << 10 };

typedef struct PoolJob {
        ArchiveContext c;
        const DebFileWanted *wanted;
        StrVec *uris; /* of each: expanded */
        pthread_mutex_t lock;
        Err *failure; /* the first */
} PoolJob;

static char *pool_path(const Digest *sha256, const char *suffix) {
        char hex[DIGEST_HEX_SIZE];
        digest_hex(sha256, hex);
        return xasprintf("pool/%s%s", hex, suffix);
}

/* ---- what is there */

static int hash_file(int fd, Digest *ret_digest, uint64_t *ret_size, Err **e) {
        AUTO(freep) char *block = xmalloc(HASH_BLOCK);
        AUTO(sha256_freep) Sha256 *hash = sha256_new();
        size_t n;
        *ret_size = 0;
        do {
                if (fd_read_at(fd, *ret_size, block, HASH_BLOCK, &n, e) < 0) return -1;
                sha256_add(hash, block, n);
                *ret_size += n;
        } while (n > 0);
        sha256_finish(hash, ret_digest);
        return 0;
}

/* A file that is damaged, by a loss of power say, is as good as none. */
static int look(const PoolJob *j, const DebFileWanted *w, const char *path, bool *ret_found, Err **e) {
        AUTO(closep) int fd = openat(j->c.cache_fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        Digest digest;
        uint64_t size;
        *ret_found = false;
        if (fd < 0 && errno == ENOENT) return 0;
        if (fd < 0) return err_sys(e, "open '%s/%s'", j->c.params->cache_dir, path);
        if (hash_file(fd, &digest, &size, e) < 0) return -1;
        *ret_found = size == w->size && digest_eq(&digest, &w->sha256);
        if (!*ret_found) (void)unlinkat(j->c.cache_fd, path, 0);
        return 0;
}

/* ---- fetching */

static int check_bytes(const DebFileWanted *w, const char *uri, uint64_t size, const Digest *digest, Err **e) {
        char expected[DIGEST_HEX_SIZE], found[DIGEST_HEX_SIZE];
        AUTO(freep) char *shown = url_shown(uri);
        if (size != w->size)
                return err_new(e, ERR_FORMAT,
                               "'%s' is not what the index or lock says: %llu bytes are expected, it has %s%llu", shown,
                               (unsigned long long)w->size, size > w->size ? "at least " : "",
                               (unsigned long long)size);
        if (digest_eq(digest, &w->sha256)) return 0;
        digest_hex(&w->sha256, expected);
        digest_hex(digest, found);
        return err_new(e, ERR_FORMAT, "'%s' is not what the index or lock says: SHA256 %s is expected, it has %s",
                       shown, expected, found);
}

static int fetch_once(PoolJob *j, const DebFileWanted *w, const char *uri, int fd, bool resume, Err **e) {
        AUTO(http_reply_done) HttpReply reply = {0};
        ArchiveFile file = {.uri = uri, .name = w->name, .max = w->size, .fd = fd, .resume = resume};
        if (!resume && ftruncate(fd, 0) < 0) return err_sys(e, "empty the file");
        if (archive_fetch(&j->c, &file, &reply, e) < 0) {
                if (err_kind(*e) != ERR_LIMIT) return -1;
                err_clear(e);
                return check_bytes(w, uri, w->size + 1, &reply.digest, e);
        }
        return check_bytes(w, uri, reply.size, &reply.digest, e);
}

/* What came earlier is gone on with; where that does not fit, or is all there is and wrong, the file is fetched anew. */
static int fetch_from(PoolJob *j, const DebFileWanted *w, const char *base, int fd, Err **e) {
        AUTO(freep) char *uri = uri_join(base, w->path);
        struct stat st;
        Err *failure = NULL;
        if (fstat(fd, &st) < 0) return err_sys(e, "stat the file");
        if (st.st_size > 0 && (uint64_t)st.st_size < w->size) {
                if (fetch_once(j, w, uri, fd, true, &failure) == 0) return 0;
                if (err_kind(failure) != ERR_FORMAT) return err_move(e, &failure), -1;
                err_free(failure);
        }
        return fetch_once(j, w, uri, fd, false, e);
}

static int fetch_anywhere(PoolJob *j, size_t i, int fd, Err **e) {
        const DebFileWanted *w = &j->wanted[i];
        AUTO(err_freep) Err *failure = NULL;
        for (size_t u = 0; u < j->uris[i].n; u++) {
                err_clear(&failure);
                if (fetch_from(j, w, j->uris[i].v[u], fd, &failure) == 0) return 0;
                if (err_kind(failure) == ERR_CANCELLED) break;
        }
        if (!failure) return err_new(e, ERR_NOT_FOUND, "no repository is named that has it");
        if (err_kind(failure) == ERR_NOT_FOUND)
                err_hint(&failure, "repositories drop packages that newer ones replaced: update what was locked, or "
                                   "name a snapshot");
        return err_move(e, &failure), -1;
}

/* The partial file is the lock: whoever waited for it finds the whole one. */
static int fetch_locked(PoolJob *j, size_t i, const char *path, Err **e) {
        const DebFileWanted *w = &j->wanted[i];
        AUTO(freep) char *part = pool_path(&w->sha256, ".part");
        AUTO(closep) int fd = -1;
        bool found;
        int r = lock_file_until(j->c.cache_fd, part, LOCK_EXCLUSIVE, j->c.params->cancelled, &fd, e);
        if (r < 0) return -1;
        if (r == LOCK_BUSY) return err_new(e, ERR_CANCELLED, "interrupted");
        if (look(j, w, path, &found, e) < 0) return -1;
        if (found) return unlinkat(j->c.cache_fd, part, 0) < 0 && errno != ENOENT ? err_sys(e, "remove '%s'", part) : 0;
        if (fetch_anywhere(j, i, fd, e) < 0) {
                struct stat st;
                bool useless = err_kind(*e) == ERR_FORMAT || (fstat(fd, &st) == 0 && st.st_size == 0);
                if (useless) (void)unlinkat(j->c.cache_fd, part, 0);
                return -1;
        }
        if (fchmod(fd, 0644) < 0 || renameat(j->c.cache_fd, part, j->c.cache_fd, path) < 0)
                return err_sys(e, "rename to '%s/%s'", j->c.params->cache_dir, path);
        return 0;
}

static int have_one(PoolJob *j, size_t i, Err **e) {
        const DebFileWanted *w = &j->wanted[i];
        AUTO(freep) char *path = pool_path(&w->sha256, ".deb");
        bool found;
        if (j->c.params->cancelled && *j->c.params->cancelled) return err_new(e, ERR_CANCELLED, "interrupted");
        if (w->size > POOL_FILE_MAX)
                return err_new(e, ERR_LIMIT, "it has %llu bytes; at most %llu are taken", (unsigned long long)w->size,
                               (unsigned long long)POOL_FILE_MAX);
        if (look(j, w, path, &found, e) < 0) return -1;
        if (found) return 0;
        if (j->c.params->offline)
                return err_new(e, ERR_NOT_FOUND, "it is not in the cache, and nobody is asked (--offline)");
        return fetch_locked(j, i, path, e);
}

static int pool_work(void *context, size_t i) {
        PoolJob *j = context;
        Err *failure = NULL;
        if (have_one(j, i, &failure) == 0) return 0;
        err_wrap(&failure, "package '%s' (%s)", j->wanted[i].name, j->wanted[i].path);
        pthread_mutex_lock(&j->lock);
        err_move(&j->failure, &failure);
        pthread_mutex_unlock(&j->lock);
        return -1;
}

/* ---- all of them */

/* Few lists, many packages: each list is expanded once. */
static int expand_all(PoolJob *j, size_t count, Err **e) {
        if (j->c.params->offline) return 0;
        for (size_t i = 0; i < count; i++) {
                const StrVec *uris = j->wanted[i].uris;
                size_t same = i > 0 && j->wanted[i - 1].uris == uris ? i - 1 : i;
                if (same < i)
                        strvec_copy(&j->uris[i], &j->uris[same]);
                else if (archive_expand_mirrors(&j->c, uris, &j->uris[i], e) < 0)
                        return -1;
        }
        return 0;
}

static void pool_job_done(PoolJob *j) {
        archive_context_done(&j->c);
        pthread_mutex_destroy(&j->lock);
        err_free(j->failure);
}

int debian_pool_fetch(const DebFileWanted *wanted, size_t count, const DebianArchiveParams *params, Err **e) {
        AUTO(pool_job_done) PoolJob j = {.wanted = wanted, .c.cache_fd = -1, .lock = PTHREAD_MUTEX_INITIALIZER};
        if (archive_context_init(&j.c, params, e) < 0) return -1;
        j.uris = xcalloc(count ? count : 1, sizeof *j.uris);
        int r = expand_all(&j, count, e);
        if (r == 0 && parallel_for_threads(count, POOL_PARALLEL_MAX, pool_work, &j) < 0) {
                err_move(e, &j.failure);
                r = -1;
        }
        for (size_t i = 0; i < count; i++) strvec_done(&j.uris[i]);
        free(j.uris);
        return r;
}

int debian_pool_open(const char *cache_dir, const Digest *sha256, int *ret_fd, Err **e) {
        AUTO(freep) char *path = pool_path(sha256, ".deb");
        AUTO(freep) char *whole = xasprintf("%s/%s", cache_dir, path);
        int fd = open(whole, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) return POOL_ABSENT;
        if (fd < 0) return err_sys(e, "open '%s'", whole);
        *ret_fd = fd;
        return POOL_FOUND;
}

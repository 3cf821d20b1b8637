/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "codec/stream.h"
#include "debian/archive_internal.h"
#include "net/url.h"
#include "os/fs.h"
#include "os/lock.h"

enum { TOUCH_S = 86400 };

/* How Packages may be compressed, the smallest first. */
static const char *const suffixes[] = {".xz", ".zst", ".gz", ".bz2", ""};

/* One Packages file that a Release names. */
typedef struct IndexJob {
        ArchiveContext *c;
        const IndexRequest *request;
        ReleaseEntry entry;
        char *directory; /* "dists/bookworm/main/binary-amd64" */
        char *name;      /* "Packages.xz" */
        char *label;     /* "bookworm main" */
        char hex[DIGEST_HEX_SIZE];
} IndexJob;

static void index_job_done(IndexJob *j) {
        free(j->directory);
        free(j->name);
        free(j->label);
}

static char *cache_path(const IndexJob *j, const char *suffix) {
        return xasprintf("%s/indexes/%s%s", j->c->params->cache_dir, j->hex, suffix);
}

/* ---- what is there already */

enum { OPENED = 0, NOT_BUILT = 1 };

/* What is used stays: its time says when that was, to the day. */
static void touch(const char *path) {
        struct stat st;
        if (stat(path, &st) == 0 && time(NULL) - st.st_mtim.tv_sec > TOUCH_S) utimensat(AT_FDCWD, path, NULL, 0);
}

static int open_built(const IndexJob *j, PackageIndex **ret_index, Err **e) {
        AUTO(freep) char *text = cache_path(j, ".text");
        AUTO(freep) char *table = cache_path(j, ".table");
        Err *failure = NULL;
        if (package_index_open(text, table, j->label, ret_index, &failure) == 0) {
                touch(text);
                touch(table);
                return OPENED;
        }
        bool again = err_errno(failure) == ENOENT || err_kind(failure) == ERR_FORMAT;
        if (again)
                err_free(failure);
        else
                return err_move(e, &failure), -1;
        return NOT_BUILT;
}

/* ---- fetching */

static int check_bytes(const IndexJob *j, const char *uri, const HttpReply *reply, Err **e) {
        char expected[DIGEST_HEX_SIZE], found[DIGEST_HEX_SIZE];
        AUTO(freep) char *shown = url_shown(uri);
        if (reply->size != j->entry.size)
                return err_new(e, ERR_FORMAT,
                               "'%s' is not what the Release of '%s' says: %llu bytes are expected, it has %llu", shown,
                               j->request->suite->suite, (unsigned long long)j->entry.size,
                               (unsigned long long)reply->size);
        if (digest_eq(&reply->digest, &j->entry.sha256)) return 0;
        digest_hex(&j->entry.sha256, expected);
        digest_hex(&reply->digest, found);
        return err_new(e, ERR_FORMAT, "'%s' is not what the Release of '%s' says: SHA256 %s is expected, it has %s",
                       shown, j->request->suite->suite, expected, found);
}

static int fetch_as(const IndexJob *j, const char *base, const char *name, int fd, Err **e) {
        AUTO(freep) char *path = xasprintf("%s%s", j->directory, name);
        AUTO(freep) char *uri = uri_join(base, path);
        AUTO(freep) char *shown = xasprintf("%s %s", j->label, j->name);
        AUTO(http_reply_done) HttpReply reply = {0};
        ArchiveFile file = {.uri = uri, .name = shown, .max = j->entry.size, .fd = fd};
        if (archive_fetch(j->c, &file, &reply, e) < 0) {
                bool longer = err_kind(*e) == ERR_LIMIT; /* another file than the Release's */
                if (!longer) return -1;
                err_clear(e);
                reply.size = j->entry.size + 1;
                return err_new(e, ERR_FORMAT,
                               "'%s' is not what the Release of '%s' says: %llu bytes are expected, it has more", uri,
                               j->request->suite->suite, (unsigned long long)j->entry.size);
        }
        return check_bytes(j, uri, &reply, e);
}

/* By its digest, where the repository has it so; then by its name: what is there by the one may be missing by the other while a mirror
 * is brought up to date. */
static int fetch_from(const IndexJob *j, const char *base, int fd, Err **e) {
        AUTO(freep) char *by_hash = xasprintf("by-hash/SHA256/%s", j->hex);
        Err *failure = NULL;
        if (j->request->release->file.by_hash) {
                if (fetch_as(j, base, by_hash, fd, &failure) == 0) return 0;
                ErrKind kind = err_kind(failure);
                if (kind != ERR_NOT_FOUND && kind != ERR_FORMAT) return err_move(e, &failure), -1;
                err_free(failure);
        }
        return fetch_as(j, base, j->name, fd, e);
}

/* The place that the Release came from first: its files are of one age. */
static int fetch(const IndexJob *j, int fd, Err **e) {
        const StrVec *uris = j->request->suite->uris;
        AUTO(err_freep) Err *failure = NULL, *mismatch = NULL;
        for (size_t i = 0; i < uris->n; i++) {
                err_clear(&failure);
                if (fetch_from(j, uris->v[(j->request->release->uri + i) % uris->n], fd, &failure) == 0) return 0;
                if (err_kind(failure) == ERR_CANCELLED) break;
                if (err_kind(failure) == ERR_FORMAT) err_move(&mismatch, &failure);
        }
        if (mismatch && err_kind(failure) != ERR_CANCELLED) return err_move(e, &mismatch), INDEX_MISMATCH;
        return err_move(e, &failure), -1;
}

/* ---- building */

static int build(const IndexJob *j, int packed_fd, int text_fd, int table_fd, Err **e) {
        AUTO(source_freep) Source *packed = source_from_range(packed_fd, 0, j->entry.size);
        AUTO(source_freep) Source *packages = NULL;
        if (source_decompressing(packed, PACKAGE_INDEX_TEXT_MAX, NULL, &packages, e) < 0 ||
            package_index_build(packages, text_fd, table_fd, e) < 0)
                return err_wrap(e, "%s%s", j->directory, j->name);
        return 0;
}

static int create(const char *path, Err **e) {
        int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        return fd < 0 ? err_sys(e, "create '%s'", path) : fd;
}

static int publish(const char *from, const char *to, Err **e) {
        return rename(from, to) < 0 ? err_sys(e, "rename to '%s'", to) : 0;
}

/* The table last: it is what says that the text is whole. */
static int fetch_and_build(const IndexJob *j, const char *scratch, Err **e) {
        AUTO(freep) char *packed_path = xasprintf("%s/%s", scratch, j->name);
        AUTO(freep) char *text_path = xasprintf("%s/text", scratch);
        AUTO(freep) char *table_path = xasprintf("%s/table", scratch);
        AUTO(freep) char *text_to = cache_path(j, ".text");
        AUTO(freep) char *table_to = cache_path(j, ".table");
        AUTO(closep) int packed = create(packed_path, e);
        if (packed < 0) return -1;
        int r = fetch(j, packed, e);
        if (r != 0) return r;
        AUTO(closep) int text = create(text_path, e);
        if (text < 0) return -1;
        AUTO(closep) int table = create(table_path, e);
        if (table < 0 || build(j, packed, text, table, e) < 0) return -1;
        if (publish(text_path, text_to, e) < 0) return -1;
        return publish(table_path, table_to, e);
}

static int build_locked(const IndexJob *j, PackageIndex **ret_index, Err **e) {
        AUTO(freep) char *lock_path = xasprintf("indexes/%s.lock", j->hex);
        AUTO(archive_scratch_remove) char *scratch = NULL;
        AUTO(closep) int lock = -1;
        int r = lock_file_until(j->c->cache_fd, lock_path, LOCK_EXCLUSIVE, j->c->params->cancelled, &lock, e);
        if (r < 0) return -1;
        if (r == LOCK_BUSY) return err_new(e, ERR_CANCELLED, "interrupted");
        r = open_built(j, ret_index, e); /* somebody else may have been quicker */
        if (r == NOT_BUILT) {
                if (archive_scratch(j->c, &scratch, e) < 0) return -1;
                r = fetch_and_build(j, scratch, e);
                if (r != 0) return r;
                r = open_built(j, ret_index, e);
                if (r == NOT_BUILT)
                        return err_new(e, ERR_STORE, "the index of '%s' cannot be kept in the cache", j->label);
        }
        (void)unlinkat(j->c->cache_fd, lock_path, 0);
        archive_sweep(j->c);
        return r;
}

/* ---- which file */

static bool use_entry(IndexJob *j, const char *path, const char *suffix) {
        AUTO(freep) char *whole = xasprintf("%s%s", path, suffix);
        if (!release_find(&j->request->release->file, whole, &j->entry)) return false;
        free(j->name);
        j->name = xasprintf("Packages%s", suffix);
        digest_hex(&j->entry.sha256, j->hex);
        return true;
}

/* Where the Release names it: what the cache has of any form, else the first form that is not refused for being absent. */
static int get(IndexJob *j, const char *path, PackageIndex **ret_index, Err **e) {
        AUTO(err_freep) Err *failure = NULL;
        bool named = false;
        for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
                if (!use_entry(j, path, suffixes[i])) continue;
                named = true;
                int r = open_built(j, ret_index, e);
                if (r != NOT_BUILT) return r < 0 ? -1 : INDEX_FOUND;
        }
        if (!named) return INDEX_NONE;
        if (j->c->params->offline)
                return err_new(e, ERR_NOT_FOUND,
                               "the index of '%s' is not in the cache, and nobody is asked (--offline)", j->label);
        for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
                if (!use_entry(j, path, suffixes[i])) continue;
                err_clear(&failure);
                int r = build_locked(j, ret_index, &failure);
                if (r == 0) return INDEX_FOUND;
                if (r < 0 && err_kind(failure) == ERR_NOT_FOUND) continue;
                err_move(e, &failure);
                return r;
        }
        return err_move(e, &failure),
               INDEX_MISMATCH; /* named, but nowhere: as a mirror that is being brought up to date */
}

int suite_index_get(ArchiveContext *c, const IndexRequest *request, PackageIndex **ret_index, Digest *ret_digest,
                    Err **e) {
        AUTO(index_job_done) IndexJob j = {.c = c, .request = request};
        AUTO(freep) char *suite = suite_directory(request->suite->suite);
        AUTO(freep)
        char *inner = *request->component ? xasprintf("%s/binary-%s/", request->component, request->architecture)
                                          : xstrdup("");
        AUTO(freep) char *path = xasprintf("%sPackages", inner);
        j.directory = xasprintf("%s%s", suite, inner);
        j.label = *request->component ? xasprintf("%s %s", request->suite->suite, request->component)
                                      : xstrdup(request->suite->suite);
        int r = get(&j, path, ret_index, e);
        if (r < 0 || r == INDEX_MISMATCH) err_wrap(e, "suite '%s'", request->suite->suite);
        if (r == INDEX_FOUND) *ret_digest = j.entry.sha256;
        return r;
}

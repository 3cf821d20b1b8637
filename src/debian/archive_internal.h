/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <pthread.h>

#include "debian/archive.h"
#include "debian/release.h"
#include "net/http.h"

/* What the parts of an archive share: the cache, who listens, how a file is fetched. */

typedef struct ArchiveContext {
        const DebianArchiveParams *params;
        int cache_fd; /* cache_dir */
        HttpLimits limits;
        pthread_mutex_t listen;      /* the listener is called from one thread at a time */
        pthread_mutex_t lock;        /* of sessions */
        VEC(HttpSession *) sessions; /* connections that nobody uses now */
} ArchiveContext;

/* Opens cache_dir (made, 0755) and its folders. */
int archive_context_init(ArchiveContext *c, const DebianArchiveParams *params, Err **e);
void archive_context_done(ArchiveContext *c);
void archive_warn(ArchiveContext *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A connection for one request at a time, to be given back: files of one server follow each other on it. */
int archive_session_take(ArchiveContext *c, HttpSession **ret_session, Err **e);
void archive_session_give(ArchiveContext *c, HttpSession *session);

/* Remove what was not used for a long time, or was left by processes that were killed: called when something new was made. */
void archive_sweep(ArchiveContext *c);

/* A directory of our own below the cache; the caller removes it with archive_scratch_remove(). Owned path. */
int archive_scratch(ArchiveContext *c, char **ret_path, Err **e);
void archive_scratch_remove(char **path);

/* ---- one file (fetch.c) */

/* base + "/" + path, with what a URL cannot hold escaped. Owned. */
char *uri_join(const char *base, const char *path);

typedef struct ArchiveFile {
        const char *uri;                  /* http, https, file, copy */
        const char *name;                 /* for the listener, or NULL: silent */
        uint64_t max;                     /* bytes */
        int fd;                           /* written from the start of the file */
        bool resume;                      /* go on behind what the file holds; the caller verifies the digest */
        const char *etag, *last_modified; /* of the copy that is known, or NULL */
} ArchiveFile;

/* HTTP_FETCHED, HTTP_NOT_MODIFIED, or <0 as http_get(): messages name the URI. ERR_UNSUPPORTED: another method. */
int archive_fetch(ArchiveContext *c, const ArchiveFile *file, HttpReply *ret_reply, Err **e);

/* URIs "mirror+http:", "mirror+file:" replaced by those that the list names; others as they are. Offline, and where a list is not
 * reached, the list that was fetched before. */
int archive_expand_mirrors(ArchiveContext *c, const StrVec *uris, StrVec *ret_uris, Err **e);

/* ---- one suite (release_fetch.c) */

typedef struct SuiteRequest {
        const AptRepository *repository;
        const StrVec *uris; /* expanded */
        const char *suite;
        bool refresh; /* ask, whatever max_age_s says, and take the whole answer: what is known does not fit the mirror's files */
} SuiteRequest;

typedef struct SuiteRelease {
        char *data; /* what release and text are views into */
        Str text;
        ReleaseFile file;
        DebianRelease info;
        size_t uri; /* which of uris answered last */
} SuiteRelease;
void suite_release_done(SuiteRelease *r);

/* The verified Release of a suite, from the cache or the repository. */
int suite_release_get(ArchiveContext *c, const SuiteRequest *request, SuiteRelease *ret_release, Err **e);

/* "dists/SUITE/" or, flat, "SUITE/" without "./". Owned. */
char *suite_directory(const char *suite);
static inline bool suite_is_flat(const char *suite) {
        return suite[strlen(suite) - 1] == '/';
}

/* ---- what was verified, as it is kept (release_record.c) */

typedef struct ReleaseRecord {
        char *data; /* the file; the Strs below are views into it */
        Str etag, last_modified, text;
        bool detached;   /* Release and Release.gpg instead of InRelease */
        bool is_signed;  /* keyrings says by which */
        Digest keyrings; /* identity of the keyrings that verified it */
        Digest digest;   /* of the bytes that came */
        int64_t checked_s;
        StrVec signers;
} ReleaseRecord;
void release_record_done(ReleaseRecord *r);

enum { RECORD_FOUND = 0, RECORD_ABSENT = 1 };
/* path: below the cache. A record of another version, or damaged, is absent. */
int release_record_read(ArchiveContext *c, const char *path, ReleaseRecord *ret_record, Err **e);
int release_record_write(ArchiveContext *c, const char *path, const ReleaseRecord *record, Err **e);

/* ---- one index (index_fetch.c) */

typedef struct IndexRequest {
        const SuiteRequest *suite;
        const SuiteRelease *release;
        const char *component, *architecture; /* component "" : flat */
} IndexRequest;

enum { INDEX_FOUND = 0, INDEX_NONE = 1, INDEX_MISMATCH = 2 };
/* INDEX_NONE: the Release names no such index. INDEX_MISMATCH: every place has other bytes than what was signed; *e says which: worth
 * another try with a newer Release. */
int suite_index_get(ArchiveContext *c, const IndexRequest *request, PackageIndex **ret_index, Digest *ret_digest,
                    Err **e);

/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/num.h"
#include "debian/archive_internal.h"
#include "net/url.h"
#include "os/fs.h"

enum { COPY_SIZE = 256 << 10 };

char *uri_join(const char *base, const char *path) {
        static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-._~+:@=,";
        Buf uri = {0};
        buf_adds(&uri, base);
        while (uri.n && uri.p[uri.n - 1] == '/') uri.n--;
        buf_addc(&uri, '/');
        for (; *path; path++) {
                if (strchr(plain, *path))
                        buf_addc(&uri, *path);
                else
                        buf_addf(&uri, "%%%02X", (unsigned char)*path);
        }
        return buf_take(&uri);
}

/* ---- files of this machine */

/* What stands behind "file:" or "file://HOST", percent escapes resolved. */
static char *local_path(const char *rest) {
        Buf path = {0};
        if (starts_with(rest, "//")) rest += 2 + strcspn(rest + 2, "/");
        for (size_t left = strlen(rest); left > 0; rest++, left--) {
                char byte;
                if (*rest == '%' && left > 2 && hex_parse((Str){rest + 1, 2}, &byte, 1) && byte) {
                        buf_addc(&path, byte);
                        rest += 2;
                        left -= 2;
                } else {
                        buf_addc(&path, *rest);
                }
        }
        return buf_take(&path);
}

static int copy_bytes(const ArchiveFile *file, int from, HttpReply *reply, Err **e) {
        AUTO(freep) char *block = xmalloc(COPY_SIZE);
        AUTO(sha256_freep) Sha256 *hash = sha256_new();
        size_t n;
        do {
                if (fd_read_full(from, block, COPY_SIZE, &n, e) < 0) return -1;
                if (n > file->max - reply->size)
                        return err_new(e, ERR_LIMIT, "it is longer than %llu bytes", (unsigned long long)file->max);
                if (fd_write_all(file->fd, block, n, e) < 0) return -1;
                sha256_add(hash, block, n);
                reply->size += n;
        } while (n > 0);
        sha256_finish(hash, &reply->digest);
        return 0;
}

static int copy_local(const char *path, const ArchiveFile *file, HttpReply *ret_reply, Err **e) {
        HttpReply reply = {.last_modified_s = -1};
        AUTO(closep) int from = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (from < 0 && (errno == ENOENT || errno == ENOTDIR))
                return err_new(e, ERR_NOT_FOUND, "there is no file '%s'", path);
        struct stat st;
        if (from < 0 || fstat(from, &st) < 0) return err_sys(e, "open '%s'", path);
        if (!S_ISREG(st.st_mode)) return err_new(e, ERR_FORMAT, "'%s' is no file", path);
        if (ftruncate(file->fd, 0) < 0 || lseek(file->fd, 0, SEEK_SET) < 0) return err_sys(e, "empty the file");
        if (copy_bytes(file, from, &reply, e) < 0) return err_wrap(e, "copy '%s'", path);
        *ret_reply = reply;
        return HTTP_FETCHED;
}

/* ---- the network */

typedef struct FetchProgress {
        ArchiveContext *c;
        const char *name;
} FetchProgress;

static void tell(void *context, uint64_t done, uint64_t total) {
        const FetchProgress *p = context;
        const DebianListener *listener = &p->c->params->listener;
        if (!p->name || !listener->progress) return;
        pthread_mutex_lock(&p->c->listen);
        listener->progress(listener->context, p->name, done, total);
        pthread_mutex_unlock(&p->c->listen);
}

/* A module that is not installed is no file that is not there. */
static int take_session(ArchiveContext *c, HttpSession **ret_session, Err **e) {
        AUTO(err_freep) Err *failure = NULL;
        if (archive_session_take(c, ret_session, &failure) == 0) return 0;
        err_new(e, ERR_UNSUPPORTED, "%s", err_message(failure));
        return err_hint(e, "%.*s", (int)strcspn(err_hints(failure), "\n"), err_hints(failure));
}

static int fetch_http(ArchiveContext *c, const ArchiveFile *file, HttpReply *ret_reply, Err **e) {
        static const AptAuth nobody;
        const AptAuth *auth = c->params->auth ? c->params->auth : &nobody;
        FetchProgress progress = {c, file->name};
        AUTO(freep) char *login = apt_auth_header(auth, file->uri);
        AUTO(freep) char *advice = apt_auth_advice(auth, file->uri);
        HttpRequest request = {.url = file->uri,
                               .authorization = login,
                               .denied_hint = advice,
                               .etag = file->etag,
                               .last_modified = file->last_modified,
                               .fd = file->fd,
                               .limits = c->limits,
                               .cancelled = c->params->cancelled,
                               .progress = tell,
                               .progress_context = &progress};
        struct stat st;
        if (take_session(c, &request.session, e) < 0) return -1;
        if (file->resume && fstat(file->fd, &st) == 0) request.offset = (uint64_t)st.st_size;
        if (request.limits.max_bytes > file->max) request.limits.max_bytes = file->max;
        int r = http_get(&request, ret_reply, e);
        archive_session_give(c, request.session);
        return r;
}

int archive_fetch(ArchiveContext *c, const ArchiveFile *file, HttpReply *ret_reply, Err **e) {
        int r;
        if (starts_with(file->uri, "file:") || starts_with(file->uri, "copy:")) {
                AUTO(freep) char *path = local_path(file->uri + 5);
                r = copy_local(path, file, ret_reply, e);
        } else if (url_is_http(file->uri)) {
                r = fetch_http(c, file, ret_reply, e);
        } else {
                AUTO(freep) char *shown = url_shown(file->uri);
                err_new(e, ERR_UNSUPPORTED, "'%s': only http, https and file repositories are understood", shown);
                return -1;
        }
        FetchProgress progress = {c, file->name};
        if (r == HTTP_FETCHED) tell(&progress, ret_reply->size, ret_reply->size);
        return r;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "debian/archive_internal.h"
#include "os/fs.h"

enum { UNUSED_KEEP_S = 30 * 86400, SCRATCH_KEEP_S = 86400 };

int archive_context_init(ArchiveContext *c, const DebianArchiveParams *params, Err **e) {
        static const char *const folders[] = {"releases", "indexes", "pool", "tmp"};
        *c = (ArchiveContext){.params = params, .cache_fd = -1};
        pthread_mutex_init(&c->listen, NULL);
        pthread_mutex_init(&c->lock, NULL);
        if (http_limits(&c->limits, e) < 0) return -1;
        if (dir_make_all(AT_FDCWD, params->cache_dir, 0755, e) < 0) return -1;
        c->cache_fd = open(params->cache_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (c->cache_fd < 0) return err_sys(e, "open '%s'", params->cache_dir);
        for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
                if (dir_make_all(c->cache_fd, folders[i], 0755, e) < 0)
                        return err_wrap(e, "in '%s'", params->cache_dir);
        return 0;
}

void archive_context_done(ArchiveContext *c) {
        closep(&c->cache_fd);
        for (size_t i = 0; i < c->sessions.n; i++) http_session_free(c->sessions.v[i]);
        vec_done(&c->sessions);
        pthread_mutex_destroy(&c->listen);
        pthread_mutex_destroy(&c->lock);
}

void archive_warn(ArchiveContext *c, const char *format, ...) {
        const DebianListener *listener = &c->params->listener;
        va_list ap;
        if (!listener->warning) return;
        va_start(ap, format);
        AUTO(freep) char *text = xvasprintf(format, ap);
        va_end(ap);
        pthread_mutex_lock(&c->listen);
        listener->warning(listener->context, text);
        pthread_mutex_unlock(&c->listen);
}

/* ---- connections */

int archive_session_take(ArchiveContext *c, HttpSession **ret_session, Err **e) {
        HttpSession *session = NULL;
        pthread_mutex_lock(&c->lock);
        if (c->sessions.n) session = c->sessions.v[--c->sessions.n];
        pthread_mutex_unlock(&c->lock);
        if (!session && http_session_new(&session, e) < 0) return -1;
        *ret_session = session;
        return 0;
}

void archive_session_give(ArchiveContext *c, HttpSession *session) {
        pthread_mutex_lock(&c->lock);
        vec_push(&c->sessions, session);
        pthread_mutex_unlock(&c->lock);
}

/* ---- what nobody needs any more */

/* By the wall clock: these are times of files. */
static void sweep_folder(ArchiveContext *c, const char *folder, const char *suffix, int64_t keep_s) {
        int64_t now_s = time(NULL);
        DirList entries;
        if (dir_list(c->cache_fd, folder, &entries, NULL) < 0) return;
        for (size_t i = 0; i < entries.n; i++) {
                AUTO(freep) char *path = xasprintf("%s/%s", folder, entries.v[i].name);
                struct stat st;
                if (!ends_with(path, suffix) || fstatat(c->cache_fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0) continue;
                if (now_s - st.st_mtim.tv_sec > keep_s) tree_remove(c->cache_fd, path, NULL);
        }
        dir_list_done(&entries);
}

void archive_sweep(ArchiveContext *c) {
        sweep_folder(c, "indexes", "", UNUSED_KEEP_S);
        sweep_folder(c, "pool", ".part", UNUSED_KEEP_S);
        sweep_folder(c, "tmp", "", SCRATCH_KEEP_S);
}

int archive_scratch(ArchiveContext *c, char **ret_path, Err **e) {
        AUTO(freep) char *path = xasprintf("%s/tmp/XXXXXX", c->params->cache_dir);
        if (!mkdtemp(path)) return err_sys(e, "make a directory in '%s/tmp'", c->params->cache_dir);
        *ret_path = TAKE(path);
        return 0;
}

void archive_scratch_remove(char **path) {
        if (*path) tree_remove(AT_FDCWD, *path, NULL);
        freep(path);
}

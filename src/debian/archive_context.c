/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "debian/archive_internal.h"
#include "os/fs.h"

int archive_context_init(ArchiveContext *c, const DebianArchiveParams *params, Err **e) {
        static const char *const folders[] = {"releases", "indexes", "pool", "tmp"};
        *c = (ArchiveContext){.params = params, .cache_fd = -1};
        pthread_mutex_init(&c->listen, NULL);
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
        pthread_mutex_destroy(&c->listen);
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

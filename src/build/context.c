/* SPDX-License-Identifier: Apache-2.0 */
#include "build/context.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "os/fs.h"

enum { IGNORE_FILE_MAX = 8 << 20 };

static char *filter_explain(void *context, const char *path) {
        Context *c = context;
        unsigned line;
        const char *rule;
        if (!c->ignore || !ignore_explain(c->ignore, path, &line, &rule)) return NULL;
        return xasprintf("%s:%u: %s", c->ignore_path, line, rule);
}

static bool context_hidden(void *context, const char *path, bool directory, bool *ret_prune) {
        Context *c = context;
        return ignore_match(c->ignore, path, directory, ret_prune);
}

static void context_free(Context *c) {
        free(c->name);
        free(c->path);
        free(c->ignore_path);
        closep(&c->fd);
        ignore_freep(&c->ignore);
        digest_index_freep(&c->index);
        free(c);
}
DEFINE_FREEP(Context, context_free);

void context_list_init(ContextList *l, Store *store) {
        *l = (ContextList){.store = store};
        pthread_mutex_init(&l->lock, NULL);
}

void context_list_done(ContextList *l) {
        for (size_t i = 0; i < l->list.n; i++) context_free(l->list.v[i]);
        vec_done(&l->list);
        pthread_mutex_destroy(&l->lock);
}

/* 1: read, 0: there is none. */
static int read_ignore_file(Context *c, int dir_fd, const char *path, Err **e) {
        char *text;
        size_t size;
        Err *failure = NULL;
        if (file_read(dir_fd, path, IGNORE_FILE_MAX, &text, &size, &failure) < 0) {
                bool absent = err_errno(failure) == ENOENT || err_errno(failure) == ENOTDIR;
                if (absent) {
                        err_free(failure);
                        return 0;
                }
                err_move(e, &failure);
                return -1;
        }
        c->ignore_path = xstrdup(path);
        int r = ignore_parse(c->ignore_path, (Str){text, size}, &c->ignore, e);
        free(text);
        return r < 0 ? -1 : 1;
}

static int find_ignore_file(Context *c, const char *dockerfile_path, Err **e) {
        if (dockerfile_path && !streq(dockerfile_path, "-")) {
                AUTO(freep) char *own = xasprintf("%s.dockerignore", dockerfile_path);
                int r = read_ignore_file(c, AT_FDCWD, own, e);
                if (r != 0) return r < 0 ? -1 : 0;
        }
        return read_ignore_file(c, c->fd, ".dockerignore", e) < 0 ? -1 : 0;
}

static int context_open(ContextList *l, const char *name, const char *path, const char *dockerfile_path,
                        Context **ret_context, Err **e) {
        AUTO(context_freep) Context *c = xcalloc(1, sizeof *c);
        c->name = xstrdup(name);
        c->path = xstrdup(path);
        c->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (c->fd < 0) {
                int saved = errno;
                err_sys(e, name[0] ? "build context '%s': open directory '%s'" : "build context%s: open directory '%s'",
                        name, path);
                if (saved == ENOENT)
                        err_hint(e, "the context is the last argument of the command: a directory that holds what COPY "
                                    "names");
                return -1;
        }
        if (find_ignore_file(c, dockerfile_path, e) < 0) return -1;
        if (digest_index_open_context(l->store, c->fd, path, &c->index, e) < 0) return -1;
        c->filter = (CopyFilter){.hidden = context_hidden, .explain = filter_explain, .context = c};
        *ret_context = TAKE(c);
        return 0;
}

int context_get(ContextList *l, const char *name, const char *path, const char *dockerfile_path, Context **ret_context,
                Err **e) {
        int r = 0;
        Context *found = NULL;
        pthread_mutex_lock(&l->lock);
        for (size_t i = 0; i < l->list.n && !found; i++) {
                if (streq(l->list.v[i]->name, name)) found = l->list.v[i];
        }
        if (!found) {
                r = context_open(l, name, path, dockerfile_path, &found, e);
                if (r == 0) vec_push(&l->list, found);
        }
        pthread_mutex_unlock(&l->lock);
        if (r == 0) *ret_context = found;
        return r;
}

int context_list_save(ContextList *l, Err **e) {
        for (size_t i = 0; i < l->list.n; i++) {
                if (digest_index_save(l->list.v[i]->index, e) < 0) return -1;
        }
        return 0;
}

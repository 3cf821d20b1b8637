/* SPDX-License-Identifier: Apache-2.0 */
#include "build/context.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "os/fs.h"
#include "os/root_path.h"

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
        bool store = c->store_path && streq(path, c->store_path);
        if (ret_prune) *ret_prune = store;
        if (store || !c->ignore) return store;
        return ignore_match(c->ignore, path, directory, ret_prune);
}

static ssize_t path_of(int fd, char *ret_path, size_t size) {
        char link[64];
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t n = readlink(link, ret_path, size - 1);
        ret_path[n > 0 ? n : 0] = '\0';
        return n;
}

/* A build must not copy the store that it writes to: the copy would be another one each time, and never cached. */
static void find_store(Context *c, const Store *store) {
        char here[PATH_MAX], there[PATH_MAX];
        ssize_t n = path_of(c->fd, here, sizeof here);
        if (n <= 0 || path_of(store_root_fd(store), there, sizeof there) <= n) return;
        if (n == 1) n = 0; /* the context is "/" */
        if (memcmp(here, there, (size_t)n) == 0 && there[n] == '/') c->store_path = xstrdup(there + n + 1);
}

static void context_free(Context *c) {
        free(c->name);
        free(c->path);
        free(c->ignore_path);
        free(c->store_path);
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

static bool is_absent(const Err *failure) {
        return err_errno(failure) == ENOENT || err_errno(failure) == ENOTDIR;
}

/* What lies in a context is not waited for, as a pipe would have to be. */
static int check_regular(int dir_fd, const char *path, Err **e) {
        struct stat st;
        if (dir_fd == AT_FDCWD || fstatat(dir_fd, path, &st, 0) < 0 || S_ISREG(st.st_mode)) return 0;
        return err_new(e, ERR_SYNTAX, "'%s' of the context is not a regular file", path);
}

/* 1: read, 0: there is none. inside: dir_fd is a root that no link leaves. */
static int read_ignore_file(Context *c, int dir_fd, const char *path, bool inside, Err **e) {
        AUTO(freep) char *text = NULL;
        size_t size = 0;
        Err *failure = NULL;
        int r = 0;
        if (check_regular(dir_fd, path, e) < 0) return -1;
        AUTO(closep) int fd = inside ? root_open(dir_fd, path, O_RDONLY | O_NONBLOCK, 0, &failure) : -1;
        if (!inside)
                r = file_read(dir_fd, path, IGNORE_FILE_MAX, &text, &size, &failure);
        else if (fd >= 0)
                r = fd_read_all(fd, IGNORE_FILE_MAX, &text, &size, &failure);
        if (failure || r < 0) {
                if (is_absent(failure)) {
                        err_free(failure);
                        return 0;
                }
                err_move(e, &failure);
                return -1;
        }
        c->ignore_path = xstrdup(path);
        return ignore_parse(c->ignore_path, (Str){text, size}, &c->ignore, e) < 0 ? -1 : 1;
}

static int find_ignore_file(Context *c, const ContextSource *s, Err **e) {
        if (s->ignore_file) {
                int r = read_ignore_file(c, AT_FDCWD, s->ignore_file, false, e);
                if (r == 0) return err_new(e, ERR_NOT_FOUND, "ignore file '%s': no such file", s->ignore_file);
                return r < 0 ? -1 : 0;
        }
        if (s->unignored) return 0;
        if (s->dockerfile && !streq(s->dockerfile, "-")) {
                AUTO(freep) char *own = xasprintf("%s.dockerignore", s->dockerfile);
                int r = read_ignore_file(c, s->foreign ? c->fd : AT_FDCWD, own, s->foreign, e);
                if (r != 0) return r < 0 ? -1 : 0;
        }
        return read_ignore_file(c, c->fd, ".dockerignore", s->foreign, e) < 0 ? -1 : 0;
}

static int context_missing(const ContextSource *s, Err **e) {
        int saved = errno;
        err_sys(e, s->name[0] ? "build context '%s': open directory '%s'" : "build context%s: open directory '%s'",
                s->name, s->path);
        if (saved != ENOENT) return -1;
        return err_hint(e, "the context is the last argument of the command: a directory that holds what COPY names");
}

static int open_index(Store *store, const ContextSource *s, Context *c, Err **e) {
        if (s->snapshot) return digest_index_open_snapshot(store, s->snapshot, &c->index, e);
        if (!c->transient) return digest_index_open_context(store, c->fd, c->path, &c->index, e);
        c->index = digest_index_new();
        return 0;
}

static int context_open(ContextList *l, const ContextSource *s, Context **ret_context, Err **e) {
        AUTO(context_freep) Context *c = xcalloc(1, sizeof *c);
        c->name = xstrdup(s->name);
        c->path = xstrdup(s->path);
        c->keep_owner = s->keep_owner;
        c->transient = s->transient;
        c->fd = open(s->directory ? s->directory : s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (c->fd < 0) return context_missing(s, e);
        if (find_ignore_file(c, s, e) < 0 || open_index(l->store, s, c, e) < 0) return -1;
        find_store(c, l->store);
        c->filter = (CopyFilter){.hidden = context_hidden, .explain = filter_explain, .context = c};
        *ret_context = TAKE(c);
        return 0;
}

int context_get(ContextList *l, const ContextSource *source, Context **ret_context, Err **e) {
        int r = 0;
        Context *found = NULL;
        pthread_mutex_lock(&l->lock);
        for (size_t i = 0; i < l->list.n && !found; i++) {
                if (streq(l->list.v[i]->name, source->name)) found = l->list.v[i];
        }
        if (!found) {
                r = context_open(l, source, &found, e);
                if (r == 0) vec_push(&l->list, found);
        }
        pthread_mutex_unlock(&l->lock);
        if (r == 0) *ret_context = found;
        return r;
}

int context_list_save(ContextList *l, Err **e) {
        for (size_t i = 0; i < l->list.n; i++) {
                const Context *c = l->list.v[i];
                if (!c->transient && digest_index_save(c->index, e) < 0) return -1;
        }
        return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/view.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "layer/overlay.h"
#include "layer/view_dir.h"
#include "os/root_path.h"

enum { VIEW_LINKS_MAX = 40 };

struct View {
        size_t count;
        int *fds;
};

static void view_add(View *v, int fd) {
        v->fds[v->count++] = fd;
}

int view_open(const StrVec *dirs, View **ret_view, Err **e) {
        AUTO(view_freep) View *v = xcalloc(1, sizeof *v);
        v->fds = xcalloc(dirs->n, sizeof *v->fds);
        for (size_t i = 0; i < dirs->n; i++) {
                int fd = open(dirs->v[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
                if (fd < 0) return err_sys(e, "open layer '%s'", dirs->v[i]);
                view_add(v, fd);
        }
        *ret_view = TAKE(v);
        return 0;
}

int view_open_stack(const View *below, int top_fd, View **ret_view, Err **e) {
        size_t count = below ? below->count : 0;
        AUTO(view_freep) View *v = xcalloc(1, sizeof *v);
        v->fds = xcalloc(count + 1, sizeof *v->fds);
        for (size_t i = 0; i <= count; i++) {
                int fd = openat(i < count ? below->fds[i] : top_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
                if (fd < 0) return err_sys(e, "open directory");
                view_add(v, fd);
        }
        *ret_view = TAKE(v);
        return 0;
}

int view_open_fd(int root_fd, View **ret_view, Err **e) {
        return view_open_stack(NULL, root_fd, ret_view, e);
}

void view_free(View *v) {
        if (!v) return;
        for (size_t i = 0; i < v->count; i++) close(v->fds[i]);
        free(v->fds);
        free(v);
}

void view_entry_done(ViewEntry *entry) {
        free(entry->path);
        *entry = (ViewEntry){0};
}

int view_layer_fd(const View *v, size_t layer) {
        return v->fds[layer];
}

size_t view_layer_count(const View *v) {
        return v->count;
}

static const char *below_root(const char *path) {
        while (*path == '/') path++;
        return path;
}

char *view_path_add(const char *path, const char *name) {
        return path[0] ? xasprintf("%s/%s", path, name) : xstrdup(name);
}

/* ---- directories */

void view_dir_done(ViewDir *dir) {
        free(dir->path);
        free(dir->layers);
        *dir = (ViewDir){0};
}

void view_dir_root(const View *v, ViewDir *ret_dir) {
        *ret_dir =
                (ViewDir){.path = xstrdup(""), .layers = xcalloc(v->count, sizeof(uint32_t)), .layer_count = v->count};
        for (size_t i = 0; i < v->count; i++) ret_dir->layers[i] = (uint32_t)(v->count - 1 - i);
}

static int stat_layer(const View *v, uint32_t layer, const char *path, struct stat *ret_st, Err **e) {
        if (fstatat(v->fds[layer], path[0] ? path : ".", ret_st, AT_SYMLINK_NOFOLLOW) == 0) return VIEW_FOUND;
        if (errno == ENOENT || errno == ENOTDIR) return VIEW_ABSENT;
        return err_sys(e, "'/%s'", path);
}

/* Which of dir's layers, from the from-th on, contribute to the directory path: down to the first that is opaque or
 * has something else of that name. */
static int collect_layers(const View *v, const ViewDir *dir, size_t from, ViewDir *child, Err **e) {
        child->layers = xcalloc(dir->layer_count - from, sizeof(uint32_t));
        for (size_t i = from; i < dir->layer_count; i++) {
                uint32_t layer = dir->layers[i];
                struct stat st;
                int r = stat_layer(v, layer, child->path, &st, e);
                if (r < 0) return r;
                if (r == VIEW_ABSENT) continue;
                if (!S_ISDIR(st.st_mode)) break;
                child->layers[child->layer_count++] = layer;
                if (i + 1 < dir->layer_count && overlay_is_opaque(v->fds[layer], child->path)) break;
        }
        return 0;
}

int view_dir_child(const View *v, const ViewDir *dir, const char *name, uint32_t layer, ViewDir *ret_child, Err **e) {
        ViewDir child = {.path = view_path_add(dir->path, name)};
        size_t from = 0;
        while (from < dir->layer_count && dir->layers[from] != layer) from++;
        if (from + 1 == dir->layer_count) {
                child.layers = xmemdup(&layer, sizeof layer);
                child.layer_count = 1;
        } else if (collect_layers(v, dir, from, &child, e) < 0) {
                view_dir_done(&child);
                return -1;
        }
        *ret_child = child;
        return 0;
}

int view_dir_step(const View *v, const ViewDir *dir, const char *name, ViewEntry *ret_entry, ViewDir *ret_child,
                  Err **e) {
        AUTO(freep) char *path = view_path_add(dir->path, name);
        struct stat st = {0};
        int r = VIEW_ABSENT;
        size_t i = 0;
        for (; i < dir->layer_count && r == VIEW_ABSENT; i++) r = stat_layer(v, dir->layers[i], path, &st, e);
        if (r != VIEW_FOUND) return r;
        if (overlay_is_whiteout(&st)) return VIEW_ABSENT;
        uint32_t layer = dir->layers[i - 1];
        if (ret_child) *ret_child = (ViewDir){0};
        if (ret_child && S_ISDIR(st.st_mode) && view_dir_child(v, dir, name, layer, ret_child, e) < 0) return -1;
        *ret_entry = (ViewEntry){.st = st, .layer = layer, .path = xasprintf("/%s", path)};
        return VIEW_FOUND;
}

int view_dir_at(const View *v, const char *path, ViewDir *ret_dir, Err **e) {
        ViewDir dir;
        view_dir_root(v, &dir);
        AUTO(freep) char *clean = path_clean(path);
        Str rest = str_of(clean + 1), part;
        for (bool more = rest.n > 0; more;) {
                more = str_cut(&rest, '/', &part);
                AUTO(freep) char *name = str_dup(part);
                ViewEntry entry;
                ViewDir child = {0};
                int r = view_dir_step(v, &dir, name, &entry, &child, e);
                view_dir_done(&dir);
                if (r != VIEW_FOUND) return r;
                view_entry_done(&entry);
                if (!child.path) return VIEW_ABSENT;
                dir = child;
        }
        *ret_dir = dir;
        return VIEW_FOUND;
}

/* ---- lookup */

/* The directories from the root down to where a lookup stands, so that ".." leads back. */
typedef struct Lookup {
        View *view;
        VEC(ViewDir) stack;
        size_t floor; /* ".." and absolute links stop here */
        char *rest;   /* what is still to be walked */
        unsigned links;
        bool follow;
} Lookup;

static void lookup_pop(Lookup *l, size_t depth) {
        while (l->stack.n > depth) view_dir_done(&l->stack.v[--l->stack.n]);
}

static void lookup_done(Lookup *l) {
        lookup_pop(l, 0);
        vec_done(&l->stack);
        free(l->rest);
}

static void lookup_set_rest(Lookup *l, char *rest) {
        free(l->rest);
        l->rest = rest;
        if (rest[0] == '/') lookup_pop(l, l->floor);
}

/* First component of the rest; false when nothing is left. */
static bool lookup_next(Lookup *l, char **ret_name, bool *ret_last) {
        const char *from = below_root(l->rest);
        if (!*from) return false;
        size_t n = strcspn(from, "/");
        *ret_name = xstrndup(from, n);
        *ret_last = from[n] == '\0';
        char *rest = xstrdup(below_root(from + n));
        free(l->rest);
        l->rest = rest;
        return true;
}

static char *read_link(View *v, const ViewEntry *entry, Err **e) {
        char target[PATH_MAX];
        ssize_t n = readlinkat(v->fds[entry->layer], below_root(entry->path), target, sizeof target - 1);
        if (n >= 0) return xstrndup(target, (size_t)n);
        err_sys(e, "read link '%s'", entry->path);
        return NULL;
}

static int lookup_follow(Lookup *l, const ViewEntry *entry, Err **e) {
        if (++l->links > VIEW_LINKS_MAX) {
                errno = ELOOP;
                return err_sys(e, "'%s'", entry->path);
        }
        AUTO(freep) char *target = read_link(l->view, entry, e);
        if (!target) return -1;
        lookup_set_rest(l, xasprintf("%s/%s", target, l->rest));
        return 0;
}

/* What is missing is named as it would be made. Walking on through ".." behind a missing name can lead back to what
 * exists, links among it: then the lookup goes on there. Returns 1 when it does. */
static int lookup_missing(Lookup *l, const char *name, ViewEntry *ret_entry) {
        const ViewDir *dir = &l->stack.v[l->stack.n - 1];
        AUTO(freep) char *below = view_path_add(dir->path, name);
        AUTO(freep) char *padded = xasprintf("/%s/", l->rest);
        if (strstr(padded, "/../")) {
                const char *floor = l->stack.v[l->floor - 1].path;
                AUTO(freep) char *inside = xasprintf("%s/%s", below + strlen(floor), l->rest);
                AUTO(freep) char *rooted = xasprintf("/%s", inside);
                lookup_set_rest(l, path_clean(rooted));
                return 1;
        }
        AUTO(freep) char *rooted = xasprintf("/%s/%s", below, l->rest);
        *ret_entry = (ViewEntry){.path = path_clean(rooted)};
        return 0;
}

static int lookup_here(Lookup *l, ViewEntry *ret_entry, Err **e) {
        const ViewDir *dir = &l->stack.v[l->stack.n - 1];
        ViewEntry entry = {.path = xasprintf("/%s", dir->path)};
        if (dir->layer_count == 0) { /* a view of nothing is an empty directory */
                entry.st = (struct stat){.st_mode = S_IFDIR | 0755, .st_nlink = 2};
                *ret_entry = entry;
                return VIEW_FOUND;
        }
        entry.layer = dir->layers[0];
        if (stat_layer(l->view, dir->layers[0], dir->path, &entry.st, e) < 0) {
                view_entry_done(&entry);
                return -1;
        }
        *ret_entry = entry;
        return VIEW_FOUND;
}

enum { LOOKUP_GO_ON = 2 };

static int lookup_step(Lookup *l, const char *name, bool last, ViewEntry *ret_entry, Err **e) {
        if (streq(name, ".")) return LOOKUP_GO_ON;
        if (streq(name, "..")) {
                if (l->stack.n > l->floor) lookup_pop(l, l->stack.n - 1);
                return LOOKUP_GO_ON;
        }
        ViewEntry entry = {0};
        ViewDir child = {0};
        int r = view_dir_step(l->view, &l->stack.v[l->stack.n - 1], name, &entry, &child, e);
        if (r < 0) return r;
        if (r == VIEW_FOUND && child.path) {
                vec_push(&l->stack, child);
                view_entry_done(&entry);
                return LOOKUP_GO_ON;
        }
        if (r == VIEW_FOUND && S_ISLNK(entry.st.st_mode) && (!last || l->follow)) {
                r = lookup_follow(l, &entry, e);
                view_entry_done(&entry);
                return r < 0 ? r : LOOKUP_GO_ON;
        }
        if (r == VIEW_FOUND && (last || !*l->rest)) {
                *ret_entry = entry;
                return VIEW_FOUND;
        }
        view_entry_done(&entry);
        return lookup_missing(l, name, ret_entry) ? LOOKUP_GO_ON : VIEW_ABSENT;
}

static int lookup_run(Lookup *l, ViewEntry *ret_entry, Err **e) {
        AUTO(freep) char *name = NULL;
        bool last = false;
        while (lookup_next(l, &name, &last)) {
                int r = lookup_step(l, name, last, ret_entry, e);
                if (r != LOOKUP_GO_ON) return r;
                free(TAKE(name));
        }
        return lookup_here(l, ret_entry, e);
}

/* Put the directories of base under the lookup; they are resolved already. */
static int lookup_start(Lookup *l, const char *base, Err **e) {
        ViewDir root;
        view_dir_root(l->view, &root);
        vec_push(&l->stack, root);
        char *name = NULL;
        bool last;
        int r = 0;
        while (r == 0 && lookup_next(l, &name, &last)) {
                ViewEntry entry = {0};
                ViewDir child = {0};
                r = view_dir_step(l->view, &l->stack.v[l->stack.n - 1], name, &entry, &child, e);
                view_entry_done(&entry);
                free(name);
                if (r == 0 && child.path)
                        vec_push(&l->stack, child);
                else if (r >= 0)
                        r = err_new(e, ERR_INTERNAL, "'%s' is not a directory of the view", base);
        }
        l->floor = l->stack.n;
        return r;
}

int view_lookup_below(View *v, const char *base, const char *path, bool follow, ViewEntry *ret_entry, Err **e) {
        Lookup l = {.view = v, .follow = follow, .rest = xstrdup(base)};
        int r = lookup_start(&l, base, e);
        if (r == 0) {
                free(l.rest);
                l.rest = xstrdup(path);
                r = lookup_run(&l, ret_entry, e);
        }
        lookup_done(&l);
        return r;
}

int view_lookup(View *v, const char *path, bool follow, ViewEntry *ret_entry, Err **e) {
        return view_lookup_below(v, "", path, follow, ret_entry, e);
}

int view_open_entry(View *v, const ViewEntry *entry, int flags, Err **e) {
        const char *path = below_root(entry->path);
        if (entry->layer >= v->count)
                return err_new(e, ERR_NOT_FOUND, "open '%s': the root file system is empty", entry->path);
        int fd = openat(v->fds[entry->layer], path[0] ? path : ".", flags | O_CLOEXEC | O_NOFOLLOW);
        return fd < 0 ? err_sys(e, "open '%s'", entry->path) : fd;
}

int view_readlink(View *v, const ViewEntry *entry, char **ret_target, Err **e) {
        char *target = read_link(v, entry, e);
        if (!target) return -1;
        *ret_target = target;
        return 0;
}

int view_read_file(View *v, const char *path, size_t max_size, char **ret_data, size_t *ret_size, Err **e) {
        ViewEntry entry = {0};
        int r = view_lookup(v, path, true, &entry, e);
        if (r == VIEW_FOUND && !S_ISREG(entry.st.st_mode)) r = VIEW_ABSENT;
        if (r == VIEW_FOUND) {
                AUTO(closep) int fd = view_open_entry(v, &entry, O_RDONLY, e);
                r = fd < 0 ? -1 : fd_read_all(fd, max_size, ret_data, ret_size, e);
                if (r < 0) err_wrap(e, "'%s'", path);
        }
        view_entry_done(&entry);
        return r;
}

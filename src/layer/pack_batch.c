/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/pack_batch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/cleanup.h"
#include "base/map.h"
#include "base/str.h"
#include "os/owner.h"
#include "os/workers.h"

struct BatchReader {
        BatchReaderParams params;
        PackWalk *walk;
        Map *first_names; /* of files with several names: "device:inode:layer" -> name in the tar */
        Arena *names;
        Batch *batches;     /* BATCH_COUNT, used in turn */
        size_t made, taken; /* batches so far */
        bool stop;
        pthread_t thread;
        pthread_mutex_t lock;
        pthread_cond_t changed;
        /* of the reading thread only */
        BatchItem pending[BATCH_ITEMS]; /* looked at, on their way into batches */
        size_t pending_at, pending_count;
        Batch *filling;
        pthread_mutex_t error_lock;
};

void batch_item_done(BatchItem *item) {
        pack_name_done(&item->name);
        free(item->link);
        xattr_list_done(&item->xattrs);
        *item = (BatchItem){0};
}

static void batch_clear(Batch *b) {
        for (size_t i = 0; i < b->count; i++) batch_item_done(&b->items[i]);
        b->count = b->used = 0;
        b->last = false;
        err_clear(&b->error);
}

static int batch_fail(BatchReader *r, Err **e) {
        pthread_mutex_lock(&r->error_lock);
        err_move(&r->filling->error, e);
        pthread_mutex_unlock(&r->error_lock);
        return -1;
}

/* ---- one item */

static int read_capability(const View *view, BatchItem *item, Err **e) {
        char value[256];
        int fd = view_layer_fd(view, item->name.layer);
        ssize_t n = xattr_get(fd, item->name.path, "security.capability", value, sizeof value);
        if (n < 0 && errno != ENODATA && errno != ENOTSUP)
                return err_sys(e, "read capabilities of '/%s'", item->name.path);
        if (n <= 0) return 0;
        item->xattrs.v = xcalloc(1, sizeof(Xattr));
        item->xattrs.v[0] = (Xattr){xstrdup("security.capability"), xmemdup(value, (size_t)n), (size_t)n};
        item->xattrs.n = 1;
        return 0;
}

static int look_at_item(const View *view, BatchItem *item, Err **e) {
        if (item->name.kind != PACK_OBJECT) return 0;
        int fd = view_layer_fd(view, item->name.layer);
        if (fstatat(fd, item->name.path, &item->st, AT_SYMLINK_NOFOLLOW) < 0)
                return err_sys(e, "'/%s'", item->name.path);
        if (S_ISREG(item->st.st_mode)) return read_capability(view, item, e);
        if (!S_ISLNK(item->st.st_mode)) return 0;
        char target[PATH_MAX];
        ssize_t n = readlinkat(fd, item->name.path, target, sizeof target - 1);
        if (n < 0) return err_sys(e, "read link '/%s'", item->name.path);
        item->link = xstrndup(target, (size_t)n);
        return 0;
}

static int read_item(const View *view, const BatchItem *item, char *data, Err **e) {
        if (item->data_size == 0) return 0;
        AUTO(closep)
        int fd = openat(view_layer_fd(view, item->name.layer), item->name.path,
                        O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0) return err_sys(e, "open '/%s'", item->name.path);
        for (size_t done = 0; done < item->data_size;) {
                ssize_t n = pread(fd, data + done, item->data_size - done, (off_t)(item->offset + done));
                if (n < 0 && errno == EINTR) continue;
                if (n < 0) return err_sys(e, "read '/%s'", item->name.path);
                if (n == 0) return err_new(e, ERR_CONFLICT, "'/%s' became shorter while it was read", item->name.path);
                done += (size_t)n;
        }
        return 0;
}

static int look_job(void *context, size_t index) {
        BatchReader *r = context;
        Err *e = NULL;
        return look_at_item(r->params.view, &r->pending[index], &e) < 0 ? batch_fail(r, &e) : 0;
}

static int read_job(void *context, size_t index) {
        BatchReader *r = context;
        const BatchItem *item = &r->filling->items[index];
        Err *e = NULL;
        return read_item(r->params.view, item, r->filling->data + item->data_at, &e) < 0 ? batch_fail(r, &e) : 0;
}

/* ---- one batch */

static void put_below(const char *prefix, PackName *name) {
        if (!prefix || !*prefix) return;
        char *below = xasprintf("%s/%s", prefix, name->tar_name);
        free(name->tar_name);
        name->tar_name = below;
}

static int refill_pending(BatchReader *r, Err **e) {
        r->pending_at = r->pending_count = 0;
        while (r->pending_count < BATCH_ITEMS) {
                BatchItem item = {.header = true};
                int more = pack_walk_next(r->walk, &item.name, e);
                if (more < 0) return -1;
                if (more == 0) break;
                put_below(r->params.prefix, &item.name);
                r->pending[r->pending_count++] = item;
        }
        return parallel_for(r->pending_count, look_job, r);
}

/* The first name of a file is the file, the others are links to it. */
static void note_hard_link(BatchReader *r, BatchItem *item) {
        if (!item->header || !S_ISREG(item->st.st_mode) || item->st.st_nlink < 2) return;
        uint64_t key[3] = {item->st.st_dev, item->st.st_ino, item->name.layer};
        char *first = map_get(r->first_names, key, sizeof key);
        if (!first) {
                map_put(r->first_names, key, sizeof key, arena_strdup(r->names, item->name.tar_name));
                return;
        }
        item->hard_link = true;
        item->link = xstrdup(first);
}

static uint64_t bytes_left(const BatchItem *item) {
        if (item->name.kind != PACK_OBJECT || !S_ISREG(item->st.st_mode) || item->hard_link) return 0;
        return (uint64_t)item->st.st_size - item->offset;
}

/* Move the next pending item into the batch, or as much of its file as fits. */
static void take_pending(BatchReader *r, Batch *b) {
        BatchItem *from = &r->pending[r->pending_at];
        note_hard_link(r, from);
        uint64_t left = r->params.no_contents ? 0 : bytes_left(from), room = BATCH_BYTES - b->used;
        BatchItem *item = &b->items[b->count++];
        *item = *from;
        item->data_at = b->used;
        item->data_size = (size_t)(left < room ? left : room);
        b->used += item->data_size;
        if (left <= room) {
                r->pending_at++;
                return;
        }
        BatchItem rest = {.st = item->st, .name = item->name, .offset = item->offset + item->data_size};
        rest.name.path = xstrdup(item->name.path);
        rest.name.tar_name = xstrdup(item->name.tar_name);
        *from = rest;
}

static int fill_batch(BatchReader *r, Batch *b, Err **e) {
        r->filling = b;
        const volatile bool *cancelled = r->params.cancelled;
        if (cancelled && *cancelled) return err_new(e, ERR_CANCELLED, "cancelled");
        while (b->count < BATCH_ITEMS && b->used < BATCH_BYTES) {
                if (r->pending_at == r->pending_count && refill_pending(r, e) < 0) return -1;
                b->last = r->pending_count == 0;
                if (b->last) break;
                take_pending(r, b);
        }
        return b->used == 0 ? 0 : parallel_for(b->count, read_job, r);
}

/* ---- the two threads */

static void *reader_thread(void *argument) {
        BatchReader *r = argument;
        for (bool go_on = true; go_on;) {
                pthread_mutex_lock(&r->lock);
                while (!r->stop && r->made - r->taken == BATCH_COUNT) pthread_cond_wait(&r->changed, &r->lock);
                bool stop = r->stop;
                pthread_mutex_unlock(&r->lock);
                if (stop) break;
                Batch *b = &r->batches[r->made % BATCH_COUNT];
                Err *e = NULL;
                if (fill_batch(r, b, &e) < 0) {
                        if (e) err_move(&b->error, &e);
                        b->last = true;
                }
                go_on = !b->last;
                pthread_mutex_lock(&r->lock);
                r->made++;
                pthread_cond_signal(&r->changed);
                pthread_mutex_unlock(&r->lock);
        }
        return NULL;
}

static void reader_destroy(BatchReader *r) {
        for (size_t i = 0; i < BATCH_COUNT; i++) {
                batch_clear(&r->batches[i]);
                free(r->batches[i].data);
        }
        for (; r->pending_at < r->pending_count; r->pending_at++) batch_item_done(&r->pending[r->pending_at]);
        pack_walk_free(r->walk);
        map_free(r->first_names);
        arena_free(r->names);
        pthread_cond_destroy(&r->changed);
        pthread_mutex_destroy(&r->error_lock);
        pthread_mutex_destroy(&r->lock);
        free(r->batches);
        free(r);
}

int batch_reader_start(const BatchReaderParams *params, BatchReader **ret_reader, Err **e) {
        BatchReader *r = xcalloc(1, sizeof *r);
        r->params = *params;
        r->walk = pack_walk_new(params->view, params->whiteouts);
        r->first_names = map_new();
        r->names = arena_new();
        r->batches = xcalloc(BATCH_COUNT, sizeof *r->batches);
        for (size_t i = 0; i < BATCH_COUNT; i++) r->batches[i].data = xmalloc(BATCH_BYTES);
        pthread_mutex_init(&r->lock, NULL);
        pthread_mutex_init(&r->error_lock, NULL);
        pthread_cond_init(&r->changed, NULL);
        int error = pthread_create(&r->thread, NULL, reader_thread, r);
        if (error) {
                reader_destroy(r);
                errno = error;
                return err_sys(e, "start a thread");
        }
        *ret_reader = r;
        return 0;
}

int batch_reader_next(BatchReader *r, Batch **ret_batch, Err **e) {
        pthread_mutex_lock(&r->lock);
        while (r->made == r->taken) pthread_cond_wait(&r->changed, &r->lock);
        pthread_mutex_unlock(&r->lock);
        Batch *b = &r->batches[r->taken % BATCH_COUNT];
        if (b->error) {
                err_move(e, &b->error);
                return -1;
        }
        *ret_batch = b;
        return 0;
}

void batch_reader_release(BatchReader *r, Batch *b) {
        batch_clear(b);
        pthread_mutex_lock(&r->lock);
        r->taken++;
        pthread_cond_signal(&r->changed);
        pthread_mutex_unlock(&r->lock);
}

void batch_reader_free(BatchReader *r) {
        pthread_mutex_lock(&r->lock);
        r->stop = true;
        pthread_cond_signal(&r->changed);
        pthread_mutex_unlock(&r->lock);
        pthread_join(r->thread, NULL);
        reader_destroy(r);
}

/* ---- as tar entries */

static TarType type_of(const BatchItem *item) {
        if (item->name.kind != PACK_OBJECT) return TAR_FILE;
        if (item->hard_link) return TAR_HARDLINK;
        switch (item->st.st_mode & S_IFMT) {
        case S_IFDIR: return TAR_DIR;
        case S_IFLNK: return TAR_SYMLINK;
        case S_IFCHR: return TAR_CHAR;
        case S_IFBLK: return TAR_BLOCK;
        case S_IFIFO: return TAR_FIFO;
        default: return TAR_FILE;
        }
}

/* Whole seconds; a clamp lies on one. */
static int64_t entry_mtime_ns(const struct stat *st, int64_t clamp_s) {
        int64_t seconds = st->st_mtim.tv_sec;
        if (clamp_s >= 0 && seconds >= clamp_s) seconds = clamp_s;
        return seconds * 1000000000;
}

TarEntry batch_item_entry(const BatchItem *item, int64_t clamp_s) {
        TarEntry entry = {.type = type_of(item), .name = item->name.tar_name, .link = item->link};
        if (item->name.kind != PACK_OBJECT) return entry;
        const struct stat *st = &item->st;
        bool device = S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode);
        entry.mode = S_ISLNK(st->st_mode) ? 0777 : st->st_mode & 07777;
        Owner owner = owner_of(st);
        entry.uid = owner.uid;
        entry.gid = owner.gid;
        entry.mtime_ns = entry_mtime_ns(st, clamp_s);
        if (entry.type == TAR_FILE) entry.size = (uint64_t)st->st_size;
        if (device) {
                entry.dev_major = major(st->st_rdev);
                entry.dev_minor = minor(st->st_rdev);
        }
        entry.xattrs = item->xattrs.v;
        entry.xattr_count = item->hard_link ? 0 : item->xattrs.n;
        return entry;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "layer/copy_set.h"
#include "layer/draft_tree.h"
#include "layer/overlay.h"
#include "os/clock.h"
#include "os/workers.h"

enum { XATTR_PROBE_SIZE = 256, LARGE_FILE_SIZE = 1 << 20 };

void copy_reader_init(CopyReader *r) {
        r->buffer = xmalloc(COPY_BUFFER_SIZE);
        r->hash = sha256_new();
}

void copy_reader_done(CopyReader *r) {
        free(r->buffer);
        sha256_free(r->hash);
}

static void hash_u64(Sha256 *h, uint64_t v) {
        sha256_add(h, &v, sizeof v);
}

/* Length first, so that no two lists of strings look alike. */
static void hash_bytes(Sha256 *h, const void *data, size_t size) {
        hash_u64(h, size);
        sha256_add(h, data, size);
}

static void hash_xattrs(Sha256 *h, const XattrList *list) {
        for (size_t i = 0; i < list->n; i++) {
                if (!overlay_copies_xattr(list->v[i].name)) continue;
                hash_bytes(h, list->v[i].name, strlen(list->v[i].name));
                hash_bytes(h, list->v[i].value, list->v[i].size);
        }
}

static bool has_travelling(const XattrList *list) {
        for (size_t i = 0; i < list->n; i++) {
                if (overlay_copies_xattr(list->v[i].name)) return true;
        }
        return false;
}

int copy_digest_xattrs(int dir_fd, const char *name, int fd, Digest *digest, Err **e) {
        char probe[XATTR_PROBE_SIZE];
        ssize_t n = flistxattr(fd, probe, sizeof probe);
        if (n == 0 || (n < 0 && errno != ERANGE)) return 0;
        AUTO(xattr_list_done) XattrList list = {0};
        if (xattr_list(dir_fd, name, &list, e) < 0) return -1;
        if (!has_travelling(&list)) return 0;
        AUTO(sha256_freep) Sha256 *h = sha256_new();
        sha256_add_str(h, STR("with attributes"));
        sha256_add(h, digest->bytes, sizeof digest->bytes);
        hash_xattrs(h, &list);
        sha256_finish(h, digest);
        return 0;
}

void copy_entry_set_digest(const CopySet *s, CopyEntry *entry, const struct stat *st, int64_t started_ns,
                           const Digest *digest) {
        entry->digest = *digest;
        entry->size = (uint64_t)st->st_size;
        entry->mtime_ns = stat_mtime_ns(st);
        entry->flags |= ENTRY_HASHED;
        if (s->root.indexes && s->root.indexes[entry->layer]) {
                digest_index_add(s->root.indexes[entry->layer], entry->path, st, started_ns, digest);
        }
}

int copy_open_entry(const CopySet *s, const CopyEntry *entry, int *ret_fd, struct stat *ret_st, Err **e) {
        /* What was a file when it was selected may be a pipe by now: never wait for its other end. */
        int fd = openat(view_layer_fd(s->view, entry->layer), entry->path,
                        O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0) return err_sys(e, "open '%s'", entry->path);
        if (fstat(fd, ret_st) < 0 || !S_ISREG(ret_st->st_mode)) {
                close(fd);
                return err_new(e, ERR_CONFLICT, "'%s' is no regular file any more", entry->path);
        }
        *ret_fd = fd;
        return 0;
}

int copy_hash_contents(int fd, CopyReader *reader, const volatile bool *cancelled, Digest *ret_digest, Err **e) {
        sha256_reset(reader->hash);
        for (;;) {
                ssize_t n = read(fd, reader->buffer, COPY_BUFFER_SIZE);
                if (n < 0 && errno == EINTR) continue;
                if (n < 0) return err_sys(e, "read");
                if (n == 0) break;
                sha256_add(reader->hash, reader->buffer, (size_t)n);
                if (cancelled && *cancelled) return err_new(e, ERR_CANCELLED, "cancelled");
        }
        sha256_finish(reader->hash, ret_digest);
        return 0;
}

int copy_hash_entry(const CopySet *s, CopyEntry *entry, CopyReader *reader, const volatile bool *cancelled, Err **e) {
        int64_t started_ns = clock_now_ns();
        AUTO(closep) int fd = -1;
        struct stat st;
        Digest digest;
        if (copy_open_entry(s, entry, &fd, &st, e) < 0) return -1;
        if (copy_hash_contents(fd, reader, cancelled, &digest, e) < 0) return err_wrap(e, "'%s'", entry->path);
        if (copy_digest_xattrs(view_layer_fd(s->view, entry->layer), entry->path, fd, &digest, e) < 0) return -1;
        copy_entry_set_digest(s, entry, &st, started_ns, &digest);
        return 0;
}

/* ---- hashing what is not known yet, on all cores */

typedef struct HashWork {
        const CopySet *set;
        const uint32_t *entries;
        const uint32_t *starts; /* of job i in entries; one more at the end */
        pthread_mutex_t lock;
        Err *error;
} HashWork;

static int hash_job(void *context, size_t index) {
        HashWork *w = context;
        CopyReader reader;
        copy_reader_init(&reader);
        Err *e = NULL;
        int r = 0;
        for (uint32_t i = w->starts[index]; i < w->starts[index + 1] && r == 0; i++) {
                r = copy_hash_entry(w->set, copy_entry(w->set, w->entries[i]), &reader, NULL, &e);
        }
        copy_reader_done(&reader);
        if (r == 0) return 0;
        pthread_mutex_lock(&w->lock);
        err_move(&w->error, &e);
        pthread_mutex_unlock(&w->lock);
        return -1;
}

static int hash_unknown(CopySet *s, Err **e) {
        VEC(uint32_t) entries = {0}, starts = {0};
        uint64_t bytes = 0;
        for (uint32_t i = 0; i < s->entry_count; i++) {
                const CopyEntry *entry = copy_entry(s, i);
                if (!copy_entry_live(entry) || !S_ISREG(entry->mode)) continue;
                if (entry->leader != i || entry->flags & ENTRY_HASHED) continue;
                bool full = starts.n == 0 || entries.n - starts.v[starts.n - 1] >= COPY_CHUNK_FILES;
                if (full || bytes + entry->size > LARGE_FILE_SIZE) {
                        vec_push(&starts, (uint32_t)entries.n);
                        bytes = 0;
                }
                bytes += entry->size;
                vec_push(&entries, i);
        }
        size_t jobs = starts.n;
        vec_push(&starts, (uint32_t)entries.n);
        HashWork w = {.set = s, .entries = entries.v, .starts = starts.v, .lock = PTHREAD_MUTEX_INITIALIZER};
        int r = parallel_for(jobs, hash_job, &w);
        vec_done(&entries);
        vec_done(&starts);
        if (r < 0) err_move(e, &w.error);
        return r;
}

/* ---- the digest of the selection */

static void hash_params(const CopySet *s, Sha256 *h) {
        const CopyParams *p = &s->params;
        sha256_add_str(h, STR("decant copy 1\n"));
        hash_bytes(h, p->destination, strlen(p->destination));
        hash_u64(h, (uint64_t)p->unpack_archives | (uint64_t)p->has_owner << 1 | (uint64_t)p->has_mode << 2);
        if (p->has_owner) hash_u64(h, (uint64_t)p->uid << 32 | p->gid);
        if (p->has_mode) hash_bytes(h, p->mode, strlen(p->mode));
}

/* A directory's attributes are not remembered anywhere; there are few directories. */
static int hash_directory(const CopySet *s, Sha256 *h, const CopyEntry *entry, Err **e) {
        AUTO(xattr_list_done) XattrList list = {0};
        if (xattr_list(view_layer_fd(s->view, entry->layer), entry->path, &list, e) < 0) return -1;
        hash_xattrs(h, &list);
        return 0;
}

static int hash_entry(const CopySet *s, Sha256 *h, uint32_t index, Err **e) {
        const CopyEntry *entry = copy_entry(s, index);
        const char *relative = entry->parent == COPY_NONE ? "" : copy_entry_relative(s, entry);
        uid_t uid;
        gid_t gid;
        copy_entry_owner(s, entry, &uid, &gid);
        size_t size = strlen(relative);
        uint64_t head[3] = {(uint64_t)(entry->mode & S_IFMT) << 32 | copy_entry_mode(s, entry),
                            (uint64_t)uid << 32 | gid, size};
        sha256_add(h, head, sizeof head);
        sha256_add(h, relative, size);
        if (S_ISLNK(entry->mode)) hash_bytes(h, entry->target, strlen(entry->target));
        if (S_ISCHR(entry->mode) || S_ISBLK(entry->mode)) hash_u64(h, entry->device_id);
        if (S_ISDIR(entry->mode)) return hash_directory(s, h, entry, e);
        if (!S_ISREG(entry->mode)) return 0;
        const CopyEntry *leader = copy_entry(s, entry->leader);
        hash_u64(h, entry->size);
        sha256_add(h, leader->digest.bytes, sizeof leader->digest.bytes);
        if (leader == entry) return 0;
        const char *first = copy_entry_relative(s, leader);
        hash_bytes(h, first, strlen(first));
        return 0;
}

static int hash_item(const CopySet *s, Sha256 *h, const CopyItem *item, Err **e) {
        sha256_add_str(h, STR("item"));
        hash_bytes(h, item->name, item->directory ? 0 : strlen(item->name));
        const CopyEntry *root = copy_entry(s, item->root);
        /* A source directory's own mode and owner never show: its contents are copied. */
        if (!S_ISDIR(root->mode) && hash_entry(s, h, item->root, e) < 0) return -1;
        for (uint32_t i = item->from; i < item->end; i++) {
                if (copy_entry_live(copy_entry(s, i)) && hash_entry(s, h, i, e) < 0) return -1;
        }
        return 0;
}

int copy_set_digest(CopySet *s, Digest *ret_digest, Err **e) {
        if (hash_unknown(s, e) < 0) return -1;
        AUTO(sha256_freep) Sha256 *h = sha256_new();
        hash_params(s, h);
        for (size_t i = 0; i < s->items.n; i++) {
                if (!s->items.v[i].gone && hash_item(s, h, &s->items.v[i], e) < 0) return -1;
        }
        sha256_finish(h, ret_digest);
        return 0;
}

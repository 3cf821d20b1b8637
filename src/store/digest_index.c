/* SPDX-License-Identifier: Apache-2.0 */
#include "store/digest_index.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "store/digest_internal.h"

enum { SHARD_BITS = 4, SHARDS = 1 << SHARD_BITS };

/* A change within the grain of a file's time stamps leaves them as they were: a file must have been at rest for that
 * long before it was read. Kernels stamp with the tick (at most 10 ms); file systems without fractions are taken for
 * FAT. */
static const int64_t young_ns = 20 * 1000000LL, young_coarse_ns = 2 * 1000000000LL;

/* Additions, by the lowest bits of the path's hash, so that threads seldom meet. */
typedef struct Shard {
        pthread_mutex_t lock;
        DigestRecord *records; /* path_offset points into paths */
        uint32_t count, capacity;
        uint32_t *slots; /* record index + 1; 0 is empty; twice as many as capacity */
        Buf paths;
} Shard;

struct DigestIndex {
        Store *store; /* NULL: only for save_draft */
        char *path;   /* relative to the store's root */
        bool context; /* entries are checked against stat */
        DigestFile file;
        Shard *shards;
};

DigestIndex *digest_index_new(void) {
        DigestIndex *x = xcalloc(1, sizeof *x);
        x->shards = xcalloc(SHARDS, sizeof *x->shards);
        for (size_t i = 0; i < SHARDS; i++) pthread_mutex_init(&x->shards[i].lock, NULL);
        return x;
}

void digest_index_free(DigestIndex *x) {
        if (!x) return;
        for (size_t i = 0; i < SHARDS; i++) {
                pthread_mutex_destroy(&x->shards[i].lock);
                free(x->shards[i].records);
                free(x->shards[i].slots);
                buf_done(&x->shards[i].paths);
        }
        digest_file_close(&x->file);
        free(x->shards);
        free(x->path);
        free(x);
}

static DigestIndex *open_path(Store *s, char *path, bool context) {
        DigestIndex *x = digest_index_new();
        x->store = s;
        x->path = path;
        x->context = context;
        digest_file_open(&x->file, store_root_fd(s), path);
        return x;
}

int digest_index_open_context(Store *s, int root_fd, const char *root_path, DigestIndex **ret_index, Err **e) {
        struct stat st;
        if (fstat(root_fd, &st) < 0) return err_sys(e, "look at '%s'", root_path);
        AUTO(freep)
        char *identity =
                xasprintf("%llu:%llu:%s", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino, root_path);
        Digest digest;
        char hex[33];
        sha256_of(identity, strlen(identity), &digest);
        hex_render(digest.bytes, 16, hex);
        *ret_index = open_path(s, xasprintf("digests/%s", hex), true);
        return 0;
}

int digest_index_open_snapshot(Store *s, const char *snapshot_id, DigestIndex **ret_index, Err **e) {
        (void)e;
        *ret_index = open_path(s, xasprintf("snapshots/%s/digests", snapshot_id), false);
        return 0;
}

static int64_t time_ns(struct timespec t) {
        return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Never 0, which stands for "no stat". */
static uint64_t hash_stat(const struct stat *st) {
        uint64_t words[5] = {st->st_dev, st->st_ino, (uint64_t)st->st_size, (uint64_t)time_ns(st->st_mtim),
                             (uint64_t)time_ns(st->st_ctim)};
        uint64_t h = digest_hash_bytes(words, sizeof words, 4);
        return h ? h : 1;
}

static uint32_t *shard_slot(const Shard *shard, const char *path, size_t size, uint64_t hash) {
        size_t mask = (size_t)shard->capacity * 2 - 1;
        for (size_t at = (hash >> SHARD_BITS) & mask;; at = (at + 1) & mask) {
                uint32_t *slot = &shard->slots[at];
                if (*slot == 0) return slot;
                const DigestRecord *r = &shard->records[*slot - 1];
                if (r->path_hash == hash && memcmp(shard->paths.p + r->path_offset, path, size + 1) == 0) return slot;
        }
}

static Shard *shard_of(const DigestIndex *x, uint64_t hash) {
        return &x->shards[hash & (SHARDS - 1)];
}

static bool find_added(const DigestIndex *x, const char *path, uint64_t hash, DigestRecord *ret_record) {
        Shard *shard = shard_of(x, hash);
        bool found = false;
        pthread_mutex_lock(&shard->lock);
        if (shard->count > 0) {
                uint32_t *slot = shard_slot(shard, path, strlen(path), hash);
                found = *slot != 0;
                if (found) *ret_record = shard->records[*slot - 1];
        }
        pthread_mutex_unlock(&shard->lock);
        return found;
}

bool digest_index_get(const DigestIndex *x, const char *path, const struct stat *st, Digest *ret_digest) {
        uint64_t hash = digest_hash_path(path, strlen(path));
        uint64_t stat_hash = x->context && st ? hash_stat(st) : 0;
        if (x->context && !st) return false;
        DigestRecord added;
        const DigestRecord *r = &added;
        if (!find_added(x, path, hash, &added)) r = digest_file_find(&x->file, path, hash);
        if (!r || r->stat_hash != stat_hash) return false;
        *ret_digest = r->digest;
        return true;
}

static void shard_grow(Shard *shard) {
        if (shard->count < shard->capacity) return;
        shard->capacity = shard->capacity ? shard->capacity * 2 : 64;
        shard->records = xreallocarray(shard->records, shard->capacity, sizeof *shard->records);
        free(shard->slots);
        shard->slots = xcalloc((size_t)shard->capacity * 2, sizeof *shard->slots);
        for (uint32_t i = 0; i < shard->count; i++) {
                const char *path = shard->paths.p + shard->records[i].path_offset;
                *shard_slot(shard, path, strlen(path), shard->records[i].path_hash) = i + 1;
        }
}

static void shard_add(Shard *shard, const char *path, size_t size, const DigestRecord *record) {
        shard_grow(shard);
        uint32_t *slot = shard_slot(shard, path, size, record->path_hash);
        if (*slot) {
                uint32_t offset = shard->records[*slot - 1].path_offset;
                shard->records[*slot - 1] = *record;
                shard->records[*slot - 1].path_offset = offset;
                return;
        }
        if (shard->count >= DIGEST_FILE_MAX_ENTRIES / SHARDS || shard->paths.n > DIGEST_FILE_MAX_PATHS / SHARDS) return;
        shard->records[shard->count] = *record;
        shard->records[shard->count].path_offset = (uint32_t)shard->paths.n;
        buf_add(&shard->paths, path, size + 1);
        *slot = ++shard->count;
}

static bool too_young(const struct stat *st, int64_t read_started_ns) {
        int64_t mtime_ns = time_ns(st->st_mtim), ctime_ns = time_ns(st->st_ctim);
        bool coarse = st->st_mtim.tv_nsec == 0 && st->st_ctim.tv_nsec == 0;
        int64_t newest_ns = mtime_ns > ctime_ns ? mtime_ns : ctime_ns;
        return newest_ns > read_started_ns - (coarse ? young_coarse_ns : young_ns);
}

void digest_index_add(DigestIndex *x, const char *path, const struct stat *st, int64_t read_started_ns,
                      const Digest *digest) {
        size_t size = strlen(path);
        if (size >= DIGEST_PATH_MAX) return;
        if (x->context && (!st || too_young(st, read_started_ns))) return;
        DigestRecord record = {.path_hash = digest_hash_path(path, size),
                               .stat_hash = x->context ? hash_stat(st) : 0,
                               .digest = *digest};
        Shard *shard = shard_of(x, record.path_hash);
        pthread_mutex_lock(&shard->lock);
        shard_add(shard, path, size, &record);
        pthread_mutex_unlock(&shard->lock);
}

/* ---- saving */

typedef struct EntryList {
        DigestEntry *v;
        size_t n;
} EntryList;

static int compare_entries(const void *a, const void *b) {
        const DigestEntry *x = a, *y = b;
        if (x->record->path_hash != y->record->path_hash) return x->record->path_hash < y->record->path_hash ? -1 : 1;
        return strcmp(x->path, y->path);
}

static void list_additions(const DigestIndex *x, EntryList *list) {
        size_t total = 0;
        for (size_t i = 0; i < SHARDS; i++) total += x->shards[i].count;
        list->v = xreallocarray(NULL, total + 1, sizeof *list->v);
        for (size_t i = 0; i < SHARDS; i++) {
                const Shard *shard = &x->shards[i];
                for (uint32_t k = 0; k < shard->count; k++)
                        list->v[list->n++] =
                                (DigestEntry){shard->paths.p + shard->records[k].path_offset, &shard->records[k]};
        }
        qsort(list->v, list->n, sizeof *list->v, compare_entries);
}

/* Both are sorted; what was added wins. */
static void merge(const DigestFile *file, const EntryList *added, EntryList *ret_merged) {
        EntryList out = {.v = xreallocarray(NULL, added->n + file->count + 1, sizeof *out.v)};
        size_t k = 0;
        for (uint32_t i = 0; i < file->count; i++) {
                DigestEntry old = {digest_file_path(file, &file->records[i]), &file->records[i]};
                if (!old.path) continue;
                while (k < added->n && compare_entries(&added->v[k], &old) < 0) out.v[out.n++] = added->v[k++];
                if (k < added->n && compare_entries(&added->v[k], &old) == 0) continue;
                out.v[out.n++] = old;
        }
        while (k < added->n) out.v[out.n++] = added->v[k++];
        *ret_merged = out;
}

static void forget_additions(DigestIndex *x) {
        for (size_t i = 0; i < SHARDS; i++) {
                Shard *shard = &x->shards[i];
                shard->count = 0;
                buf_clear(&shard->paths);
                if (shard->slots) memset(shard->slots, 0, (size_t)shard->capacity * 2 * sizeof *shard->slots);
        }
}

static int save_merged(DigestIndex *x, const EntryList *added, Err **e) {
        int dir_fd = store_root_fd(x->store);
        if (x->file.count == 0) return digest_file_write(dir_fd, x->path, added->v, added->n, e);
        EntryList merged = {0};
        merge(&x->file, added, &merged);
        const EntryList *list = merged.n > DIGEST_FILE_MAX_ENTRIES ? added : &merged;
        int r = digest_file_write(dir_fd, x->path, list->v, list->n, e);
        free(merged.v);
        return r;
}

int digest_index_save(DigestIndex *x, Err **e) {
        if (!x->store) return err_new(e, ERR_INTERNAL, "a digest index without a place was to be saved");
        EntryList added = {0};
        list_additions(x, &added);
        int r = added.n ? save_merged(x, &added, e) : 0;
        bool written = r == 0 && added.n > 0;
        free(added.v);
        if (r < 0) return err_wrap(e, "save the digests of files");
        if (!written) return 0;
        forget_additions(x);
        digest_file_close(&x->file);
        digest_file_open(&x->file, store_root_fd(x->store), x->path);
        return 0;
}

int digest_index_save_draft(DigestIndex *x, const Draft *draft, Err **e) {
        EntryList added = {0};
        list_additions(x, &added);
        AUTO(freep) char *path = xasprintf("%s/digests", draft->path);
        int r = added.n ? digest_file_write(AT_FDCWD, path, added.v, added.n, e) : 0;
        free(added.v);
        return r < 0 ? err_wrap(e, "save the digests of a layer") : 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "os/fs.h"
#include "store/digest_internal.h"

static const char magic[8] = "dcntdx1";

enum { BUCKET_BITS_MAX = 22, WRITE_BUFFER_SIZE = 256 << 10 };

/* Two words in, one well mixed word out: the halves of the 128-bit product, folded. */
static uint64_t mix(uint64_t a, uint64_t b) {
        __uint128_t product = (__uint128_t)a * b;
        return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t digest_hash_bytes(const void *data, size_t size, uint64_t seed) {
        const unsigned char *p = data;
        uint64_t h = seed ^ 0x9e3779b97f4a7c15ULL;
        size_t left = size;
        for (; left >= 8; left -= 8, p += 8) {
                uint64_t word;
                memcpy(&word, p, 8);
                h = mix(h ^ word, 0xd6e8feb86659fd93ULL) + 0xa0761d6478bd642fULL;
        }
        uint64_t tail = 0;
        if (left > 0) memcpy(&tail, p, left);
        h = mix(h ^ tail, 0xe7037ed1a0b428dbULL);
        return mix(h ^ size, 0x8ebc6af09c88c6e3ULL);
}

uint64_t digest_hash_path(const char *path, size_t size) {
        return digest_hash_bytes(path, size, 1);
}

static uint32_t digest_record_check(const DigestRecord *r) {
        return (uint32_t)digest_hash_bytes(r, offsetof(DigestRecord, check), 2);
}

static uint64_t header_check(const DigestHeader *h) {
        return digest_hash_bytes(h, offsetof(DigestHeader, check), 3);
}

static size_t starts_size(unsigned bucket_bits) {
        return (((size_t)1 << bucket_bits) + 1) * sizeof(uint32_t);
}

/* The table of starts ends on a multiple of 8 for the records' sake. */
static size_t records_offset(unsigned bucket_bits) {
        return (sizeof(DigestHeader) + starts_size(bucket_bits) + 7) & ~(size_t)7;
}

static size_t file_size(const DigestHeader *h) {
        return records_offset(h->bucket_bits) + (size_t)h->count * sizeof(DigestRecord) + h->paths_size;
}

static bool header_ok(const DigestHeader *h, size_t size) {
        return memcmp(h->magic, magic, sizeof magic) == 0 && h->header_size == sizeof *h &&
               h->check == header_check(h) && h->count <= DIGEST_FILE_MAX_ENTRIES &&
               h->bucket_bits <= BUCKET_BITS_MAX && h->paths_size <= DIGEST_FILE_MAX_PATHS && file_size(h) == size;
}

static void use_map(DigestFile *f, const DigestHeader *h) {
        const char *base = f->map;
        f->bucket_bits = h->bucket_bits;
        f->count = h->count;
        f->paths_size = h->paths_size;
        f->starts = (const uint32_t *)(base + sizeof *h);
        f->records = (const DigestRecord *)(base + records_offset(h->bucket_bits));
        f->paths = (const char *)(f->records + h->count);
}

void digest_file_open(DigestFile *f, int dir_fd, const char *path) {
        *f = (DigestFile){0};
        AUTO(closep) int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        struct stat st;
        if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) return;
        if (st.st_size < (off_t)sizeof(DigestHeader) || st.st_size > (off_t)2 * DIGEST_FILE_MAX_PATHS) return;
        size_t size = (size_t)st.st_size;
        void *map = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (map == MAP_FAILED) return;
        if (!header_ok(map, size)) {
                munmap(map, size);
                return;
        }
        f->map = map;
        f->map_size = size;
        use_map(f, map);
}

void digest_file_close(DigestFile *f) {
        if (f->map) munmap(f->map, f->map_size);
        *f = (DigestFile){0};
}

const char *digest_file_path(const DigestFile *f, const DigestRecord *r) {
        if (r->path_offset >= f->paths_size || r->check != digest_record_check(r)) return NULL;
        const char *path = f->paths + r->path_offset;
        return memchr(path, '\0', f->paths_size - r->path_offset) ? path : NULL;
}

static size_t bucket_of(uint64_t path_hash, unsigned bits) {
        return bits ? (size_t)(path_hash >> (64 - bits)) : 0;
}

static bool is_record_of(const DigestFile *f, const DigestRecord *r, const char *path) {
        size_t size = strlen(path) + 1;
        return r->path_offset < f->paths_size && f->paths_size - r->path_offset >= size &&
               memcmp(f->paths + r->path_offset, path, size) == 0 && r->check == digest_record_check(r);
}

const DigestRecord *digest_file_find(const DigestFile *f, const char *path, uint64_t path_hash) {
        if (f->count == 0) return NULL;
        size_t bucket = bucket_of(path_hash, f->bucket_bits);
        uint32_t at = f->starts[bucket], end = f->starts[bucket + 1];
        if (end > f->count) return NULL;
        for (; at < end; at++) {
                const DigestRecord *r = &f->records[at];
                if (r->path_hash == path_hash && is_record_of(f, r, path)) return r;
        }
        return NULL;
}

/* ---- writing */

typedef struct Writer {
        int fd;
        Buf buf;
} Writer;

static int writer_add(Writer *w, const void *data, size_t size, Err **e) {
        buf_add(&w->buf, data, size);
        if (w->buf.n < WRITE_BUFFER_SIZE) return 0;
        int r = fd_write_all(w->fd, w->buf.p, w->buf.n, e);
        buf_clear(&w->buf);
        return r;
}

static int writer_finish(Writer *w, Err **e) {
        int r = fd_write_all(w->fd, w->buf.p, w->buf.n, e);
        buf_done(&w->buf);
        return r;
}

static int write_starts(Writer *w, const DigestEntry *entries, size_t count, unsigned bits, Err **e) {
        size_t buckets = (size_t)1 << bits, at = 0;
        for (size_t bucket = 0; bucket <= buckets; bucket++) {
                while (at < count && bucket_of(entries[at].record->path_hash, bits) < bucket) at++;
                uint32_t start = (uint32_t)at;
                if (writer_add(w, &start, sizeof start, e) < 0) return -1;
        }
        static const char zeros[8];
        size_t padding = records_offset(bits) - sizeof(DigestHeader) - starts_size(bits);
        return writer_add(w, zeros, padding, e);
}

static int write_records(Writer *w, const DigestEntry *entries, size_t count, Err **e) {
        uint32_t offset = 0;
        for (size_t i = 0; i < count; i++) {
                DigestRecord r = *entries[i].record;
                r.path_offset = offset;
                r.check = digest_record_check(&r);
                if (writer_add(w, &r, sizeof r, e) < 0) return -1;
                offset += (uint32_t)strlen(entries[i].path) + 1;
        }
        return 0;
}

static int write_paths(Writer *w, const DigestEntry *entries, size_t count, Err **e) {
        for (size_t i = 0; i < count; i++)
                if (writer_add(w, entries[i].path, strlen(entries[i].path) + 1, e) < 0) return -1;
        return 0;
}

static int make_header(const DigestEntry *entries, size_t count, DigestHeader *ret_header, Err **e) {
        uint64_t paths_size = 0;
        for (size_t i = 0; i < count; i++) paths_size += strlen(entries[i].path) + 1;
        if (count > DIGEST_FILE_MAX_ENTRIES || paths_size > DIGEST_FILE_MAX_PATHS)
                return err_new(e, ERR_LIMIT, "a digest index of %zu files (maximum %d)", count,
                               DIGEST_FILE_MAX_ENTRIES);
        DigestHeader h = {.count = (uint32_t)count, .paths_size = (uint32_t)paths_size, .header_size = sizeof h};
        memcpy(h.magic, magic, sizeof magic);
        while (h.bucket_bits < BUCKET_BITS_MAX && ((size_t)2 << h.bucket_bits) <= count) h.bucket_bits++;
        h.check = header_check(&h);
        *ret_header = h;
        return 0;
}

static int write_all(int fd, const DigestEntry *entries, size_t count, Err **e) {
        DigestHeader header;
        if (make_header(entries, count, &header, e) < 0) return -1;
        Writer w = {.fd = fd};
        int r = writer_add(&w, &header, sizeof header, e);
        if (r == 0) r = write_starts(&w, entries, count, header.bucket_bits, e);
        if (r == 0) r = write_records(&w, entries, count, e);
        if (r == 0) r = write_paths(&w, entries, count, e);
        int finished = writer_finish(&w, r < 0 ? NULL : e);
        return r < 0 ? r : finished;
}

int digest_file_write(int dir_fd, const char *path, const DigestEntry *entries, size_t count, Err **e) {
        AUTO(freep) char *beside = xasprintf("%s.%d-%p", path, (int)getpid(), (const void *)entries);
        AUTO(closep) int fd = openat(dir_fd, beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (fd < 0) return err_sys(e, "create '%s'", beside);
        if (write_all(fd, entries, count, e) < 0 || renameat(dir_fd, beside, dir_fd, path) < 0) {
                err_sys(e, "write '%s'", path);
                unlinkat(dir_fd, beside, 0);
                return -1;
        }
        return 0;
}

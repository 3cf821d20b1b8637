/* SPDX-License-Identifier: Apache-2.0 */
#include "image/archive_out.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/map.h"
#include "base/str.h"
#include "codec/tar.h"
#include "image/relay.h"
#include "image/streams.h"
#include "oci/manifest.h"
#include "os/fs.h"
#include "os/workers.h"

enum { TAR_BLOCK_SIZE = 512, BLOB_NAME_SIZE = 80 };

struct ArchiveOut {
        int fd;         /* tar */
        bool patchable; /* a regular file whose earlier bytes can be written again */
        int dir_fd;     /* directory; -1 for a tar */
        unsigned temporary_count;
        Map *blobs; /* names written */
};

static bool fd_patchable(int fd) {
        struct stat st;
        if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) return false;
        int flags = fcntl(fd, F_GETFL);
        /* pwrite() on O_APPEND appends */
        return flags >= 0 && !(flags & O_APPEND) && lseek(fd, 0, SEEK_CUR) >= 0;
}

ArchiveOut *archive_out_tar(int fd) {
        ArchiveOut *o = xcalloc(1, sizeof *o);
        *o = (ArchiveOut){.fd = fd, .patchable = fd_patchable(fd), .dir_fd = -1, .blobs = map_new()};
        return o;
}

int archive_out_directory(const char *path, ArchiveOut **ret_out, Err **e) {
        if (dir_make_all(AT_FDCWD, path, 0755, e) < 0) return -1;
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0) return err_sys(e, "open directory '%s'", path);
        ArchiveOut *o = xcalloc(1, sizeof *o);
        *o = (ArchiveOut){.fd = -1, .dir_fd = fd, .blobs = map_new()};
        *ret_out = o;
        return 0;
}

void archive_out_free(ArchiveOut *o) {
        map_free(o->blobs);
        if (o->dir_fd >= 0) close(o->dir_fd);
        free(o);
}

static void blob_name(const Digest *digest, char ret_name[BLOB_NAME_SIZE]) {
        char hex[DIGEST_HEX_SIZE];
        digest_hex(digest, hex);
        snprintf(ret_name, BLOB_NAME_SIZE, "blobs/sha256/%s", hex);
}

/* ---- tar pieces */

/* An octal field with its NUL. */
static void put_octal(char *field, size_t size, uint64_t value) {
        field[size - 1] = '\0';
        for (size_t i = size - 1; i-- > 0; value >>= 3) field[i] = (char)('0' + (value & 7));
}

/* Beyond 8 GiB the size is written in base 256, which all readers of the last decades know: so that a header is one block
 * whatever the size is, and its place can be kept before it is known. */
static void put_size(char field[12], uint64_t size) {
        if (size < (uint64_t)1 << 33) {
                put_octal(field, 12, size);
                return;
        }
        memset(field, 0, 12);
        field[0] = (char)0x80;
        for (size_t i = 12; size > 0; size >>= 8) field[--i] = (char)(size & 0xff);
}

/* The one form of header that these archives need: a short name, 0:0, mtime 0. */
static void header_render(const char *name, TarType type, uint64_t size, char block[TAR_BLOCK_SIZE]) {
        memset(block, 0, TAR_BLOCK_SIZE);
        snprintf(block, 100, "%s", name);
        put_octal(block + 100, 8, type == TAR_DIR ? 0755 : 0644);
        put_octal(block + 108, 8, 0);
        put_octal(block + 116, 8, 0);
        put_size(block + 124, size);
        put_octal(block + 136, 12, 0);
        block[156] = (char)type;
        memcpy(block + 257,
               "ustar\0"
               "00",
               8);
        put_octal(block + 329, 8, 0);
        put_octal(block + 337, 8, 0);
        memset(block + 148, ' ', 8);
        uint64_t sum = 0;
        for (size_t i = 0; i < TAR_BLOCK_SIZE; i++) sum += (unsigned char)block[i];
        put_octal(block + 148, 7, sum);
}

static int header_write(ArchiveOut *o, const char *name, TarType type, uint64_t size, Err **e) {
        char block[TAR_BLOCK_SIZE];
        header_render(name, type, size, block);
        return fd_write_all(o->fd, block, sizeof block, e);
}

static int padding_write(ArchiveOut *o, uint64_t size, Err **e) {
        static const char zeros[TAR_BLOCK_SIZE];
        size_t rest = size % TAR_BLOCK_SIZE;
        return rest ? fd_write_all(o->fd, zeros, TAR_BLOCK_SIZE - rest, e) : 0;
}

static int tar_member(ArchiveOut *o, const char *name, const void *data, size_t size, Err **e) {
        if (header_write(o, name, TAR_FILE, size, e) < 0) return -1;
        if (fd_write_all(o->fd, data, size, e) < 0) return -1;
        return padding_write(o, size, e);
}

int archive_out_begin(ArchiveOut *o, Err **e) {
        static const char layout[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
        if (o->dir_fd >= 0) {
                if (dir_make_all(o->dir_fd, "blobs/sha256", 0755, e) < 0) return -1;
        } else {
                if (header_write(o, "blobs/", TAR_DIR, 0, e) < 0) return -1;
                if (header_write(o, "blobs/sha256/", TAR_DIR, 0, e) < 0) return -1;
        }
        return archive_out_file(o, "oci-layout", layout, sizeof layout - 1, e);
}

int archive_out_end(ArchiveOut *o, Err **e) {
        static const char zeros[2 * TAR_BLOCK_SIZE];
        return o->dir_fd >= 0 ? 0 : fd_write_all(o->fd, zeros, sizeof zeros, e);
}

int archive_out_file(ArchiveOut *o, const char *name, const void *data, size_t size, Err **e) {
        if (o->dir_fd >= 0) return file_write_atomic(o->dir_fd, name, data, size, 0644, e);
        return tar_member(o, name, data, size, e);
}

int archive_out_read_index(ArchiveOut *o, char **ret_data, size_t *ret_size, Err **e) {
        *ret_data = NULL;
        *ret_size = 0;
        if (o->dir_fd < 0) return 0;
        AUTO(err_freep) Err *error = NULL;
        if (file_read(o->dir_fd, "index.json", MANIFEST_MAX, ret_data, ret_size, &error) >= 0) return 0;
        if (err_errno(error) == ENOENT) return 0;
        err_move(e, &error);
        return -1;
}

/* ---- blobs */

static bool blob_seen(const ArchiveOut *o, const Digest *digest) {
        return map_get(o->blobs, digest, sizeof *digest) != NULL;
}

static void blob_mark(ArchiveOut *o, const Digest *digest) {
        map_put(o->blobs, digest, sizeof *digest, o);
}

int archive_out_blob_data(ArchiveOut *o, const void *data, size_t size, Digest *ret_digest, Err **e) {
        sha256_of(data, size, ret_digest);
        if (blob_seen(o, ret_digest)) return 0;
        char name[BLOB_NAME_SIZE];
        blob_name(ret_digest, name);
        if (archive_out_file(o, name, data, size, e) < 0) return -1;
        blob_mark(o, ret_digest);
        return 0;
}

typedef struct Temporary {
        char name[64]; /* "" once it is gone */
        int dir_fd;
        int fd;
} Temporary;

static void temporary_done(Temporary *t) {
        if (t->fd >= 0) close(t->fd);
        if (t->name[0]) (void)unlinkat(t->dir_fd, t->name, 0);
}

static int temporary_open(ArchiveOut *o, Temporary *t, Err **e) {
        t->dir_fd = o->dir_fd;
        snprintf(t->name, sizeof t->name, "blobs/sha256/.new-%d-%u", (int)getpid(), o->temporary_count++);
        t->fd = openat(o->dir_fd, t->name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
        if (t->fd >= 0) return 0;
        err_sys(e, "make '%s'", t->name);
        t->name[0] = '\0';
        return -1;
}

static int temporary_publish(ArchiveOut *o, Temporary *t, const Digest *digest, Err **e) {
        char name[BLOB_NAME_SIZE];
        blob_name(digest, name);
        if (renameat(o->dir_fd, t->name, o->dir_fd, name) < 0) return err_sys(e, "rename to '%s'", name);
        t->name[0] = '\0';
        return 0;
}

static int copy_to_directory(ArchiveOut *o, int fd, const Digest *digest, uint64_t size, Err **e) {
        AUTO(temporary_done) Temporary t = {.fd = -1};
        if (temporary_open(o, &t, e) < 0) return -1;
        if (fd_copy(fd, t.fd, size, e) < 0) return -1;
        return temporary_publish(o, &t, digest, e);
}

int archive_out_blob_fd(ArchiveOut *o, int fd, const Digest *digest, uint64_t size, Err **e) {
        if (blob_seen(o, digest)) return 0;
        if (o->dir_fd >= 0) {
                if (copy_to_directory(o, fd, digest, size, e) < 0) return -1;
        } else {
                char name[BLOB_NAME_SIZE];
                blob_name(digest, name);
                if (header_write(o, name, TAR_FILE, size, e) < 0) return -1;
                if (fd_copy(fd, o->fd, size, e) < 0) return -1;
                if (padding_write(o, size, e) < 0) return -1;
        }
        blob_mark(o, digest);
        return 0;
}

/* ---- blobs in the making */

/* Counts and passes through; finish goes on to next. */
typedef struct CountSink {
        Sink sink;
        Sink *next;
        uint64_t size;
} CountSink;

static int count_write(Sink *s, const void *data, size_t size, Err **e) {
        CountSink *c = (CountSink *)s;
        c->size += size;
        return sink_write(c->next, data, size, e);
}

static int count_finish(Sink *s, Err **e) {
        return sink_finish(((CountSink *)s)->next, e);
}

static void count_free(Sink *s) {
        (void)s; /* lives on the stack */
}

/* Let the bytes go to next. The digest is the one that produce() vouches for, else it is computed here. */
static int produce_into(const BlobInput *in, Sink *next, Digest *ret_digest, uint64_t *ret_size, Err **e) {
        if (!in->digest) {
                AUTO(sink_freep) Sink *hash = sink_hashing(next, ret_digest, ret_size);
                return in->produce(in->context, hash, e);
        }
        CountSink count = {.sink = {count_write, count_finish, count_free}, .next = next};
        if (in->produce(in->context, &count.sink, e) < 0) return -1;
        *ret_digest = *in->digest;
        *ret_size = count.size;
        return 0;
}

/* To a descriptor, written by a thread of its own. */
static int produce_to_fd(const BlobInput *in, int fd, Digest *ret_digest, uint64_t *ret_size, Err **e) {
        AUTO(sink_freep) Sink *file = sink_to_fd(fd);
        if (cpu_count() < 2) return produce_into(in, file, ret_digest, ret_size, e);
        AUTO(sink_freep) Sink *relay = NULL;
        if (relay_sink_new(file, &relay, e) < 0) return -1;
        return produce_into(in, relay, ret_digest, ret_size, e);
}

static int blob_to_directory(ArchiveOut *o, const BlobInput *in, Digest *ret_digest, uint64_t *ret_size, Err **e) {
        AUTO(temporary_done) Temporary t = {.fd = -1};
        if (temporary_open(o, &t, e) < 0) return -1;
        if (produce_to_fd(in, t.fd, ret_digest, ret_size, e) < 0) return -1;
        return temporary_publish(o, &t, ret_digest, e);
}

static int patch_header(ArchiveOut *o, off_t offset, const Digest *digest, uint64_t size, Err **e) {
        char name[BLOB_NAME_SIZE];
        blob_name(digest, name);
        char block[TAR_BLOCK_SIZE];
        header_render(name, TAR_FILE, size, block);
        if (pwrite(o->fd, block, sizeof block, offset) != (ssize_t)sizeof block)
                return err_sys(e, "write the header of '%s'", name);
        return 0;
}

/* One pass: the header's place is kept, and filled when name and size are known. */
static int blob_one_pass(ArchiveOut *o, const BlobInput *in, Digest *ret_digest, uint64_t *ret_size, Err **e) {
        static const char place[TAR_BLOCK_SIZE];
        off_t offset = lseek(o->fd, 0, SEEK_CUR);
        if (offset < 0) return err_sys(e, "seek in the archive");
        if (fd_write_all(o->fd, place, sizeof place, e) < 0) return -1;
        if (produce_to_fd(in, o->fd, ret_digest, ret_size, e) < 0) return -1;
        if (padding_write(o, *ret_size, e) < 0) return -1;
        return patch_header(o, offset, ret_digest, *ret_size, e);
}

/* Two passes: the first only to learn digest and size. */
static int blob_two_passes(ArchiveOut *o, const BlobInput *in, Digest *ret_digest, uint64_t *ret_size, Err **e) {
        AUTO(sink_freep) Sink *nothing = sink_to_nothing();
        if (produce_into(in, nothing, ret_digest, ret_size, e) < 0) return -1;
        char name[BLOB_NAME_SIZE];
        blob_name(ret_digest, name);
        if (header_write(o, name, TAR_FILE, *ret_size, e) < 0) return -1;
        Digest again;
        uint64_t size_again;
        if (produce_to_fd(in, o->fd, &again, &size_again, e) < 0) return -1;
        if (size_again != *ret_size || !digest_eq(&again, ret_digest))
                return err_new(e, ERR_INTERNAL, "'%s' came out different the second time", name);
        return padding_write(o, *ret_size, e);
}

int archive_out_blob(ArchiveOut *o, const BlobInput *in, Digest *ret_digest, uint64_t *ret_size, Err **e) {
        int r;
        if (o->dir_fd >= 0)
                r = blob_to_directory(o, in, ret_digest, ret_size, e);
        else if (o->patchable)
                r = blob_one_pass(o, in, ret_digest, ret_size, e);
        else
                r = blob_two_passes(o, in, ret_digest, ret_size, e);
        if (r < 0) return -1;
        blob_mark(o, ret_digest);
        return 0;
}

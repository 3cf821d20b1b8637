/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "codec/sha256.h"
#include "os/fs.h"

enum { COPY_BUFFER_SIZE = 256 << 10 };

static void sink_free_plain(Sink *s) {
        free(s);
}

static void source_free_plain(Source *s) {
        free(s);
}

/* ---- descriptors ---- */

typedef struct FdSink {
        Sink base;
        int fd;
} FdSink;

static int fd_sink_write(Sink *s, const void *data, size_t size, Err **e) {
        return fd_write_all(((FdSink *)s)->fd, data, size, e);
}

static int finish_nothing(Sink *s, Err **e) {
        (void)s;
        (void)e;
        return 0;
}

Sink *sink_to_fd(int fd) {
        FdSink *s = xmalloc(sizeof *s);
        *s = (FdSink){{fd_sink_write, finish_nothing, sink_free_plain}, fd};
        return &s->base;
}

typedef struct FdSource {
        Source base;
        int fd;
} FdSource;

static int fd_source_read(Source *s, void *data, size_t size, size_t *ret_size, Err **e) {
        ssize_t n;
        do n = read(((FdSource *)s)->fd, data, size);
        while (n < 0 && errno == EINTR);
        if (n < 0) return err_sys(e, "read");
        *ret_size = (size_t)n;
        return 0;
}

Source *source_from_fd(int fd) {
        FdSource *s = xmalloc(sizeof *s);
        *s = (FdSource){{fd_source_read, source_free_plain}, fd};
        return &s->base;
}

/* ---- nothing and memory ---- */

static int nothing_write(Sink *s, const void *data, size_t size, Err **e) {
        (void)s;
        (void)data;
        (void)size;
        (void)e;
        return 0;
}

Sink *sink_to_nothing(void) {
        Sink *s = xmalloc(sizeof *s);
        *s = (Sink){nothing_write, finish_nothing, sink_free_plain};
        return s;
}

typedef struct BufSink {
        Sink base;
        Buf *buf;
} BufSink;

static int buf_sink_write(Sink *s, const void *data, size_t size, Err **e) {
        (void)e;
        buf_add(((BufSink *)s)->buf, data, size);
        return 0;
}

Sink *sink_to_buf(Buf *buf) {
        BufSink *s = xmalloc(sizeof *s);
        *s = (BufSink){{buf_sink_write, finish_nothing, sink_free_plain}, buf};
        return &s->base;
}

typedef struct MemorySource {
        Source base;
        const uint8_t *data;
        size_t size;
} MemorySource;

static int memory_source_read(Source *s, void *data, size_t size, size_t *ret_size, Err **e) {
        (void)e;
        MemorySource *m = (MemorySource *)s;
        size_t n = size < m->size ? size : m->size;
        if (n > 0) memcpy(data, m->data, n);
        m->data += n;
        m->size -= n;
        *ret_size = n;
        return 0;
}

Source *source_from_memory(const void *data, size_t size) {
        static const uint8_t nothing;
        MemorySource *s = xmalloc(sizeof *s);
        *s = (MemorySource){{memory_source_read, source_free_plain}, data ? data : &nothing, data ? size : 0};
        return &s->base;
}

/* ---- range of a file ---- */

typedef struct RangeSource {
        Source base;
        int fd;
        uint64_t offset, left;
} RangeSource;

static int range_read(Source *s, void *data, size_t size, size_t *ret_size, Err **e) {
        RangeSource *r = (RangeSource *)s;
        if (size > r->left) size = (size_t)r->left;
        *ret_size = 0;
        if (size == 0) return 0;
        ssize_t n;
        do n = pread(r->fd, data, size, (off_t)r->offset);
        while (n < 0 && errno == EINTR);
        if (n < 0) return err_sys(e, "read at offset %llu", (unsigned long long)r->offset);
        if (n == 0) return err_new(e, ERR_FORMAT, "the file ends %llu bytes early", (unsigned long long)r->left);
        r->offset += (uint64_t)n;
        r->left -= (uint64_t)n;
        *ret_size = (size_t)n;
        return 0;
}

Source *source_from_range(int fd, uint64_t offset, uint64_t size) {
        RangeSource *r = xcalloc(1, sizeof *r);
        *r = (RangeSource){{range_read, source_free_plain}, fd, offset, size};
        return &r->base;
}

/* ---- hashing ---- */

typedef struct HashingSink {
        Sink base;
        Sink *next;
        Sha256 *hash;
        Digest *ret_digest;
        uint64_t *ret_size;
        uint64_t size;
} HashingSink;

static int hashing_sink_write(Sink *s, const void *data, size_t size, Err **e) {
        HashingSink *h = (HashingSink *)s;
        sha256_add(h->hash, data, size);
        h->size += size;
        return h->next ? sink_write(h->next, data, size, e) : 0;
}

static int hashing_sink_finish(Sink *s, Err **e) {
        HashingSink *h = (HashingSink *)s;
        Digest digest;
        sha256_finish(h->hash, &digest);
        if (h->next && sink_finish(h->next, e) < 0) return -1;
        if (h->ret_digest) *h->ret_digest = digest;
        if (h->ret_size) *h->ret_size = h->size;
        return 0;
}

static void hashing_sink_free(Sink *s) {
        sha256_free(((HashingSink *)s)->hash);
        free(s);
}

Sink *sink_hashing(Sink *next, Digest *ret_digest, uint64_t *ret_size) {
        HashingSink *h = xmalloc(sizeof *h);
        *h = (HashingSink){{hashing_sink_write, hashing_sink_finish, hashing_sink_free},
                           next,
                           sha256_new(),
                           ret_digest,
                           ret_size,
                           0};
        return &h->base;
}

int source_drain(Source *in, Err **e) {
        char scratch[16384];
        size_t n;
        do {
                if (in->read(in, scratch, sizeof scratch, &n, e) < 0) return -1;
        } while (n > 0);
        return 0;
}

int source_to_sink(Source *in, Sink *sink, Err **e) {
        AUTO(freep) char *buffer = xmalloc(COPY_BUFFER_SIZE);
        for (;;) {
                size_t n;
                if (in->read(in, buffer, COPY_BUFFER_SIZE, &n, e) < 0) return -1;
                if (n == 0) return 0;
                if (sink_write(sink, buffer, n, e) < 0) return -1;
        }
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "image/streams.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"

enum { COPY_BUFFER_SIZE = 256 << 10 };

static int finish_nothing(Sink *s, Err **e) {
        (void)s;
        (void)e;
        return 0;
}

static void sink_free_plain(Sink *s) {
        free(s);
}

static void source_free_plain(Source *s) {
        free(s);
}

/* ---- blob */

typedef struct BlobSink {
        Sink sink;
        BlobWriter *writer;
} BlobSink;

static int blob_sink_write(Sink *s, const void *data, size_t size, Err **e) {
        return blob_writer_add(((BlobSink *)s)->writer, data, size, e);
}

Sink *sink_to_blob(BlobWriter *writer) {
        BlobSink *s = xcalloc(1, sizeof *s);
        *s = (BlobSink){{blob_sink_write, finish_nothing, sink_free_plain}, writer};
        return &s->sink;
}

/* ---- range of a file */

typedef struct RangeSource {
        Source source;
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
        return &r->source;
}

/* ---- copying */

typedef struct CopySource {
        Source source;
        Source *in;
        Sink *copy;
} CopySource;

static int copy_read(Source *s, void *data, size_t size, size_t *ret_size, Err **e) {
        CopySource *c = (CopySource *)s;
        size_t n;
        if (c->in->read(c->in, data, size, &n, e) < 0) return -1;
        if (n > 0 && sink_write(c->copy, data, n, e) < 0) return -1;
        *ret_size = n;
        return 0;
}

Source *source_copying(Source *in, Sink *copy) {
        CopySource *c = xcalloc(1, sizeof *c);
        *c = (CopySource){{copy_read, source_free_plain}, in, copy};
        return &c->source;
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

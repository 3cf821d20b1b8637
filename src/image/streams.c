/* SPDX-License-Identifier: Apache-2.0 */
#include "image/streams.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"

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

/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "codec/compress_internal.h"

enum { IN_SIZE = 64 << 10, MAGIC_SIZE = 6 };

typedef struct DecompressingSource {
        Source base;
        Source *in;
        Compression compression;
        Decoder *decoder; /* NULL: bytes pass as they are */
        bool in_member;
        bool in_ended;
        uint64_t made, max_output;
        size_t at, end; /* of buffer: what is read and not used yet */
        uint8_t buffer[IN_SIZE];
} DecompressingSource;

/* Read until at least `want` bytes are there or the input ends. */
static int refill(DecompressingSource *d, size_t want, Err **e) {
        if (d->end - d->at >= want) return 0;
        memmove(d->buffer, d->buffer + d->at, d->end - d->at);
        d->end -= d->at;
        d->at = 0;
        while (d->end < want && !d->in_ended) {
                size_t n;
                if (d->in->read(d->in, d->buffer + d->end, IN_SIZE - d->end, &n, e) < 0) return -1;
                d->end += n;
                d->in_ended = n == 0;
        }
        return 0;
}

/* Between members: pass over zero bytes (padding of tapes and of xz), then another member or the end. */
static int next_member(DecompressingSource *d, bool *ret_ended, Err **e) {
        do {
                while (d->at < d->end && d->buffer[d->at] == 0) d->at++;
                if (refill(d, MAGIC_SIZE, e) < 0) return -1;
        } while (d->at < d->end && d->buffer[d->at] == 0);
        *ret_ended = d->at == d->end;
        if (*ret_ended) return 0;
        if (compression_detect(d->buffer + d->at, d->end - d->at) != d->compression) {
                return err_new(e, ERR_FORMAT, "other data behind the end of %s data", compression_name(d->compression));
        }
        d->in_member = true;
        return d->decoder->start(d->decoder, e);
}

static int limit_output(DecompressingSource *d, size_t made, Err **e) {
        d->made += made;
        if (d->max_output == 0 || d->made <= d->max_output) return 0;
        return err_new(e, ERR_LIMIT, "%s data hold more than %llu bytes", compression_name(d->compression),
                       (unsigned long long)d->max_output);
}

/* One turn of the decoder. */
static int decode(DecompressingSource *d, void *data, size_t size, size_t *ret_size, Err **e) {
        if (refill(d, 1, e) < 0) return -1;
        DecoderStep step = {d->buffer + d->at, d->end - d->at, data, size, false};
        if (d->decoder->run(d->decoder, &step, e) < 0) return -1;
        bool stuck = step.in_size == d->end - d->at && step.out_size == size && !step.member_ended;
        if (stuck) return err_new(e, ERR_FORMAT, "%s data are cut short", compression_name(d->compression));
        d->at = d->end - step.in_size;
        d->in_member = !step.member_ended;
        *ret_size = size - step.out_size;
        return 0;
}

static int read_decoded(Source *s, void *data, size_t size, size_t *ret_size, Err **e) {
        DecompressingSource *d = (DecompressingSource *)s;
        *ret_size = 0;
        while (*ret_size == 0 && size > 0) {
                bool ended = false;
                if (!d->in_member && next_member(d, &ended, e) < 0) return -1;
                if (ended) return 0;
                if (decode(d, data, size, ret_size, e) < 0) return -1;
        }
        return limit_output(d, *ret_size, e);
}

static int read_plain(Source *s, void *data, size_t size, size_t *ret_size, Err **e) {
        DecompressingSource *d = (DecompressingSource *)s;
        size_t n = d->end - d->at;
        if (n > size) n = size;
        if (n > 0) {
                memcpy(data, d->buffer + d->at, n);
                d->at += n;
        } else if (d->in->read(d->in, data, size, &n, e) < 0) {
                return -1;
        }
        *ret_size = n;
        return limit_output(d, n, e);
}

static void decompressing_free(Source *s) {
        DecompressingSource *d = (DecompressingSource *)s;
        if (d->decoder) d->decoder->free(d->decoder);
        free(d);
}

int source_decompressing(Source *in, uint64_t max_output, Compression *ret_compression, Source **ret_source, Err **e) {
        static Decoder *(*const decoders[])(void) = {
                [COMPRESSION_GZIP] = gzip_decoder_new,
                [COMPRESSION_ZSTD] = zstd_decoder_new,
                [COMPRESSION_BZIP2] = bzip2_decoder_new,
                [COMPRESSION_XZ] = xz_decoder_new,
        };
        DecompressingSource *d = xmalloc(sizeof *d);
        *d = (DecompressingSource){.base = {read_decoded, decompressing_free}, .in = in, .max_output = max_output};
        AUTO(source_freep) Source *source = &d->base;
        if (refill(d, MAGIC_SIZE, e) < 0) return -1;
        d->compression = compression_detect(d->buffer, d->end);
        if (d->compression == COMPRESSION_NONE) {
                d->base.read = read_plain;
        } else {
                d->decoder = decoders[d->compression]();
        }
        if (ret_compression) *ret_compression = d->compression;
        *ret_source = TAKE(source);
        return 0;
}

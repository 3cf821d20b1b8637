/* SPDX-License-Identifier: Apache-2.0 */

/* The four decompressors behind source_decompressing(), one member at a time. */

#include <bzlib.h>
#include <limits.h>
#include <lzma.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <zlib.h>
#include <zstd.h>

#include "base/alloc.h"
#include "codec/compress_internal.h"

static unsigned clip(size_t n) {
        return n < UINT_MAX ? (unsigned)n : UINT_MAX;
}

/* After a library has used `used` bytes of the input and made `made`. */
static void step_advance(DecoderStep *step, size_t used, size_t made) {
        step->in += used;
        step->in_size -= used;
        step->out += made;
        step->out_size -= made;
}

/* ---- gzip ---- */

typedef struct GzipDecoder {
        Decoder base;
        z_stream z;
        bool ready;
} GzipDecoder;

static int gzip_start(Decoder *d, Err **e) {
        GzipDecoder *g = (GzipDecoder *)d;
        int r = g->ready ? inflateReset(&g->z) : inflateInit2(&g->z, MAX_WBITS + 16);
        g->ready = g->ready || r == Z_OK;
        return r == Z_OK ? 0 : err_new(e, ERR_INTERNAL, "inflate does not start");
}

static int gzip_run(Decoder *d, DecoderStep *step, Err **e) {
        z_stream *z = &((GzipDecoder *)d)->z;
        unsigned in_size = clip(step->in_size), out_size = clip(step->out_size);
        z->next_in = (uint8_t *)step->in;
        z->avail_in = in_size;
        z->next_out = step->out;
        z->avail_out = out_size;
        int r = inflate(z, Z_NO_FLUSH);
        step_advance(step, in_size - z->avail_in, out_size - z->avail_out);
        step->member_ended = r == Z_STREAM_END;
        if (r == Z_OK || r == Z_STREAM_END || r == Z_BUF_ERROR) return 0;
        return err_new(e, ERR_FORMAT, "damaged gzip data%s%s", z->msg ? ": " : "", z->msg ? z->msg : "");
}

static void gzip_free(Decoder *d) {
        GzipDecoder *g = (GzipDecoder *)d;
        if (g->ready) inflateEnd(&g->z);
        free(g);
}

Decoder *gzip_decoder_new(void) {
        GzipDecoder *g = xcalloc(1, sizeof *g);
        g->base = (Decoder){gzip_start, gzip_run, gzip_free};
        return &g->base;
}

/* ---- zstd ---- */

typedef struct ZstdDecoder {
        Decoder base;
        ZSTD_DCtx *context;
} ZstdDecoder;

static int zstd_start(Decoder *d, Err **e) {
        ZstdDecoder *z = (ZstdDecoder *)d;
        if (!z->context) z->context = ZSTD_createDCtx();
        if (!z->context || ZSTD_isError(ZSTD_DCtx_reset(z->context, ZSTD_reset_session_only))) {
                return err_new(e, ERR_INTERNAL, "zstd does not start");
        }
        return 0;
}

/* The library's own limit of the window is 128 MiB. */
static int zstd_run(Decoder *d, DecoderStep *step, Err **e) {
        ZSTD_inBuffer in = {step->in, step->in_size, 0};
        ZSTD_outBuffer out = {step->out, step->out_size, 0};
        size_t r = ZSTD_decompressStream(((ZstdDecoder *)d)->context, &out, &in);
        if (ZSTD_isError(r)) return err_new(e, ERR_FORMAT, "damaged zstd data: %s", ZSTD_getErrorName(r));
        step_advance(step, in.pos, out.pos);
        step->member_ended = r == 0;
        return 0;
}

static void zstd_free(Decoder *d) {
        ZSTD_freeDCtx(((ZstdDecoder *)d)->context);
        free(d);
}

Decoder *zstd_decoder_new(void) {
        ZstdDecoder *z = xcalloc(1, sizeof *z);
        z->base = (Decoder){zstd_start, zstd_run, zstd_free};
        return &z->base;
}

/* ---- bzip2 ---- */

typedef struct Bzip2Decoder {
        Decoder base;
        bz_stream z;
        bool ready;
} Bzip2Decoder;

static int bzip2_start(Decoder *d, Err **e) {
        Bzip2Decoder *b = (Bzip2Decoder *)d;
        if (b->ready) BZ2_bzDecompressEnd(&b->z);
        b->z = (bz_stream){0};
        b->ready = BZ2_bzDecompressInit(&b->z, 0, 0) == BZ_OK;
        return b->ready ? 0 : err_new(e, ERR_INTERNAL, "bzip2 does not start");
}

static int bzip2_run(Decoder *d, DecoderStep *step, Err **e) {
        bz_stream *z = &((Bzip2Decoder *)d)->z;
        unsigned in_size = clip(step->in_size), out_size = clip(step->out_size);
        z->next_in = (char *)step->in;
        z->avail_in = in_size;
        z->next_out = (char *)step->out;
        z->avail_out = out_size;
        int r = BZ2_bzDecompress(z);
        step_advance(step, in_size - z->avail_in, out_size - z->avail_out);
        step->member_ended = r == BZ_STREAM_END;
        if (r == BZ_OK || r == BZ_STREAM_END) return 0;
        return err_new(e, ERR_FORMAT, "damaged bzip2 data");
}

static void bzip2_free(Decoder *d) {
        Bzip2Decoder *b = (Bzip2Decoder *)d;
        if (b->ready) BZ2_bzDecompressEnd(&b->z);
        free(b);
}

Decoder *bzip2_decoder_new(void) {
        Bzip2Decoder *b = xcalloc(1, sizeof *b);
        b->base = (Decoder){bzip2_start, bzip2_run, bzip2_free};
        return &b->base;
}

/* ---- xz ---- */

typedef struct XzDecoder {
        Decoder base;
        lzma_stream z;
} XzDecoder;

/* Dictionaries are of megabytes, one for each archive. malloc() would keep the freed ones for the thread that asked, and several threads
 * decompress: with mappings of their own the memory in use is that of the archives that are open. */
typedef union Block {
        size_t mapped_bytes; /* 0: of malloc() */
        max_align_t align;
} Block;

enum { BLOCK_MAP_MIN = 1 << 20 };

static Block *block_take(size_t bytes) {
        if (bytes < BLOCK_MAP_MIN) return malloc(bytes);
        void *mapped = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        return mapped == MAP_FAILED ? NULL : mapped;
}

static void *block_new(void *unused, size_t count, size_t size) {
        (void)unused;
        size_t bytes;
        if (__builtin_mul_overflow(count, size, &bytes) || __builtin_add_overflow(bytes, sizeof(Block), &bytes))
                return NULL;
        Block *b = block_take(bytes);
        if (!b) return NULL;
        b->mapped_bytes = bytes < BLOCK_MAP_MIN ? 0 : bytes;
        return b + 1;
}

static void block_free(void *unused, void *p) {
        (void)unused;
        Block *b = p ? (Block *)p - 1 : NULL;
        if (b && b->mapped_bytes)
                munmap(b, b->mapped_bytes);
        else
                free(b);
}

static const lzma_allocator blocks = {block_new, block_free, NULL};

static int xz_start(Decoder *d, Err **e) {
        lzma_ret r = lzma_stream_decoder(&((XzDecoder *)d)->z, DECOMPRESS_MEMORY_MAX, 0);
        return r == LZMA_OK ? 0 : err_new(e, ERR_INTERNAL, "xz does not start");
}

static int xz_run(Decoder *d, DecoderStep *step, Err **e) {
        lzma_stream *z = &((XzDecoder *)d)->z;
        z->next_in = step->in;
        z->avail_in = step->in_size;
        z->next_out = step->out;
        z->avail_out = step->out_size;
        lzma_ret r = lzma_code(z, LZMA_RUN);
        step_advance(step, step->in_size - z->avail_in, step->out_size - z->avail_out);
        step->member_ended = r == LZMA_STREAM_END;
        if (r == LZMA_OK || r == LZMA_STREAM_END || r == LZMA_BUF_ERROR) return 0;
        if (r == LZMA_MEMLIMIT_ERROR) {
                return err_new(e, ERR_LIMIT, "xz data want more than %d MiB of memory", DECOMPRESS_MEMORY_MAX >> 20);
        }
        return err_new(e, ERR_FORMAT, "damaged xz data");
}

static void xz_free(Decoder *d) {
        lzma_end(&((XzDecoder *)d)->z);
        free(d);
}

Decoder *xz_decoder_new(void) {
        XzDecoder *x = xcalloc(1, sizeof *x);
        x->base = (Decoder){xz_start, xz_run, xz_free};
        x->z = (lzma_stream)LZMA_STREAM_INIT;
        x->z.allocator = &blocks;
        return &x->base;
}

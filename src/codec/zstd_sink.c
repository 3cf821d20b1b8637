/* SPDX-License-Identifier: Apache-2.0 */

/* zstd by the library's own threads. Its multi-threaded mode cuts jobs by size and gives the same bytes for every
 * number of workers from one up, but other bytes than without workers; what decides between the two must therefore be
 * the input's size alone. Input that fits one small buffer is compressed in one call, without threads. */

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "codec/compress_internal.h"
#include "os/workers.h"

enum {
        SMALL_SIZE = 256 << 10,
        OUT_SIZE = 128 << 10,
        JOB_SIZE = 1 << 20, /* part of what decides the bytes */
        WORKERS_MAX = 16,
        LEVEL_DEFAULT = 3,
};

typedef struct ZstdSink {
        Sink base;
        Sink *next;
        ZSTD_CCtx *context;
        uint8_t *small;
        size_t small_size;
        bool streaming;
        uint8_t *out;
} ZstdSink;

static int check(size_t r, Err **e) {
        if (!ZSTD_isError(r)) return 0;
        return err_new(e, ERR_INTERNAL, "zstd: %s", ZSTD_getErrorName(r));
}

/* Feed data; with ZSTD_e_end until the frame is complete. */
static int pump(ZstdSink *z, const void *data, size_t size, ZSTD_EndDirective directive, Err **e) {
        ZSTD_inBuffer in = {data, size, 0};
        size_t remaining;
        do {
                ZSTD_outBuffer out = {z->out, OUT_SIZE, 0};
                remaining = ZSTD_compressStream2(z->context, &out, &in, directive);
                if (check(remaining, e) < 0) return -1;
                if (out.pos > 0 && sink_write(z->next, z->out, out.pos, e) < 0) return -1;
        } while (in.pos < in.size || (directive == ZSTD_e_end && remaining > 0));
        return 0;
}

static unsigned worker_count(void) {
        unsigned cpus = cpu_count();
        return cpus < WORKERS_MAX ? cpus : WORKERS_MAX;
}

/* A libzstd that was built without threads refuses nbWorkers: then one thread does it. */
static int start_streaming(ZstdSink *z, Err **e) {
        if (z->streaming) return 0;
        z->streaming = true;
        if (!ZSTD_isError(ZSTD_CCtx_setParameter(z->context, ZSTD_c_nbWorkers, (int)worker_count())) &&
            check(ZSTD_CCtx_setParameter(z->context, ZSTD_c_jobSize, JOB_SIZE), e) < 0) {
                return -1;
        }
        int r = pump(z, z->small, z->small_size, ZSTD_e_continue, e);
        free(z->small);
        z->small = NULL;
        return r;
}

static int zstd_write(Sink *s, const void *data, size_t size, Err **e) {
        ZstdSink *z = (ZstdSink *)s;
        if (size == 0) return 0;
        if (!z->streaming && size <= SMALL_SIZE - z->small_size) {
                memcpy(z->small + z->small_size, data, size);
                z->small_size += size;
                return 0;
        }
        if (start_streaming(z, e) < 0) return -1;
        return pump(z, data, size, ZSTD_e_continue, e);
}

static int zstd_finish(Sink *s, Err **e) {
        ZstdSink *z = (ZstdSink *)s;
        int r = z->streaming ? pump(z, "", 0, ZSTD_e_end, e) : pump(z, z->small, z->small_size, ZSTD_e_end, e);
        return r < 0 ? -1 : sink_finish(z->next, e);
}

static void zstd_free(Sink *s) {
        ZstdSink *z = (ZstdSink *)s;
        ZSTD_freeCCtx(z->context);
        free(z->small);
        free(z->out);
        free(z);
}

int zstd_sink_new(Sink *next, int level, Sink **ret_sink, Err **e) {
        ZSTD_CCtx *context = ZSTD_createCCtx();
        if (!context) return err_new(e, ERR_INTERNAL, "zstd: out of memory");
        ZstdSink *z = xmalloc(sizeof *z);
        *z = (ZstdSink){
                {zstd_write, zstd_finish, zstd_free}, next, context, xmalloc(SMALL_SIZE), 0, false, xmalloc(OUT_SIZE)};
        AUTO(sink_freep) Sink *sink = &z->base;
        if (check(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level < 0 ? LEVEL_DEFAULT : level), e) < 0 ||
            check(ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1), e) < 0) {
                return -1;
        }
        *ret_sink = TAKE(sink);
        return 0;
}

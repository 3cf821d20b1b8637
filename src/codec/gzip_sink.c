/* SPDX-License-Identifier: Apache-2.0 */

/* gzip on all cores: the input is cut into blocks of a fixed size, each is deflated by itself with the 32 KiB before
 * it as dictionary and ended at a byte boundary, and the pieces joined make one deflate stream in one gzip member.
 * Where the cuts are depends on the input alone, so the bytes do not depend on the number of threads.
 *
 * The blocks live in a ring. The caller's thread fills them and writes them out in order; worker threads deflate.
 * Block number n is in slot n % ring_size; written <= claimed <= filled. */

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "codec/compress_internal.h"
#include "os/workers.h"

enum {
        BLOCK_SIZE = 128 << 10,
        DICTIONARY_SIZE = 32 << 10,
        WORKERS_MAX = 32, /* with the ring: below 20 MB */
        FLUSH_ROOM = 64,
};

typedef struct Block {
        uint8_t *in; /* dictionary, then input */
        size_t dictionary_size;
        size_t size;
        uint8_t *out;
        size_t out_size;
        uint32_t crc;
        bool last;
        bool done;
        bool failed;
} Block;

typedef struct GzipSink {
        Sink base;
        Sink *next;
        int level;
        size_t out_capacity;
        Block *ring;
        uint64_t ring_size;
        Block *current; /* being filled: ring[filled % ring_size], or NULL before the first byte */
        z_stream own;   /* the caller's deflater, for input too small for threads */
        bool own_ready;
        bool header_written;
        uint32_t crc;
        uint32_t size; /* modulo 2^32, as the format has it */

        pthread_t threads[WORKERS_MAX];
        unsigned thread_count, thread_max;
        pthread_mutex_t lock; /* guards what follows and Block.done */
        pthread_cond_t work, done;
        uint64_t filled, claimed, written;
        bool stop;
} GzipSink;

/* ---- one block ---- */

static int deflater_init(z_stream *z, int level) {
        *z = (z_stream){0};
        return deflateInit2(z, level < 0 ? Z_DEFAULT_COMPRESSION : level, Z_DEFLATED, -MAX_WBITS, 8,
                            Z_DEFAULT_STRATEGY);
}

/* Z_SYNC_FLUSH ends a piece at a byte boundary without ending the stream. */
static bool block_deflate(Block *b, z_stream *z, size_t out_capacity) {
        uint8_t *input = b->in + DICTIONARY_SIZE;
        b->crc = (uint32_t)crc32_z(crc32_z(0, NULL, 0), input, b->size);
        if (deflateReset(z) != Z_OK) return false;
        if (b->dictionary_size > 0 &&
            deflateSetDictionary(z, input - b->dictionary_size, (uInt)b->dictionary_size) != Z_OK) {
                return false;
        }
        z->next_in = input;
        z->avail_in = (uInt)b->size;
        z->next_out = b->out;
        z->avail_out = (uInt)out_capacity;
        int r = deflate(z, b->last ? Z_FINISH : Z_SYNC_FLUSH);
        b->out_size = out_capacity - z->avail_out;
        return r == (b->last ? Z_STREAM_END : Z_OK) && z->avail_in == 0 && z->avail_out > 0;
}

/* ---- threads ---- */

static void *worker(void *argument) {
        GzipSink *g = argument;
        z_stream z;
        bool usable = deflater_init(&z, g->level) == Z_OK;
        pthread_mutex_lock(&g->lock);
        while (true) {
                while (!g->stop && g->claimed == g->filled) pthread_cond_wait(&g->work, &g->lock);
                if (g->stop) break;
                Block *b = &g->ring[g->claimed++ % g->ring_size];
                pthread_mutex_unlock(&g->lock);
                bool good = usable && block_deflate(b, &z, g->out_capacity);
                pthread_mutex_lock(&g->lock);
                b->failed = !good;
                b->done = true;
                pthread_cond_signal(&g->done);
        }
        pthread_mutex_unlock(&g->lock);
        if (usable) deflateEnd(&z);
        return NULL;
}

/* Threads come one by one as blocks come, so that small input starts few. They take no signals: those are for the
 * thread that waits for them. */
static void start_worker(GzipSink *g) {
        sigset_t all, old;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &old);
        bool started = pthread_create(&g->threads[g->thread_count], NULL, worker, g) == 0;
        pthread_sigmask(SIG_SETMASK, &old, NULL);
        if (started) {
                g->thread_count++;
        } else {
                g->thread_max = g->thread_count;
        }
}

static void stop_workers(GzipSink *g) {
        pthread_mutex_lock(&g->lock);
        g->stop = true;
        pthread_cond_broadcast(&g->work);
        pthread_mutex_unlock(&g->lock);
        for (unsigned i = 0; i < g->thread_count; i++) pthread_join(g->threads[i], NULL);
        g->thread_count = 0;
}

/* ---- the ring ---- */

static int header_write(GzipSink *g, Err **e) {
        static const uint8_t header[10] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255}; /* no name, no time, system unknown */
        if (g->header_written) return 0;
        g->header_written = true;
        return sink_write(g->next, header, sizeof header, e);
}

static int block_write(GzipSink *g, Block *b, Err **e) {
        if (b->failed) return err_new(e, ERR_INTERNAL, "deflate failed");
        if (header_write(g, e) < 0 || sink_write(g->next, b->out, b->out_size, e) < 0) return -1;
        g->crc = (uint32_t)crc32_combine(g->crc, b->crc, (z_off_t)b->size);
        g->size += (uint32_t)b->size;
        return 0;
}

/* Write the oldest blocks until at most `remaining` are in the ring; waits for those that are not done yet. */
static int drain(GzipSink *g, uint64_t remaining, Err **e) {
        pthread_mutex_lock(&g->lock);
        int r = 0;
        while (r == 0 && g->filled - g->written > remaining) {
                Block *b = &g->ring[g->written % g->ring_size];
                while (!b->done) pthread_cond_wait(&g->done, &g->lock);
                pthread_mutex_unlock(&g->lock);
                r = block_write(g, b, e);
                pthread_mutex_lock(&g->lock);
                b->done = false;
                g->written++;
        }
        pthread_mutex_unlock(&g->lock);
        return r;
}

static int deflate_here(GzipSink *g, Err **e) {
        if (!g->own_ready && deflater_init(&g->own, g->level) != Z_OK) {
                return err_new(e, ERR_INTERNAL, "deflate does not start");
        }
        g->own_ready = true;
        g->current->failed = !block_deflate(g->current, &g->own, g->out_capacity);
        if (block_write(g, g->current, e) < 0) return -1;
        g->filled++;
        g->claimed++;
        g->written++;
        return 0;
}

/* Hand the current block to the workers. The first and only block is not worth a thread. */
static int publish(GzipSink *g, bool last, Err **e) {
        g->current->last = last;
        if (g->thread_count < g->thread_max && !(last && g->thread_count == 0)) start_worker(g);
        if (g->thread_count == 0) return deflate_here(g, e);
        pthread_mutex_lock(&g->lock);
        g->filled++;
        pthread_cond_signal(&g->work);
        pthread_mutex_unlock(&g->lock);
        return 0;
}

static Block *block_prepare(GzipSink *g, const Block *before) {
        Block *b = &g->ring[g->filled % g->ring_size];
        if (!b->in) {
                b->in = xmalloc(DICTIONARY_SIZE + BLOCK_SIZE);
                b->out = xmalloc(g->out_capacity);
        }
        b->size = 0;
        b->dictionary_size = 0;
        if (before) {
                b->dictionary_size = DICTIONARY_SIZE;
                memcpy(b->in, before->in + BLOCK_SIZE, DICTIONARY_SIZE);
        }
        return b;
}

/* The block before is still in the ring when its tail is copied: the ring holds three at least. */
static int next_block(GzipSink *g, Err **e) {
        const Block *before = g->current;
        if (publish(g, false, e) < 0 || drain(g, g->ring_size - 2, e) < 0) return -1;
        g->current = block_prepare(g, before);
        return 0;
}

/* ---- the sink ---- */

static int gzip_write(Sink *s, const void *data, size_t size, Err **e) {
        GzipSink *g = (GzipSink *)s;
        const uint8_t *p = data;
        if (!g->current) g->current = block_prepare(g, NULL);
        while (size > 0) {
                if (g->current->size == BLOCK_SIZE && next_block(g, e) < 0) return -1;
                size_t room = BLOCK_SIZE - g->current->size;
                size_t n = size < room ? size : room;
                memcpy(g->current->in + DICTIONARY_SIZE + g->current->size, p, n);
                g->current->size += n;
                p += n;
                size -= n;
        }
        return 0;
}

static void put_le32(uint8_t *p, uint32_t v) {
        for (int i = 0; i < 4; i++) p[i] = (uint8_t)(v >> (8 * i));
}

static int gzip_finish(Sink *s, Err **e) {
        GzipSink *g = (GzipSink *)s;
        if (!g->current) g->current = block_prepare(g, NULL);
        if (publish(g, true, e) < 0 || drain(g, 0, e) < 0) return -1;
        uint8_t trailer[8];
        put_le32(trailer, g->crc);
        put_le32(trailer + 4, g->size);
        if (sink_write(g->next, trailer, sizeof trailer, e) < 0) return -1;
        return sink_finish(g->next, e);
}

static void gzip_free(Sink *s) {
        GzipSink *g = (GzipSink *)s;
        stop_workers(g);
        if (g->own_ready) deflateEnd(&g->own);
        for (uint64_t i = 0; i < g->ring_size; i++) {
                free(g->ring[i].in);
                free(g->ring[i].out);
        }
        free(g->ring);
        pthread_cond_destroy(&g->work);
        pthread_cond_destroy(&g->done);
        pthread_mutex_destroy(&g->lock);
        free(g);
}

int gzip_sink_new(Sink *next, int level, Sink **ret_sink, Err **e) {
        (void)e;
        GzipSink *g = xcalloc(1, sizeof *g);
        unsigned cpus = cpu_count();
        g->base = (Sink){gzip_write, gzip_finish, gzip_free};
        g->next = next;
        g->level = level;
        g->thread_max = cpus < WORKERS_MAX ? cpus : WORKERS_MAX;
        g->ring_size = g->thread_max + 3;
        g->ring = xcalloc(g->ring_size, sizeof *g->ring);
        g->out_capacity = compressBound(BLOCK_SIZE) + FLUSH_ROOM;
        g->crc = (uint32_t)crc32_z(0, NULL, 0);
        pthread_mutex_init(&g->lock, NULL);
        pthread_cond_init(&g->work, NULL);
        pthread_cond_init(&g->done, NULL);
        *ret_sink = &g->base;
        return 0;
}

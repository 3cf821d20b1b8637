/* SPDX-License-Identifier: Apache-2.0 */
#include "image/relay.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

/* Chunks between one writer and one reader. Counters only grow; the slot is the counter modulo RELAY_CHUNKS. */
typedef struct Ring {
        pthread_mutex_t lock;
        pthread_cond_t readable, writable;
        char *memory;
        size_t sizes[RELAY_CHUNKS];
        size_t written, read; /* chunks */
        bool ended;           /* the writer will add nothing more */
        bool refused;         /* the reader wants nothing more */
        size_t filled;        /* bytes in the writer's unpublished chunk */
        size_t consumed;      /* bytes the reader had of its current chunk */
} Ring;

static void ring_init(Ring *r) {
        pthread_mutex_init(&r->lock, NULL);
        pthread_cond_init(&r->readable, NULL);
        pthread_cond_init(&r->writable, NULL);
        r->memory = xmalloc((size_t)RELAY_CHUNKS * RELAY_CHUNK_SIZE);
}

static void ring_done(Ring *r) {
        pthread_cond_destroy(&r->readable);
        pthread_cond_destroy(&r->writable);
        pthread_mutex_destroy(&r->lock);
        free(r->memory);
}

static char *ring_slot(const Ring *r, size_t counter) {
        return r->memory + (counter % RELAY_CHUNKS) * RELAY_CHUNK_SIZE;
}

static void ring_publish(Ring *r) {
        pthread_mutex_lock(&r->lock);
        r->sizes[r->written % RELAY_CHUNKS] = r->filled;
        r->written++;
        r->filled = 0;
        pthread_cond_signal(&r->readable);
        pthread_mutex_unlock(&r->lock);
}

/* Wait for a free slot; false when the reader is gone. */
static bool ring_wait_writable(Ring *r) {
        pthread_mutex_lock(&r->lock);
        while (!r->refused && r->written - r->read >= RELAY_CHUNKS) pthread_cond_wait(&r->writable, &r->lock);
        bool ok = !r->refused;
        pthread_mutex_unlock(&r->lock);
        return ok;
}

static bool ring_write(Ring *r, const char *data, size_t size) {
        while (size > 0) {
                if (r->filled == 0 && !ring_wait_writable(r)) return false;
                size_t n = RELAY_CHUNK_SIZE - r->filled;
                if (n > size) n = size;
                memcpy(ring_slot(r, r->written) + r->filled, data, n);
                r->filled += n;
                data += n;
                size -= n;
                if (r->filled == RELAY_CHUNK_SIZE) ring_publish(r);
        }
        return true;
}

static void ring_end(Ring *r) {
        if (r->filled > 0) ring_publish(r);
        pthread_mutex_lock(&r->lock);
        r->ended = true;
        pthread_cond_signal(&r->readable);
        pthread_mutex_unlock(&r->lock);
}

static void ring_refuse(Ring *r) {
        pthread_mutex_lock(&r->lock);
        r->refused = true;
        pthread_cond_signal(&r->writable);
        pthread_mutex_unlock(&r->lock);
}

/* The reader's current chunk, NULL at the end. Stays valid until ring_release(). */
static const char *ring_peek(Ring *r, size_t *ret_size) {
        pthread_mutex_lock(&r->lock);
        while (r->read == r->written && !r->ended) pthread_cond_wait(&r->readable, &r->lock);
        bool some = r->read < r->written;
        pthread_mutex_unlock(&r->lock);
        if (!some) return NULL;
        *ret_size = r->sizes[r->read % RELAY_CHUNKS];
        return ring_slot(r, r->read);
}

static void ring_release(Ring *r) {
        pthread_mutex_lock(&r->lock);
        r->read++;
        r->consumed = 0;
        pthread_cond_signal(&r->writable);
        pthread_mutex_unlock(&r->lock);
}

/* ---- sink */

typedef struct RelaySink {
        Sink sink;
        Ring ring;
        Sink *next;
        pthread_t thread;
        bool joined, abandoned;
        Err *error; /* of the thread; read after joining */
} RelaySink;

static void *relay_sink_run(void *p) {
        RelaySink *r = p;
        const char *chunk;
        size_t size;
        while ((chunk = ring_peek(&r->ring, &size))) {
                if (sink_write(r->next, chunk, size, &r->error) < 0) {
                        ring_refuse(&r->ring);
                        return NULL;
                }
                ring_release(&r->ring);
        }
        if (!r->abandoned) (void)sink_finish(r->next, &r->error);
        return NULL;
}

static int relay_sink_join(RelaySink *r, Err **e) {
        if (!r->joined) {
                ring_end(&r->ring);
                pthread_join(r->thread, NULL);
                r->joined = true;
        }
        if (!r->error) return 0;
        err_move(e, &r->error);
        return -1;
}

static int relay_sink_write(Sink *s, const void *data, size_t size, Err **e) {
        RelaySink *r = (RelaySink *)s;
        if (ring_write(&r->ring, data, size)) return 0;
        if (relay_sink_join(r, e) < 0) return -1;
        return err_new(e, ERR_INTERNAL, "written to a stream that has failed before");
}

static int relay_sink_finish(Sink *s, Err **e) {
        return relay_sink_join((RelaySink *)s, e);
}

static void relay_sink_free(Sink *s) {
        RelaySink *r = (RelaySink *)s;
        if (!r->joined) {
                r->abandoned = true; /* the ring's lock in ring_end() makes it visible */
                (void)relay_sink_join(r, NULL);
        }
        err_free(r->error);
        ring_done(&r->ring);
        free(r);
}

static int thread_start(pthread_t *ret_thread, void *(*run)(void *), void *argument, Err **e) {
        int error = pthread_create(ret_thread, NULL, run, argument);
        if (error == 0) return 0;
        errno = error;
        return err_sys(e, "start a thread");
}

int relay_sink_new(Sink *next, Sink **ret_sink, Err **e) {
        RelaySink *r = xcalloc(1, sizeof *r);
        r->sink = (Sink){relay_sink_write, relay_sink_finish, relay_sink_free};
        r->next = next;
        ring_init(&r->ring);
        if (thread_start(&r->thread, relay_sink_run, r, e) < 0) {
                ring_done(&r->ring);
                free(r);
                return -1;
        }
        *ret_sink = &r->sink;
        return 0;
}

/* ---- source */

typedef struct RelaySource {
        Source source;
        Sink input; /* what fill() writes into */
        Ring ring;
        RelayFill fill;
        void *context;
        pthread_t thread;
        Err *error; /* of fill(); read after the end was seen */
        bool failed;
} RelaySource;

static int relay_input_write(Sink *s, const void *data, size_t size, Err **e) {
        RelaySource *r = (RelaySource *)((char *)s - offsetof(RelaySource, input));
        if (ring_write(&r->ring, data, size)) return 0;
        return err_new(e, ERR_CANCELLED, "the reader has ended");
}

static int relay_input_finish(Sink *s, Err **e) {
        (void)s;
        (void)e;
        return 0;
}

static void relay_input_free(Sink *s) {
        (void)s; /* part of the source */
}

static void *relay_source_run(void *p) {
        RelaySource *r = p;
        r->failed = r->fill(r->context, &r->input, &r->error) < 0;
        ring_end(&r->ring);
        return NULL;
}

static int relay_source_read(Source *s, void *data, size_t size, size_t *ret_size, Err **e) {
        RelaySource *r = (RelaySource *)s;
        size_t have = 0;
        const char *chunk = ring_peek(&r->ring, &have);
        if (!chunk) {
                *ret_size = 0;
                if (!r->failed) return 0;
                err_move(e, &r->error);
                return -1;
        }
        size_t n = have - r->ring.consumed;
        if (n > size) n = size;
        memcpy(data, chunk + r->ring.consumed, n);
        r->ring.consumed += n;
        if (r->ring.consumed == have) ring_release(&r->ring);
        *ret_size = n;
        return 0;
}

static void relay_source_free(Source *s) {
        RelaySource *r = (RelaySource *)s;
        ring_refuse(&r->ring);
        pthread_join(r->thread, NULL);
        err_free(r->error);
        ring_done(&r->ring);
        free(r);
}

int relay_source_new(RelayFill fill, void *context, Source **ret_source, Err **e) {
        RelaySource *r = xcalloc(1, sizeof *r);
        r->source = (Source){relay_source_read, relay_source_free};
        r->input = (Sink){relay_input_write, relay_input_finish, relay_input_free};
        r->fill = fill;
        r->context = context;
        ring_init(&r->ring);
        if (thread_start(&r->thread, relay_source_run, r, e) < 0) {
                ring_done(&r->ring);
                free(r);
                return -1;
        }
        *ret_source = &r->source;
        return 0;
}

static int fill_from_source(void *context, Sink *to, Err **e) {
        Source *in = context;
        AUTO(freep) char *buffer = xmalloc(RELAY_CHUNK_SIZE);
        for (;;) {
                size_t n;
                if (in->read(in, buffer, RELAY_CHUNK_SIZE, &n, e) < 0) return -1;
                if (n == 0) return 0;
                if (sink_write(to, buffer, n, e) < 0) return -1;
        }
}

int relay_source_ahead(Source *in, Source **ret_source, Err **e) {
        return relay_source_new(fill_from_source, in, ret_source, e);
}

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* Byte streams: what tar readers and writers, compressors and hashes are stacked from. A stream belongs to one
 * thread at a time. */

/* Where bytes go. write: all of it or -1. finish: flush and end (called once, before free; its failure matters). */
typedef struct Sink Sink;
struct Sink {
        int (*write)(Sink *s, const void *data, size_t size, Err **e);
        int (*finish)(Sink *s, Err **e);
        void (*free)(Sink *s);
};

/* Where bytes come from. read: up to size bytes, *ret_size 0 at the end only. */
typedef struct Source Source;
struct Source {
        int (*read)(Source *s, void *data, size_t size, size_t *ret_size, Err **e);
        void (*free)(Source *s);
};

static inline int sink_write(Sink *s, const void *data, size_t size, Err **e) {
        return s->write(s, data, size, e);
}
static inline int sink_finish(Sink *s, Err **e) {
        return s->finish(s, e);
}
static inline void sink_freep(Sink **s) {
        if (*s) (*s)->free(*s);
}
static inline void source_freep(Source **s) {
        if (*s) (*s)->free(*s);
}

/* To and from descriptors (borrowed, not closed) and memory (borrowed). */
Sink *sink_to_fd(int fd);
Sink *sink_to_nothing(void);
Sink *sink_to_buf(Buf *buf); /* appends; the caller bounds what comes */
Source *source_from_fd(int fd);
Source *source_from_memory(const void *data, size_t size);

/* size bytes of a seekable descriptor (borrowed) from offset on, by pread(): many may read one descriptor at a time.
 * A file that ends before is ERR_FORMAT. */
Source *source_from_range(int fd, uint64_t offset, uint64_t size);

/* Pass through to next (borrowed; may be NULL = discard) and count and hash what passes. Pointers are written at
 * finish. finish also finishes next. */
struct Digest;
Sink *sink_hashing(Sink *next, struct Digest *ret_digest, uint64_t *ret_size);

/* Read the rest of in: a reader may stop before its end. */
int source_drain(Source *in, Err **e);

/* All of in to sink (not finished). */
int source_to_sink(Source *in, Sink *sink, Err **e);

/* Compress into next (borrowed; finished by finish). Deterministic: equal input, equal bytes, whatever the number
 * of threads (input is cut into fixed blocks; gzip members' headers carry no name and no time). All cores. */
typedef enum Compression {
        COMPRESSION_NONE,
        COMPRESSION_GZIP,
        COMPRESSION_ZSTD,
        COMPRESSION_BZIP2,
        COMPRESSION_XZ,
} Compression;

/* level < 0: the default (gzip 6 of 9, zstd 3 of 22). GZIP, ZSTD, NONE only (ERR_UNSUPPORTED otherwise; ERR_USAGE: no
 * such level). write() may come before any output: what fails in next is reported by whichever call meets it. */
int sink_compressing(Sink *next, Compression compression, int level, Sink **ret_sink, Err **e);

/* What the first bytes of a file say (6 of them are looked at, fewer are fine). */
Compression compression_detect(const void *data, size_t size);
const char *compression_name(Compression compression); /* "uncompressed", "gzip", "zstd", "bzip2", "xz" */

/* Decompress in (borrowed), detecting the compression from its first bytes. Concatenated members are read to the end,
 * zero bytes between and behind them are passed over. ret_compression may be NULL.
 * ERR_FORMAT: damaged or cut short. ERR_LIMIT: more than max_output bytes come out (0 = no limit), or the data want a
 * dictionary larger than DECOMPRESS_MEMORY_MAX. */
enum { DECOMPRESS_MEMORY_MAX = 128 << 20 };
int source_decompressing(Source *in, uint64_t max_output, Compression *ret_compression, Source **ret_source, Err **e);

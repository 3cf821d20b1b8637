/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>
#include <stdint.h>

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
Source *source_from_fd(int fd);
Source *source_from_memory(const void *data, size_t size);

/* Pass through to next (borrowed; may be NULL = discard) and count and hash what passes. Pointers are written at
 * finish. finish also finishes next. */
struct Digest;
Sink *sink_hashing(Sink *next, struct Digest *ret_digest, uint64_t *ret_size);

/* Compress into next (borrowed; finished by finish). Deterministic: equal input, equal bytes, whatever the number
 * of threads (input is cut into fixed blocks; gzip members' headers carry no name and no time). All cores. */
typedef enum Compression { COMPRESSION_NONE, COMPRESSION_GZIP, COMPRESSION_ZSTD, COMPRESSION_BZIP2, COMPRESSION_XZ } Compression;
int sink_compressing(Sink *next, Compression compression, int level, Sink **ret_sink, Err **e); /* level < 0: default. GZIP, ZSTD, NONE only */

/* What the first bytes of a file say (at least 6 of them). */
Compression compression_detect(const void *data, size_t size);
const char *compression_name(Compression compression); /* "uncompressed", "gzip", "zstd", "bzip2", "xz" */

/* Decompress in (borrowed), detecting the compression from its first bytes. Concatenated members are read to the end.
 * ERR_FORMAT: damaged or cut short. ERR_LIMIT: more than max_output bytes come out (0 = no limit). */
int source_decompressing(Source *in, uint64_t max_output, Compression *ret_compression, Source **ret_source, Err **e);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "codec/stream.h"

/* The variants behind sink_compressing(): one file each. level is in range, or below 0 for the default. */
int gzip_sink_new(Sink *next, int level, Sink **ret_sink, Err **e);
int zstd_sink_new(Sink *next, int level, Sink **ret_sink, Err **e);

/* One decompressor, one member (gzip member, zstd frame, xz or bzip2 stream) at a time. */
typedef struct DecoderStep {
        const uint8_t *in; /* moved forward by what was used */
        size_t in_size;
        uint8_t *out; /* moved forward by what came out */
        size_t out_size;
        bool member_ended;
} DecoderStep;

typedef struct Decoder Decoder;
struct Decoder {
        int (*start)(Decoder *d, Err **e); /* before each member, the first included */
        int (*run)(Decoder *d, DecoderStep *step, Err **e);
        void (*free)(Decoder *d);
};

Decoder *gzip_decoder_new(void);
Decoder *zstd_decoder_new(void);
Decoder *bzip2_decoder_new(void);
Decoder *xz_decoder_new(void);

/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "codec/compress_internal.h"

typedef struct CompressionKind {
        const char *name;
        const char *magic;
        size_t magic_size;
        int level_max;
        int (*sink_new)(Sink *next, int level, Sink **ret_sink, Err **e); /* NULL: read only */
} CompressionKind;

typedef struct PlainSink {
        Sink base;
        Sink *next;
} PlainSink;

static int plain_write(Sink *s, const void *data, size_t size, Err **e) {
        return sink_write(((PlainSink *)s)->next, data, size, e);
}

static int plain_finish(Sink *s, Err **e) {
        return sink_finish(((PlainSink *)s)->next, e);
}

static void plain_free(Sink *s) {
        free(s);
}

static int plain_sink_new(Sink *next, int level, Sink **ret_sink, Err **e) {
        (void)level;
        (void)e;
        PlainSink *s = xmalloc(sizeof *s);
        *s = (PlainSink){{plain_write, plain_finish, plain_free}, next};
        *ret_sink = &s->base;
        return 0;
}

static const CompressionKind kinds[] = {
        [COMPRESSION_NONE] = {"uncompressed", "", 0, 0, plain_sink_new},
        [COMPRESSION_GZIP] = {"gzip", "\x1f\x8b\x08", 3, 9, gzip_sink_new},
        [COMPRESSION_ZSTD] = {"zstd", "\x28\xb5\x2f\xfd", 4, 22, zstd_sink_new},
        [COMPRESSION_BZIP2] = {"bzip2", "BZh", 3, 0, NULL},
        [COMPRESSION_XZ] = {"xz", "\xfd\x37zXZ\0", 6, 0, NULL},
};

const char *compression_name(Compression compression) {
        return kinds[compression].name;
}

/* A zstd file may begin with a skippable frame: 0x184D2A50 to 0x184D2A5F, little endian. */
static bool is_skippable_frame(const uint8_t *p, size_t size) {
        return size >= 4 && (p[0] & 0xf0) == 0x50 && memcmp(p + 1, "\x2a\x4d\x18", 3) == 0;
}

Compression compression_detect(const void *data, size_t size) {
        for (Compression c = COMPRESSION_GZIP; c <= COMPRESSION_XZ; c++) {
                if (size >= kinds[c].magic_size && memcmp(data, kinds[c].magic, kinds[c].magic_size) == 0) return c;
        }
        return is_skippable_frame(data, size) ? COMPRESSION_ZSTD : COMPRESSION_NONE;
}

int sink_compressing(Sink *next, Compression compression, int level, Sink **ret_sink, Err **e) {
        const CompressionKind *kind = &kinds[compression];
        if (!kind->sink_new) return err_new(e, ERR_UNSUPPORTED, "%s is only read, not written", kind->name);
        if (level > kind->level_max) {
                return err_new(e, ERR_USAGE, "%s has no compression level %d (0 to %d)", kind->name, level,
                               kind->level_max);
        }
        return kind->sink_new(next, level, ret_sink, e);
}

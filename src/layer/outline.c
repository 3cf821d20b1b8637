/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/outline.h"

#include <stdlib.h>

#include "base/alloc.h"

struct Outline {
        const DigestIndex *digests;
        int64_t clamp_s;
        bool known;
        Digest digest;
        uint64_t size;
        Sink *sink;
        TarWriter *writer;
};

Outline *outline_new(const DigestIndex *digests, int64_t clamp_mtime_s) {
        Outline *o = xcalloc(1, sizeof *o);
        o->digests = digests;
        o->clamp_s = clamp_mtime_s;
        o->known = digests != NULL;
        o->sink = sink_hashing(NULL, &o->digest, &o->size);
        o->writer = tar_writer_new(o->sink);
        return o;
}

void outline_free(Outline *o) {
        tar_writer_free(o->writer);
        o->sink->free(o->sink);
        free(o);
}

bool outline_is_known(const Outline *o) {
        return o->known;
}

static int add_file(Outline *o, const BatchItem *item, TarEntry entry, Err **e) {
        Digest digest;
        uint64_t size = entry.size;
        o->known = digest_index_get(o->digests, item->name.path, NULL, &digest);
        if (!o->known) return 0;
        entry.size = sizeof size + sizeof digest.bytes;
        if (tar_writer_entry(o->writer, &entry, e) < 0) return -1;
        if (tar_writer_data(o->writer, &size, sizeof size, e) < 0) return -1;
        return tar_writer_data(o->writer, digest.bytes, sizeof digest.bytes, e);
}

static int add_item(Outline *o, const BatchItem *item, Err **e) {
        TarEntry entry = batch_item_entry(item, o->clamp_s);
        if (entry.type == TAR_FILE && entry.size > 0) return add_file(o, item, entry, e);
        return tar_writer_entry(o->writer, &entry, e);
}

int outline_add(Outline *o, const Batch *b, Err **e) {
        for (size_t i = 0; i < b->count && o->known; i++) {
                if (b->items[i].header && add_item(o, &b->items[i], e) < 0) return -1;
        }
        return 0;
}

int outline_finish(Outline *o, Digest *ret_fingerprint, Err **e) {
        if (!o->known) return FINGERPRINT_UNKNOWN;
        if (tar_writer_finish(o->writer, e) < 0 || sink_finish(o->sink, e) < 0) return -1;
        *ret_fingerprint = o->digest;
        return FINGERPRINT_MADE;
}

/* SPDX-License-Identifier: Apache-2.0 */

/* Any bytes as a tar, through the decompressor as an import does it: no crash, and every entry keeps the promises of
 * codec/tar.h. What is read is written again: the second reading must give the same. */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "codec/tar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OUTPUT_MAX = 1 << 20 };

static void require(bool condition) {
        if (!condition) abort();
}

static void check_entry(const TarEntry *t) {
        bool is_link = t->type == TAR_HARDLINK || t->type == TAR_SYMLINK;
        require(*t->name != '\0');
        require(t->mode <= 07777 && t->uid != UINT32_MAX && t->gid != UINT32_MAX);
        require(is_link == (t->link != NULL) && (!is_link || *t->link != '\0'));
        require(t->size == 0 || t->type == TAR_FILE);
        require(t->xattr_count <= TAR_XATTR_MAX);
        for (size_t i = 1; i < t->xattr_count; i++) require(strcmp(t->xattrs[i - 1].name, t->xattrs[i].name) < 0);
}

static int copy_data(TarReader *r, TarWriter *w, Err **e) {
        uint8_t piece[1000];
        size_t n;
        do {
                if (tar_reader_data(r, piece, sizeof piece, &n, e) < 0) return -1;
                require(tar_writer_data(w, piece, n, NULL) == 0);
        } while (n > 0);
        return 0;
}

/* The entries of `in`, written to out. 0: to the end. */
static int copy(Source *in, Buf *out) {
        AUTO(sink_freep) Sink *sink = sink_to_buf(out);
        AUTO(tar_writer_freep) TarWriter *w = tar_writer_new(sink);
        AUTO(tar_reader_freep) TarReader *r = tar_reader_new(in);
        AUTO(err_freep) Err *e = NULL;
        TarEntry t;
        int found;
        while ((found = tar_reader_next(r, &t, &e)) == TAR_ENTRY) {
                check_entry(&t);
                if (tar_writer_entry(w, &t, NULL) < 0) return -1; /* device numbers that ustar does not hold */
                if (copy_data(r, w, &e) < 0) return -1;
        }
        require((found < 0) == (e != NULL));
        if (found < 0) return -1;
        require(tar_writer_finish(w, NULL) == 0);
        return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        AUTO(source_freep) Source *memory = source_from_memory(data, size);
        AUTO(source_freep) Source *plain = NULL;
        AUTO(buf_done) Buf once = {0};
        AUTO(buf_done) Buf twice = {0};
        if (source_decompressing(memory, OUTPUT_MAX, NULL, &plain, NULL) < 0) return 0;
        if (copy(plain, &once) < 0) return 0;
        AUTO(source_freep) Source *again = source_from_memory(once.p, once.n);
        require(copy(again, &twice) == 0);
        require(once.n == twice.n && memcmp(once.p, twice.p, once.n) == 0);
        return 0;
}

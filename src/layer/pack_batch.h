/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <pthread.h>

#include "codec/tar.h"
#include "layer/pack.h"
#include "layer/pack_walk.h"

/* Reading ahead for pack.c: a thread of its own walks, looks at files and reads them on all cores into batches; the
 * caller's thread writes the batches out in order. Large files come in pieces. */

enum { BATCH_ITEMS = 256, BATCH_BYTES = 4 << 20, BATCH_COUNT = 3 };

typedef struct BatchItem {
        PackName name;
        struct stat st;
        char *link; /* target of a link, or the first name of a hard link; owned */
        bool hard_link;
        XattrList xattrs; /* security.capability at most */
        bool header;      /* false: one more piece of the file before */
        uint64_t offset;  /* of the piece in the file */
        size_t data_at;   /* in the batch's buffer */
        size_t data_size;
} BatchItem;
void batch_item_done(BatchItem *item);

typedef struct Batch {
        BatchItem items[BATCH_ITEMS];
        size_t count;
        char *data; /* BATCH_BYTES */
        size_t used;
        bool last;
        Err *error;
} Batch;

typedef struct BatchReader BatchReader;

typedef struct BatchReaderParams {
        const View *view;
        bool whiteouts;
        bool no_contents;   /* look at files only */
        const char *prefix; /* all names in the tar are below this directory; NULL, "": its root */
        const volatile bool *cancelled;
} BatchReaderParams;

int batch_reader_start(const BatchReaderParams *params, BatchReader **ret_reader, Err **e);
/* The next batch, borrowed until it is released; an error of the reading side comes out here. Not after the last one. */
int batch_reader_next(BatchReader *r, Batch **ret_batch, Err **e);
void batch_reader_release(BatchReader *r, Batch *b);
void batch_reader_free(BatchReader *r); /* stops the thread */
static inline void batch_reader_freep(BatchReader **r) {
        if (*r) batch_reader_free(*r);
}

/* The tar entry of an item; strings are borrowed from it. clamp_s < 0: mtimes stay. */
TarEntry batch_item_entry(const BatchItem *item, int64_t clamp_s);

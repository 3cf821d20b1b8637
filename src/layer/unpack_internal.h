/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "codec/tar.h"
#include "layer/unpack.h"
#include "os/owner.h"

/* An unpacking under way, as unpack.c and unpack_entry.c share it. */
typedef struct Unpack {
        const UnpackJob *job;
        TarReader *reader;
        LayerTotals totals;
        char *buffer;
        Owner own; /* what new files belong to by themselves */
        /* The parent of the entry before: entries of one directory tend to stand together. */
        char *parent_text;
        DraftDir *parent;
        int parent_fd;
} Unpack;

enum { UNPACK_BUFFER_SIZE = 256 << 10 };

typedef struct UnpackPlace { /* where an entry goes */
        const TarEntry *entry;
        const char *name; /* last component */
        char *path;       /* relative to the layer; owned */
        DraftMeta meta;
} UnpackPlace;

int unpack_format(const TarEntry *entry, Err **e, const char *what);
/* Take away what stands at name in the parent in this layer. *ret_kind: DT_ type of what it was, DT_UNKNOWN nothing. */
int unpack_clear(Unpack *u, const UnpackPlace *p, unsigned char *ret_kind, Err **e);

int unpack_directory(Unpack *u, const UnpackPlace *p, Err **e);
int unpack_file(Unpack *u, const UnpackPlace *p, Err **e);
int unpack_link(Unpack *u, const UnpackPlace *p, Err **e);
int unpack_special(Unpack *u, const UnpackPlace *p, Err **e);

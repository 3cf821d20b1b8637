/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "layer/draft_tree.h"
#include "layer/pack.h"

/* The one place where tars become files: layers, imports and the archives of ADD. */

typedef enum UnpackWhiteouts {
        WHITEOUTS_ARE_NAMES, /* ".wh.x" is a file of that name */
        WHITEOUTS_OF_LAYER,  /* hides x in the layers below, which are not known */
        WHITEOUTS_APPLY,     /* takes x out of what the tree and the view below it show */
} UnpackWhiteouts;

/* What entries are called in the tree, when that is not what the archive says. */
typedef struct UnpackNames {
        /* The name for an entry's name or the target of a hard link; owned by the caller; NULL: the entry is left out. */
        char *(*map)(void *context, const char *name, bool directory);
        void *context;
} UnpackNames;

typedef struct UnpackJob {
        DraftTree *tree; /* of fs_fd; finished by the caller */
        View *merged;    /* the view below the tree, with fs_fd on top */
        int fs_fd;
        const char *base; /* directory that nothing leaves, relative, without links; it exists in merged */
        bool keep_base;   /* an entry for "./" says nothing about the base */
        UnpackWhiteouts whiteouts;
        bool has_owner;
        uid_t uid;
        gid_t gid;
        int64_t clamp_mtime_ns;
        const UnpackNames *names;        /* or NULL */
        uint64_t max_bytes, max_entries; /* 0 = no limit */
        const volatile bool *cancelled;  /* or NULL */
} UnpackJob;

/* Does the file, from where fd stands, hold an archive? It is what decompresses, if need be, to something that begins with a
 * valid tar header; its name says nothing. Moves the offset. */
bool archive_begins(int fd);

int unpack_tar(const UnpackJob *job, Source *tar, LayerTotals *ret_totals, Err **e);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/vec.h"
#include "os/fs.h"

/* A root file system as a stack of layer directories, read without mounting anything: what overlayfs would show.
 * Knows whiteouts (char 0:0), opaque directories (trusted. or user.overlay.opaque = "y") and hides both.
 * The topmost directory may be a draft that is being written: nothing is cached that a write could make wrong.
 * Paths are absolute inside the view; links are resolved inside it. One thread at a time, except that view_read_*()
 * may be used from many threads while nobody writes. */
typedef struct View View;

enum { VIEW_FOUND = 0, VIEW_ABSENT = 1 };

/* dirs: absolute paths of layer directories, lowest first; copied. */
int view_open(const StrVec *dirs, View **ret_view, Err **e);
void view_free(View *v);
static inline void view_freep(View **v) {
        if (*v) view_free(*v);
}

typedef struct ViewEntry {
        struct stat st;
        size_t layer; /* index of the directory that holds it */
        char *path;   /* cleaned path with all links but (maybe) the last resolved; owned */
} ViewEntry;
void view_entry_done(ViewEntry *entry);

/* Look path up. follow: resolve a link in the last component too. VIEW_ABSENT also for ENOTDIR; ERR_* for link loops
 * (ELOOP) and I/O errors. When absent, ret_entry->path is still the resolved path as far as it exists plus the rest
 * (what a COPY would create), and st is zero. The root is always found: a view of no layers is an empty directory. */
int view_lookup(View *v, const char *path, bool follow, ViewEntry *ret_entry, Err **e);

/* Open the file (or, with O_PATH, anything) of a found entry. Returns a descriptor. */
int view_open_entry(View *v, const ViewEntry *entry, int flags, Err **e);
/* Descriptor (borrowed) of layer directory i, and the path below it ("." for the root). */
int view_layer_fd(const View *v, size_t layer);
size_t view_layer_count(const View *v);

/* Merged names of a directory (resolved path), sorted; like dir_list(). */
int view_list(View *v, const char *path, DirList *ret_list, Err **e);

/* Target of a link entry; owned. */
int view_readlink(View *v, const ViewEntry *entry, char **ret_target, Err **e);

/* Whole small file with links followed, e.g. /etc/passwd. VIEW_ABSENT when it is not there or not a regular file. */
int view_read_file(View *v, const char *path, size_t max_size, char **ret_data, size_t *ret_size, Err **e);

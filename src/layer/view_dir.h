/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "layer/view.h"

/* Directories of a view, for code in this folder that walks one: which layers make a directory up is found once on the
 * way down and not again for each name in it. */

/* A merged directory. path is relative to the layer directories, "" for the root. */
typedef struct ViewDir {
        char *path;       /* owned */
        uint32_t *layers; /* those that contribute, topmost first; owned */
        size_t layer_count;
} ViewDir;
void view_dir_done(ViewDir *dir);

/* A view of one directory that is open already (duplicated). */
int view_open_fd(int root_fd, View **ret_view, Err **e);

/* A view of what below shows (may be NULL) with one more directory on top. */
int view_open_stack(const View *below, int top_fd, View **ret_view, Err **e);

void view_dir_root(const View *v, ViewDir *ret_dir);

/* Look name up in dir. *ret_child (may be NULL) is filled when it is a directory, else left empty. VIEW_FOUND or VIEW_ABSENT. */
int view_dir_step(const View *v, const ViewDir *dir, const char *name, ViewEntry *ret_entry, ViewDir *ret_child,
                  Err **e);

/* The directory at path, relative and free of links. VIEW_ABSENT also when it is no directory. */
int view_dir_at(const View *v, const char *path, ViewDir *ret_dir, Err **e);

/* The subdirectory name of dir whose topmost layer is known from view_dir_list(). */
int view_dir_child(const View *v, const ViewDir *dir, const char *name, uint32_t layer, ViewDir *ret_child, Err **e);

typedef struct ViewList {
        DirList list;
        uint32_t *layers; /* the layer of each entry; owned */
} ViewList;
void view_list_done(ViewList *list);

/* Merged entries. raw: leave whiteouts in (as DT_WHT), for packing a single layer. */
int view_dir_list(const View *v, const ViewDir *dir, bool raw, ViewList *ret_list, Err **e);

/* As view_lookup(), but links and ".." cannot leave base (a resolved directory, "" or "/" for the root). The resulting
 * path is counted from the root of the view. */
int view_lookup_below(View *v, const char *base, const char *path, bool follow, ViewEntry *ret_entry, Err **e);

/* "a/b" + "c", with "" as the root. Owned. */
char *view_path_add(const char *path, const char *name);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <pthread.h>

#include "base/err.h"
#include "base/vec.h"
#include "dockerfile/ignore.h"
#include "layer/copy.h"
#include "store/digest_index.h"

/* Directories that a build reads: the main context and --build-context name=directory. Opened on first use; read in place. */
typedef struct Context {
        char *name;        /* "" = the main context */
        char *path;        /* as given */
        char *ignore_path; /* the ignore file that was found, for messages, or NULL */
        int fd;            /* O_PATH|O_DIRECTORY */
        Ignore *ignore;    /* NULL: nothing hidden */
        DigestIndex *index;
        CopyFilter filter;
} Context;

typedef struct ContextList {
        VEC(Context *) list;
        pthread_mutex_t lock; /* guards the list */
        Store *store;
} ContextList;

void context_list_init(ContextList *l, Store *store);
void context_list_done(ContextList *l);

/* The context `name` at path; opened once. dockerfile_path: of the main context: its "<Dockerfile>.dockerignore" wins over
 * ".dockerignore"; NULL for named ones. Borrowed. Any thread. */
int context_get(ContextList *l, const char *name, const char *path, const char *dockerfile_path, Context **ret_context,
                Err **e);

/* Remember the digests of the files that were read. */
int context_list_save(ContextList *l, Err **e);

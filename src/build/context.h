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
        bool keep_owner;   /* of its files: an archive says whose they are */
        bool transient;    /* gone after the build: nothing of it is remembered */
        bool large_told;   /* the user knows that it is large; guarded by Build.lock */
        Ignore *ignore;    /* NULL: nothing hidden */
        char *store_path;  /* of the store, relative, when it lies inside: hidden; else NULL */
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

typedef struct ContextSource {
        const char *name;      /* "" = the main context */
        const char *path;      /* as the user names it: for messages, and to recognise it by */
        const char *directory; /* where it lies; NULL: at path */
        const char *
                dockerfile; /* of the main context: its "<Dockerfile>.dockerignore" wins over ".dockerignore"; else NULL */
        const char *ignore_file; /* this one instead of both; NULL: look for them */
        bool foreign;            /* somebody else's files: nothing is looked up outside of them */
        bool unignored;          /* no ignore file counts */
        bool keep_owner;
        bool transient;
        const char *snapshot; /* id, when it lies in one: digests are remembered there; NULL */
} ContextSource;

/* The context; opened once. Borrowed. Any thread. */
int context_get(ContextList *l, const ContextSource *source, Context **ret_context, Err **e);

/* Remember the digests of the files that were read. */
int context_list_save(ContextList *l, Err **e);

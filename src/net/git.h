/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "net/git_ref.h"

/* Trees of git repositories, by the program git. Shallow: one commit without its history, as far as the server gives that.
 * Any thread; calls block. */

enum { GIT_COMMIT_SIZE = 65 };

typedef struct GitRequest {
        const GitRef *ref;
        const char *authorization; /* HTTP header for the remote's host, or NULL */
        const char *scratch;       /* empty directory for this request; removed by the caller */
        unsigned silence_s;        /* git may say nothing for so long */
        const volatile bool *cancelled;
} GitRequest;

typedef struct GitCommit {
        char id[GIT_COMMIT_SIZE];
        char tag[GIT_COMMIT_SIZE]; /* of the annotated tag that was named; "" when there is none */
        char *full_ref;            /* "refs/heads/main"; NULL for a commit id */
        int64_t time_s;            /* when it was committed, unix; once it was checked out */
} GitCommit;
void git_commit_done(GitCommit *c);

/* Which commit is meant. Asks the remote unless it is named by its id. Compares with the checksum.
 * ERR_NOT_FOUND: no such ref; ERR_NETWORK: not reached; ERR_FORMAT: another checksum. */
int git_resolve(const GitRequest *request, GitCommit *ret_commit, Err **e);

/* The checksum of --checksum or the query. ERR_FORMAT. */
int git_commit_check(const GitCommit *commit, const char *checksum, Err **e);

/* Fetch and check out: files 0644 and 0755, directories 0755, ours. keep_git_dir: with .git (when there is no subdirectory).
 * *ret_tree: a directory below scratch; owned. ERR_NOT_FOUND: no such subdirectory. */
int git_checkout(const GitRequest *request, GitCommit *commit, bool keep_git_dir, char **ret_tree, Err **e);

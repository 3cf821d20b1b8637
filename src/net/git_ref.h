/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

#include "base/err.h"

/* What names a git repository and a tree in it, as BuildKit's frontend reads it:
 *     git://, ssh://, user@host:path, http(s)://... with a path that ends in ".git"; a context also as github.com/a/b
 *     #REF[:SUBDIR] behind it, or ?ref= tag= branch= subdir= checksum= (commit=) keep-git-dir= submodules= mtime=checkout|commit
 *     fetch-by-commit=. Pure text; any thread. */

enum { GIT_REF_TEXT_MAX = 8192 };

typedef struct GitRef {
        char *remote;     /* what git is given */
        char *ref;        /* branch, tag, refs/..., or a whole commit id; NULL: HEAD */
        char *subdir;     /* cleaned, relative; NULL: all */
        char *checksum;   /* of the commit, or its beginning; NULL: any */
        int keep_git_dir; /* -1: not said */
        bool submodules;
        bool commit_times; /* files get the commit's time */
        bool fetch_by_commit;
} GitRef;
void git_ref_done(GitRef *r);

enum { GIT_REF = 0, GIT_REF_OTHER = 1 };
/* context: bare github.com/... counts. GIT_REF_OTHER: text names something else. ERR_SYNTAX: a git reference that is wrong. */
int git_ref_parse(const char *text, bool context, GitRef *ret_ref, Err **e);

/* 40 or 64 hexadecimal digits. */
bool git_commit_valid(const char *text);

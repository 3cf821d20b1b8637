/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/vec.h"
#include "codec/sha256.h"
#include "layer/view.h"
#include "store/digest_index.h"

/* COPY and ADD of local files: which files a set of sources selects, what their content digest is, and putting them into
 * a new layer. Rules C1 to C16 of BuildKit's COPY; docs/COPY.md has them in words.
 *
 *   CopySet *set;  copy_set_new(&params, &set, e)      select: walk the sources, no file is read
 *   copy_set_digest(set, &digest, e)                   content digest of the selection (reads what is not remembered)
 *   copy_set_apply(set, &apply, &result, e)            write into a draft
 *
 * One thread calls these; inside they use all cores. */

/* Which paths of a context directory exist for a build (the .dockerignore). Returns true when path (relative, no leading
 * slash) is hidden. directory: it is one, and *ret_prune says that nothing below can be visible. */
typedef struct CopyFilter {
        /* called from several threads at once */
        bool (*hidden)(void *context, const char *path, bool directory, bool *ret_prune);
        /* "file:line: pattern" of the rule that hides path, or NULL; for error messages. Owned by the caller. */
        char *(*explain)(void *context, const char *path);
        void *context;
} CopyFilter;

/* Where sources come from: exactly one of root_fd and view. */
typedef struct CopyRoot {
        int root_fd;                 /* a context directory; -1 when a view is given */
        const char *root_path;       /* for messages */
        View *view;                  /* a stage or image */
        const CopyFilter *filter;    /* NULL = nothing is hidden (views) */
        DigestIndex *const *indexes; /* of the context (1), or one a layer of the view; NULL entries and NULL allowed */
        bool keep_owner;             /* views: true; contexts: false = 0:0 */
} CopyRoot;

typedef struct CopyInline { /* heredoc source */
        const char *name;
        const char *data;
        size_t size;
} CopyInline;

typedef struct CopyParams {
        const CopyRoot *root;
        const char *const *sources; /* as written, variables expanded; patterns as Go's filepath.Match */
        size_t source_count;
        const CopyInline *inlines;
        size_t inline_count;
        const char *destination;     /* absolute; a trailing slash is meaningful */
        const char *const *excludes; /* --exclude patterns */
        size_t exclude_count;
        bool parents;         /* --parents */
        bool unpack_archives; /* ADD: recognise and unpack local tar archives */
        const bool *packed;   /* of each source: its archives stay as they are; NULL = none */
        bool literal_names;   /* no wildcards */
        bool has_owner;       /* --chown */
        uid_t uid;
        gid_t gid;
        bool has_mode;    /* --chmod */
        const char *mode; /* octal or symbolic text */
} CopyParams;

typedef struct CopySet CopySet;

/* ERR_NOT_FOUND: a literal source is missing: the message names it, hints name context root, nearest name and the ignore
 * rule that hid it. */
int copy_set_new(const CopyParams *params, CopySet **ret_set, Err **e);
void copy_set_free(CopySet *s);
static inline void copy_set_freep(CopySet **s) {
        if (*s) copy_set_free(*s);
}
size_t copy_set_file_count(const CopySet *s);
uint64_t copy_set_bytes(const CopySet *s);

/* What it consists of: the largest entries of the sources (paths below the source root), largest first. */
enum { COPY_SHARES_MAX = 5 };
typedef struct CopyShare {
        char *path;
        uint64_t bytes, files;
} CopyShare;
typedef struct CopySummary {
        uint64_t bytes, files;
        CopyShare largest[COPY_SHARES_MAX];
        size_t n;
} CopySummary;
void copy_set_summary(const CopySet *s, CopySummary *ret_summary);
void copy_summary_done(CopySummary *summary);

bool copy_set_needs_reading(const CopySet *s); /* some file's digest is not remembered */

/* Digest over everything that decides the result: destination-relative names, types, modes, owners, link targets, sizes,
 * xattrs, contents, flags of the params. No mtime, no host path. */
int copy_set_digest(CopySet *s, Digest *ret_digest, Err **e);

typedef struct CopyApply {
        View *below;         /* what the destination looks like: the parent's layers (never the draft) */
        Draft *draft;        /* written into */
        DigestIndex *record; /* the draft's own digest index, filled with (path, digest); NULL = do not */
        /* fs directory of an earlier snapshot of the same step to hard-link unchanged files from, or NULL */
        const char *earlier_path;
        DigestIndex *earlier;   /* its digests, or NULL */
        bool link_from_source;  /* sources are immutable snapshots of the same store: hard-link instead of copying
                                     where mode, owner and xattrs stay */
        int64_t clamp_mtime_ns; /* SOURCE_DATE_EPOCH: larger mtimes become this; <0 = no clamp */
        const volatile bool *cancelled;
        void (*progress)(void *context, uint64_t done, uint64_t total);
        void *progress_context;
} CopyApply;

/* Copies and, for files whose digest is not known yet, hashes in the same read (copy_set_digest() afterwards reads nothing).
 * Large files are hashed and copied on all cores. Errors name the source and the destination. */
int copy_set_apply(CopySet *s, const CopyApply *apply, Err **e);

/* After copy_set_apply(): did a file change between the time when its digest was taken and the time when it was copied?
 * Then the digest from before does not describe the draft; copy_set_digest() gives the one that does. */
bool copy_set_changed(const CopySet *s);

/* WORKDIR: create path and missing parents (0755, owner) in the draft when the view below lacks them. */
typedef struct MakeDirsParams {
        const char *path; /* absolute */
        uid_t uid;
        gid_t gid;
        int64_t mtime_ns;
} MakeDirsParams;
int layer_make_dirs(View *below, Draft *draft, const MakeDirsParams *params, Err **e);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

/* .dockerignore: rules as moby's ignorefile and patternmatcher. Pure. Compiled once, matched fast: fixed prefixes and
 * suffixes are compared without backtracking; matching takes at most time proportional to pattern times path. */

typedef struct Ignore Ignore;

/* name: for messages ("ctx/.dockerignore"). ERR_SYNTAX with the line for a bad pattern. */
int ignore_parse(const char *name, Str text, Ignore **ret_ignore, Err **e);
void ignore_free(Ignore *x);
static inline void ignore_freep(Ignore **x) {
        if (*x) ignore_free(*x);
}
bool ignore_has_exceptions(const Ignore *x); /* some rule starts with "!" */

/* Is path (relative, slashes, no leading slash) hidden? Its parents count too: no need to have asked for them.
 * *ret_prune (may be NULL): path is a directory, and nothing below it can be visible either. Any thread. */
bool ignore_match(const Ignore *x, const char *path, bool directory, bool *ret_prune);

/* The rule that decides about path: line number and text, or false when no rule matches. */
bool ignore_explain(const Ignore *x, const char *path, unsigned *ret_line, const char **ret_rule);

/* One pattern as COPY sources take them: Go's filepath.Match. */
typedef enum { GLOB_MATCH, GLOB_NO_MATCH, GLOB_BAD } GlobResult;
GlobResult glob_match(const char *pattern, const char *name); /* '*' and '?' stop at '/' */
bool glob_has_meta(const char *pattern);                      /* any of * ? [ \ */
/* patternmatcher's dialect with "**", for --exclude and --parents. */
GlobResult glob_match_deep(const char *pattern, const char *path);

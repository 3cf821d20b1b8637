/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* Compiled patterns over paths, shared by ignore files and COPY. "*", "?" and classes stop at "/"; "**" does not.
 * Matching takes at most time proportional to pattern times path, and no memory. */

enum { PATH_PATTERN_MAX = 4096 }; /* bytes; no path that a system call takes is longer */

typedef struct PathToken {
        uint32_t kind; /* a character, or a value of PathTokenKind */
        uint32_t at;   /* where it stands in the text */
} PathToken;

typedef enum PathPatternKind {
        PATH_PATTERN_FLAT,  /* without "**": matches a fixed number of components */
        PATH_PATTERN_FLOAT, /* the same behind a leading "**" and a slash: at any depth */
        PATH_PATTERN_DEEP,
} PathPatternKind;

typedef struct PathPattern {
        PathPatternKind kind;
        Str text;
        PathToken *tokens;
        size_t count;
        size_t first;   /* FLOAT: where the flat part begins; else 0 */
        size_t end;     /* where it ends */
        size_t slashes; /* of the flat part */
        bool below;     /* a slash and "**" stand behind it: it has to match a directory above the path */
        bool literal;   /* the flat part is tail and nothing else */
        Str head, tail; /* bytes that every match begins or ends with; parts of text, empty when that has escapes */
} PathPattern;

/* text and tokens are borrowed: one token for each byte of text, and one more. deep: "**" is special.
 * False: syntax error. */
bool path_pattern_compile(PathPattern *p, Str text, bool deep, PathToken *tokens);

/* parents: a match of a directory above path counts. */
bool path_pattern_match(const PathPattern *p, Str path, bool parents);

/* Can anything below the directory path match? True when that is not easily told. */
bool path_pattern_reaches(const PathPattern *p, Str path);
